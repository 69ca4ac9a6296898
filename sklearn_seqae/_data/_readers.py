"""The one door for sequences: whatever the user's ``X`` is, it becomes one flat array of time steps.

Every error about the input is raised here.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sklearn_seqae._data._memory_maps import PageLimit
from sklearn_seqae._data._refusals import (
    ACCEPTED,
    converting,
    depth,
    describe,
    refuse_dtype,
    refuse_empty,
    refuse_infinity,
    shape_of,
)
from sklearn_seqae._data._sequences import Container, Sequences

__all__ = ["plain", "validate_sequences"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# Large arrays may be memory maps: whatever looks at all values does so in slices of about this many.
_CHUNK_VALUES = 4_000_000


def validate_sequences(
    estimator: Any,
    X: Any,
    *,
    n_channels: int = 1,
    fitted_container: Container | None = None,
    fitted_channels: int | None = None,
) -> Sequences:
    """Check `X` and lay its sequences end to end, as `sklearn.utils.validation.validate_data` does for tables.

    Parameters
    ----------
    estimator : estimator instance
        Receives `n_features_in_` and `feature_names_in_` when nothing is fitted yet, is compared with them otherwise.
    X : array-like or list of array-likes, or Sequences
        The user's sequences. What has been read already is not read again.
    n_channels : int, default=1
        Channels per time step in a 2-D `X`, whose columns are then time-major.
    fitted_container : {"table", "array", "list", "list_1d"} or None, default=None
        What the estimator was fitted on; None while fitting.
    fitted_channels : int or None, default=None
        Number of channels the estimator was fitted on; None while fitting.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError, TypeError
        If `X` cannot be read as sequences, or not as sequences like those of the fit.
    """
    if isinstance(X, Sequences):
        if fitted_container is None:
            _record_features(estimator, X)
        return X
    X = plain(X)
    if isinstance(X, (list, tuple)) and len(X) == 0:
        raise ValueError(f"X is {describe(X)}, at least 1 is needed. {ACCEPTED}")
    if _is_list_of_sequences(X, fitted_container):
        sequences = _from_list(X, fitted_channels)
    elif depth(X) >= 3:
        sequences = _from_array(X)
    else:
        return _from_table(estimator, X, n_channels, fitted_container)
    if fitted_container == "table":
        raise ValueError(
            f"{type(estimator).__name__} was fitted on a 2-D table of {estimator.n_features_in_} columns, but X is "
            f"{describe(X)}. Pass a 2-D array here too, or fit on sequences of this kind."
        )
    _check_channels(estimator, sequences.n_channels, n_channels, fitted_channels)
    return sequences


# What X is


def plain(X: Any) -> Any:
    """Unwrap what NumPy would misread: tensors, masked arrays, Series of sequences."""
    if hasattr(X, "detach"):  # a torch tensor, wherever it lives
        X = X.detach().cpu()
        return X.float().numpy() if X.is_floating_point() else X.numpy()
    if isinstance(X, np.ma.MaskedArray):
        return np.ma.filled(X.astype(np.result_type(X.dtype, np.float32)), np.nan)
    if hasattr(X, "to_numpy") and getattr(X, "ndim", len(getattr(X, "shape", ()))) == 1:  # a Series
        return X.to_numpy()
    return X


def _is_list_of_sequences(X: Any, fitted_container: Container | None) -> bool:
    """Whether `X` is a list of sequences rather than a table or an array that happens to be a list."""
    if isinstance(X, np.ndarray):
        return X.dtype == object and X.ndim == 1 and len(X) > 0 and depth(X[0]) > 0
    if not isinstance(X, (list, tuple)) or len(X) == 0:
        return False
    depths = {depth(element) for element in X}
    if depths == {0}:
        return False
    if fitted_container in ("list", "list_1d"):
        return True
    equal = len({shape_of(element) for element in X}) == 1
    if fitted_container == "table" and depths == {1} and equal:
        return False
    return not equal or any(hasattr(element, "shape") for element in X)


# One reader for each container


def _from_table(estimator: Any, X: Any, n_channels: int, fitted_container: Container | None) -> Sequences:
    if fitted_container not in (None, "table"):
        raise ValueError(
            f"{type(estimator).__name__} was fitted on 3-D or listed sequences, but X is {describe(X)}. Pass a 3-D "
            "array (n_sequences, n_timesteps, n_channels) or a list of (n_timesteps_i, n_channels) arrays, e.g. "
            "X[:, :, np.newaxis] for one channel."
        )
    if isinstance(X, (list, tuple)):
        X = [plain(row) for row in X]
    refuse_dtype(X, "X")
    with converting("X"):
        table = validate_data(
            estimator,
            X,
            reset=fitted_container is None,
            dtype=np.float32,
            order="C",
            ensure_all_finite=False,
        )
    n, n_columns = table.shape
    if n_columns % n_channels:
        raise ValueError(
            f"X has {n_columns} columns, which n_channels={n_channels} does not divide: a 2-D X holds n_timesteps * "
            "n_channels columns, all channels of the first step first."
        )
    n_timesteps = n_columns // n_channels
    names = getattr(estimator, "feature_names_in_", None)

    def place(row: int, step: int, channel: int) -> str:
        column = step * n_channels + channel
        return f"row {row}, column {column if names is None else repr(str(names[column]))}"

    sequences = _from_equal(table.reshape(n, n_timesteps, n_channels), "table", place, X)
    return replace(sequences, feature_names=names)


def _from_array(X: Any) -> Sequences:
    refuse_dtype(X, "X")
    if depth(X) != 3:
        raise ValueError(f"X is {describe(X)}. {ACCEPTED}")
    with converting("X"):
        array = check_array(
            X, allow_nd=True, dtype=np.float32, order="C", ensure_all_finite=False, ensure_min_features=0
        )
    for size, what in zip(array.shape[1:], ("time steps", "channels"), strict=True):
        if size == 0:
            raise ValueError(f"X of shape {array.shape} has no {what}: 0 found, at least 1 is needed. {ACCEPTED}")
    return _from_equal(array, "array", lambda row, step, channel: f"sequence {row}, step {step}, channel {channel}", X)


def _from_equal(array: Float32, container: Container, place: Any, X: Any) -> Sequences:
    """Sequences from an (n, T, c) array, of which NaN in all channels at the end is padding."""
    n, n_timesteps, n_channels = array.shape
    lengths = np.full(n, n_timesteps, dtype=np.int64)
    pages = PageLimit(array)
    rows = max(1, _CHUNK_VALUES // (n_timesteps * n_channels))
    for start in range(0, n, rows):
        chunk = array[start : start + rows]
        finite = np.isfinite(chunk).all()
        pages.count(chunk.nbytes)
        if finite:
            continue
        infinite = np.argwhere(np.isinf(chunk))
        if len(infinite):
            row, step, channel = map(int, infinite[0] + (start, 0, 0))
            refuse_infinity(np.asarray(X).reshape(array.shape)[row, step, channel], place(row, step, channel))
        lengths[start : start + rows] = _observed_lengths(chunk)
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        refuse_empty("row" if container == "table" else "sequence", empty)
    starts = np.arange(n, dtype=np.int64) * n_timesteps
    sizes = np.full(n, n_timesteps, dtype=np.int64)
    return Sequences(array.reshape(n * n_timesteps, n_channels), starts, lengths, sizes, container)


def _from_list(X: Any, fitted_channels: int | None) -> Sequences:
    sequences = [_read_sequence(element, i) for i, element in enumerate(X)]
    n_axes = {sequence.ndim for sequence in sequences}
    if len(n_axes) > 1:
        first = next(i for i, sequence in enumerate(sequences) if sequence.ndim != sequences[0].ndim)
        raise ValueError(
            f"X[0] has {sequences[0].ndim} axes, but X[{first}] has {sequences[first].ndim}: all sequences must have "
            "the shape (n_timesteps_i,), or all (n_timesteps_i, n_channels)."
        )
    container: Container = "list_1d" if n_axes == {1} else "list"
    sequences = [sequence.reshape(len(sequence), -1) for sequence in sequences]
    n_channels = sequences[0].shape[1] if fitted_channels is None else fitted_channels
    for i, sequence in enumerate(sequences):
        if sequence.shape[1] != n_channels:
            raise ValueError(
                f"X[{i}] has {sequence.shape[1]} channels, expected {n_channels} as in "
                f"{'X[0]' if fitted_channels is None else 'the fit'}. The axes of a sequence are (n_timesteps_i, "
                "n_channels)."
            )
    sizes = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    lengths = sizes.copy()
    for i, (element, sequence) in enumerate(zip(X, sequences, strict=True)):
        if not np.isfinite(sequence).all():
            infinite = np.argwhere(np.isinf(sequence))
            if len(infinite):
                step, channel = map(int, infinite[0])
                refuse_infinity(
                    np.asarray(plain(element)).reshape(sequence.shape)[step, channel],
                    f"sequence {i}, step {step}, channel {channel}",
                )
            lengths[i] = _observed_lengths(sequence[np.newaxis])[0]
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        refuse_empty("sequence", empty)
    return Sequences(np.concatenate(sequences), np.cumsum(sizes) - sizes, lengths, sizes, container)


def _read_sequence(element: Any, i: int) -> Float32:
    """One sequence of a list as a float32 array of one or two axes."""
    element = plain(element)
    refuse_dtype(element, f"X[{i}]")
    if sparse.issparse(element):
        raise TypeError(f"X[{i}] is a sparse matrix, but dense data is required. Use .toarray().")
    try:
        with np.errstate(over="ignore"):
            if hasattr(element, "isna"):  # pandas: its own missing values, too
                element = element.to_numpy(dtype=np.float64, na_value=np.nan)
            sequence = np.asarray(element, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"X[{i}] cannot be read as an array of numbers: {error}. {ACCEPTED}") from error
    if sequence.ndim not in (1, 2) or 0 in sequence.shape:
        raise ValueError(
            f"X[{i}] has shape {sequence.shape}; a sequence has the shape (n_timesteps_i,) or (n_timesteps_i, "
            "n_channels), with at least 1 step and 1 channel."
        )
    return sequence


def _observed_lengths(array: Float32) -> Int64:
    """Steps up to the last one with an observed value: (n, T, c) -> (n,), 0 where there is none."""
    observed = np.any(~np.isnan(array), axis=2)  # (n, T)
    lengths = array.shape[1] - np.argmax(observed[:, ::-1], axis=1)
    return np.where(np.any(observed, axis=1), lengths, 0).astype(np.int64)


# Features


def _record_features(estimator: Any, sequences: Sequences) -> None:
    """Set what scikit-learn's `validate_data` sets while fitting."""
    estimator.n_features_in_ = sequences.n_features
    vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
    if sequences.feature_names is not None:
        estimator.feature_names_in_ = sequences.feature_names


def _check_channels(estimator: Any, found: int, n_channels: int, fitted_channels: int | None) -> None:
    """Compare or record the channels of 3-D and listed sequences, which are the features of such an `X`."""
    if fitted_channels is None:
        if n_channels not in (1, found):
            raise ValueError(
                f"X has {found} channels, but n_channels={n_channels}. Leave n_channels at its default unless X is a "
                "2-D table of several channels."
            )
        estimator.n_features_in_ = found
        vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
    elif found != fitted_channels:
        raise ValueError(
            f"X has {found} channels, but {type(estimator).__name__} was fitted on {fitted_channels}. The axes of X "
            "are (n_sequences, n_timesteps, n_channels)."
        )
