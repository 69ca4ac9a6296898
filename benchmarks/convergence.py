"""Held-out error against seconds of training: the plain `LSTMAutoencoder`, the usual LSTM autoencoder, and PCA.

The usual autoencoder is LSTM(k), its last hidden state repeated at each step, LSTM(k), a linear layer, trained with
Adam in batches of 32 on data standardised by channel. It trains at 1e-3 and at 1e-2, each for ten times as long as
`LSTMAutoencoder(latent_dim=k, random_state=seed)` takes to fit, and the better rate counts; in torch, with the number
of threads that suits it best, and in Keras on JAX where an interpreter that has it is given. Sequences of unequal
length are padded and masked in torch, and left out in Keras.

The error is the sum of squared errors on held-out sequences over that of their squared deviations from the training
channels' means, over real steps. Seconds are those of training: imports and looking at the error are taken out, of the
rivals also what prepares the data, of Keras also the compilation. The usual autoencoder's error is the best of its
whole course, as if it had been stopped there, and its seconds are those to within 1 % of that error;
`LSTMAutoencoder` is there when it first comes as near. Its own error is the one it ends with.

    python benchmarks/convergence.py --quick
    python benchmarks/convergence.py --split test --keras-jax jax/bin/python --write
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from _arguments import Arguments
from _datasets import NAMES, channel_means, load, n_timesteps, padded, sizes, validation_parts
from _isolation import isolated, peak_megabytes
from _report import FOLDER, environment, publish, table
from _rivals import UsualAutoencoder, finish_imports, run_keras, train_epoch
from keras_rival import Recorder
from numpy.typing import NDArray
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_seqae import LSTMAutoencoder

OURS = "`LSTMAutoencoder`"
IN_TORCH = "usual, torch"
IN_KERAS = "usual, Keras on JAX"
PCA_NAME = "PCA"

LEARNING_RATES = (1e-3, 1e-2)
BATCH_SIZE = 32
QUICK_SETS = ("ItalyPowerDemand", "GunPoint")
QUICK_EPOCHS = 100
# Seconds for which the usual autoencoder is trained to see how many threads suit it.
TRIAL_SECONDS = 1.0
# An error is reached within this share of it: the last hundredth may take most of the time.
NEAR = 1.01
# The goals: how many times as fast, and what share of the usual autoencoder's error at the end.
GOAL_FACTOR = 50
GOAL_SHARE = 0.5

# Colours of Okabe and Ito, and names in the figure.
STYLES = {
    OURS: ("#0072B2", "LSTMAutoencoder"),
    IN_TORCH: ("#D55E00", "usual LSTM, torch"),
    IN_KERAS: ("#009E73", "usual LSTM, Keras on JAX"),
    PCA_NAME: ("#000000", "PCA"),
}
PANELS_IN_ROW = 4
LEAST_SPAN = 5

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class Setting(NamedTuple):
    """How all sets are compared."""

    latent_dim: int
    budget_factor: float
    max_epochs: int | None
    jobs: int
    threads: int
    tries_threads: bool
    keras: str | None


class Problem(NamedTuple):
    """A set's sequences to learn from and to be judged by, in their own units."""

    name: str
    train: Any
    held_out: Any

    @property
    def is_ragged(self) -> bool:
        """Whether the sequences differ in length."""
        return not isinstance(self.train, np.ndarray)

    def total_deviation(self) -> float:
        """Sum of the held-out sequences' squared deviations from the training channels' means."""
        means = channel_means(self.train)
        return float(sum(np.square(x - means).sum() for x in self.held_out))


class Scaled(NamedTuple):
    """A problem standardised by channel (n, T, C), zeros as padding; weights turn squared errors into the error."""

    x: Float32
    held_out: Float32
    weights: Float64


class Course(NamedTuple):
    """Errors against seconds, how many epochs (of ours, steps) that were, and memory above the imports."""

    points: list[tuple[float, float]]
    passes: int
    megabytes: float

    @property
    def best(self) -> float:
        """Lowest error."""
        return min(error for _, error in self.points)

    def seconds_to(self, error: float) -> float:
        """Seconds until the error was as low or nearly so; infinite if it never was."""
        return next((seconds for seconds, reached in self.points if reached <= NEAR * error), math.inf)


