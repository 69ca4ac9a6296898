"""Which methods are measured on which series, with which settings, and where they draw the line."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from _series_rivals import (
    Context,
    CopiedAutoencoder,
    Forest,
    LocalDensity,
    Nearest,
    PrincipalDistances,
    PrincipalErrors,
    PyOD,
    Rival,
    Width,
)
from _series_tsb_ad import MatrixProfile, Polynomial, SubPCA
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMAutoencoder, LSTMSeriesOutlierDetector

__all__ = [
    "METHODS",
    "OURS",
    "Entry",
    "Rule",
    "fit_rival",
    "is_there",
    "ours",
    "own_width",
    "rival_threshold",
    "split_name",
]

Float64 = NDArray[np.float64]

OURS = "ours"
COPIED = "copied LSTM-AE"
# Parts of the training rows that a rule of the second kind holds out, one after another.
N_PARTS = 5


class Rule(NamedTuple):
    """A rival's threshold: so many times this quantile of its scores of training rows, seen or held out."""

    factor: float
    quantile: float
    held_out: bool

    def __str__(self) -> str:
        of = "held-out" if self.held_out else "training"
        return f"{'' if self.factor == 1 else f'{self.factor:g} x '}{self.quantile:.0%} quantile of {of} scores"


class Entry(NamedTuple):
    """A rival as it is measured: how it is made, whether seeds matter, and its threshold where one is needed."""

    make: Callable[[], Rival]
    random: bool = False
    rule: Rule | None = None


_WINDOWED: dict[str, tuple[Callable[..., Rival], bool]] = {
    "nearest neighbour": (Nearest, False),
    "nearest neighbour, squared and smoothed": (partial(Nearest, smoothed=True), False),
    "PCA, 8 components": (partial(PrincipalErrors, 8), False),
    "PCA, 90 % of variance": (partial(PrincipalErrors, 0.9), False),
    "PCA, T² and Q, 8 components": (partial(PrincipalDistances, 8), False),
    "PCA, T² and Q, 90 % of variance": (partial(PrincipalDistances, 0.9), False),
    "LocalOutlierFactor, 3": (partial(LocalDensity, 3), False),
    "LocalOutlierFactor, 20": (partial(LocalDensity, 20), False),
    "IsolationForest": (partial(Forest, 100), True),
    "PyOD AutoEncoder": (partial(PyOD, 2000), True),
    "PyOD AutoEncoder, 500 steps": (partial(PyOD, 500), True),
    COPIED: (partial(CopiedAutoencoder, 32, 30), True),
}
_OURS, _PERIOD, _PERIODS = Width(), Width(periods=1), Width(periods=3)
# How wide the windows of each were, beside ours, where it did best on the series to choose by.
_NAB_WIDTHS = {
    "nearest neighbour": _PERIODS,
    "nearest neighbour, squared and smoothed": _PERIODS,
    "PCA, 8 components": _PERIODS,
    "PCA, 90 % of variance": _PERIODS,
    "PCA, T² and Q, 8 components": _PERIODS,
    "LocalOutlierFactor, 3": _PERIODS,
    "IsolationForest": _PERIODS,
    "PyOD AutoEncoder": _PERIODS,
    COPIED: _PERIODS,
}
_UCR_WIDTHS = {
    "nearest neighbour": Width(96),
    "PCA, 8 components": _PERIOD,
    "PCA, 90 % of variance": Width(32),
    "PCA, T² and Q, 8 components": Width(128),
    "LocalOutlierFactor, 3": Width(8),
    "IsolationForest": Width(8),
    "PyOD AutoEncoder": Width(96),
    COPIED: _PERIOD,
}
_SKAB_WIDTHS = {
    "nearest neighbour": (Width(64), Rule(1, 0.99, held_out=True)),
    "PCA, 8 components": (Width(10), Rule(1.5, 0.99, held_out=False)),
    "PCA, 90 % of variance": (Width(20), Rule(1.5, 0.99, held_out=True)),
    "PCA, T² and Q, 90 % of variance": (Width(20), Rule(1.5, 0.99, held_out=True)),
    "LocalOutlierFactor, 20": (Width(64), Rule(1.5, 0.99, held_out=False)),
    "IsolationForest": (Width(32), Rule(1, 0.99, held_out=False)),
    "PyOD AutoEncoder, 500 steps": (Width(10), Rule(1.5, 0.99, held_out=False)),
    COPIED: (Width(10), Rule(1.5, 0.99, held_out=False)),
}
# On windows as wide as ours.
_SKAB_RULES = {
    "nearest neighbour": Rule(1, 0.99, held_out=True),
    "PCA, 8 components": Rule(1.5, 0.99, held_out=False),
    "PCA, 90 % of variance": Rule(1.5, 0.99, held_out=True),
    "PCA, T² and Q, 90 % of variance": Rule(1, 0.99, held_out=True),
    "LocalOutlierFactor, 20": Rule(1.5, 0.99, held_out=False),
    "IsolationForest": Rule(1, 0.99, held_out=False),
    "PyOD AutoEncoder, 500 steps": Rule(1.5, 0.99, held_out=False),
    COPIED: Rule(1.5, 0.99, held_out=False),
}
# Of one channel, with windows of TSB-AD's.
_TSB_AD: dict[str, Entry] = {
    "Sub-PCA": Entry(SubPCA),
    "matrix profile": Entry(partial(MatrixProfile, training=False)),
    "matrix profile, nearest training window": Entry(partial(MatrixProfile, training=True)),
    "POLY": Entry(Polynomial),
}


