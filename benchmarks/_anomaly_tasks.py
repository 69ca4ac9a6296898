"""What the detectors are measured on: sequences of one class among others, and a marked series."""

import time
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from _anomaly import METHODS
from _datasets import LabelledSequences, load
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from sklearn_seqae import sliding_windows, stitch_windows

__all__ = [
    "CV",
    "N_CLASSES",
    "TOLERANCE",
    "Judged",
    "Located",
    "Marked",
    "Series",
    "class_names",
    "judge_class",
    "judge_series",
    "load_once",
    "load_series",
    "one_thread",
    "period",
    "series_windows",
]

Array = NDArray[Any]
Float64 = NDArray[np.float64]

# Of each set, so many classes take their turn as the normal one, the first in alphabetical order, so that sets of ten
# do not take hours.
N_CLASSES = 3

CV = 4  # the detector's default

# The archive counts an anomaly as found where the highest score is no further away than this.
TOLERANCE = 100


def one_thread() -> None:
    """Have torch and the BLAS libraries use one thread in this process."""
    torch.set_num_threads(1)
    threadpool_limits(1)


# Classes


class Judged(NamedTuple):
    """How well anomalies are told from normal sequences, and the seconds of the fit."""

    area: float
    precision: float
    share: float
    seconds: float

    def __str__(self) -> str:
        return f"area {self.area:.4f}, precision {self.precision:.4f} (chance {self.share:.2f}), {self.seconds:.2f} s"


load_once = cache(load)


def class_names(name: str, n_classes: int | None = None) -> list[str]:
    """Labels of a set's first classes."""
    return [str(label) for label in np.unique(load_once(name, "train").y)[:n_classes]]


def _parts(name: str, label: str, split: str) -> tuple[LabelledSequences, LabelledSequences]:
    """Normal training sequences, and what to judge.

    That is the test split, or to choose by, a quarter of the class's training sequences and all of the other classes.
    """
    training = load_once(name, "train")
    normal = np.flatnonzero(training.y.astype(str) == label)
    if split == "test":
        return training.take(normal), load_once(name, "test")
    order = np.random.RandomState(0).permutation(normal)
    n_held_out = len(order) // 4
    others = np.flatnonzero(training.y.astype(str) != label)
    return training.take(order[n_held_out:]), training.take(np.append(order[:n_held_out], others))


def judge_class(method: str, name: str, label: str, seed: int, split: str) -> Judged:
    """Fit a method to one class, and tell the others from it."""
    fitted, judged = _parts(name, label, split)
    anomalous = judged.y.astype(str) != label
    start = time.perf_counter()
    detector = METHODS[method].fit(fitted.X, seed, CV)
    seconds = time.perf_counter() - start
    scores = detector.scores(judged.X)
    return Judged(
        float(roc_auc_score(anomalous, scores)),
        float(average_precision_score(anomalous, scores)),
        float(anomalous.mean()),
        seconds,
    )


# A series


class Series(NamedTuple):
    """A series (n_timesteps,), the first `n_training` steps of which are normal, and which steps are anomalous."""

    values: Float64
    anomalous: NDArray[np.bool_]
    n_training: int


class Marked(NamedTuple):
    """How well scores of steps (n_timesteps,) tell the marked anomaly, and whether the highest is at it."""

    area: float
    precision: float
    is_found: bool


class Located(NamedTuple):
    """The same by scores of windows, and by scores of each step where there are such; seconds of the fit."""

    windows: Marked
    steps: Marked | None
    seconds: float

    def __str__(self) -> str:
        told = [f"area {m.area:.3f}, precision {m.precision:.3f}, {m.is_found}" for m in self[:2] if m]
        return f"{'; '.join(told)}; {self.seconds:.1f} s"


@cache
def load_series() -> Series:
    """Series 135 of the KDD-TSAD collection, a patient's pulse with one anomaly; its training part is its beginning."""
    from aeon.datasets import load_kdd_tsad_135  # type: ignore[import-not-found,unused-ignore]

    training, _ = load_kdd_tsad_135(split="train")
    values, labels = load_kdd_tsad_135(split="test")
    assert np.array_equal(values[: len(training)], training)
    return Series(values, labels.astype(bool), len(training))


def period(values: Float64) -> int:
    """Steps after which a series is most like itself: the highest peak of its autocorrelation behind the first dip."""
    deviations = values - values.mean()
    n_lags = len(values) // 2
    correlation = np.array([np.mean(deviations[lag:] * deviations[: len(deviations) - lag]) for lag in range(n_lags)])
    first_dip = int(np.argmax(correlation < 0))
    return first_dip + int(np.argmax(correlation[first_dip:]))


def series_windows(series: Series, stride: int) -> tuple[Array, Array]:
    """Windows one period wide: of the training part, and of all that follows it."""
    width = period(series.values[: series.n_training])
    training, rest = series.values[: series.n_training], series.values[series.n_training :]
    return sliding_windows(training, width, stride), sliding_windows(rest, width, stride)


def judge_series(method: str, seed: int, stride: int) -> Located:
    """Fit a method to the training part's windows, and look for the anomaly behind it."""
    series = load_series()
    training, judged = series_windows(series, stride)
    anomalous = series.anomalous[series.n_training :]
    start = time.perf_counter()
    detector = METHODS[method].fit(training, seed, KFold(CV))
    seconds = time.perf_counter() - start
    width = judged.shape[1]
    windows = stitch_windows(detector.scores(judged), stride, len(anomalous), width=width)
    of_steps = detector.step_scores(judged)
    steps = None if of_steps is None else _marked(stitch_windows(of_steps, stride, len(anomalous)), anomalous)
    return Located(_marked(windows, anomalous), steps, seconds)


def _marked(scores: Array, anomalous: NDArray[np.bool_]) -> Marked:
    places = np.flatnonzero(anomalous)
    best = int(np.argmax(scores))
    return Marked(
        float(roc_auc_score(anomalous, scores)),
        float(average_precision_score(anomalous, scores)),
        bool(places[0] - TOLERANCE <= best <= places[-1] + TOLERANCE),
    )