class Run(NamedTuple):
    """A contestant's course on a set; the learning rate where it has a choice of it."""

    problem: str
    seed: int
    contestant: str
    learning_rate: float | None
    course: Course

    @property
    def error(self) -> float:
        """What counts: the error at the end of ours, the best of a rival's course."""
        return self.course.points[-1][1] if self.contestant == OURS else self.course.best

    @property
    def seconds(self) -> float:
        """What counts: all seconds of ours, those to a rival's best error."""
        return self.course.points[-1][0] if self.contestant == OURS else self.course.seconds_to(self.error)


# In the measuring process


def load_problems(names: Sequence[str], split: str) -> list[Problem]:
    """Read the sets; "validation" holds a quarter of the training split out, "test" the test split."""
    problems = []
    for name in names:
        train = load(name, "train")
        train, held_out = (train, load(name, "test")) if split == "test" else validation_parts(train)
        problems.append(Problem(name, train.X, held_out.X))
    return problems


def scaled(problem: Problem) -> Scaled:
    """Standardise by the training channels."""
    steps = np.concatenate(list(problem.train)).astype(np.float64)
    means, scales = steps.mean(axis=0), steps.std(axis=0)
    scales[scales == 0] = 1.0
    x, held_out = (
        np.nan_to_num((padded(X) - means) / scales).astype(np.float32) for X in (problem.train, problem.held_out)
    )
    return Scaled(x, held_out, scales**2 / problem.total_deviation())


class HeldOutError(Callback):  # type: ignore[misc]
    """Records the course of the estimator's held-out error, from the moment it is made."""

    def __init__(self, problem: Problem) -> None:
        self.x = torch.from_numpy(padded(problem.held_out))
        self.arguments = [torch.from_numpy(sizes(problem.held_out))] if problem.is_ragged else []
        self.total_deviation = problem.total_deviation()
        self.recorder = Recorder(self.error)

    def __deepcopy__(self, memo: Any) -> "HeldOutError":
        """Itself: a fit trains with copies, and what it records is read after the fit."""
        return self

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Count the step, and look at the error where it is time to."""
        if training:
            self.module = net.module_
            self.recorder.tick()

    @torch.no_grad()
    def error(self) -> float:
        """The error of the network as it is."""
        self.module.eval()
        squared = (self.module(self.x, *self.arguments) - self.x).double().square()
        self.module.train()
        return float(squared.nansum()) / self.total_deviation


def fit_ours(problem: Problem, latent_dim: int, seed: int, max_epochs: int | None) -> Course:
    """Fit the plain constructor."""
    warnings.simplefilter("ignore")  # a fit cut short for a quick look may not have converged
    finish_imports()
    imports_megabytes = peak_megabytes()
    changes: dict[str, Any] = {} if max_epochs is None else {"max_epochs": max_epochs}
    held_out_error = HeldOutError(problem)
    recorder = held_out_error.recorder
    model = LSTMAutoencoder(latent_dim, random_state=seed, callbacks=[held_out_error], **changes).fit(problem.train)
    points = [*recorder.course, (recorder.seconds(), 1 - model.score(problem.held_out, standardized=False))]
    return Course(points, recorder.count, peak_megabytes() - imports_megabytes)


def fit_usual(problem: Problem, latent_dim: int, learning_rate: float, seed: int, budget: float) -> Course:
    """Train the usual autoencoder in the tight torch loop until the budget of seconds is spent."""
    finish_imports()
    imports_megabytes = peak_megabytes()
    data = scaled(problem)
    x, held_out, weights = (torch.from_numpy(array) for array in data)
    lengths, held_out_lengths = lengths_of(problem.train), lengths_of(problem.held_out)
    torch.manual_seed(seed)
    module = UsualAutoencoder(x.shape[2], latent_dim)
    optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate)

    @torch.no_grad()
    def error() -> float:
        squared = (module(held_out, held_out_lengths) - held_out).double().square()  # (n, T, C)
        if held_out_lengths is not None:
            squared *= (torch.arange(squared.shape[1]) < held_out_lengths[:, None])[:, :, None]
        return float((squared * weights).sum())

    recorder = Recorder(error)
    while recorder.seconds() < budget:
        train_epoch(module, optimizer, x, BATCH_SIZE, lengths)
        recorder.tick()
    recorder.look()
    return Course(recorder.course, recorder.count, peak_megabytes() - imports_megabytes)


def lengths_of(X: Any) -> Tensor | None:
    """Lengths of sequences where they differ."""
    return None if isinstance(X, np.ndarray) else torch.from_numpy(sizes(X))


def fit_pca(problem: Problem, latent_dim: int) -> Course:
    """Fit PCA on sequences laid flat; what is behind a sequence's end reads as the mean of that position."""
    from sklearn.decomposition import PCA

    imports_megabytes = peak_megabytes()
    length = max(n_timesteps(problem.train), n_timesteps(problem.held_out))
    train, held_out = (padded(X, length).reshape(len(X), -1) for X in (problem.train, problem.held_out))
    fill = position_means(train, np.tile(channel_means(problem.train), length))
    start = time.perf_counter()
    pca = PCA(min(latent_dim, *train.shape)).fit(np.where(np.isnan(train), fill, train))
    seconds = time.perf_counter() - start
    prediction = pca.inverse_transform(pca.transform(np.where(np.isnan(held_out), fill, held_out)))
    error = np.nansum(np.square(prediction - held_out, dtype=np.float64)) / problem.total_deviation()
    return Course([(seconds, float(error))], 1, peak_megabytes() - imports_megabytes)


