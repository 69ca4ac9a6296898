"""Where sequences end: behind the last step with a value, if all values can be computed with."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._memory_maps import PageLimit
from sklearn_seqae._data._refusals import LARGEST, refuse_too_large

__all__ = ["observed_lengths"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# Large arrays may be memory maps: whatever looks at all values does so in slices of about this many.
_CHUNK_VALUES = 4_000_000


def observed_lengths(
    steps: Float32, starts: Int64, sizes: Int64, at: Callable[[int, int, int], tuple[Any, str]]
) -> Int64:
    """Steps of each sequence up to the last with an observed value; 0 where there is none.

    Parameters
    ----------
    steps : ndarray of shape (total_steps, n_channels)
        All time steps, end to end.
    starts, sizes : ndarray of shape (n_sequences,)
        Row of `steps` where each sequence begins, and its steps with padding.
    at : callable
        Value as the user has it, and words for its place, of a sequence, step and channel.

    Returns
    -------
    lengths : ndarray of shape (n_sequences,)

    Raises
    ------
    ValueError
        If a value is infinite, or too large to compute with.
    """
    ends = starts.copy()
    pages = PageLimit(steps)
    n_rows = max(1, _CHUNK_VALUES // steps.shape[1])
    for first in range(0, len(steps), n_rows):
        chunk = steps[first : first + n_rows]
        behind = first + len(chunk)
        if _all_observed(chunk):
            some = slice(np.searchsorted(starts, first, "right") - 1, np.searchsorted(starts, behind))
            ends[some] = np.minimum(starts[some] + sizes[some], behind)
        else:
            for row, channel in np.argwhere(np.abs(chunk) > LARGEST)[:1]:
                i = int(np.searchsorted(starts, first + row, "right")) - 1
                refuse_too_large(*at(i, int(first + row - starts[i]), int(channel)))
            observed = first + np.flatnonzero(~np.isnan(chunk).all(axis=1))
            ends[np.searchsorted(starts, observed, "right") - 1] = observed + 1  # the last one stays
        pages.count(chunk.nbytes)
    return ends - starts


def _all_observed(chunk: Float32) -> bool:
    """Whether no value is missing, infinite or too large."""
    with np.errstate(invalid="ignore"):
        return bool(chunk.min() >= -LARGEST and chunk.max() <= LARGEST)  # both NaN if a value is
