"""Fits of the autoencoder and its rivals to the real data sets, judged on sequences that they have not seen."""

import itertools
import statistics
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _datasets import LabelledSequences, channel_means, load, n_timesteps, padded, sizes, validation_parts
from _isolation import Measured, isolated, peak_megabytes, warm_up
from _uses import NO_USES, Uses, uses_of
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

# The estimator is imported in the processes, of which each may take another state of the package.

__all__ = [
    "Cost",
    "Fit",
    "MLPSettings",
    "Task",
    "fit_autoencoder",
    "fit_mlp",
    "fit_pca",
    "fit_scaled_pca",
    "geometric_mean",
    "mean_and_range",
    "paragraph",
    "parts",
    "raw_uses",
    "run_tasks",
    "search_mlp",
    "timed",
]

# What is judged on: a quarter of the training split that is not fitted on, or the published test split.

Array = NDArray[Any]

MLP_WIDTH = 128
MLP_GRID: dict[str, tuple[Any, ...]] = {
    "activation": ("tanh", "relu"),
    "alpha": (1e-4, 1e-1),
    "learning_rate_init": (1e-3, 3e-3),
}
MLP_BATCH_SIZE = 200  # at most, scikit-learn's default
# Steps between two looks at the error, and without progress before giving up.
MLP_INTERVAL, MLP_PATIENCE = 20, 1000


@dataclass(frozen=True)
class Fit:
    """What one fit costs, and how good it is on sequences that it has not seen.

    Seconds are those of the clock, and of the processor; megabytes are the process's peak, imports included.
    """

    error: float
    seconds: float
    processor_seconds: float
    megabytes: float
    n_epochs: int
    uses: Uses

    def __str__(self) -> str:
        return (
            f"error {self.error:.5f}, accuracy {self.uses.logistic:.3f}, {self.seconds:.2f} s, "
            f"{self.megabytes:.0f} MB, {self.n_epochs} epochs"
        )


class Cost(NamedTuple):
    """What a call costs."""

    seconds: float
    processor_seconds: float
    megabytes: float


class MLPSettings(NamedTuple):
    """Arguments of MLPRegressor and a number of steps, with the error that they had in the search."""

    error: float
    params: dict[str, Any]
    n_steps: int


class Parts(NamedTuple):
    """Sequences to fit, and others to judge by."""

    fitted: LabelledSequences
    judged: LabelledSequences


def parts(name: str, split: str) -> Parts:
    """A set's training split and its test split, or three quarters of its training split and the fourth."""
    training = load(name, "train")
    return Parts(training, load(name, "test")) if split == "test" else Parts(*validation_parts(training))


def relative_error(X: Any, drawn: Any, means: Array) -> float:
    """Squared error over squared deviation from the training channel means, both in the units of the data.

    That is ``1 - LSTMAutoencoder.score(X, standardized=False)``.
    """
    errors = sum(np.square(x - y, dtype=np.float64).sum() for x, y in zip(X, drawn, strict=True))
    deviations = sum(np.square(x - means).sum() for x in X)
    return float(errors / deviations)


