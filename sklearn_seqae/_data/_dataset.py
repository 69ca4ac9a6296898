"""The data set: sequences laid end to end, of which any can be gathered into a batch at once.

torch's `DataLoader` fetches and collates single samples, which takes longer than a training step of a small network.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from sklearn_seqae._data._batches import EndToEnd

__all__ = ["Batch", "SequenceDataset"]

# What a module is called with: "x" (B, T, C), NaN where there is nothing, and "lengths" (B,) where they differ.
Batch = dict[str, Tensor]


class SequenceDataset(EndToEnd, Dataset[Tensor]):
    """Sequences laid end to end, of which any can be gathered into a batch of tensors.

    Parameters
    ----------
    steps : ndarray of shape (total_steps, n_channels), float32
        All time steps; may be a memory map.
    starts, lengths : ndarray of shape (n_sequences,), int64
        Where each sequence begins, and its number of steps.
    """

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
        x, lengths = self.gather(indices)
        batch = {"x": torch.from_numpy(x)}
        return batch if lengths is None else batch | {"lengths": torch.from_numpy(lengths)}
