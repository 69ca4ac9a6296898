"""What is to be decoded, read and checked: codes, and the lengths that sequences shall have."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._containers import read_array, read_numbers
from sklearn_seqae._data._refusals import converting, refuse_other_than_table, shorten
from sklearn_seqae._data._sequences import Container

__all__ = ["validate_codes", "validate_lengths"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def validate_codes(estimator: Any, Z: ArrayLike, n_components: int) -> Float32:
    """Check codes that are to be decoded; return them as a float32 array of shape (n_sequences, n_components)."""
    given = read_numbers(Z, "Z")
    refuse_other_than_table(given, "Z")
    with converting("Z"):
        codes = np.asarray(given, dtype=np.float32, order="C")
    if codes.shape[1] != n_components:
        raise ValueError(
            f"Z has {codes.shape[1]} columns, but the codes of this {type(estimator).__name__} have {n_components}. "
            "Pass codes as `transform` returns them."
        )
    for row, column in np.argwhere(~np.isfinite(codes))[:1]:
        value = given[row, column]
        what = "NaN" if np.isnan(value) else "infinity or a value too large for dtype('float32')"
        raise ValueError(f"Input Z contains {what}: {value} at row {row}, column {column}. Codes are finite numbers.")
    return codes


def validate_lengths(lengths: ArrayLike | None, n_sequences: int, n_timesteps: int, container: Container) -> Int64:
    """Check the lengths that decoded sequences shall have; None means `n_timesteps` for each."""
    if lengths is None:
        return np.full(n_sequences, n_timesteps, dtype=np.int64)
    array = read_array(lengths, "lengths")
    if array.dtype.kind not in "iu" and not (
        array.dtype.kind == "f" and np.all(np.isfinite(array)) and np.all(array == np.floor(array))
    ):
        raise ValueError(f"lengths must be whole numbers of time steps, got {shorten(lengths)}.")
    if array.ndim == 0:
        array = np.full(n_sequences, array)
    if array.shape != (n_sequences,):
        raise ValueError(
            f"lengths has shape {array.shape}, but Z holds {n_sequences} codes: pass one length for each, "
            f"shape ({n_sequences},), or a single number for all."
        )
    longest = n_timesteps if container == "table" else np.inf
    for place in np.flatnonzero((array < 1) | (array > longest)):
        limit = f"at most the {n_timesteps} time steps of the fitted 2-D table" if array[place] > 0 else "at least 1"
        raise ValueError(f"lengths[{place}] is {array[place]}; it must be {limit}.")
    return array.astype(np.int64)
