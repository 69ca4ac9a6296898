"""How often a detector raises a false alarm: by every score, at two rates, and what the threshold costs."""

import statistics
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from _anomaly import OURS
from _anomaly_tasks import CV, load_once
from _datasets import LabelledSequences
from _report import table
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMOutlierDetector
from sklearn_seqae._inference._cross_fitting import out_of_fold_scores
from sklearn_seqae._inference._scoring import ErrorGaussian

__all__ = [
    "ALL_CLASSES",
    "LARGE_SETS",
    "N_ALARM_CLASSES",
    "PROCESSES",
    "FalseAlarms",
    "alarm_notes",
    "alarm_table",
    "false_alarms_of_class",
    "false_alarms_of_process",
]

Array = NDArray[Any]

# Of each set, so many classes take their turn.
N_ALARM_CLASSES = 2
# All classes together are normal in those that have enough sequences for it.
ALL_CLASSES = "all classes"
LARGE_SETS = ("ItalyPowerDemand", "OSULeaf", "JapaneseVowels")
RATES = (0.01, 0.05)
N_FRESH = 2000
# Rates are judged where so many sequences were fitted, and are right within this factor.
FEWEST, FACTOR = 50, 1.5


class FalseAlarms(NamedTuple):
    """How many of the fresh normal sequences were marked, by scoring and rate, and by training scores at the last rate.

    Seconds are those of the one fit, and of those on parts of the data.
    """

    n_fitted: int
    n_fresh: int
    marked: dict[tuple[str, float], int]
    n_training: int
    seconds: float
    parts_seconds: float

    def __str__(self) -> str:
        told = ", ".join(f"{scoring} {rate:.0%}: {n / self.n_fresh:.1%}" for (scoring, rate), n in self.marked.items())
        return f"{told}; {self.seconds:.1f} and {self.parts_seconds:.1f} s"


class _ByEveryScore(LSTMOutlierDetector):
    """Knows the held-out scores of every scoring from the same fits, and how long these took."""

    def _cross_fit(self, *args: Any) -> Any:
        start = time.perf_counter()
        parts = super()._cross_fit(*args)
        self.parts_seconds_ = time.perf_counter() - start
        self.held_out_ = {scoring: out_of_fold_scores(parts, scoring) for scoring in OURS}
        self.gaussian_ = ErrorGaussian.of(part.errors for part in parts)
        return parts

    def scores(self, X: Any, scoring: str) -> NDArray[np.float64]:
        """As of a detector with this scoring."""
        self.location_, self.covariance_ = self.gaussian_.location, self.gaussian_.covariance
        return self.set_params(scoring=scoring).score_samples(X)


def false_alarms_of_class(name: str, label: str, seed: int, split: str) -> FalseAlarms:
    """Fit to a class's training split, or to that of all, and mark sequences of the test split.

    To choose by, a quarter of the training split, another for each seed, takes the place of the test split.
    """
    training, test = (_of_class(load_once(name, part), label) for part in ("train", "test"))
    if split != "test":
        order = np.random.RandomState(seed).permutation(len(training.y))
        n_held_out = len(order) // 4
        training, test = training.take(order[n_held_out:]), training.take(order[:n_held_out])
    return _false_alarms(training.X, test.X, seed)


def _of_class(data: LabelledSequences, label: str) -> LabelledSequences:
    return data if label == ALL_CLASSES else data.take(np.flatnonzero(data.y.astype(str) == label))


def false_alarms_of_process(name: str, n: int, seed: int) -> FalseAlarms:
    """Fit to sequences drawn from a process, and mark others."""
    rng = np.random.default_rng([seed, n])
    process = PROCESSES[name]
    return _false_alarms(process(n, rng), process(N_FRESH, rng), seed)