def position_means(X: Float32, otherwise: Float64) -> Float64:
    """Mean of each column over what is there; `otherwise` where nothing is."""
    counts = (~np.isnan(X)).sum(axis=0)
    return np.where(counts > 0, np.nansum(X, axis=0, dtype=np.float64) / np.maximum(counts, 1), otherwise)


# In the process that sets the measurements


def compare(problem: Problem, seed: int, setting: Setting) -> list[Run]:
    """All contestants on a set, one after the other."""
    k = setting.latent_dim
    ours = isolated(fit_ours, problem, k, seed, setting.max_epochs, threads=setting.threads).value
    runs = [reported(Run(problem.name, seed, OURS, None, ours), ours)]
    pca = isolated(fit_pca, problem, k, threads=setting.threads).value
    runs.append(reported(Run(problem.name, seed, PCA_NAME, None, pca), ours))
    budget = setting.budget_factor * runs[0].seconds
    threads = best_threads(problem, setting)
    for rate in LEARNING_RATES:
        course = isolated(fit_usual, problem, k, rate, seed, budget, threads=threads).value
        runs.append(reported(Run(problem.name, seed, IN_TORCH, rate, course), ours))
        if setting.keras is not None and not problem.is_ragged:
            course = fit_keras(problem, setting, setting.keras, rate, seed, budget)
            runs.append(reported(Run(problem.name, seed, IN_KERAS, rate, course), ours))
    return runs


def best_threads(problem: Problem, setting: Setting) -> int:
    """The number of threads with which the usual autoencoder trains most epochs in a trial."""
    if not setting.tries_threads:
        return setting.threads

    def n_epochs(threads: int) -> int:
        arguments = (problem, setting.latent_dim, LEARNING_RATES[0], 0, TRIAL_SECONDS)
        return isolated(fit_usual, *arguments, threads=threads).value.passes

    return max((1, setting.threads), key=n_epochs)


