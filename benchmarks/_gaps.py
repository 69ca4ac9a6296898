"""Real sequences from which values are removed, and ways to fill them in again."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _datasets import padded
from _quality import parts
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import KNNImputer

# The estimators are imported in the processes, of which each may take another state of the package.

__all__ = ["AIR", "PATTERNS", "PROTOCOL", "Cell", "Fill", "fill_cell", "line", "make_cell"]

Array = NDArray[Any]
Sequences = list[Array]

# What is removed from the real sets: single values, or one run of a fifth of the length in each channel.
PATTERNS = ("10 %", "50 %", "a run")
# The hourly sensors, with what is missing in the file as missing values; and as TSI-Bench has them ("ItalyAir").
AIR, PROTOCOL = "AirQuality", "ItalyAir"
# TSI-Bench: windows of so many hours, of which runs of so many are removed; what is missing there is a number.
_WINDOW, _RUN, _MISSING = 12, 8, -200.0


class Cell(NamedTuple):
    """Sequences (T_i, C) in standard units, with gaps, and what the judged ones are without them.

    Attributes
    ----------
    fitted, judged : list of ndarray
        What to fit to and what to fill, NaN in gaps.
    truth : list of ndarray
        The judged ones, with the values that were removed.
    """

    fitted: Sequences
    judged: Sequences
    truth: Sequences


@dataclass(frozen=True)
class Fill:
    """How good one way to fill gaps is.

    Attributes
    ----------
    root_mean_square, mean_absolute : float
        Errors on removed values, in standard units.
    seconds : float
        To fit and to fill.
    covered : float
        Share of errors within two of the deviations that the imputer itself tells; NaN where it does not.
    """

    root_mean_square: float
    mean_absolute: float
    seconds: float
    covered: float = np.nan

    def __str__(self) -> str:
        return f"{self.root_mean_square:.4f} ({self.mean_absolute:.4f}), {self.seconds:.1f} s"


# Data


def make_cell(name: str, pattern: str, split: str, seed: int, folder: Path | None) -> Cell:
    """A set with gaps of its own for each seed, both where it is fitted and where it is judged."""
    fitted, judged = _standardized(*_load(name, split, folder))
    rng = np.random.default_rng(seed)
    with_gaps, holed = (_remove(X, pattern, rng) for X in (fitted, judged))
    return Cell(with_gaps, holed, judged)


def _load(name: str, split: str, folder: Path | None) -> tuple[Sequences, Sequences]:
    if name not in (AIR, PROTOCOL):
        labelled = parts(name, split)
        return list(labelled.fitted.X), list(labelled.judged.X)
    if folder is None:
        raise ValueError(f"{name} needs --data FOLDER, which holds AirQuality.csv.")
    series = np.genfromtxt(folder / "AirQuality.csv", delimiter=",", skip_header=1)[:, 2:]
    if name == AIR:
        series[series == _MISSING] = np.nan
    size = round(len(series) * 0.2)  # TSI-Bench's parts, in their order in time: three fifths, a fifth, a fifth
    judged = series[-size:] if split == "test" else series[-2 * size : -size]
    return _windows(series[: -2 * size]), _windows(judged)


def _windows(series: Array) -> Sequences:
    """Windows side by side, but for those without any value."""
    n = len(series) // _WINDOW
    return [window for window in series[: n * _WINDOW].reshape(n, _WINDOW, -1) if not np.isnan(window).all()]


def _standardized(fitted: Sequences, judged: Sequences) -> tuple[Sequences, Sequences]:
    steps = np.concatenate(fitted).astype(np.float64)
    mean, scale = np.nanmean(steps, axis=0), np.nanstd(steps, axis=0)
    first, second = ([((x - mean) / scale).astype(np.float32) for x in X] for X in (fitted, judged))
    return first, second


def _remove(X: Sequences, pattern: str, rng: np.random.Generator) -> Sequences:
    """Copies with gaps, of which each keeps a value at least."""
    gaps = _runs_of_protocol(X, rng) if pattern == "runs of 8" else [_gaps(x.shape, pattern, rng) for x in X]
    holed = []
    for x, gap in zip(X, gaps, strict=True):
        x = np.where(gap, np.nan, x) if not np.isnan(np.where(gap, np.nan, x)).all() else x
        holed.append(x.astype(np.float32))
    return holed


def _gaps(shape: tuple[int, ...], pattern: str, rng: np.random.Generator) -> NDArray[np.bool_]:
    n_timesteps, n_channels = shape
    if pattern.endswith("%"):
        return rng.random(shape) < int(pattern.split()[0]) / 100
    width = max(1, round(n_timesteps / 5))
    start = rng.integers(0, n_timesteps - width + 1, n_channels)
    step = np.arange(n_timesteps)[:, None]
    return (step >= start) & (step < start + width)


def _runs_of_protocol(X: Sequences, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A run of 8 in so many channels of windows that half of all is missing, as TSI-Bench makes them."""
    n, (n_timesteps, n_channels) = len(X), X[0].shape
    gaps = np.zeros((n * n_channels, n_timesteps), dtype=bool)
    chosen = rng.choice(len(gaps), -(-len(gaps) * n_timesteps // (2 * _RUN)), replace=False)
    for row, start in zip(chosen, rng.integers(0, n_timesteps - _RUN, len(chosen)), strict=True):
        gaps[row, start : start + _RUN] = True
    return gaps.reshape(n, n_channels, n_timesteps).transpose(0, 2, 1)


# Ways to fill


def fill_cell(name: str, pattern: str, split: str, seed: int, folder: Path | None) -> dict[str, Fill]:
    """Fill the gaps of a cell in all ways."""
    cell = make_cell(name, pattern, split, seed, folder)
    ways: dict[str, Callable[[Cell, int], Any]] = {
        "line": lambda cell, seed: [line(x) for x in cell.judged],
        "ours": _ours,
        "ours, untrained": _untrained,
        "normal": _by_table(_ConditionalMean()),
        "KNNImputer": _by_table(KNNImputer(keep_empty_features=True)),
        "IterativeImputer": _by_table(_iterative(seed)),
        "reconstruct": _reconstruct,
        "mean": lambda cell, seed: [np.zeros_like(x) for x in cell.judged],
    }
    return {way: _judge(function, cell, seed) for way, function in ways.items()}


def _judge(function: Callable[[Cell, int], Any], cell: Cell, seed: int) -> Fill:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # five rounds are what IterativeImputer gets
        filled = function(cell, seed)
    seconds = time.perf_counter() - start
    filled, deviations = filled if isinstance(filled, tuple) else (filled, None)
    errors, shares = [], []
    for i, (x, truth) in enumerate(zip(cell.judged, cell.truth, strict=True)):
        removed = np.isnan(x) & ~np.isnan(truth)
        errors.append((filled[i] - truth)[removed])
        if deviations is not None:
            shares.append(np.abs(errors[-1]) <= 2 * deviations[i][removed])
    error = np.concatenate(errors)
    covered = float(np.concatenate(shares).mean()) if shares else np.nan
    return Fill(float(np.sqrt(np.mean(error**2))), float(np.abs(error).mean()), seconds, covered)


def line(x: Array) -> Array:
    """Linear interpolation, level behind the last value; 0, the mean, in a channel without any."""
    filled = np.zeros_like(x)
    for values, channel in zip(x.T, filled.T, strict=True):
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            channel[:] = np.interp(np.arange(len(values)), known, values[known])
    return filled


def _ours(cell: Cell, seed: int, **params: Any) -> tuple[Sequences, Sequences]:
    from sklearn_seqae import LSTMImputer

    imputer = LSTMImputer(random_state=seed, **params).fit(cell.fitted)
    filled, deviations = imputer.transform(cell.judged, return_std=True)
    return filled, deviations


def _untrained(cell: Cell, seed: int) -> tuple[Sequences, Sequences]:
    """All but the networks, which without training are lines."""
    return _ours(cell, seed, learning_rate=0.0, max_epochs=1)


def _reconstruct(cell: Cell, seed: int) -> Any:
    from sklearn_seqae import LSTMAutoencoder

    autoencoder = LSTMAutoencoder(random_state=seed).fit(cell.fitted)
    length = max(map(len, cell.judged))
    return [drawn[: len(x)] for drawn, x in zip(_drawn(autoencoder, cell, length), cell.judged, strict=True)]


def _drawn(autoencoder: Any, cell: Cell, length: int) -> Any:
    """Sequences drawn from their codes, also where they end with a gap."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that some are longer than any in training
        codes = autoencoder.transform(cell.judged)
        return autoencoder.inverse_transform(codes, lengths=[length] * len(codes))


def _by_table(imputer: Any) -> Callable[[Cell, int], Sequences]:
    """An imputer for tables, of which sequences are the rows."""

    def fill(cell: Cell, seed: int) -> Sequences:
        length = max(len(x) for X in (cell.fitted, cell.judged) for x in X)
        tables = [padded(X, length).reshape(len(X), -1) for X in (cell.fitted, cell.judged)]
        filled = imputer.fit(tables[0]).transform(tables[1]).reshape(len(cell.judged), length, -1)
        return [row[: len(x)] for row, x in zip(filled, cell.judged, strict=True)]

    return fill


def _iterative(seed: int) -> Any:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    # With all other values as features, each round would take minutes on the longer sets.
    return IterativeImputer(max_iter=5, n_nearest_features=20, keep_empty_features=True, random_state=seed)


class _ConditionalMean:
    """The normal distribution of rows by expectation and maximisation, its covariance shrunk after Ledoit and Wolf."""

    rounds = 5

    def fit(self, table: Array) -> "_ConditionalMean":
        from sklearn.covariance import ledoit_wolf

        gaps = np.isnan(table)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of columns without any value
            filled = np.where(gaps, np.nan_to_num(np.nanmean(table, axis=0)), table).astype(np.float64)
        left = np.zeros((table.shape[1],) * 2)
        for _ in range(self.rounds):
            self.mean = filled.mean(axis=0)
            self.covariance, _ = ledoit_wolf(filled)
            self.covariance += left / len(table) + 1e-4 * np.trace(self.covariance) / len(left) * np.eye(len(left))
            filled, left = self._expect(filled, gaps)
        return self

    def transform(self, table: Array) -> Array:
        return self._expect(table.astype(np.float64), np.isnan(table), variance=False)[0]

    def _expect(self, table: Array, gaps: NDArray[np.bool_], *, variance: bool = True) -> tuple[Array, Array]:
        """Rows with what is expected in their gaps, and the sum of the variances that are left."""
        table, left = table.copy(), np.zeros_like(self.covariance)
        for row, missing in zip(table, gaps, strict=True):
            known = ~missing
            gain = np.linalg.solve(self.covariance[np.ix_(known, known)], self.covariance[np.ix_(known, missing)])
            row[missing] = self.mean[missing] + (row[known] - self.mean[known]) @ gain
            if variance:
                rest = self.covariance[np.ix_(missing, missing)] - self.covariance[np.ix_(missing, known)] @ gain
                left[np.ix_(missing, missing)] += rest
        return table, left
