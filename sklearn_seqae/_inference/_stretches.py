"""Stretches of time that are held out, and the windows that are far enough from them to train on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._series import Series

__all__ = ["Fold", "hold_stretches_out", "spread", "windows_of"]

Int64 = NDArray[np.int64]


# Blocks of time in all, and about how many widths the shortest has.
_MOST_BLOCKS = 10
_BLOCK_WIDTHS = 4


@dataclass(frozen=True)
class Fold:
    """What is held out at once.

    Attributes
    ----------
    held_out : Series
        Its stretches of time, as so many series.
    training : ndarray of shape (n_windows,)
        First rows of all windows of which no row is in them, nor near one.
    """

    held_out: Series
    training: Int64


def hold_stretches_out(series: Series, width: int, n_folds: int) -> list[Fold]:
    """Divide all rows into stretches of time that are held out in turn.

    Stretches of a fold alternate with those of the others, so that where a process drifts, training has rows from
    before and behind what is held out.

    Parameters
    ----------
    series : Series
        The training data.
    width : int
        Rows of a window, and of the gap on both sides of what is held out, which is shorter in a short series.
    n_folds : int
        How many times something is held out.

    Raises
    ------
    ValueError
        If a fold has nothing to train on, or no window to hold out.
    """
    n_rows = len(series.steps)
    n_rounds = max(1, min(_MOST_BLOCKS, n_rows // (_BLOCK_WIDTHS * width)) // n_folds)
    borders = np.linspace(0, n_rows, n_rounds * n_folds + 1).astype(np.int64)
    gap = int(np.clip(np.diff(borders).min() // 2 - width, 0, width))
    starts = series.window_starts(width)
    folds = [
        _hold_out(series, starts, (width, gap), borders, range(i, len(borders) - 1, n_folds)) for i in range(n_folds)
    ]
    if any(len(fold.training) == 0 or len(fold.held_out) == 0 for fold in folds):
        raise ValueError(
            f"n_samples={n_rows} rows are too few to hold stretches of time out {n_folds} times, with windows of "
            f"width={width}: {3 * n_folds * width} are enough in one series. Pass a longer series, a smaller "
            "width, or a share as contamination, which holds nothing out."
        )
    return folds


def _hold_out(series: Series, starts: Int64, size: tuple[int, int], borders: Int64, blocks: range) -> Fold:
    width, gap = size
    own = np.searchsorted(series.starts, starts, "right")
    is_apart = np.ones(len(starts), dtype=bool)
    pieces = []
    for first, behind in zip(borders[blocks], borders[np.add(blocks, 1)], strict=True):
        of_first, of_last = np.searchsorted(series.starts, [first, behind - 1], "right")  # series are apart anyway
        before = (starts + width + gap <= first) | (own < of_first)
        after = (starts >= behind + gap) | (own > of_last)
        is_apart &= before | after
        begin = np.maximum(series.starts, first)
        pieces.append(np.column_stack([begin, np.minimum(series.starts + series.sizes, behind) - begin]))
    begins, sizes = np.concatenate(pieces).T
    long_enough = sizes >= width
    return Fold(Series(series.steps, begins[long_enough], sizes[long_enough], is_list=True), starts[is_apart])


def windows_of(series: Series, starts: Int64, most: int, width: int, seed: int) -> tuple[Sequences, Int64]:
    """Windows to train on, of those that begin at these rows and have a value, and the number of each one's series."""
    windows = series.windows(spread(starts, most, seed), width)
    return windows, np.searchsorted(series.starts, windows.starts, "right")


def spread(starts: Int64, most: int, seed: int) -> Int64:
    """Some of the windows, evenly spread but for chance, so that no phase of a period is left out: (at most most,)."""
    if len(starts) <= most:
        return starts
    jitter = np.random.RandomState(seed).uniform(size=most)
    return starts[((np.arange(most) + jitter) * len(starts) / most).astype(np.int64)]