def fit_keras(
    problem: Problem, setting: Setting, interpreter: str, learning_rate: float, seed: int, budget: float
) -> Course:
    """Train the usual autoencoder in Keras on JAX until the budget of seconds is spent."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, **scaled(problem)._asdict())
        arguments = {
            "backend": "jax",
            "device": "cpu",
            "task": "converge",
            "seed": seed,
            "data": str(data),
            "latent_dim": setting.latent_dim,
            "batch_size": BATCH_SIZE,
            "learning_rate": learning_rate,
            "budget": budget,
        }
        result = run_keras(interpreter, arguments, setting.threads if setting.jobs > 1 else None)
    return Course(result["course"], result["count"], result["peak_megabytes"] - result["imports_megabytes"])


def reported(run: Run, ours: Course) -> Run:
    """The run, told of on the way."""
    name = run.contestant if run.learning_rate is None else f"{run.contestant} at {run.learning_rate:g}"
    print(
        f"{run.problem}, seed {run.seed}, {name}: error {run.error:.4f} after {run.seconds:.3g} s, "
        f"{run.course.points[-1][0]:.3g} s and {run.course.passes} passes in all, {run.course.megabytes:.0f} MB; "
        f"ours is there after {ours.seconds_to(run.error):.3g} s",
        file=sys.stderr,
        flush=True,
    )
    return run


# The report


class Row(NamedTuple):
    """A contestant on a set, medians over the seeds; the last three compare ours with it."""

    problem: str
    contestant: str
    learning_rates: list[float]
    error: float
    seconds: float
    megabytes: float
    seconds_of_ours: float
    factor: float
    share: float


def better_rates(runs: Iterable[Run]) -> list[Run]:
    """Of each set, seed and contestant, the run with the better learning rate."""
    best: dict[tuple[str, int, str], Run] = {}
    for run in runs:
        key = run[:3]
        if key not in best or run.error < best[key].error:
            best[key] = run
    return list(best.values())


def make_rows(runs: Sequence[Run]) -> list[Row]:
    """One row for each set and contestant."""
    runs = better_rates(runs)
    ours = {run[:2]: run for run in runs if run.contestant == OURS}
    keys = list(dict.fromkeys((run.problem, run.contestant) for run in runs))
    return [make_row([run for run in runs if (run.problem, run.contestant) == key], ours) for key in keys]


def make_row(runs: Sequence[Run], ours: Mapping[tuple[str, int], Run]) -> Row:
    """Compare ours with a contestant's runs on a set, one for each seed."""
    seconds_of_ours = [ours[run[:2]].course.seconds_to(run.error) for run in runs]
    return Row(
        runs[0].problem,
        runs[0].contestant,
        sorted({run.learning_rate for run in runs if run.learning_rate is not None}),
        statistics.median(run.error for run in runs),
        statistics.median(run.seconds for run in runs),
        statistics.median(run.course.megabytes for run in runs),
        statistics.median(seconds_of_ours),
        statistics.median(run.seconds / seconds for run, seconds in zip(runs, seconds_of_ours, strict=True)),
        statistics.median(ours[run[:2]].error / run.error for run in runs),
    )


def cells(row: Row) -> list[str]:
    """A row of the table."""
    texts = [row.problem, row.contestant, " or ".join(f"{rate:g}" for rate in row.learning_rates)]
    texts += [f"{row.error:.4f}", f"{row.seconds:.3g}", f"{row.megabytes:.0f}"]
    if row.contestant == OURS:
        return [*texts, "", "", ""]
    there = f"{row.seconds_of_ours:.3g}" if math.isfinite(row.seconds_of_ours) else "never"
    return [*texts, there, f"{row.factor:.3g}", f"{row.share:.2f}"]


def goals(rows: Sequence[Row]) -> str:
    """On how many sets the goals are met."""
    sentences = []
    for contestant in (IN_TORCH, IN_KERAS):
        against = [row for row in rows if row.contestant == contestant]
        fast = [row.factor >= GOAL_FACTOR for row in against]
        good = [row.share <= GOAL_SHARE for row in against]
        both = [is_fast and is_good for is_fast, is_good in zip(fast, good, strict=True)]
        if against:
            sentences.append(
                f'Against "{contestant}": at least {GOAL_FACTOR} times as fast on {sum(fast)} of {len(against)} sets,'
                f" at most {GOAL_SHARE} of its error at the end on {sum(good)}, both on {sum(both)}."
            )
    return " ".join(sentences)


