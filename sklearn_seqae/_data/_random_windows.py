"""Windows at random places of sequences, to learn from what is short in long ones."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences

__all__ = ["random_windows"]


def random_windows(sequences: Sequences, width: int, n_windows: int, rng: np.random.RandomState) -> NDArray[np.float32]:
    """Windows of sequences drawn at random, each sequence with the same probability, and at places drawn at random.

    Parameters
    ----------
    sequences : Sequences
        What to cut from.
    width : int
        Time steps of a window; a shorter sequence is a window as a whole.
    n_windows : int
        How many to draw; one may come more than once.
    rng : RandomState
        What draws.

    Returns
    -------
    windows : ndarray of shape (n_windows, T, C)
        NaN behind shorter ones, of which the longest has T steps. Each has an observed value: one that had none is
        moved to the end of its sequence.
    """
    rows = rng.randint(len(sequences), size=n_windows)
    lengths = np.minimum(sequences.lengths[rows], width)
    latest = sequences.lengths[rows] - lengths
    starts = rng.randint(latest + 1)
    windows = _cut(sequences, rows, starts, lengths)
    empty = np.isnan(windows).all(axis=(1, 2))
    if empty.any():
        windows[empty] = _cut(sequences, rows, latest, lengths)[empty]
    return windows


def _cut(
    sequences: Sequences, rows: NDArray[np.int64], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    dataset = SequenceDataset(sequences.steps, sequences.starts[rows] + starts, lengths)
    return dataset.batch(np.arange(len(rows)))["x"].numpy()
