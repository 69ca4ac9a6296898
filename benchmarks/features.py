"""Features for classifying: a linear classifier on `LSTMFeatures`, and on what its rivals make of the sequences.

    make_pipeline(LSTMFeatures(random_state=seed), StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))

beside the same classifier on raw sequences, on codes of `LSTMAutoencoder` and PCA, on the features of networks that
were not trained, and on those of MiniRocket and Catch22 (of aeon). It learns from the training split and is judged on
the test split, or with `--split validation` learns from three quarters of the training split and is judged on the
fourth, others for each seed.

    python benchmarks/features.py --write
    python benchmarks/features.py --split validation --seeds 5
    python benchmarks/features.py --quick
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _datasets import NAMES, LabelledSequences, load, validation_parts
from _isolation import warm_up
from _quality import Rows, Task, paragraph, run_tasks
from _report import environment, publish, table
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The estimators are imported in the processes.

OURS, UNTRAINED, MINIROCKET = "LSTMFeatures", "untrained", "MiniRocket"
QUICK_SETS = ("ItalyPowerDemand", "JapaneseVowels")
N_COMPONENTS = 16
# Shortest sequences that MiniRocket takes.
SHORTEST = 9
# Accuracy on the test splits, of a support vector machine, as published with the code of Franceschi, Dieuleveut and
# Jaggi (NeurIPS 2019; results_ucr.csv and results_uea.csv) for K = 10.
TRIPLET_LOSS = {
    "ItalyPowerDemand": 0.954,
    "GunPoint": 0.980,
    "OSULeaf": 0.760,
    "BasicMotions": 1.0,
    "ACSF1": 0.900,
    "JapaneseVowels": 0.986,
}

Array = NDArray[Any]


class Options(NamedTuple):
    """What to measure."""

    names: Sequence[str]
    methods: Sequence[str]
    split: str
    n_seeds: int
    n_jobs: int


class Score(NamedTuple):
    """Share of judged sequences that are classified correctly, seconds to their features, and how many these are.

    Seconds are those of fit and transform, of the training sequences and of the judged ones, without the classifier.
    """

    accuracy: float
    seconds: float
    n_features: int

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.3f}, {self.seconds:.2f} s, {self.n_features} features"


# The features of fitted and of judged sequences


def raw(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """Sequences as rows."""
    rows = Rows(fitted)
    return rows.table(fitted), rows.table(judged)


def components(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """Principal component scores of rows."""
    training, unseen = raw(fitted, judged, seed)
    model = PCA(min(N_COMPONENTS, *training.shape)).fit(training)
    return model.transform(training), model.transform(unseen)


def codes(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """Codes of as many values."""
    from sklearn_seqae import LSTMAutoencoder

    model = LSTMAutoencoder(N_COMPONENTS, random_state=seed).fit(fitted)
    return model.transform(fitted), model.transform(judged)


def ours(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """Features as they come."""
    from sklearn_seqae import LSTMFeatures

    model = LSTMFeatures(random_state=seed).fit(fitted)
    return model.transform(fitted), model.transform(judged)


def untrained(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """The same features of networks as they are before training."""
    from sklearn_seqae import LSTMAutoencoder, LSTMFeatures

    one_batch = LSTMAutoencoder(learning_rate=0, max_epochs=1, batch_size=2000)
    model = LSTMFeatures(one_batch, random_state=seed).fit(fitted)
    return model.transform(fitted), model.transform(judged)


def minirocket(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """MiniRocket, of sequences that are filled up to one length."""
    from aeon.transformations.collection.convolution_based import (  # type: ignore[import-not-found,unused-ignore]
        MiniRocket,
    )

    model, rows = MiniRocket(random_state=seed, n_jobs=1), Rows(fitted)
    training, unseen = (filled(X, rows, SHORTEST) for X in (fitted, judged))
    return np.asarray(model.fit_transform(training)), np.asarray(model.transform(unseen))


def catch22(fitted: Any, judged: Any, seed: int) -> tuple[Array, Array]:
    """Catch22 with mean and standard deviation, of each channel; filled up, on which it is better than without."""
    from aeon.transformations.collection.feature_based import (  # type: ignore[import-not-found,unused-ignore]
        Catch22,
    )

    model = Catch22(catch24=True, replace_nans=True, n_jobs=1)
    rows = Rows(fitted)
    return np.asarray(model.fit_transform(filled(fitted, rows))), np.asarray(model.transform(filled(judged, rows)))


def filled(X: Any, rows: Rows, shortest: int = 1) -> Array:
    """Sequences of one length, channels before time; the last step repeated where they are too short."""
    steps = rows.table(X).reshape(len(X), rows.length, -1)
    missing = max(0, shortest - rows.length)
    return np.pad(steps, ((0, 0), (0, missing), (0, 0)), mode="edge").transpose(0, 2, 1)


class Method(NamedTuple):
    """How features are made, whether that depends on a seed, and whether aeon does it."""

    features: Callable[[Any, Any, int], tuple[Array, Array]]
    is_random: bool
    of_aeon: bool = False


METHODS = {
    OURS: Method(ours, True),
    UNTRAINED: Method(untrained, True),
    MINIROCKET: Method(minirocket, True, of_aeon=True),
    "Catch22": Method(catch22, False, of_aeon=True),
    f"codes, k = {N_COMPONENTS}": Method(codes, True),
    f"PCA, k = {N_COMPONENTS}": Method(components, False),
    "raw": Method(raw, False),
}


Scores = dict[tuple[str, str], list[Score]]


# Measuring


def score(name: str, split: str, method: str, seed: int) -> Score:
    """Make features, fit the classifier, and judge it."""
    fitted, judged = split_of(name, split, seed)
    make, _, of_aeon = METHODS[method]
    if of_aeon:
        make(fitted.X[:8], judged.X[:8], seed)  # compiles
    else:
        warm_up()
    start = time.perf_counter()
    features, judged_features = make(fitted.X, judged.X, seed)
    seconds = time.perf_counter() - start
    classifier = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))
    accuracy = classifier.fit(np.nan_to_num(features), fitted.y).score(np.nan_to_num(judged_features), judged.y)
    return Score(float(accuracy), seconds, features.shape[1])


def split_of(name: str, split: str, seed: int) -> tuple[LabelledSequences, LabelledSequences]:
    """Sequences to learn from, and to judge on."""
    training = load(name, "train")
    return (training, load(name, "test")) if split == "test" else validation_parts(training, seed)


def measure(options: Options) -> Scores:
    """All scores by set and method, one for each seed; one in all where nothing is random."""
    cases = [
        (name, method, seed)
        for name, method, seed in itertools.product(options.names, options.methods, range(options.n_seeds))
        if seed == 0 or METHODS[method].is_random or options.split != "test"
    ]
    tasks = [
        Task(f"{name}, {method}, {seed}", score, (name, options.split, method, seed)) for name, method, seed in cases
    ]
    scores: Scores = {}
    for (name, method, _), measured in zip(cases, run_tasks(tasks, options.n_jobs), strict=True):
        scores.setdefault((name, method), []).append(measured.value)
    return scores


# Showing


def accuracy_table(scores: Scores, options: Options) -> str:
    """Accuracies by set and method, means over seeds, and for ours the least and the largest."""
    published = options.split == "test"
    rows = []
    for name in options.names:
        cells = [f"{mean_accuracy(scores[name, method]):.3f}" for method in options.methods]
        if options.n_seeds > 1 and OURS in options.methods:
            least, largest = (extreme(one.accuracy for one in scores[name, OURS]) for extreme in (min, max))
            cells[options.methods.index(OURS)] += f" ({least:.3f}–{largest:.3f})"
        rows.append([name, *cells, *([f"{TRIPLET_LOSS[name]:.3f}" if name in TRIPLET_LOSS else ""] * published)])
    compared = [name for name in options.names if name in TRIPLET_LOSS]
    for title, some in (("**mean**", options.names), ("**mean without digits**", compared)):
        means = [statistics.mean(mean_accuracy(scores[name, m]) for name in some) for m in options.methods]
        last = f"{statistics.mean(TRIPLET_LOSS[name] for name in some):.3f}" if some is compared else ""
        rows.append([title, *(f"{mean:.3f}" for mean in means), *([last] * published)])
    return table(["set", *options.methods, *(["T-Loss, published"] * published)], rows)


def mean_accuracy(scores: Sequence[Score]) -> float:
    """Mean over seeds."""
    return statistics.mean(one.accuracy for one in scores)


def cost_table(scores: Scores, options: Options) -> str:
    """Seconds by set and method, medians over seeds, and numbers of features where there are thousands."""
    timed = [method for method in options.methods if method != UNTRAINED]  # what is not trained takes no training
    counted = [method for method in (OURS, MINIROCKET) if method in options.methods]
    rows = []
    for name in options.names:
        medians = [statistics.median(one.seconds for one in scores[name, method]) for method in timed]
        counts = [scores[name, method][0].n_features for method in counted]
        rows.append([name, *(f"{median:.3g}" for median in medians), *(f"{count:,}" for count in counts)])
    return table(["set", *timed, *(f"features, {method}" for method in counted)], rows)


def section(scores: Scores, options: Options) -> str:
    """All tables in Markdown, with what must be known to read them."""
    costs = [
        "Seconds of fit and transform, of the sequences that were learned from and of those judged: medians over the",
        "seeds, without imports, without what aeon compiles, and without the classifier.",
    ]
    note = f"one thread for each fit and {options.n_jobs} fits at once"
    return "\n\n".join(
        [
            paragraph(notes(options)),
            accuracy_table(scores, options),
            paragraph(costs),
            cost_table(scores, options),
            environment(note=note),
        ]
    )


def notes(options: Options) -> Iterator[str]:
    """What must be known to read the accuracies."""
    yield "Accuracy of `make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))` on features"
    yield {
        "test": "of the test split, learned from the training split:",
        "validation": "of a quarter of the training split, others for each seed, learned from the rest:",
    }[options.split]
    many = f"means over {options.n_seeds} seeds, for ours with the least and the largest."
    yield many if options.n_seeds > 1 else "one seed."
    yield f'Ours is `LSTMFeatures(random_state=seed)`; "{UNTRAINED}" are the same features of networks that were not'
    yield "trained; codes are those of `LSTMAutoencoder(16)`. Where lengths differ, raw sequences, PCA, MiniRocket and"
    yield "Catch22 get the position's mean behind an end; MiniRocket gets the last step again where sequences have"
    yield f"fewer than {SHORTEST}. Catch22 is that of each channel, with mean and standard deviation."
    if options.split == "test":
        yield "T-Loss is as its authors published it, with 10 negative samples: a dilated convolutional network trained"
        yield "without labels, and a support vector machine tuned on the training split."


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="two small sets, one seed", write="the tables")
    arguments.add_split("test")
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_choice("--methods", tuple(METHODS))
    arguments.add_seeds(3)
    arguments.add_jobs()
    given = arguments.read()
    options = Options(given.sets, given.methods, given.split, given.seeds, given.jobs)
    publish("features", section(measure(options), options), write=given.write)


if __name__ == "__main__":
    main()
