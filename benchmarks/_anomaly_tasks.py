"""What the detectors are measured on: sequences of one class among others."""

import time
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from _anomaly import METHODS
from _datasets import LabelledSequences, load
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

__all__ = ["CV", "N_CLASSES", "Judged", "class_names", "judge_class", "load_once"]

Array = NDArray[Any]
Float64 = NDArray[np.float64]

# Of each set, so many classes take their turn as the normal one, the first in alphabetical order, so that sets of ten
# do not take hours.
N_CLASSES = 3

CV = 4  # the detector's default


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
