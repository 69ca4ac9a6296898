"""The real data sets of the benchmarks: scikit-learn's digits, and six that aeon carries inside its package."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

__all__ = ["NAMES", "LabelledSequences", "channel_means", "load", "n_timesteps", "padded", "sizes", "validation_parts"]

NAMES = ("digits", "ItalyPowerDemand", "GunPoint", "OSULeaf", "BasicMotions", "ACSF1", "JapaneseVowels")
_N_TRAINING_DIGITS = 1347


class LabelledSequences(NamedTuple):
    """Sequences, an array (n, T, C) or where lengths differ a list of arrays (T_i, C), and their labels."""

    X: Any
    y: NDArray[Any]

    def take(self, indices: NDArray[np.integer]) -> "LabelledSequences":
        """Some of them, in the order of `indices`."""
        X = self.X[indices] if isinstance(self.X, np.ndarray) else [self.X[i] for i in indices]
        return LabelledSequences(X, self.y[indices])


def load(name: str, split: str) -> LabelledSequences:
    """The part "train" or "test" of a set, as published; digits have three quarters for training."""
    if name == "digits":
        images, labels = load_digits(return_X_y=True)
        order = np.random.RandomState(0).permutation(len(labels))
        indices = order[:_N_TRAINING_DIGITS] if split == "train" else order[_N_TRAINING_DIGITS:]
        return LabelledSequences((images / 16).reshape(-1, 8, 8).astype(np.float32)[indices], labels[indices])
    from aeon.datasets import load_classification  # type: ignore[import-not-found,unused-ignore]

    X, y = load_classification(name, split=split)  # channels before time
    if isinstance(X, np.ndarray):
        return LabelledSequences(np.ascontiguousarray(X.transpose(0, 2, 1), dtype=np.float32), y)
    return LabelledSequences([np.ascontiguousarray(x.T, dtype=np.float32) for x in X], y)


def validation_parts(data: LabelledSequences, seed: int = 0) -> tuple[LabelledSequences, LabelledSequences]:
    """A training split in three quarters to learn from and one to choose by."""
    order = np.random.RandomState(seed).permutation(len(data.y))
    n_validation = max(2, len(order) // 4)
    return data.take(order[n_validation:]), data.take(order[:n_validation])


def sizes(X: Any) -> NDArray[np.int64]:
    """Number of steps of each sequence."""
    return np.array([len(x) for x in X])


def n_timesteps(X: Any) -> int:
    """Steps of the longest sequence."""
    return int(sizes(X).max())


def padded(X: Any, length: int | None = None) -> NDArray[np.float32]:
    """All sequences in one array (n, length, C), cut off or filled up with NaN."""
    length = length or n_timesteps(X)
    result = np.full((len(X), length, X[0].shape[1]), np.nan, dtype=np.float32)
    for row, x in zip(result, X, strict=True):
        row[: len(x)] = x[:length]
    return result


def channel_means(X: Any) -> NDArray[np.float64]:
    """Mean of each channel over all steps (C,)."""
    return np.concatenate(list(X)).mean(axis=0, dtype=np.float64)
