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
        some = slice(np.searchsorted(starts, first, "right") - 1, np.searchsorted(starts, behind))
        if _all_observed(chunk):
            ends[some] = np.minimum(starts[some] + sizes[some], behind)
        else:
            _refuse_first_too_large(chunk, first, starts, at)
            n_steps = _observed_steps(chunk, np.maximum(starts[some] - first, 0))
            ends[some] = np.where(n_steps > 0, first + n_steps, ends[some])
        pages.count(chunk.nbytes)
    return ends - starts


def _refuse_first_too_large(chunk: Float32, first: int, starts: Int64, at: Callable[..., tuple[Any, str]]) -> None:
    too_large = np.abs(chunk) > LARGEST
    if too_large.any():
        row, channel = map(int, np.argwhere(too_large)[0])
        i = int(np.searchsorted(starts, first + row, "right")) - 1
        refuse_too_large(*at(i, first + row - int(starts[i]), channel))


def _observed_steps(chunk: Float32, starts: Int64) -> Int64:
    """Rows of a chunk up to the last with a value in each stretch that begins at `starts`; 0 where there is none."""
    count = np.arange(1, len(chunk) + 1)
    count[np.isnan(chunk).all(axis=1)] = 0
    return np.maximum.reduceat(count, starts)


def _all_observed(chunk: Float32) -> bool:
    """Whether no value is missing, infinite or too large."""
    with np.errstate(invalid="ignore"):
        return bool(chunk.min() >= -LARGEST and chunk.max() <= LARGEST)  # both NaN if a value is