def _false_alarms(fitted: Any, fresh: Any, seed: int) -> FalseAlarms:
    detector = _ByEveryScore(cv=CV, random_state=seed)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a poor fit may raise no more alarms than a good one
        detector.fit(fitted)
    seconds = time.perf_counter() - start - detector.parts_seconds_
    training = np.percentile(detector.score_samples(fitted), 100 * RATES[-1])  # as a share would have it
    n_training = int(np.sum(detector.score_samples(fresh) < training))
    marked = {}
    for scoring, held_out in detector.held_out_.items():
        scores = detector.scores(fresh, scoring)
        for rate in RATES:
            marked[scoring, rate] = int(np.sum(scores < np.quantile(held_out, rate, method="weibull")))
    return FalseAlarms(len(fitted), len(fresh), marked, n_training, seconds, detector.parts_seconds_)


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


def alarm_table(found: Mapping[str, Sequence[FalseAlarms]]) -> str:
    """Shares of fresh normal sequences that are marked, pooled over fits."""
    header = ["normal data", "fitted", "fresh, pooled"]
    header += [f"{scoring}, {rate:.0%}" for rate in RATES for scoring in OURS]
    header += [f"joint, {RATES[-1]:.0%} of training", "seconds", "threshold's share"]
    rows = []
    for name, fits in found.items():
        n_fitted = sorted({fit.n_fitted for fit in fits})
        span = f"{n_fitted[0]:,}" if len(n_fitted) == 1 else f"{n_fitted[0]:,}–{n_fitted[-1]:,}"
        n_fresh = sum(fit.n_fresh for fit in fits)
        shares = [f"{_share(fits, scoring, rate):.1%}" for rate in RATES for scoring in OURS]
        own = [f"{sum(fit.n_training for fit in fits) / n_fresh:.1%}"]
        own.append(f"{statistics.median(fit.seconds + fit.parts_seconds for fit in fits):.1f}")
        own.append(f"{sum(fit.parts_seconds for fit in fits) / sum(fit.seconds for fit in fits):.2f}")
        rows.append([name, span, f"{n_fresh:,}", *shares, *own])
    return table(header, rows)


def _share(fits: Sequence[FalseAlarms], scoring: str, rate: float) -> float:
    return sum(fit.marked[scoring, rate] for fit in fits) / sum(fit.n_fresh for fit in fits)


def alarm_notes(found: Mapping[str, Sequence[FalseAlarms]], n_seeds: int, split: str) -> Iterator[str]:
    """What must be known to read the table of false alarms, and how right the rates are."""
    yield '`LSTMOutlierDetector(random_state=seed)`, of which `contamination="auto"` is the default, by each `scoring`:'
    yield f"{' or '.join(f'{rate:.0%}' for rate in RATES)} of fresh normal sequences should be marked."
    yield "Fresh are"
    yield {
        "test": "the test split's sequences,",
        "validation": "a quarter of the training sequences, drawn by each seed,",
    }[split]
    yield f"of the same class or all, or {N_FRESH:,} new ones of a process, pooled over classes and"
    yield f"{n_seeds} seed{'s' if n_seeds > 1 else ''}. The published splits of real sets need not be alike, and fewer"
    yield "than 99 sequences cannot tell a rate of 1 %, fewer than 19 one of 5 %: the threshold is then their least"
    yield "held-out score. Beside it, the threshold that marks as many of the training sequences themselves, as a share"
    yield "as `contamination` does. Seconds are the median of all fits together; the threshold's share is the time of"
    yield "the fits on parts over that of the one fit."
    judged = [fits for fits in found.values() if min(fit.n_fitted for fit in fits) >= FEWEST]
    if not judged:
        return
    for scoring in OURS:
        told = []
        for rate in RATES:
            shares = [_share(fits, scoring, rate) for fits in judged]
            n_right = sum(rate / FACTOR <= share <= rate * FACTOR for share in shares)
            told.append(
                f"{rate:.0%}: {np.mean(shares):.1%} on average, {n_right} of {len(shares)} within a factor of {FACTOR}"
            )
        yield f"**{scoring}**, of at least {FEWEST} fitted sequences: {'; '.join(told)}."