class Rows:
    """Sequences as rows of a table of one width, for estimators that know no other data.

    Behind a sequence's end stands the position's mean over the training sequences that get so far. What is longer than
    the longest training sequence is cut off, and drawn as the channel means.
    """

    def __init__(self, X: Any) -> None:
        self.length = n_timesteps(X)
        self.channel_means = channel_means(X)
        self.channel_scales = np.concatenate(list(X)).std(axis=0, dtype=np.float64)
        self.position_means = np.nanmean(padded(X, self.length), axis=0, dtype=np.float64)

    def table(self, X: Any) -> Array:
        """Sequences to rows (n, length * C)."""
        steps = padded(X, self.length).astype(np.float64)
        return np.where(np.isnan(steps), self.position_means, steps).reshape(len(X), -1)

    def sequences(self, table: Array, X: Any) -> list[Array]:
        """Rows back to sequences, as long as those of X."""
        steps = table.reshape(len(table), self.length, -1)
        drawn = []
        for size, x in zip(sizes(X), steps, strict=True):
            tail = np.tile(self.channel_means, (max(0, size - self.length), 1))
            drawn.append(np.concatenate([x[:size], tail]))
        return drawn

    def standardized(self, X: Any) -> NDArray[np.float32]:
        """Sequences to rows in which each channel has the mean 0 and the standard deviation 1 of the real steps."""
        means, scales = self._channels()
        return ((self.table(X) - means) / scales).astype(np.float32)

    def unstandardized(self, table: Array, X: Any) -> list[Array]:
        """Standardised rows back to sequences, as long as those of X."""
        means, scales = self._channels()
        return self.sequences(table * scales + means, X)

    def _channels(self) -> tuple[Array, Array]:
        return np.tile(self.channel_means, self.length), np.tile(self.channel_scales, self.length)


def timed(function: Callable[..., Any], *args: Any) -> Cost:
    """Call a function."""
    start, processor_start = time.perf_counter(), time.process_time()
    function(*args)
    return Cost(time.perf_counter() - start, time.process_time() - processor_start, peak_megabytes())


def fit_autoencoder(name: str, split: str, latent_dim: int, seed: int, changes: dict[str, Any]) -> Fit:
    """Fit the plain constructor, or one with changes, and judge it."""
    from sklearn_seqae import LSTMAutoencoder

    fitted, judged = parts(name, split)
    model = LSTMAutoencoder(**{"latent_dim": latent_dim, "random_state": seed, **changes})
    warm_up()
    cost = timed(model.fit, fitted.X)
    return Fit(
        relative_error(judged.X, model.reconstruct(judged.X), model.channel_mean_),
        *cost,
        model.n_iter_,
        uses_of(model.transform(fitted.X), fitted.y, model.transform(judged.X), judged.y),
    )


def fit_pca(name: str, split: str, latent_dim: int) -> Fit:
    """Fit PCA on flattened sequences, and judge it."""
    fitted, judged = parts(name, split)
    rows = Rows(fitted.X)
    training, unseen = rows.table(fitted.X), rows.table(judged.X)
    model = PCA(min(latent_dim, *training.shape))
    cost = timed(model.fit, training)
    codes = model.transform(unseen)
    return Fit(
        relative_error(judged.X, rows.sequences(model.inverse_transform(codes), judged.X), rows.channel_means),
        *cost,
        1,
        uses_of(model.transform(training), fitted.y, codes, judged.y),
    )


def fit_scaled_pca(name: str, split: str, latent_dim: int) -> Uses:
    """Fit PCA on flattened sequences whose channels are standardised: what its components are good for."""
    fitted, judged = parts(name, split)
    rows = Rows(fitted.X)
    training, unseen = rows.standardized(fitted.X), rows.standardized(judged.X)
    model = PCA(min(latent_dim, *training.shape)).fit(training)
    return uses_of(model.transform(training), fitted.y, model.transform(unseen), judged.y)


