"""Stretches of time that are held out, and the windows that are far enough from them to train on."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._series import Series

__all__ = ["Stretch", "hold_stretches_out", "spread", "windows_of"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """What is held out at once.

    Attributes
    ----------
    held_out : Series
        Its rows, as a series, or where it goes over the border between two, as several.
    training : ndarray of shape (n_windows,)
        First rows of all windows of which no row is in it, nor fewer than a width of rows before or behind it.
    """

    held_out: Series
    training: Int64


def hold_stretches_out(series: Series, width: int, n_stretches: int) -> list[Stretch]:
    """Divide all rows into stretches of equal length, each of which is held out in turn.

    Parameters
    ----------
    series : Series
        The training data.
    width : int
        Rows of a window, and of the gap on both sides of what is held out.
    n_stretches : int
        How many.

    Raises
    ------
    ValueError
        If a stretch leaves nothing to train on, or has no window.
    """
    starts = series.window_starts(width)
    borders = np.linspace(0, len(series.steps), n_stretches + 1).astype(int)
    return [
        _hold_out(series, starts, width, int(first), int(behind), n_stretches) for first, behind in pairwise(borders)
    ]


def _hold_out(series: Series, starts: Int64, width: int, first: int, behind: int, n_stretches: int) -> Stretch:
    own = np.searchsorted(series.starts, starts, "right")  # series are apart, whatever their rows' numbers
    of_first, of_last = np.searchsorted(series.starts, [first, behind - 1], "right")
    before = (starts + 2 * width <= first) | (own < of_first)
    after = (starts >= behind + width) | (own > of_last)
    piece_starts = np.maximum(series.starts, first)
    piece_sizes = np.minimum(series.starts + series.sizes, behind) - piece_starts
    long_enough = piece_sizes >= width
    training = starts[before | after]
    if not long_enough.any() or len(training) == 0:
        n_needed = max(min(2 * n_stretches, 6), n_stretches) * width
        raise ValueError(
            f"n_samples={len(series.steps)} rows are too few to hold {n_stretches} stretches out, with windows of "
            f"width={width}: about {n_needed} are needed in a series. Pass a longer series, a smaller width, or a "
            "share as contamination, which holds nothing out."
        )
    held_out = Series(series.steps, piece_starts[long_enough], piece_sizes[long_enough], is_list=True)
    return Stretch(held_out, training)


def windows_of(series: Series, starts: Int64, most: int, width: int, seed: int) -> tuple[Sequences, Int64]:
    """Some of the windows that begin at these rows, those that have a value, and the number of each one's series."""
    windows = series.windows(spread(starts, most, seed), width)
    return windows, np.searchsorted(series.starts, windows.starts, "right")


def spread(starts: Int64, most: int, seed: int) -> Int64:
    """Some of the windows, evenly spread but for chance, so that no phase of a period is left out: (at most most,)."""
    if len(starts) <= most:
        return starts
    jitter = np.random.RandomState(seed).uniform(size=most)
    return starts[((np.arange(most) + jitter) * len(starts) / most).astype(np.int64)]
