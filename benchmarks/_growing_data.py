"""Families of sequences of any number, each with a key by which to sort it such that no part is like the whole."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from _datasets import load
from numpy.typing import NDArray

__all__ = ["FAMILIES", "Family", "draw"]

Floats = NDArray[np.float64]
Generator = np.random.Generator

N_TEST = 2_000
N_CLASSES, N_KNOTS = 8, 12


class Family(NamedTuple):
    """Sequences to learn from and to judge by, (n, T, C), and a key of each of the former, (n,)."""

    train: Floats
    key: Floats
    test: Floats


def draw(name: str, n: int, seed: int) -> Family:
    """So many sequences to learn from (of digits as many as there are), and others to judge by."""
    if name == "digits, by class":
        train, test = load("digits", "train"), load("digits", "test")
        return Family(train.X.astype(np.float64), train.y.astype(np.float64), test.X.astype(np.float64))
    X, key = FAMILIES[name](n + N_TEST, np.random.default_rng(seed))
    return Family(X[:n], key[:n], X[n:])


def waves(n: int, rng: Generator) -> tuple[Floats, Floats]:
    """Two channels of 60 steps; the key is the frequency."""
    frequency, phase, size = (rng.uniform(low, high, (n, 1)) for low, high in [(0.5, 4), (0, 2 * np.pi), (0.5, 2)])
    angle = frequency * np.linspace(0, 2 * np.pi, 60) + phase
    X = np.stack([size * np.sin(angle), size * np.cos(angle) ** 3], axis=2)
    return X + rng.normal(0, 0.05, X.shape), frequency[:, 0]


def shapes(n: int, rng: Generator) -> tuple[Floats, Floats]:
    """Eight curves of 80 steps, moved and warped in time, of several sizes; the key is which of them."""
    knots = np.cumsum(np.random.default_rng(0).normal(size=(N_CLASSES, N_KNOTS)), axis=1)
    knots -= knots.mean(axis=1, keepdims=True)
    which, time = rng.integers(N_CLASSES, size=n), np.linspace(0, 1, 80)
    warped = time + rng.normal(0, 0.04, (n, 1)) + rng.normal(0, 0.25, (n, 1)) * time * (1 - time)
    places = np.clip(warped, 0, 1) * (N_KNOTS - 1)
    curves = [np.interp(place, np.arange(N_KNOTS), knots[k]) for place, k in zip(places, which, strict=True)]
    X = rng.lognormal(0, 0.3, (n, 1)) * np.stack(curves)
    return (X + rng.normal(0, 0.1, X.shape))[:, :, None], which.astype(np.float64)


def drifting(n: int, rng: Generator) -> tuple[Floats, Floats]:
    """Three channels of 50 steps that wander about a level; it and their size drift with the key."""
    when, mixing = rng.uniform(size=n), 0.5 * np.random.default_rng(0).normal(size=(3, 3))
    walk = rng.normal(size=(n, 50, 3))
    for step in range(1, 50):
        walk[:, step] += 0.9 * walk[:, step - 1]
    level = np.stack([8 * when, 4 * np.sin(6 * when), -3 * when], axis=1)
    return (1 + 2 * when[:, None, None]) * walk @ mixing + level[:, None], when


FAMILIES: dict[str, Callable[[int, Generator], tuple[Floats, Floats]]] = {
    "waves, by frequency": waves,
    "shapes, by class": shapes,
    "a drifting level, by time": drifting,
}
