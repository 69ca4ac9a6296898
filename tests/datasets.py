"""Data sets of sequences, and what they are compared with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset

Parts = list[NDArray[np.float32]]


def random_parts(lengths: Any, n_channels: int = 2, seed: int = 0) -> Parts:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, n_channels)).astype(np.float32) for length in lengths]


def dataset_of(parts: Parts, sizes: list[int] | None = None) -> SequenceDataset:
    """Sequences end to end in memory that must not be written to; NaN behind those that are shorter than `sizes`."""
    lengths = np.array([len(part) for part in parts])
    room = lengths if sizes is None else np.array(sizes)
    steps = np.full((room.sum(), parts[0].shape[1]), np.nan, dtype=np.float32)
    starts = np.cumsum(room) - room
    for start, part in zip(starts, parts, strict=True):
        steps[start : start + len(part)] = part
    steps.flags.writeable = False
    return SequenceDataset(steps, starts, lengths)


def padded(parts: Parts) -> NDArray[np.float32]:
    """(n, T, c) with NaN behind each sequence's end."""
    x = np.full((len(parts), max(map(len, parts)), parts[0].shape[1]), np.nan, dtype=np.float32)
    for i, part in enumerate(parts):
        x[i, : len(part)] = part
    return x
