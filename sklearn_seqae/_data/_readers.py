"""The one door for sequences: whatever the user's ``X`` is, it becomes one flat array of time steps.

What `X` means follows from what it is, not from the lengths of its parts: an array or a DataFrame is a table of two
axes or an array of three; a list is a list of sequences, also where they are of equal length, as some of a ragged list
may be. Every error about the input is raised here.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._containers import read_numbers, unpack
from sklearn_seqae._data._fitted_features import check_features
from sklearn_seqae._data._frames import is_column, is_frame, names_of, values_of
from sklearn_seqae._data._lists import holds_sequences, read_list
from sklearn_seqae._data._memory import refuse_larger
from sklearn_seqae._data._observed import observed_lengths
from sklearn_seqae._data._refusals import ACCEPTED, converting, describe, refuse_empty, refuse_other_than_table
from sklearn_seqae._data._sequences import Container, Layout, Sequences

__all__ = ["validate_sequences"]

Float32 = NDArray[np.float32]


def validate_sequences(
    estimator: Any,
    X: Any,
    *,
    n_channels: int = 1,
    fitted: Layout | None = None,
) -> Sequences:
    """Check `X` and lay its sequences end to end, as `sklearn.utils.validation.validate_data` does for tables.

    Parameters
    ----------
    estimator : estimator instance, or another fitted object with its attributes
        Receives `n_features_in_` and `feature_names_in_` when nothing is fitted yet; X is compared with them otherwise.
    X : array-like or list of array-likes, or Sequences
        The user's sequences. What has been read already is not read again.
    n_channels : int, default=1
        While fitting, channels per time step in a 2-D `X`, whose columns are then time-major, and in a list of 1-D
        sequences.
    fitted : Layout or None, default=None
        What the estimator was fitted on; None while fitting.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError, TypeError
        If `X` cannot be read as sequences, or not as sequences like those of the fit.
    """
    if isinstance(X, Sequences):
        if fitted is None:
            _record_features(estimator, X)
        return X
    X = unpack(X, "X")
    X = values_of(X) if is_column(X) else X
    if holds_sequences(X):
        sequences, features = read_list(X, n_channels, fitted, _fitted_names(estimator, fitted))
        if fitted and fitted.container == "table" and sequences.container == "list_1d" and np.ptp(sequences.sizes) == 0:
            return _read_table(estimator, sequences.steps.reshape(len(sequences), -1), n_channels, fitted)
    elif isinstance(X, np.ndarray) and X.ndim > 2:
        sequences = _read_cube(X)
        features = sequences.steps
    else:
        return _read_table(estimator, X, n_channels, fitted)
    if fitted and fitted.container == "table":
        raise ValueError(
            f"{type(estimator).__name__} was fitted on a 2-D table of {estimator.n_features_in_} columns, but X is "
            f"{describe(X)}. Pass a 2-D array here too, or fit on sequences of this kind."
        )
    _check_channels(estimator, sequences, n_channels, fitted)
    check_features(estimator, features, reset=fitted is None)
    return sequences


def _fitted_names(estimator: Any, fitted: Layout | None) -> NDArray[np.object_] | None:
    return None if fitted is None else getattr(estimator, "feature_names_in_", None)


def _read_table(estimator: Any, X: Any, n_channels: int, fitted: Layout | None) -> Sequences:
    """Sequences from what has two axes; it is an error if it has fewer."""
    if fitted and fitted.container in ("array", "list"):
        raise ValueError(
            f"{type(estimator).__name__} was fitted on 3-D or listed sequences, but X is {describe(X)}. Pass a 3-D "
            "array (n_sequences, n_timesteps, n_channels) or a list of (n_timesteps_i, n_channels) arrays, e.g. "
            "X[:, :, np.newaxis] for one channel."
        )
    n_channels = fitted.n_channels if fitted else n_channels
    given = read_numbers(X, "X")
    refuse_other_than_table(given, "X")
    table = _as_floats(given)
    if fitted and fitted.container == "list_1d":
        _check_width(estimator, table.shape[1], fitted)
    elif fitted is None or not _has_columns_of_fit(estimator, X, table.shape[1]):
        check_features(estimator, X if is_frame(X) else table, reset=fitted is None)
    n, n_columns = table.shape
    if n_columns % n_channels:
        raise ValueError(
            f"X has {n_columns} columns, which n_channels={n_channels} does not divide: a 2-D X holds n_timesteps * "
            "n_channels columns, all channels of the first step first."
        )
    names = getattr(estimator, "feature_names_in_", None)

    def place(row: int, step: int, channel: int) -> str:
        column = step * n_channels + channel
        return f"row {row}, column {column if names is None else repr(str(names[column]))}"

    sequences = _from_equal(table.reshape(n, -1, n_channels), "table", given, place)
    return replace(sequences, feature_names=names)


def _read_cube(X: NDArray[Any]) -> Sequences:
    """Sequences from an array of three axes; it is an error if it has more."""
    given = read_numbers(X, "X")
    if given.ndim != 3:
        raise ValueError(f"X is {describe(X)}. {ACCEPTED}")
    if len(given) == 0:
        raise ValueError(f"Found array with 0 sample(s) (shape={given.shape}) while a minimum of 1 is required.")
    for size, what in zip(given.shape[1:], ("time steps", "channels"), strict=True):
        if size == 0:
            raise ValueError(f"X of shape {given.shape} has no {what}: 0 found, at least 1 is needed. {ACCEPTED}")
    return _from_equal(
        _as_floats(given), "array", given, lambda i, step, channel: f"sequence {i}, step {step}, channel {channel}"
    )


def _as_floats(given: NDArray[Any]) -> Float32:
    """As float32, one row behind the other; a view where possible."""
    if given.dtype != np.float32 or not given.flags.c_contiguous:  # a copy, also of a memory map
        refuse_larger("X", f"an array of {given.dtype}", np.dtype(np.float32).itemsize * given.size)
    with converting("X"):
        return np.asarray(given, dtype=np.float32, order="C")


def _from_equal(
    cube: Float32, container: Container, given: NDArray[Any], place: Callable[[int, int, int], str]
) -> Sequences:
    """Sequences of equal size, (n, T, c), which the user has given in some shape and dtype."""
    n, n_timesteps, n_channels = cube.shape

    def at(i: int, step: int, channel: int) -> tuple[Any, str]:
        return given.reshape(cube.shape)[i, step, channel], place(i, step, channel)

    steps = cube.reshape(n * n_timesteps, n_channels)
    sizes = np.full(n, n_timesteps, dtype=np.int64)
    starts = np.arange(n, dtype=np.int64) * n_timesteps
    lengths = observed_lengths(steps, starts, sizes, at)
    refuse_empty("row" if container == "table" else "sequence", lengths)
    return Sequences(steps, starts, lengths, sizes, container)


def _has_columns_of_fit(estimator: Any, X: Any, n_columns: int) -> bool:
    """Whether columns have the same names, or none, and number; if not, scikit-learn has words for it."""
    names = getattr(estimator, "feature_names_in_", None)
    if is_frame(X):
        return names is not None and names_of(X) == names.tolist()
    return names is None and n_columns == estimator.n_features_in_


def _check_width(estimator: Any, n_columns: int, fitted: Layout) -> None:
    """Compare a table's columns with the longest sequence of a list that was fitted on."""
    n_fitted = fitted.n_timesteps * fitted.n_channels
    if n_columns != n_fitted:
        raise ValueError(
            f"X has {n_columns} columns, but the longest sequence that {type(estimator).__name__} was fitted on has "
            f"{n_fitted} values. Pass an array of {n_fitted} columns, or list(X) if its rows are sequences of another "
            "length."
        )


def _check_channels(estimator: Any, sequences: Sequences, n_channels: int, fitted: Layout | None) -> None:
    """Compare the channels of 3-D and listed sequences with the fit's, or with what `n_channels` says."""
    found = sequences.n_channels
    if fitted is None and n_channels not in (1, found):
        raise ValueError(
            f"X has {found} channels, but n_channels={n_channels}. Leave n_channels at its default unless X is a 2-D "
            "table, or a list of 1-D sequences, of several channels."
        )
    if fitted is not None and found != fitted.n_channels:
        raise ValueError(
            f"X has {found} channels, but {type(estimator).__name__} was fitted on {fitted.n_channels}. The axes of X "
            "are (n_sequences, n_timesteps, n_channels)."
        )


def _record_features(estimator: Any, sequences: Sequences) -> None:
    """Set what scikit-learn's `validate_data` sets while fitting."""
    estimator.n_features_in_ = sequences.n_features
    vars(estimator).pop("feature_names_in_", None)  # of an earlier fit
    if sequences.feature_names is not None:
        estimator.feature_names_in_ = sequences.feature_names
