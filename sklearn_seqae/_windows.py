"""Long series cut into windows, and what was found for the windows put back onto the series."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._containers import read_array
from sklearn_seqae._data._window_plan import WindowPlan, plan_windows, positive

__all__ = ["sliding_windows", "stitch_windows"]

Array = NDArray[Any]
Int64 = NDArray[np.int64]

_LAY_END_TO_END = "Lay series of unequal length end to end and tell them apart by groups."


def sliding_windows(
    series: ArrayLike,
    width: int,
    stride: int = 1,
    *,
    groups: ArrayLike | None = None,
    drop_remainder: bool = False,
) -> Array:
    """Cut a long series into windows of equal width, which the estimators take as sequences.

    Parameters
    ----------
    series : array-like of shape (n_timesteps,) or (n_timesteps, n_channels)
        The series, of any dtype; the first axis is time. Several series are laid end to end and told apart by
        `groups`.
    width : int
        Time steps of a window.
    stride : int, default=1
        Time steps from the start of a window to the start of the next. With a stride above `width`, the steps between
        two windows are in none.
    groups : array-like of shape (n_timesteps,) or None, default=None
        A label of any type for each time step. No window holds steps of two groups. The rows of a group follow one
        another.
    drop_remainder : bool, default=False
        Whether steps that are left over behind the last whole window of a series or group are in no window. If not,
        they are in one more window, which ends with the series or group; see Notes.

    Returns
    -------
    windows : ndarray of shape (n_windows, width, n_channels)
        In the order of their starts: 0, `stride`, 2 * `stride`, ... steps behind the start of the series, or of each
        group. The dtype is that of `series`, unless integers or booleans had to be padded with NaN: float64.

    Raises
    ------
    ValueError
        If `series` is empty, has more than two axes or, without groups, fewer than `width` steps; if `width` or
        `stride` is not an integer of at least 1; if `groups` is of another length, lacks a label, or has one that
        comes back after another; if no group is as long as `width` and `drop_remainder` is true.
    TypeError
        If a group is shorter than `width`, and the dtype has no NaN to pad it with.

    See Also
    --------
    stitch_windows : The way back.

    Notes
    -----
    Windows that start at even distances are a read-only view: they take no memory, and a memory-mapped series stays on
    disk. Elsewhere the windows are a copy, ``width / stride`` times as large as the series. That is the case where one
    more window is added for steps left over (``drop_remainder=True`` avoids it), and mostly with groups. An estimator
    copies what it is given to fit.

    No window is added for steps left over where `stride` is above `width`, as such windows are a sample and leave
    out other steps, too.

    A group shorter than `width` is one window with NaN behind its end, which the estimators read as a shorter
    sequence. With ``drop_remainder=True`` it is in no window.

    **Splitting without leakage.** Overlapping windows share steps, so a random split puts nearly equal windows into
    the training and the test part, and the score is too good. Split so that they share none:

    - Several groups: ``GroupKFold``, with the group of each window from
      ``sliding_windows(groups, width, stride, groups=groups)[:, 0, 0]``. (That is the label of the first step, which
      is never padding. Where groups are shorter than `width` and labels are not numbers, get the first row of each
      window from ``sliding_windows(np.arange(len(groups)), ...)[:, 0, 0].astype(int)`` and the labels from that.)
    - One series: make groups of long blocks, such as ``np.arange(n_timesteps) // 1000``, and proceed likewise.
    - One series, tested on its future: ``TimeSeriesSplit(gap=math.ceil((width - 1) / stride))``, the number of
      windows to leave out between training and test; ``gap=(width - 1) // stride`` is enough with
      ``drop_remainder=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import sliding_windows
    >>> series = np.arange(8)
    >>> sliding_windows(series, width=4, stride=2)[:, :, 0]
    array([[0, 1, 2, 3],
           [2, 3, 4, 5],
           [4, 5, 6, 7]])

    Two recordings, laid end to end, the second shorter than a window:

    >>> recordings = np.array(["a", "a", "a", "a", "a", "b", "b", "b"])
    >>> sliding_windows(series, width=4, stride=4, groups=recordings)[:, :, 0]
    array([[ 0.,  1.,  2.,  3.],
           [ 1.,  2.,  3.,  4.],
           [ 5.,  6.,  7., nan]])
    """
    array = _read_series(series)
    plan = plan_windows(len(array), width, stride, groups, drop_remainder)
    return _cut_and_pad(array, plan) if plan.any_short else _cut(array, plan)


def stitch_windows(
    values: ArrayLike,
    stride: int,
    n_timesteps: int,
    *,
    width: int | None = None,
    groups: ArrayLike | None = None,
    drop_remainder: bool = False,
    reduce: str = "mean",
) -> Array:
    """Put results for windows back onto the series: each step has the mean, or maximum, of all windows that it is in.

    Parameters
    ----------
    values : array-like of shape (n_windows, width, n_channels), (n_windows, width) or (n_windows,)
        Values for each step of the windows that :func:`sliding_windows` returned, or one for each window, such as its
        score. NaN is left out, and so is what is behind the end of a padded window.
    stride : int
        As it was for :func:`sliding_windows`.
    n_timesteps : int
        Time steps of the series, those of all groups together.
    width : int or None, default=None
        Time steps of a window, needed where `values` has one value for each window.
    groups : array-like of shape (n_timesteps,) or None, default=None
        As they were for :func:`sliding_windows`.
    drop_remainder : bool, default=False
        As it was for :func:`sliding_windows`.
    reduce : {"mean", "max"}, default="mean"
        What a step that is in several windows gets: their mean, which tells best where in a series something is, or
        their maximum, which is to be compared with a threshold for windows; see Notes.

    Returns
    -------
    series : ndarray of shape (n_timesteps, n_channels), or (n_timesteps,) where `values` has no channels
        In the floating dtype of `values`; integers and booleans give float64. NaN where no window has a value.

    Raises
    ------
    ValueError
        If `values` has another number of windows than :func:`sliding_windows` makes for these arguments, other than
        one to three axes, or another width than `width`; if `width` is needed; if `reduce` is neither "mean" nor
        "max"; and as for :func:`sliding_windows`.
    TypeError
        If `values` does not hold real numbers.

    See Also
    --------
    sliding_windows : The way there.

    Notes
    -----
    Windows put back unchanged give the series, to the last bit: equal values have exactly that value as their mean.

    A threshold for the scores of windows is none for their means, which are far less often beyond it. With
    ``reduce="max"`` a step is above the threshold exactly if a window that it is in is above it: a detector's labels
    for windows, put onto the series.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import sliding_windows, stitch_windows
    >>> series = np.arange(8.0)
    >>> windows = sliding_windows(series, width=4, stride=2)
    >>> stitch_windows(windows, stride=2, n_timesteps=8)[:, 0]
    array([0., 1., 2., 3., 4., 5., 6., 7.])

    One score for each window; steps 2 to 5 are in two windows each:

    >>> stitch_windows([1, 2, 6], stride=2, n_timesteps=8, width=4)
    array([1. , 1. , 1.5, 1.5, 4. , 4. , 6. , 6. ])
    >>> stitch_windows([1, 2, 6], stride=2, n_timesteps=8, width=4, reduce="max") > 4
    array([False, False, False, False,  True,  True,  True,  True])
    """
    if reduce not in _BY_STEP:
        raise ValueError(f'reduce must be "mean" or "max", got {reduce!r}.')
    array, width = _read_values(values, width)
    n_timesteps = positive(n_timesteps, "n_timesteps")
    plan = plan_windows(n_timesteps, width, stride, groups, drop_remainder)
    if len(array) != len(plan):
        raise ValueError(
            f"values has {len(array)} windows, but {n_timesteps} time steps "
            f"{'without groups' if groups is None else 'in these groups'} have {len(plan)} windows of width {width} "
            f"with stride={stride} and drop_remainder={drop_remainder}. Pass the arguments that `sliding_windows` had."
        )
    per_step = array.reshape(len(array), array.shape[1] if array.ndim > 1 else 1, -1)
    by_step = _BY_STEP[reduce](np.broadcast_to(per_step, (len(array), width, per_step.shape[2])), plan, n_timesteps)
    return by_step if array.ndim == 3 else by_step[:, 0]


# Cutting


def _cut(series: Array, plan: WindowPlan) -> Array:
    """Whole windows: a view where the starts are evenly spaced, otherwise a copy."""
    places = plan.as_slice()
    return _all_windows(series, plan.width)[plan.starts() if places is None else places]


def _cut_and_pad(series: Array, plan: WindowPlan) -> Array:
    """Windows of which some end before `width`, with NaN from there on."""
    if series.dtype.kind not in "biufc":
        group = int(np.argmax(plan.sizes < plan.width))
        raise TypeError(
            f"The group that starts at row {plan.borders[group]} has {plan.sizes[group]} time steps, fewer than "
            f"width={plan.width}, and dtype {series.dtype} has no NaN to pad it with. Take a smaller width, leave such "
            "groups out with drop_remainder=True, or take the windows of np.arange(len(series)), which hold the rows."
        )
    dtype = series.dtype if series.dtype.kind in "fc" else np.dtype(np.float64)
    behind = np.full((plan.width, series.shape[1]), np.nan, dtype=dtype)
    windows: Array = _all_windows(np.concatenate([series, behind], dtype=dtype), plan.width)[plan.starts()]
    lengths = plan.lengths()
    short_ones = np.flatnonzero(lengths < plan.width)
    row, step = np.nonzero(np.arange(plan.width) >= lengths[short_ones, np.newaxis])
    windows[short_ones[row], step] = np.nan
    return windows


def _all_windows(series: Array, width: int) -> Array:
    """The window that starts at each row, as a view: (n_timesteps - width + 1, width, n_channels)."""
    return sliding_window_view(series, width, axis=0).swapaxes(1, 2)


# Putting back


def _mean_by_step(values: Array, plan: WindowPlan, n_timesteps: int) -> Array:
    """Mean of the values (n_windows, width, n_channels) at each step: (n_timesteps, n_channels)."""
    starts, lengths = plan.starts(), plan.lengths()
    shape = (n_timesteps, values.shape[2])
    means = np.full(shape, np.nan, dtype=values.dtype)
    counts = np.zeros(shape, dtype=np.int64)
    for step in range(values.shape[1]):  # a step is at this place in one window at most, so the rows differ
        reaching = lengths > step
        _add_to_means(means, counts, (starts + step)[reaching], values[reaching, step])
    return means


def _max_by_step(values: Array, plan: WindowPlan, n_timesteps: int) -> Array:
    """Maximum of the values (n_windows, width, n_channels) at each step: (n_timesteps, n_channels)."""
    starts, lengths = plan.starts(), plan.lengths()
    highest = np.full((n_timesteps, values.shape[2]), np.nan, dtype=values.dtype)
    for step in range(values.shape[1]):
        reaching = lengths > step
        rows = (starts + step)[reaching]
        highest[rows] = np.fmax(highest[rows], values[reaching, step])
    return highest


def _add_to_means(means: Array, counts: Int64, rows: Int64, new: Array) -> None:
    """Let the means at some rows, of so many values, take one more value each, unless it is NaN."""
    present = ~np.isnan(new)
    mean = np.where(counts[rows] == 0, new, means[rows])
    counts[rows] += present
    # Halves, as the difference of two large numbers may overflow. Equal values are left alone, so that their mean is
    # exact, and so is an infinite mean by finite values; inf and -inf have no mean.
    settled = ~present | (new == mean) | (np.isinf(mean) & np.isfinite(new))
    with np.errstate(invalid="ignore"):
        moved = mean + (new / 2 - mean / 2) / (np.maximum(counts[rows], 1) / 2)
    means[rows] = np.where(settled, mean, moved)


_BY_STEP = {"mean": _mean_by_step, "max": _max_by_step}


# Reading what the user passed


def _read_series(series: ArrayLike) -> Array:
    """The series as an array (n_timesteps, n_channels), without a copy where possible."""
    array = read_array(series, "series", remedy=_LAY_END_TO_END)
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(
            f"series has shape {array.shape}; a series has the shape (n_timesteps,) or (n_timesteps, n_channels), "
            "with at least 1 step and 1 channel. Lay several series end to end and tell them apart by groups."
        )
    return array[:, np.newaxis] if array.ndim == 1 else array


def _read_values(values: ArrayLike, width: int | None) -> tuple[Array, int]:
    """Results for windows in a floating dtype, and the width of the windows."""
    array = read_array(values, "values", remedy=_LAY_END_TO_END)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"values has dtype {array.dtype}; only real numbers can be stitched. Convert them to numbers first."
        )
    if array.ndim not in (1, 2, 3) or array.size == 0:
        raise ValueError(
            f"values has shape {array.shape}; accepted are (n_windows, width, n_channels), (n_windows, width), and "
            "(n_windows,) together with `width`, with at least 1 window."
        )
    if array.ndim == 1 and width is None:
        raise ValueError("values has one value for each window: pass the width of the windows, too, width=...")
    if array.ndim > 1 and width not in (None, array.shape[1]):
        raise ValueError(
            f"values has shape {array.shape}, so windows of {array.shape[1]} time steps, but width={width!r}. Leave "
            "width out, or pass one value for each window, shape (n_windows,)."
        )
    floating = array if array.dtype.kind == "f" else array.astype(np.float64)
    return floating, positive(width if array.ndim == 1 else array.shape[1], "width")
