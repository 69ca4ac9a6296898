"""Batches of sequences that are laid end to end: gathered at once, and results written back."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._memory_maps import PageLimit
from sklearn_seqae._data._sequences import Sequences

__all__ = ["EndToEnd", "batches_of_like_length", "by_length", "empty_steps", "split", "write_steps"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class EndToEnd:
    """Sequences laid end to end, of which any can be gathered into a batch.

    Parameters
    ----------
    steps : ndarray of shape (total_steps, n_channels), float32
        All time steps; may be a memory map.
    starts, lengths : ndarray of shape (n_sequences,), int64
        Where each sequence begins, and its number of steps.
    """

    def __init__(self, steps: Float32, starts: Int64, lengths: Int64) -> None:
        self.steps = steps
        self.starts = starts
        self.lengths = lengths
        self._pages = PageLimit(steps)
        self.equal_length = int(lengths[0]) if len(lengths) and np.all(lengths == lengths[0]) else None
        # Sequences of equal length that touch each other are rows of a 3-D array, which is faster to index.
        self._rows: tuple[Float32, Int64] | None = None
        size = self.equal_length
        if size is not None and len(steps) % size == 0 and not np.any(starts % size):
            self._rows = steps.reshape(-1, size, steps.shape[1]), starts // size

    @classmethod
    def of(cls, sequences: Sequences) -> Self:
        """What the door has read."""
        return cls(sequences.steps, sequences.starts, sequences.lengths)

    def __len__(self) -> int:
        return len(self.starts)

    def gather(self, indices: NDArray[np.integer]) -> tuple[Float32, Int64 | None]:
        """Some sequences (B, T, C), padded with NaN, and their lengths (B,), None where all are equal."""
        if self._rows is not None:
            rows, row_of = self._rows
            return self._pages.take(rows, row_of[indices]), None
        lengths = self.lengths[indices]
        step = np.arange(lengths.max())
        behind_end = step >= lengths[:, None]  # (B, T)
        x = self._pages.take(self.steps, self.starts[indices, None] + np.where(behind_end, 0, step))
        if not behind_end.any():
            return x, None
        x[behind_end] = np.nan
        return x, lengths


def by_length(indices: Int64, lengths: Int64) -> Int64:
    """Sort indices, longest sequence first, so that batches hold sequences of like length."""
    return indices[np.argsort(-lengths[indices], kind="stable")]


def split(order: Int64, size: int) -> list[Int64]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def batches_of_like_length(lengths: Int64, most_sequences: int, most_steps: int) -> list[Int64]:
    """Indices of all sequences in batches, of so many sequences and steps at most, but of one sequence at least."""
    size = max(1, min(most_sequences, most_steps // int(lengths.max())))
    return split(by_length(np.arange(len(lengths)), lengths), size)


def empty_steps(lengths: Int64, n_channels: int) -> tuple[Float32, Int64]:
    """Room for sequences end to end, and where each begins."""
    return np.empty((int(lengths.sum()), n_channels), dtype=np.float32), np.cumsum(lengths) - lengths


def write_steps(steps: Float32, offsets: Int64, lengths: Int64, x: Float32) -> None:
    """Write the real steps of x (B, T, C) to where their sequences begin in `steps`."""
    step = np.arange(x.shape[1])
    real = step < lengths[:, None]  # (B, T)
    steps[(offsets[:, None] + step)[real]] = x[real]
