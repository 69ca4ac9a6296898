"""The door for long series: rows that are time steps, of one series or of several, and where their windows are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sklearn_seqae._data._containers import read_numbers, unpack
from sklearn_seqae._data._frames import is_column, is_frame
from sklearn_seqae._data._lists import end_to_end, holds_sequences, read_elements
from sklearn_seqae._data._observed import observed_lengths
from sklearn_seqae._data._sequences import Layout, Sequences

__all__ = ["Series", "join_windows", "validate_series"]

Array = NDArray[Any]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_SEVERAL = "Several series are a list of arrays of shape (n_timesteps_i, n_channels)."


@dataclass(frozen=True)
class Series:
    """One series or several, laid end to end.

    Attributes
    ----------
    steps : ndarray of shape (n_rows, n_channels), float32
        All rows. A view on the user's memory where dtype and order allow; never written to. NaN where nothing was
        observed.
    starts, sizes : ndarray of shape (n_series,), int64
        First row of each series, and its number of rows.
    is_list : bool
        Whether they came in a list.
    """

    steps: Float32
    starts: Int64
    sizes: Int64
    is_list: bool

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def n_channels(self) -> int:
        return int(self.steps.shape[1])

    def __iter__(self) -> Iterator[Float32]:
        """The rows of each series, (n_timesteps_i, n_channels), as views."""
        for start, size in zip(self.starts.tolist(), self.sizes.tolist(), strict=True):
            yield self.steps[start : start + size]

    def restore(self, rows: Array) -> Any:
        """Results for all rows, end to end, as X came: one array, or a list of them."""
        return np.split(rows, self.starts[1:]) if self.is_list else rows

    def window_starts(self, width: int) -> Int64:
        """First row of each window that lies within one series, in order."""
        each = [np.arange(start, start + size - width + 1) for start, size in zip(self.starts, self.sizes, strict=True)]
        return np.concatenate(each)

    def windows(self, starts: Int64, width: int) -> Sequences:
        """Windows that begin at some rows, as sequences on the same memory; those without any value are left out."""
        starts = starts[self._observed_between(starts, starts + width)]
        sizes = np.full(len(starts), width, dtype=np.int64)
        return Sequences(self.steps, starts, sizes, sizes, "array")

    def _observed_between(self, first: Int64, behind: Int64) -> NDArray[np.bool_]:
        """Whether there is a value in the rows of each stretch."""
        count = np.append(0, np.cumsum(~np.isnan(self.steps).all(axis=1)))
        observed: NDArray[np.bool_] = count[behind] > count[first]
        return observed


def join_windows(windows: Sequences, others: Float32) -> Sequences:
    """Windows of a series, and others of the same width (n_others, width, n_channels), as sequences of one memory."""
    n_rows, (n_others, width, n_channels) = len(windows.steps), others.shape
    starts = np.append(windows.starts, n_rows + width * np.arange(n_others))
    sizes = np.full(len(starts), width, dtype=np.int64)
    return Sequences(np.concatenate([windows.steps, others.reshape(-1, n_channels)]), starts, sizes, sizes, "array")


def validate_series(estimator: Any, X: Any, *, reset: bool) -> Series:
    """Check X and lay its series end to end, as `sklearn.utils.validation.validate_data` does for tables.

    Parameters
    ----------
    estimator : estimator instance
        Receives `n_features_in_` and `feature_names_in_` if `reset`, is compared with them otherwise.
    X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
        The user's series.
    reset : bool
        Whether this is a fit.

    Raises
    ------
    ValueError, TypeError
        If X cannot be read as series, or not as series like those of the fit.
    """
    X = unpack(X, "X")
    if holds_sequences(X):
        elements = [_as_table(unpack(element, f"X[{i}]")) for i, element in enumerate(X)]
        if len(X) == 0 or any(np.ndim(element) > 1 for element in elements):
            return _read_list(estimator, elements, reset)
    return _read_one(estimator, _as_table(X), reset)


def _as_table(X: Any) -> Any:
    """A Series of a DataFrame library as an array of one column; anything else as it is."""
    return read_numbers(X, "X")[:, np.newaxis] if is_column(X) else X


def _read_one(estimator: Any, X: Any, reset: bool) -> Series:
    """One series, also a list of its rows."""
    given = read_numbers(X, "X", remedy=_SEVERAL)
    if given.ndim != 2 or 0 in given.shape:
        check_array(given, ensure_all_finite=False, estimator=estimator)  # raises, in the words of other estimators
    steps, starts, sizes = end_to_end([given])
    validate_data(estimator, X.to_native() if is_frame(X) else steps, reset=reset, skip_check_array=True)
    names = getattr(estimator, "feature_names_in_", None)

    def at(_: int, row: int, column: int) -> tuple[Any, str]:
        return given[row, column], f"row {row}, column {column if names is None else repr(str(names[column]))}"

    observed_lengths(steps, starts, sizes, at)
    return Series(steps, starts, sizes, is_list=False)


def _read_list(estimator: Any, X: Any, reset: bool) -> Series:
    """Several series; DataFrames are matched by the names of their columns."""
    fitted = None if reset else Layout("list", estimator.n_features_in_, 0)
    fitted_names = None if reset else getattr(estimator, "feature_names_in_", None)
    given, _, _, first = read_elements(X, 1, fitted, fitted_names)
    steps, starts, sizes = end_to_end(given)

    def at(i: int, row: int, column: int) -> tuple[Any, str]:
        return given[i][row, column], f"X[{i}], row {row}, column {column}"

    observed_lengths(steps, starts, sizes, at)
    validate_data(estimator, first.to_native() if is_frame(first) else steps, reset=reset, skip_check_array=True)
    return Series(steps, starts, sizes, is_list=True)
