"""What the detectors of series are measured by: areas of rankings of steps, and alarms counted."""

import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _series_data import MarkedSeries, load, tsb_period
from _series_methods import METHODS, OURS, fit_rival, ours, own_width, rival_threshold
from _series_rivals import Context
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

__all__ = ["Counted", "Ranked", "count_alarms", "rank_steps"]

Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


class Ranked(NamedTuple):
    """How well scores of steps tell the anomalous ones, from the lowest threshold to the highest.

    `volume` is TSB-AD's VUS-PR over the whole series (NaN without its package), `precision` the area under the curve of
    precision against recall of single steps behind the training part, and `best_f1` the highest F1 on it. Seconds are
    of the fit and of the scores; `width` is that of our windows.
    """

    volume: float
    precision: float
    best_f1: float
    fit_seconds: float
    score_seconds: float
    width: int

    def __str__(self) -> str:
        seconds = f"{self.fit_seconds:.1f} and {self.score_seconds:.1f} s"
        return (
            f"VUS-PR {self.volume:.3f}, average precision {self.precision:.3f}, best F1 {self.best_f1:.2f}, {seconds}"
        )


class Counted(NamedTuple):
    """Steps behind the training part that are anomalous and marked, only marked, only anomalous, and neither."""

    hits: int
    false: int
    missed: int
    quiet: int
    fit_seconds: float

    def __str__(self) -> str:
        return (
            f"{self.hits} hits, {self.false} false, {self.missed} missed, {self.quiet} quiet, {self.fit_seconds:.1f} s"
        )


def rank_steps(folder: Path, collection: str, name: str, method: str, seed: int, params: dict[str, Any]) -> Ranked:
    """Fit a method to the training part of a series, and score all of it."""
    series = load(folder, collection, name)
    if method == OURS:
        start = time.perf_counter()
        detector = ours(series.training, seed, **params)
        width, fitted = detector.width_, time.perf_counter()
        scores = -detector.score_samples(series.table)
    else:
        context = _context(folder, collection, name, seed)
        start = time.perf_counter()
        rival = fit_rival(METHODS[collection][method], [series.values[: series.n_training]], context)
        width, fitted = context.width, time.perf_counter()
        scores = rival.scores(series.values)
    seconds = fitted - start, time.perf_counter() - fitted
    behind = slice(series.n_training, None)
    precision, recall, _ = precision_recall_curve(series.anomalous[behind], scores[behind])
    return Ranked(
        _volume(series, scores),
        float(average_precision_score(series.anomalous[behind], scores[behind])),
        float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))),
        *seconds,
        width,
    )


def count_alarms(folder: Path, collection: str, name: str, method: str, seed: int, params: dict[str, Any]) -> Counted:
    """Fit a method to the training part of a series, and count the alarms that it raises behind it."""
    series = load(folder, collection, name)
    if method == OURS:
        start = time.perf_counter()
        detector = ours(series.training, seed, **params)
        seconds = time.perf_counter() - start
        marked = detector.predict(series.table) == -1
    else:
        context = _context(folder, collection, name, seed)
        training, entry = series.values[: series.n_training], METHODS[collection][method]
        start = time.perf_counter()
        rival = fit_rival(entry, [training], context)
        threshold = rival_threshold(entry, rival, training, context)
        seconds = time.perf_counter() - start
        marked = rival.scores(series.values) > threshold
    marked, anomalous = marked[series.n_training :], series.anomalous[series.n_training :]
    hits, false, missed = np.sum(marked & anomalous), np.sum(marked & ~anomalous), np.sum(~marked & anomalous)
    return Counted(int(hits), int(false), int(missed), int(np.sum(~marked & ~anomalous)), seconds)


@cache
def _own_width(folder: Path, collection: str, name: str) -> int:
    return own_width(load(folder, collection, name).training)


def _context(folder: Path, collection: str, name: str, seed: int) -> Context:
    series = load(folder, collection, name)
    period = tsb_period(series.values[: series.n_training][:, 0])
    return Context(_own_width(folder, collection, name), period, seed)


def _volume(series: MarkedSeries, scores: Float64) -> float:
    """TSB-AD's volume under the surface of precision and recall, over tolerances up to the series' period."""
    try:
        from TSB_AD.evaluation.basic_metrics import generate_curve  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return float("nan")
    period = tsb_period(series.values[:, 0])
    return float(generate_curve(series.anomalous.astype(int), scores, period)[-1])
