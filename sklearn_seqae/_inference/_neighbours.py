"""Distances to what is known: the nearest of a bounded number of training points."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["Memory"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Points that are kept by default: to look through them takes less time than to draw a sequence.
_MOST_POINTS = 2_000
# Points that are looked at when there are more, evenly spaced: each one kept is compared with all of them.
_MOST_CANDIDATES = 20_000
# Distances that are held at once, nearly: so few that they stay in the processor's cache.
_DISTANCES_AT_ONCE = 250_000
# So few neighbours are looked for one after the other.
_FEW_NEIGHBOURS = 8
# So few rows have no need of a limit on threads.
_FEW_ROWS = 16


@dataclass(frozen=True)
class Memory:
    """Some points of a table, at least one near each of its rows.

    Where there are more rows than are kept, they are thinned by greedy k-centre selection (Gonzalez, 1985): the next
    point is the one that is furthest from those before it. So what is rare but normal stays, as it would not in a
    random part, and no row is further from the points than twice the least distance that as many points allow. Memory
    banks of image patches are thinned so for the same purpose (Roth et al., "Towards total recall in industrial
    anomaly detection", CVPR 2022).

    Attributes
    ----------
    points : ndarray of shape (n_points, n_values), float64
        What is kept.
    rows : ndarray of shape (n_points,), int64
        Rows of the table that they were, in ascending order.
    """

    points: Float64
    rows: Int64

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[:1] != self.rows.shape:
            raise ValueError(f"{self.points.shape=} does not fit {self.rows.shape=}")

    @classmethod
    def of(cls, table: NDArray[Any], most: int = _MOST_POINTS) -> "Memory":
        """Keep at most so many rows of a table (n_rows, n_values), of which each value is finite."""
        rows = np.arange(len(table))
        if len(rows) > most:
            candidates = np.linspace(0, len(table) - 1, min(len(table), max(most, _MOST_CANDIDATES))).astype(np.int64)
            rows = candidates[_spread(np.asarray(table[candidates], dtype=np.float64), most)]
        return cls(np.asarray(table[rows], dtype=np.float64), rows)

    @classmethod
    def of_points(cls, points: Float64) -> "Memory":
        """Keep all of them."""
        return cls(points, np.arange(len(points)))

    def distances(self, table: NDArray[Any], n_neighbours: int = 1) -> Float64:
        """Mean Euclidean distance of each row to its nearest points, or to all where there are fewer.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_values)
            Any rows of the same meaning.
        n_neighbours : int, default=1
            How many points.

        Returns
        -------
        distances : ndarray of shape (n_rows,)
        """
        return self._distances(table, None, n_neighbours)

    def distances_between(self, n_neighbours: int = 1) -> Float64:
        """The same of each point to the others: (n_points,). Needs two of them."""
        if len(self.points) < 2:
            raise ValueError(f"There is no other point than the one of {self.points.shape=}")
        return self._distances(self.points, np.arange(len(self.points)), n_neighbours)

    def _distances(self, table: NDArray[Any], own: Int64 | None, n_neighbours: int) -> Float64:
        found = np.empty(len(table))
        size = max(1, _DISTANCES_AT_ONCE // len(self.points))
        k = min(n_neighbours, len(self.points) - (own is not None))
        with _one_thread(len(table)):
            for start in range(0, len(table), size):
                part = slice(start, start + size)
                some = np.asarray(table[part], dtype=np.float64)
                nearest = self._nearest(some, None if own is None else own[part], k)
                # The differences themselves: a difference of squares has no digits left where points are close.
                differences = some[:, None] - self.points[nearest]  # (n, k, n_values)
                found[part] = np.sqrt(np.square(differences).sum(axis=2)).mean(axis=1)
        return found

    def _nearest(self, table: Float64, own: Int64 | None, k: int) -> Int64:
        """Indices of the k nearest points, in no order: (n, k)."""
        squares = np.square(self.points).sum(axis=1) - 2 * table @ self.points.T  # but for the row's own
        if own is not None:
            squares[np.arange(len(table)), own] = np.inf
        if k > _FEW_NEIGHBOURS:
            return np.argpartition(squares, k - 1, axis=1)[:, :k]
        found = np.empty((len(table), k), dtype=np.int64)
        for i in range(k):  # each pass is many times as fast as a partition
            found[:, i] = squares.argmin(axis=1)
            squares[np.arange(len(table)), found[:, i]] = np.inf
        return found


def _one_thread(n_rows: int) -> AbstractContextManager[Any]:
    """One thread for many products, each of which is small; to look for the libraries' threads takes milliseconds."""
    return threadpool_limits(1, user_api="blas") if n_rows > _FEW_ROWS else nullcontext()


def _spread(table: Float64, n: int) -> Int64:
    """Indices of n rows that are spread as widely as a greedy choice finds, in ascending order.

    The first is the one nearest to the mean; of equally far ones the first is taken.
    """
    squares = np.square(table - table.mean(axis=0)).sum(axis=1)
    chosen = [int(squares.argmin())]
    nearest = np.full(len(table), np.inf)
    for _ in range(n - 1):
        np.minimum(nearest, np.square(table - table[chosen[-1]]).sum(axis=1), out=nearest)
        chosen.append(int(nearest.argmax()))
    return np.unique(chosen)  # fewer where rows are equal