def _entry(name: str, width: Width, rule: Rule | None = None) -> Entry:
    make, is_random = _WINDOWED[name]
    return Entry(partial(make, width=width), is_random, rule)


def _ranked(widths: Mapping[str, Width]) -> dict[str, Entry]:
    """Rivals on our windows, the same on windows of their own, and those that TSB-AD defines."""
    same = {name: _entry(name, _OURS) for name in widths}
    own = {f"{name}; {width}": _entry(name, width) for name, width in widths.items()}
    return same | own | _TSB_AD


def _alarming() -> dict[str, Entry]:
    """Rivals for many channels, with their thresholds."""
    same = {name: _entry(name, _OURS, rule) for name, rule in _SKAB_RULES.items()}
    own = {f"{name}; {width}": _entry(name, width, rule) for name, (width, rule) in _SKAB_WIDTHS.items()}
    return same | own


# A name says after a semicolon how wide a rival's windows are, if not as wide as ours.
METHODS: dict[str, dict[str, Entry]] = {"nab": _ranked(_NAB_WIDTHS), "ucr": _ranked(_UCR_WIDTHS), "skab": _alarming()}


def split_name(method: str) -> tuple[str, str]:
    """A rival's name, and how wide its windows are."""
    name, _, width = method.partition("; ")
    return name, width or ("" if method == OURS else "TSB-AD's" if method in _TSB_AD else "as ours")


def is_there(method: str) -> bool:
    """Whether the packages that a method needs are installed."""
    needed = {"matrix profile": "stumpy", "PyOD AutoEncoder": "pyod"}
    return all(find_spec(package) for start, package in needed.items() if method.startswith(start))


def ours(training: pd.DataFrame, seed: int, **params: Any) -> LSTMSeriesOutlierDetector:
    """Our detector, fitted as it is by default but for parameters that are set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a poor fit shows in the scores
        return LSTMSeriesOutlierDetector(random_state=seed).set_params(**params).fit(training)


def own_width(training: pd.DataFrame) -> int:
    """Rows of our detector's windows, which do not depend on how well it learns."""
    shortest = LSTMAutoencoder(time_shift=0, max_epochs=1)
    return int(ours(training, 0, autoencoder=shortest, contamination=0.1, n_windows=50).width_)


def fit_rival(entry: Entry, parts: Sequence[Float64], context: Context) -> Rival:
    """A rival, fitted."""
    rival = entry.make()
    rival.fit(parts, context)
    return rival


def rival_threshold(entry: Entry, rival: Rival, training: Float64, context: Context) -> float:
    """What a fitted rival's scores must exceed to be an alarm."""
    assert entry.rule is not None
    scores = _held_out_scores(entry, training, context) if entry.rule.held_out else rival.scores(training)
    return entry.rule.factor * float(np.quantile(scores, entry.rule.quantile))


def _held_out_scores(entry: Entry, training: Float64, context: Context) -> Float64:
    """Scores of successive parts of the training rows, each by a rival that was fitted to the others."""
    found = []
    for held_out in np.array_split(np.arange(len(training)), N_PARTS):
        before, after = training[: held_out[0]], training[held_out[-1] + 1 :]
        rival = fit_rival(entry, [part for part in (before, after) if len(part)], context)
        found.append(rival.scores(training[held_out]))
    return np.concatenate(found)
