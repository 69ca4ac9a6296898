"""The data set: sequences laid end to end, of which any can be gathered into a batch at once.

torch's `DataLoader` fetches and collates single samples, which takes longer than a training step of a small network.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from sklearn_seqae._data._memory_maps import PageLimit
from sklearn_seqae._data._sequences import Sequences

__all__ = ["Batch", "SequenceDataset", "by_length", "split"]

# What a module is called with: "x" (B, T, C), NaN where there is nothing, and "lengths" (B,) where they differ.
Batch = dict[str, Tensor]


class SequenceDataset(Dataset[Tensor]):
    """Sequences laid end to end, of which any can be gathered into a batch.

    Parameters
    ----------
    steps : ndarray of shape (total_steps, n_channels), float32
        All time steps; may be a memory map.
    starts, lengths : ndarray of shape (n_sequences,), int64
        Where each sequence begins, and its number of steps.
    """

    def __init__(self, steps: NDArray[np.float32], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self.steps = steps
        self.starts = starts
        self.lengths = lengths
        self._pages = PageLimit(steps)
        self.equal_length = int(lengths[0]) if len(lengths) and np.all(lengths == lengths[0]) else None
        # Sequences of equal length that touch each other are rows of a 3-D array, which is faster to index.
        self._rows: tuple[NDArray[np.float32], NDArray[np.int64]] | None = None
        size = self.equal_length
        if size is not None and len(steps) % size == 0 and not np.any(starts % size):
            self._rows = steps.reshape(-1, size, steps.shape[1]), starts // size

    @classmethod
    def of(cls, sequences: Sequences) -> "SequenceDataset":
        """What the door has read."""
        return cls(sequences.steps, sequences.starts, sequences.lengths)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> Tensor:
        """One sequence, (T, C)."""
        start = self.starts[index]
        return torch.from_numpy(np.array(self.steps[start : start + self.lengths[index]]))

    def subset(self, indices: NDArray[np.integer]) -> "SequenceDataset":
        """Some of the sequences, in the order of `indices`."""
        return type(self)(self.steps, self.starts[indices], self.lengths[indices])

    def thin(self, most: int) -> "SequenceDataset":
        """All sequences; if they are more than `most`, so many, evenly spaced."""
        return self.subset(np.linspace(0, len(self) - 1, min(len(self), most)).astype(np.int64))

    def draw(self, most: int, seed: int) -> NDArray[np.int64]:
        """All sequences, in order; if they are more than `most`, so many, drawn at random."""
        if len(self) <= most:
            return np.arange(len(self))
        return np.sort(np.random.RandomState(seed).choice(len(self), most, replace=False))

    def batch(self, indices: NDArray[np.integer]) -> Batch:
        """Gather sequences: x (B, T, C), padded with NaN, and lengths (B,) unless all are equal."""
        if self._rows is not None:
            rows, row_of = self._rows
            return {"x": torch.from_numpy(self._pages.take(rows, row_of[indices]))}
        lengths = self.lengths[indices]
        step = np.arange(lengths.max())
        behind_end = step >= lengths[:, None]  # (B, T)
        x = self._pages.take(self.steps, self.starts[indices, None] + np.where(behind_end, 0, step))
        if not behind_end.any():
            return {"x": torch.from_numpy(x)}
        x[behind_end] = np.nan
        return {"x": torch.from_numpy(x), "lengths": torch.from_numpy(lengths)}


def by_length(indices: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort indices, longest sequence first, so that batches hold sequences of like length."""
    return indices[np.argsort(-lengths[indices], kind="stable")]


def split(order: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [order[start : start + size] for start in range(0, len(order), size)]
