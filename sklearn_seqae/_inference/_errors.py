"""Errors of reconstructions: of each step, in standard units."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._passes import encode_and_reconstruct, reconstruct

__all__ = ["batches_of_rows", "codes_and_errors", "root_mean_square", "standard_errors"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Errors of about so many values are held at once.
_VALUES_AT_ONCE = 4_000_000


def batches_of_rows(sequences: Sequences, rows: Int64) -> Iterator[Int64]:
    """The rows, in order, in batches of bounded numbers of values."""
    values = np.cumsum(sequences.lengths[rows]) * sequences.n_channels
    borders = np.flatnonzero(np.diff(values // _VALUES_AT_ONCE)) + 1
    for start, end in pairwise([0, *borders, len(rows)]):
        yield rows[start:end]


def standard_errors(module: Any, sequences: Sequences, rows: Int64, scale: Float64) -> Float32:
    """Reconstruction minus original of some sequences, end to end, in units of `scale`.

    Parameters
    ----------
    module : SequenceAutoencoder
        The network.
    sequences : Sequences
        The originals.
    rows : ndarray of shape (n_rows,)
        Which of them.
    scale : ndarray of shape (n_channels,)
        What to divide each channel's error by.

    Returns
    -------
    errors : ndarray of shape (sum(lengths[rows]), n_channels)
        NaN where nothing was observed.
    """
    some = sequences.take(rows)
    return _errors(reconstruct(module, SequenceDataset.of(some)), some, scale)


def codes_and_errors(module: Any, sequences: Sequences, rows: Int64, scale: Float64) -> tuple[Float32, Float32]:
    """Codes (n_rows, n_components) beside what `standard_errors` returns, of one pass."""
    some = sequences.take(rows)
    codes, reconstructed = encode_and_reconstruct(module, SequenceDataset.of(some))
    return codes, _errors(reconstructed, some, scale)


def _errors(reconstructed: Float32, sequences: Sequences, scale: Float64) -> Float32:
    starts, lengths = sequences.starts, sequences.lengths
    step = np.arange(len(reconstructed)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    return (reconstructed - sequences.steps[step]) / scale.astype(np.float32)


def root_mean_square(batches: Iterator[Float32]) -> float:
    """Of all observed errors in batches (n_steps, n_channels), each value counting the same; 0 where there is none."""
    total, count = 0.0, 0
    for errors in batches:
        total += float(np.nansum(np.square(errors), dtype=np.float64))
        count += int(np.sum(~np.isnan(errors)))
    return float(np.sqrt(total / max(count, 1)))
