"""Statistics of sequences: of each channel, and of each sequence."""

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._data._callers import level_of_caller
from sklearn_seqae._data._memory_maps import PageLimit
from sklearn_seqae._data._sequences import Sequences

__all__ = ["channel_statistics", "content_hash", "mean_by_sequence", "observed_channels", "squared_deviations"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# Large arrays may be memory maps: whatever looks at all values does so in slices of about this many.
_CHUNK_VALUES = 4_000_000
# A standard deviation should span this many neighbouring float32 numbers.
_FEWEST_FLOATS = 100


def channel_statistics(sequences: Sequences) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel over all observed values; a constant channel's scale is 1.

    Warns where float32 cannot resolve a channel's variation.

    Returns
    -------
    mean : ndarray of shape (n_channels,)
    scale : ndarray of shape (n_channels,)
    """
    scaler = StandardScaler()
    for chunk in _chunks(sequences):
        with np.errstate(over="ignore", invalid="ignore"):  # of its sums in float32, which only look for infinity
            scaler.partial_fit(chunk)
    mean, scale = np.nan_to_num(scaler.mean_), np.sqrt(np.nan_to_num(scaler.var_))  # NaN where a channel has no value
    spacing = float(np.finfo(np.float32).eps) * np.abs(mean)
    _warn_of_rounding(mean, scale, spacing)
    # A variation that float32 cannot tell from rounding is not a scale to divide by.
    return mean, np.where(scale <= spacing, 1.0, scale)


def _warn_of_rounding(mean: NDArray[np.float64], scale: NDArray[np.float64], spacing: NDArray[np.float64]) -> None:
    """Warn where float32 has too few numbers near a channel's mean for how little the channel varies."""
    coarse = (scale < _FEWEST_FLOATS * spacing) & ((scale > 0) | (spacing > 1))
    for channel in np.flatnonzero(coarse):
        warnings.warn(
            f"Channel {channel} varies by {scale[channel]:.3g} about {mean[channel]:.3g} in float32, whose numbers are "
            f"{spacing[channel]:.3g} apart there: what varies less is lost. Subtract the offset from X first.",
            stacklevel=level_of_caller(),
        )


def observed_channels(sequences: Sequences) -> NDArray[np.bool_]:
    """Which channels have a value at all: (n_channels,)."""
    observed = np.zeros(sequences.n_channels, dtype=bool)
    for chunk in _chunks(sequences):
        observed |= ~np.isnan(chunk).all(axis=0)
        if observed.all():
            break
    return observed


def squared_deviations(sequences: Sequences, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of squared deviations of all observed values from `mean`, for each channel: (n_channels,)."""
    squares = np.zeros(sequences.n_channels)
    for chunk in _chunks(sequences):
        squares += np.nansum(np.square(chunk - mean), axis=0)
    return squares


def content_hash(sequences: Sequences) -> str:
    """A hash of all values, and of where sequences begin and end; of equal sequences, wherever they are stored."""
    digest = hashlib.sha256()
    for sizes in (sequences.lengths, sequences.sizes):
        digest.update(sizes.tobytes())
    for chunk in _chunks(sequences):
        digest.update(np.ascontiguousarray(chunk).data)
    return digest.hexdigest()


def mean_by_sequence(values: NDArray[Any], starts: Int64) -> NDArray[np.float64]:
    """Mean of the observed values of each sequence; NaN where nothing is.

    Parameters
    ----------
    values : ndarray of shape (total_steps, n_channels)
        Values for the steps of all sequences, end to end.
    starts : ndarray of shape (n_sequences,)
        Row of `values` where each sequence begins.

    Returns
    -------
    means : ndarray of shape (n_sequences,)
    """
    observed = ~np.isnan(values)
    totals = np.add.reduceat(np.where(observed, values, 0.0).sum(axis=1, dtype=np.float64), starts)
    counts = np.add.reduceat(observed.sum(axis=1), starts)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _chunks(sequences: Sequences) -> Iterator[Float32]:
    """The steps of all sequences, a slice of memory or a copy of some sequences at a time: (rows, n_channels)."""
    steps, starts, sizes = sequences.steps, sequences.starts, sequences.sizes
    pages = PageLimit(steps)
    most = max(1, _CHUNK_VALUES // sequences.n_channels)
    if np.array_equal(starts[1:], (starts + sizes)[:-1]):  # one touches the next
        end = starts[-1] + sizes[-1]
        for start in range(starts[0], end, most):
            chunk = steps[start : min(start + most, end)]
            yield chunk
            pages.count(chunk.nbytes)
        return
    borders = np.flatnonzero(np.diff(np.cumsum(sizes) // most, prepend=-1))
    for some in np.split(np.arange(len(starts)), borders[1:]):
        yield sequences.take(some).end_to_end().steps
