"""Sequences in every container that the package reads, for tests of what holds for all of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ["table", "array", "padded", "list", "list_1d"]
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}  # float32 rounding, summed up along a sequence


def make(kind: str, n: int = 10, seed: int = 0) -> Any:
    """Sequences of 5 to 9 steps, the first of 9, some with a missing value; padded where the container needs it."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(length, 2)) for length in [9, *rng.integers(5, 10, size=n - 1)]]
    if kind == "array":
        return rng.normal(size=(n, 9, 2))
    for sequence in X[1::3]:
        sequence[1, 0] = np.nan
    if kind in ("padded", "table"):
        return pad(X, 9) if kind == "padded" else pad(X, 9)[:, :, 0]
    return X if kind == "list" else [sequence[:, 0] for sequence in X]


def pad(X: list[NDArray[Any]], n_timesteps: int) -> NDArray[Any]:
    """Lay (T_i, c) sequences into an array, NaN behind them."""
    array = np.full((len(X), n_timesteps, X[0].shape[1]), np.nan)
    for i, sequence in enumerate(X):
        array[i, : len(sequence)] = sequence
    return array


def rows(X: Any, indices: Any) -> Any:
    return [X[i] for i in indices] if isinstance(X, list) else X[indices]


def to_dtype(X: Any, dtype: Any) -> Any:
    if isinstance(X, list):
        return [to_dtype(x, dtype) for x in X]
    return np.nan_to_num(10 * X).astype(dtype) if np.issubdtype(dtype, np.integer) else X.astype(dtype)


def lengths_of(X: Any) -> list[int]:
    """Steps up to the last observed one."""
    return [1 + int(np.flatnonzero(~np.isnan(np.reshape(x, (len(x), -1))).all(axis=1))[-1]) for x in X]


def assert_close(found: Any, expected: Any) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, **CLOSE)
