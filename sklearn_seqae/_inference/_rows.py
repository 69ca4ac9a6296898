"""From windows back to the rows of a series: what a row gets of the windows that it is in, and of rows around it."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["RowMeans", "moving_mean"]

Float64 = NDArray[np.float64]


class RowMeans:
    """Means by row over the windows that it is in, of windows that come in batches, each one row behind the last.

    Parameters
    ----------
    n_rows : int
        Rows of the series.
    width : int
        Rows of a window.
    n_values : int
        Values of a row.
    """

    def __init__(self, n_rows: int, width: int, n_values: int) -> None:
        self._width = width
        self._sums = np.zeros((n_rows, n_values))
        self._counts = np.zeros((n_rows, n_values), dtype=np.int32)

    def add(self, first: int, values: NDArray[Any]) -> None:
        """Add windows that begin at row `first` and the rows behind it: (n_windows, width or 1, n_values).

        NaN is left out. Values with one step stand for all steps of their window.
        """
        observed = ~np.isnan(values)
        values = np.where(observed, values, 0)
        for step in range(self._width):  # of each window another row, so that no row is written to twice at once
            rows = slice(first + step, first + step + len(values))
            place = min(step, values.shape[1] - 1)
            self._sums[rows] += values[:, place]
            self._counts[rows] += observed[:, place]

    def means(self) -> Float64:
        """(n_rows, n_values); NaN where no window has a value."""
        return np.divide(self._sums, self._counts, out=np.full(self._sums.shape, np.nan), where=self._counts > 0)


def moving_mean(values: Float64, width: int, *, behind: bool) -> Float64:
    """Means of so many values around each, or if `behind`, of each and those before it; fewer at the ends.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN is left out.
    width : int
        How many.
    behind : bool
        Whether a mean knows nothing later.

    Returns
    -------
    means : ndarray of shape (n,)
        NaN where all are.
    """
    before = width - 1 if behind else (width - 1) // 2
    if len(values) == 0:
        return values
    padded = np.concatenate([np.full(before, np.nan), values, np.full(width - 1 - before, np.nan)])
    observed = ~np.isnan(padded)
    # Differences of running sums would lose what is small behind what is large.
    sums = sliding_window_view(np.where(observed, padded, 0), width).sum(axis=1)
    counts = sliding_window_view(observed, width).sum(axis=1)
    return np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