def draw(runs: Sequence[Run], path: Path) -> None:
    """One panel for each set: error against seconds, with the better learning rate."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 14, "axes.spines.top": False, "axes.spines.right": False})
    runs = better_rates(runs)
    problems = list(dict.fromkeys(run.problem for run in runs))
    n_columns = min(PANELS_IN_ROW, len(problems) + 1)  # one panel more, for the legend
    n_rows = -(-(len(problems) + 1) // n_columns)
    figure, panels = plt.subplots(
        n_rows, n_columns, figsize=(3.4 * n_columns, 3.2 * n_rows), squeeze=False, layout="constrained"
    )
    lines: dict[str, Any] = {}
    for panel, problem in zip(panels.flat, problems, strict=False):
        lines |= draw_panel(panel, [run for run in runs if run.problem == problem])
        panel.set_title(problem, fontsize=14)
    for panel in panels.flat[len(problems) :]:
        panel.axis("off")
    names = [contestant for contestant in STYLES if contestant in lines]
    panels.flat[len(problems)].legend(
        [lines[name] for name in names],
        [STYLES[name][1] for name in names],
        loc="center",
        frameon=False,
        handlelength=1.5,
    )
    figure.supxlabel("training time, s", fontsize=14)
    figure.supylabel("held-out error, share of variance", fontsize=14)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_panel(panel: Any, runs: Sequence[Run]) -> dict[str, Any]:
    """A set's courses, one line for each seed, and PCA's error as a level; a line of each contestant."""
    lines = {}
    for run in runs:
        color = STYLES[run.contestant][0]
        if run.contestant == PCA_NAME:
            lines[run.contestant] = panel.axhline(run.error, color=color, linestyle="--", linewidth=1.5)
        else:
            (lines[run.contestant],) = panel.plot(*zip(*run.course.points, strict=True), color=color, linewidth=2)
    scale_axes(panel)
    return lines


def scale_axes(panel: Any) -> None:
    """Logarithmic axes with plain numbers, and a vertical one that does not blow up small differences."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    panel.set(xscale="log", yscale="log")
    low, high = panel.get_ylim()
    panel.set_ylim(min(low, high / LEAST_SPAN), high)
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def section(runs: Sequence[Run], arguments: argparse.Namespace, setting: Setting) -> str:
    """The table and what must be known to read it, in Markdown."""
    rows = make_rows(runs)
    header = ["set", "contestant", "learning rate", "error", "seconds", "memory above the imports, MB"]
    header += ["ours is there after, s", "ours is faster by a factor of", "our error over its error"]
    judged_on = "test split" if arguments.split == "test" else "quarter of the training split that is held out"
    seeds = "of one seed" if arguments.seeds == 1 else f"medians over {arguments.seeds} seeds"
    text = (
        f"`latent_dim={setting.latent_dim}`, errors on the {judged_on}, {seeds}. For either learning rate, the usual "
        f"autoencoder had {budget_text(setting)}. {goals(rows)}"
    )
    if setting.keras is None:
        text += " Not measured, since no interpreter was given: Keras on JAX."
    parts = [text, table(header, map(cells, rows)), environment(keras_versions(setting.keras), threads_note(setting))]
    return "\n\n".join(parts)


def budget_text(setting: Setting) -> str:
    """How long the usual autoencoder was trained."""
    if setting.max_epochs is None:
        return f"{setting.budget_factor:g} times as long as ours takes"
    return f"as long as ours takes for {setting.max_epochs} epochs, where it was stopped"


def keras_versions(interpreter: str | None) -> list[str]:
    """Versions of Keras and JAX, if they are used."""
    if interpreter is None:
        return []
    return [run_keras(interpreter, {"backend": "jax", "device": "cpu", "task": "describe"})["versions"]]


def threads_note(setting: Setting) -> str:
    """Who ran beside whom, and with how many threads."""
    if setting.jobs > 1:
        return "two sets at a time with one thread each"
    if not setting.tries_threads:
        return f"one fit at a time, in torch with {setting.threads} threads at its disposal"
    return (
        f"one fit at a time; {OURS} with {setting.threads} threads at its disposal, the usual autoencoder in torch "
        f"with 1 or {setting.threads}, whichever was faster in a trial, Keras with as many as it takes"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    quick = "two sets, short trainings: under a minute without Keras"
    options = Arguments(__doc__, quick=quick, write="table and figure")
    options.add_split("validation")
    options.add_choice("--sets", NAMES, quick=QUICK_SETS)
    options.add_latent_dim()
    options.add_seeds(1, quick=None)
    options.add("--jobs", type=int, choices=(1, 2), default=1, help="2: two sets at a time, one thread each")
    options.add_keras("jax", "JAX")
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    setting = Setting(
        parsed.latent_dim,
        budget_factor=1.0 if parsed.quick else 10.0,
        max_epochs=QUICK_EPOCHS if parsed.quick else None,
        jobs=parsed.jobs,
        threads=torch.get_num_threads() if parsed.jobs == 1 else 1,
        tries_threads=parsed.jobs == 1 and not parsed.quick,
        keras=parsed.keras_jax,
    )
    problems = isolated(load_problems, parsed.sets, parsed.split).value
    with ThreadPoolExecutor(parsed.jobs) as pool:
        comparisons = [
            pool.submit(compare, problem, seed, setting) for problem in problems for seed in range(parsed.seeds)
        ]
        runs = [run for comparison in comparisons for run in comparison.result()]
    body = section(runs, parsed, setting)
    if parsed.write:
        draw(runs, FOLDER / "convergence.png")
        body = f"![Held-out error against seconds of training](convergence.png)\n\n{body}"
    publish("convergence", body, write=parsed.write)


if __name__ == "__main__":
    main()
