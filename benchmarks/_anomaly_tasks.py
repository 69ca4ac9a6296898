"""What the detectors are measured on: sequences of one class among others, fresh normal ones, a marked series."""

import time
import warnings
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from _anomaly import METHODS
from _datasets import LabelledSequences, load
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from sklearn_seqae import LSTMOutlierDetector, sliding_windows, stitch_windows

__all__ = [
    "ALL_CLASSES",
    "CV",
    "FALSE_ALARM_RATE",
    "LARGE_SETS",
    "N_ALARM_CLASSES",
    "N_CLASSES",
    "N_FRESH",
    "PROCESSES",
    "TOLERANCE",
    "FalseAlarms",
    "Judged",
    "Located",
    "Marked",
    "Series",
    "class_names",
    "false_alarms_of_class",
    "false_alarms_of_process",
    "judge_class",
    "judge_series",
    "load_series",
    "one_thread",
    "period",
    "series_windows",
]

Array = NDArray[Any]
Float64 = NDArray[np.float64]

# Of each set, so many classes take their turn as the normal one, the first in alphabetical order, so that sets of ten
# do not take hours; for false alarms, where a detector takes six fits, fewer.
N_CLASSES, N_ALARM_CLASSES = 3, 2
# All classes together are normal in those that have enough sequences for it.
ALL_CLASSES = "all classes"
LARGE_SETS = ("ItalyPowerDemand", "OSULeaf", "JapaneseVowels")

CV = 5  # the detector's default
FALSE_ALARM_RATE = 0.05
N_FRESH = 2000

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


_load = cache(load)


def class_names(name: str, n_classes: int | None = None) -> list[str]:
    """Labels of a set's first classes."""
    return [str(label) for label in np.unique(_load(name, "train").y)[:n_classes]]


def _parts(name: str, label: str, split: str) -> tuple[LabelledSequences, LabelledSequences]:
    """Normal training sequences, and what to judge.

    That is the test split, or to choose by, a quarter of the class's training sequences and all of the other classes.
    """
    training = _load(name, "train")
    normal = np.flatnonzero(training.y.astype(str) == label)
    if split == "test":
        return training.take(normal), _load(name, "test")
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


# False alarms


class FalseAlarms(NamedTuple):
    """How many of the fresh normal sequences were marked, by either threshold."""

    n_fitted: int
    n_fresh: int
    n_auto: int
    n_training: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.n_auto} and {self.n_training} marked of {self.n_fresh}, {self.seconds:.1f} s"


def false_alarms_of_class(name: str, label: str, seed: int) -> FalseAlarms:
    """Fit to a class's training split, or to that of all, and mark sequences of the test split."""
    training, test = _load(name, "train"), _load(name, "test")
    if label != ALL_CLASSES:
        training, test = (part.take(np.flatnonzero(part.y.astype(str) == label)) for part in (training, test))
    return _false_alarms(training.X, test.X, seed)


def false_alarms_of_process(name: str, n: int, seed: int) -> FalseAlarms:
    """Fit to sequences drawn from a process, and mark others."""
    rng = np.random.default_rng([seed, n])
    process = PROCESSES[name]
    return _false_alarms(process(n, rng), process(N_FRESH, rng), seed)


def _false_alarms(fitted: Any, fresh: Any, seed: int) -> FalseAlarms:
    detector = LSTMOutlierDetector(cv=CV, false_alarm_rate=FALSE_ALARM_RATE, random_state=seed)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a poor fit may raise no more alarms than a good one
        detector.fit(fitted)
    seconds = time.perf_counter() - start
    scores = detector.score_samples(fresh)
    from_training = np.percentile(detector.score_samples(fitted), 100 * FALSE_ALARM_RATE)  # as a share would have it
    n_auto, n_training = (int(np.sum(scores < offset)) for offset in (detector.offset_, from_training))
    return FalseAlarms(len(fitted), len(fresh), n_auto, n_training, seconds)


def _waves(n: int, rng: np.random.Generator) -> Array:
    """Noisy sines, one to three periods in 60 steps: (n, 60, 1)."""
    time_ = np.linspace(0, 2 * np.pi, 60)
    frequency, phase = rng.uniform(1, 3, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1))
    return (np.sin(phase + frequency * time_) + rng.normal(0, 0.1, (n, 60)))[..., None]


def _walks(n: int, rng: np.random.Generator) -> Array:
    """Random walks under autoregressive noise: (n, 50, 1)."""
    noise = rng.normal(size=(n, 50))
    for step in range(1, 50):
        noise[:, step] += 0.7 * noise[:, step - 1]
    return (np.cumsum(rng.normal(0, 0.5, (n, 50)), axis=1) + noise)[..., None]


def _unequal_channels(n: int, rng: np.random.Generator) -> Array:
    """A damped oscillation of random size, and a thousand times its sum up to then, both with noise: (n, 40, 2)."""
    time_ = np.linspace(0, 1, 40)
    size, damping, phase = rng.lognormal(0, 0.3, (n, 1)), rng.uniform(1, 3, (n, 1)), rng.uniform(0, 6.28, (n, 1))
    first = size * np.exp(-damping * time_) * np.cos(phase + 12 * time_) + rng.normal(0, 0.05, (n, 40))
    second = 1000 * np.cumsum(first, axis=1) + rng.normal(0, 100, (n, 40))
    return np.stack([first, second], axis=2)


PROCESSES = {"waves": _waves, "walks": _walks, "two unequal channels": _unequal_channels}


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