def make_mlp(latent_dim: int, seed: int, n_sequences: int, **params: Any) -> MLPRegressor:
    """An MLP with a bottleneck, to be trained on batches of one size."""
    return MLPRegressor(
        hidden_layer_sizes=(MLP_WIDTH, latent_dim, MLP_WIDTH),
        batch_size=-(-n_sequences // n_batches(n_sequences)),
        random_state=seed,
        **params,
    )


def n_batches(n_sequences: int) -> int:
    """Steps that an epoch has."""
    return -(-n_sequences // MLP_BATCH_SIZE)


def search_mlp(name: str, split: str, latent_dim: int, n_steps: int) -> MLPSettings:
    """The settings that are best on a quarter of the sequences to be fitted, of at most `n_steps` steps."""
    training, validation = validation_parts(parts(name, split).fitted)
    rows = Rows(training.X)
    inputs, unseen = rows.standardized(training.X), rows.standardized(validation.X)

    def error(model: MLPRegressor) -> float:
        drawn = rows.unstandardized(model.predict(unseen), validation.X)
        return relative_error(validation.X, drawn, rows.channel_means)

    found = []
    for values in itertools.product(*MLP_GRID.values()):
        params = dict(zip(MLP_GRID, values, strict=True))
        model = make_mlp(latent_dim, 0, len(inputs), **params)
        least, best_step = train_stepwise(model, inputs, error, n_steps)
        found.append(MLPSettings(least, params, best_step))
    return min(found, key=lambda settings: settings.error)


def train_stepwise(
    model: MLPRegressor, inputs: NDArray[np.float32], error: Callable[[MLPRegressor], float], n_steps: int
) -> tuple[float, int]:
    """Train until there is no more progress: the least error, and after how many steps it was."""
    per_epoch = n_batches(len(inputs))
    least, best_step = np.inf, 0
    for epoch in range(1, n_steps // per_epoch + 1):
        model.partial_fit(inputs, inputs)
        if epoch % max(1, MLP_INTERVAL // per_epoch) == 0 and (now := error(model)) < least:
            least, best_step = now, epoch * per_epoch
        if epoch * per_epoch - best_step > MLP_PATIENCE:
            break
    return least, best_step


def fit_mlp(name: str, split: str, latent_dim: int, seed: int, settings: MLPSettings) -> Fit:
    """Fit an MLP X -> X for as many steps as the search found best, and judge it."""
    fitted, judged = parts(name, split)
    rows = Rows(fitted.X)
    inputs = rows.standardized(fitted.X)
    n_epochs = max(1, round(settings.n_steps / n_batches(len(inputs))))
    model = make_mlp(latent_dim, seed, len(inputs), **settings.params)
    model.set_params(max_iter=n_epochs, n_iter_no_change=n_epochs, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # that it took all of its epochs, as it should
        cost = timed(model.fit, inputs, inputs)
    drawn = rows.unstandardized(model.predict(rows.standardized(judged.X)), judged.X)
    error = relative_error(judged.X, drawn, rows.channel_means)
    return Fit(error, *cost, model.n_iter_, NO_USES)


def raw_uses(name: str, split: str) -> Uses:
    """What the sequences themselves are good for, as rows."""
    fitted, judged = parts(name, split)
    rows = Rows(fitted.X)
    return uses_of(rows.table(fitted.X), fitted.y, rows.table(judged.X), judged.y)


class Task(NamedTuple):
    """A call to be measured, with the package that is installed or with another state of it."""

    label: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    checkout: Path | None = None


def run_tasks(tasks: Sequence[Task], n_jobs: int, imported: Sequence[str] = ()) -> list[Measured]:
    """Call each in a process of its own with one thread, `n_jobs` of them at once; results in the order of tasks.

    Where memory does not matter, modules may be `imported` once for all processes.
    """

    def run(task: Task) -> Measured:
        measured = isolated(task.function, *task.arguments, threads=1, checkout=task.checkout, imported=imported)
        print(f"{task.label}: {measured.value}", file=sys.stderr, flush=True)
        return measured

    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(run, tasks))


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean for ratios: twice as good and half as good cancel out."""
    return statistics.geometric_mean(ratios)


def mean_and_range(ratios: Sequence[float]) -> str:
    """Geometric mean, and where there are several, the smallest and the largest."""
    mean = f"{geometric_mean(ratios):.2f}"
    return f"{mean} ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else mean


def paragraph(sentences: Iterable[str]) -> str:
    """Sentences as Markdown, in lines of at most 120 characters where words allow."""
    return textwrap.fill(" ".join(sentences), 120, break_long_words=False, break_on_hyphens=False)
