"""A search over the width of the code for classifying: `LSTMAutoencoder` in a pipeline, and PCA in its place.

    GridSearchCV(
        Pipeline([("scaler", StandardScaler()), ("codes", LSTMAutoencoder(n_channels=c, random_state=0)),
                  ("classifier", LogisticRegression(max_iter=1000))]),
        {"codes__latent_dim": [2, 4, 8, 16]}, cv=5)

on the training split of each set, its sequences being rows of a table, and the accuracy of what it finds on the test
split, or with `--split validation` all of that within the training split.

    python benchmarks/classification.py --write
    python benchmarks/classification.py --quick
"""

import statistics
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _datasets import LabelledSequences
from _quality import Task, paragraph, parts, run_tasks
from _report import environment, publish, table
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

# The estimator is imported in the processes.

OURS, LINEAR = "LSTMAutoencoder", "PCA"
SETS = ("digits", "ItalyPowerDemand", "GunPoint", "OSULeaf", "BasicMotions")  # of equal length, which PCA needs
QUICK_SETS = ("ItalyPowerDemand",)
WIDTHS = (2, 4, 8, 16)
N_SPLITS = 5


class Found(NamedTuple):
    """Of a search: mean held-out accuracies by width, the best width, and the accuracy of the refit on other data."""

    scores: NDArray[np.float64]
    width: int
    accuracy: float

    def __str__(self) -> str:
        return f"{self.scores.round(3)}, {self.width}, {self.accuracy:.3f}"


def rows(data: LabelledSequences) -> NDArray[np.float32]:
    """Sequences as rows of a table, all channels of the first step first."""
    return data.X.reshape(len(data.X), -1)


def search(name: str, split: str, model: str, params: dict[str, Any]) -> Found:
    """Search, as a user does."""
    from sklearn_seqae import LSTMAutoencoder

    fitted, judged = parts(name, split)
    channels = fitted.X.shape[2]
    if model == OURS:
        codes, parameter = LSTMAutoencoder(n_channels=channels, random_state=0, **params), "latent_dim"
    else:
        codes, parameter = PCA(random_state=0), "n_components"
    classifier = LogisticRegression(max_iter=1000)
    pipeline = Pipeline([("scaler", StandardScaler()), ("codes", codes), ("classifier", classifier)])
    found = GridSearchCV(pipeline, {f"codes__{parameter}": WIDTHS}, cv=N_SPLITS).fit(rows(fitted), fitted.y)
    width = found.best_params_[f"codes__{parameter}"]
    return Found(found.cv_results_["mean_test_score"], width, found.score(rows(judged), judged.y))


def section(names: Sequence[str], split: str, found: dict[tuple[str, str], Found], n_jobs: int) -> str:
    """The table in Markdown, with what must be known to read it."""
    header = ["set", "", *(f"k = {k}" for k in WIDTHS), "best", f"accuracy, {split} split"]
    lines = [
        [name, model, *(f"{score:.3f}" for score in one.scores), str(one.width), f"{one.accuracy:.3f}"]
        for name in names
        for model, one in ((model, found[name, model]) for model in (OURS, LINEAR))
    ]
    note = f"one thread for each search and {n_jobs} searches at once"
    return "\n\n".join([paragraph(notes(names, found)), table(header, lines), environment(note=note)])


def notes(names: Sequence[str], found: dict[tuple[str, str], Found]) -> Iterator[str]:
    """What must be known to read the table, and its sum."""
    yield f"`GridSearchCV(Pipeline([StandardScaler(), LSTMAutoencoder(), LogisticRegression()]), cv={N_SPLITS})` over"
    yield "the width of the code, and the same with PCA in its place: mean held-out accuracy by width, the width that"
    yield "is chosen, and the accuracy of the refit on sequences that the search has not seen."
    scores, accuracies = (
        [statistics.mean(value(found[name, model]) for name in names) for model in (OURS, LINEAR)]
        for value in (best_score, attrgetter("accuracy"))
    )
    yield f"Mean of the best held-out accuracies {scores[0]:.3f} (PCA {scores[1]:.3f}),"
    yield f"of those on unseen sequences {accuracies[0]:.3f} (PCA {accuracies[1]:.3f})."


def best_score(found: Found) -> float:
    """The held-out accuracy of the width that is chosen."""
    return float(found.scores.max())


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="one small set, short trainings", write="the table")
    arguments.add_split("test")
    arguments.add_choice("--sets", SETS, quick=QUICK_SETS)
    arguments.add_jobs()
    given = arguments.read()
    params = {"max_epochs": 20} if given.quick else {}
    cases = [(name, model) for name in given.sets for model in (OURS, LINEAR)]
    tasks = [Task(f"{name}, {model}", search, (name, given.split, model, params)) for name, model in cases]
    found = {case: measured.value for case, measured in zip(cases, run_tasks(tasks, given.jobs), strict=True)}
    publish("classification", section(given.sets, given.split, found, given.jobs), write=given.write)


if __name__ == "__main__":
    main()
