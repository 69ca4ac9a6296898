"""Missing values written into copies of what the user passed, which keep all else to the last bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._containers import read_numbers, unpack
from sklearn_seqae._data._frames import is_column, values_of
from sklearn_seqae._data._lists import read_elements
from sklearn_seqae._data._sequences import Sequences, restore

__all__ = ["completed", "pad"]

Array = NDArray[Any]
Float32 = NDArray[np.float32]


def completed(X: Any, sequences: Sequences, filled: Float32) -> Any:
    """`X` with values in the place of some that are missing.

    Parameters
    ----------
    X : array-like or list of array-likes
        What the user passed.
    sequences : Sequences
        What was read of it.
    filled : ndarray of shape (sum(lengths), n_channels)
        For all steps of all sequences, end to end; NaN where `X` keeps what it has.

    Returns
    -------
    ndarray or list of ndarray
        New memory in the container and shape of `X`, as `restore` has it, and of its dtype, if that is one of floating
        point; else float64.
    """
    table = pad(filled, sequences)
    wanted = ~np.isnan(table)
    X = unpack(X, "X")
    X = values_of(X) if is_column(X) else X
    if sequences.container in ("table", "array"):
        given = _copy(read_numbers(X, "X"))
        given.reshape(-1, sequences.n_channels)[wanted] = table[wanted]
        n = len(sequences)
        return given.reshape(n, -1) if sequences.container == "table" else given.reshape(n, -1, sequences.n_channels)
    elements = [_copy(element) for element in read_elements(X, sequences.n_channels, None, sequences.feature_names)[0]]
    for element, some, values in zip(elements, *(_split(part, sequences) for part in (wanted, table)), strict=True):
        element[some] = values[some]
    return [element.ravel() for element in elements] if sequences.container == "list_1d" else elements


def pad(steps: Float32, sequences: Sequences) -> Float32:
    """Values of all steps, and NaN for padding: (sum(lengths), n_channels) -> (sum(sizes), n_channels)."""
    padded: Float32 = np.concatenate(restore(steps, sequences.lengths, sequences.sizes, "list"))
    return padded


def _copy(array: Array) -> Array:
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return np.array(array, dtype=dtype.newbyteorder("="), order="C")


def _split(steps: Array, sequences: Sequences) -> list[Array]:
    return np.split(steps, np.cumsum(sequences.sizes)[:-1])
