"""Differences of successive values, as a second view on sequences."""

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import Batch, SequenceDataset

__all__ = ["Differences", "differences"]

Float32 = NDArray[np.float32]


def differences(x: Float32) -> Float32:
    """Each value minus the one observed last before it in its channel.

    Parameters
    ----------
    x : ndarray of shape (n, T, C)
        Sequences; NaN is missing, or behind an end.

    Returns
    -------
    ndarray of shape (n, T, C)
        0 for the first observed value of a channel, so that a sequence keeps as many steps as it has, and one of a
        single value has something to tell; NaN where x is.
    """
    if not np.isnan(x).any():
        return np.diff(x, axis=1, prepend=x[:, :1])
    step = np.where(np.isnan(x), -1, np.arange(x.shape[1])[:, np.newaxis])
    observed_last = np.maximum.accumulate(step, axis=1)  # (n, T, C)
    before = np.concatenate([np.full_like(step[:, :1], -1), observed_last[:, :-1]], axis=1)
    previous = np.take_along_axis(x, np.maximum(before, 0), axis=1)
    return np.where(before < 0, np.where(np.isnan(x), x, 0), x - previous)


class Differences(SequenceDataset):
    """A data set whose batches hold differences in place of the values."""

    def batch(self, indices: NDArray[np.integer]) -> Batch:
        batch = super().batch(indices)
        return {**batch, "x": torch.from_numpy(differences(batch["x"].numpy()))}
