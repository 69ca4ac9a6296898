"""What scores cost: of one row after another as they come, and of a long series at once."""

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The estimator is imported in the processes.

__all__ = ["CLOCKS", "LATENCY_SHAPES", "Bulk", "Latency", "batch_cost", "update_latency"]

Float64 = NDArray[np.float64]

# Channels and rows of a window.
LATENCY_SHAPES = ((1, 32), (1, 128), (8, 32), (8, 64), (32, 32))
N_TRAINING, N_WARM = 2000, 100
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


class Latency(NamedTuple):
    """Milliseconds of each call of `update` with one row, and how far its scores are from those of all rows at once."""

    milliseconds: Float64
    difference: float

    def __str__(self) -> str:
        return f"median {np.median(self.milliseconds):.2f} ms, 99 % {np.percentile(self.milliseconds, 99):.2f} ms"


class Bulk(NamedTuple):
    """Scores of a long series: seconds, and megabytes at the most beside the series and its scores."""

    seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.megabytes:.0f} MB"


def update_latency(n_channels: int, width: int, n_rows: int, clock: str) -> Latency:
    """Score rows one by one, after some that warm up."""
    detector, now = _fitted(n_channels, width, causal=True), CLOCKS[clock]
    rows = waves(N_WARM + n_rows, n_channels, seed=1)
    scores, milliseconds = [detector.update(rows[:N_WARM])], []
    for i in range(N_WARM, len(rows)):
        row = rows[i : i + 1]
        start = now()
        scores.append(detector.update(row))
        milliseconds.append(1000 * (now() - start))
    at_once = detector.score_samples(rows)
    return Latency(np.array(milliseconds), float(np.max(np.abs(np.concatenate(scores) - at_once))))


def batch_cost(n_channels: int, width: int, n_rows: int, causal: bool, clock: str) -> Bulk:
    """Score a long series in one call."""
    from _isolation import peak_megabytes

    detector, now = _fitted(n_channels, width, causal=causal), CLOCKS[clock]
    detector.score_samples(waves(10 * width, n_channels, seed=1))
    series = np.tile(waves(10_000, n_channels, seed=1), (-(-n_rows // 10_000), 1))[:n_rows]
    before = peak_megabytes()
    start = now()
    scores = detector.score_samples(series)
    seconds = now() - start
    assert len(scores) == n_rows
    return Bulk(seconds, peak_megabytes() - before - scores.nbytes / 2**20)


def _fitted(n_channels: int, width: int, *, causal: bool) -> Any:
    """A detector that has learned for a moment: how fast it is does not depend on what it knows."""
    from sklearn_seqae import LSTMAutoencoder, LSTMSeriesOutlierDetector

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two epochs learn next to nothing
        return LSTMSeriesOutlierDetector(
            LSTMAutoencoder(time_shift=0, max_epochs=2), width=width, causal=causal, contamination=0.05, random_state=0
        ).fit(waves(N_TRAINING, n_channels, seed=0))


def waves(n_rows: int, n_channels: int, seed: int) -> Float64:
    """Noisy sines of several periods (n_rows, n_channels)."""
    rng = np.random.default_rng(seed)
    periods = np.linspace(20, 50, n_channels)
    return np.sin(2 * np.pi * np.arange(n_rows)[:, np.newaxis] / periods) + rng.normal(0, 0.1, (n_rows, n_channels))
