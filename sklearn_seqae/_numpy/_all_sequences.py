"""Codes, reconstructions and errors of all sequences, batch by batch, put back in their order."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._batches import EndToEnd, batches_of_like_length, empty_steps, write_steps
from sklearn_seqae._numpy._forward_pass import ForwardPass

__all__ = ["decode", "encode", "reconstruct", "squared_errors"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Batches have this many sequences, or near this many steps.
_SEQUENCES_AT_ONCE = 256
_STEPS_AT_ONCE = 2**15


def encode(network: ForwardPass, sequences: EndToEnd) -> Float32:
    """Codes of all sequences, in their order: (n_sequences, n_components)."""
    codes = np.empty((len(sequences), network.geometry.code_size), dtype=np.float32)
    for indices in _batches(sequences.lengths):
        codes[indices] = network.encode(*sequences.gather(indices))
    return codes


def decode(network: ForwardPass, codes: Float32, lengths: Int64) -> Float32:
    """A sequence of each code, of the length wanted, end to end: (sum(lengths), n_channels)."""
    steps, offsets = empty_steps(lengths, network.geometry.n_channels)
    for indices in _batches(lengths):
        some = lengths[indices]
        write_steps(steps, offsets[indices], some, network.decode(codes[indices], int(some.max()), some))
    return steps


def reconstruct(network: ForwardPass, sequences: EndToEnd) -> Float32:
    """All sequences as encoded and decoded again, in their order, end to end: (sum(lengths), n_channels)."""
    steps, offsets = empty_steps(sequences.lengths, network.geometry.n_channels)
    for indices in _batches(sequences.lengths):
        x = network(*sequences.gather(indices))
        write_steps(steps, offsets[indices], sequences.lengths[indices], x)
    return steps


def squared_errors(network: ForwardPass, sequences: EndToEnd, unit: Float64) -> tuple[Float64, Int64]:
    """Of each sequence, the sum of squared errors and the number of observed values: (n_sequences,) both.

    Each channel's errors are in units of `unit` (n_channels,).
    """
    errors, counts = np.empty(len(sequences)), np.empty(len(sequences), dtype=np.int64)
    for indices in _batches(sequences.lengths):
        x, lengths = sequences.gather(indices)
        error = (network(x, lengths) - x).astype(np.float64)  # (B, T, C)
        errors[indices] = np.nansum(np.square(error / unit), axis=(1, 2))
        counts[indices] = np.sum(~np.isnan(error), axis=(1, 2))
    return errors, counts


def _batches(lengths: Int64) -> list[Int64]:
    return batches_of_like_length(lengths, _SEQUENCES_AT_ONCE, _STEPS_AT_ONCE)
