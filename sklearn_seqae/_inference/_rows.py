"""From windows back to the rows of a series: what a row gets of the windows that it is in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RowMeans"]

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

    def __init__(self, n_rows: int, width: int, n_values: int = 1) -> None:
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
