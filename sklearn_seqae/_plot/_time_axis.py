"""The time axis: where steps are on it, which are shaded, and how many ticks it has room for."""

import sys
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._containers import read_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

__all__ = ["dates_of", "on_axis", "shade_steps", "tidy_time", "times_of"]

Array = NDArray[Any]

# Inches, at matplotlib's usual font size: a digit, and an axis whose label would meet a year at its end.
_DIGIT, _NARROW = 0.09, 2.0
# Typographic points: a line of text.
_LINE = 12.0


def times_of(time: Any, n_timesteps: int) -> Array:
    """Where steps are on the time axis.

    Parameters
    ----------
    time : None, float or array-like of shape (at least n_timesteps,)
        None counts steps from 0; a number is the time between steps; an array says it for each step.
    n_timesteps : int
        How many steps there are.

    Returns
    -------
    times : ndarray of shape (n_timesteps,)

    Raises
    ------
    ValueError
        If the number is not positive, or the array is too short or not one-dimensional.
    """
    if time is None:
        return np.arange(n_timesteps)
    if isinstance(time, Real):
        if not 0 < float(time) < np.inf:
            raise ValueError(f"time={time!r} cannot be the time between steps: pass a positive number, or an array.")
        return np.arange(n_timesteps) * float(time)
    times = read_array(time, "time")
    if times.ndim != 1 or len(times) < n_timesteps:
        raise ValueError(
            f"time has shape {times.shape}, but there are {n_timesteps} steps to draw: pass one value for each, or "
            "the time between steps as a number."
        )
    return times[:n_timesteps]


def dates_of(series: Any) -> tuple[Array | None, str | None]:
    """Dates of the rows of a DataFrame or Series of pandas', if its index has them, and the index's name."""
    pandas = sys.modules.get("pandas")  # there are no such tables unless it is imported
    index: Any = getattr(series, "index", None)
    if pandas is not None and isinstance(index, pandas.PeriodIndex):
        index = index.to_timestamp()
    if pandas is None or not isinstance(index, pandas.DatetimeIndex):
        return None, None
    name = index.name if isinstance(index.name, str) else None
    return np.asarray(index.tz_localize(None)), name  # as the clock there shows them


def on_axis(axis: "Axes", times: Array) -> NDArray[np.float64]:
    """Times as the numbers that matplotlib has for them, dates also, once something is drawn over them."""
    numbers = axis.xaxis.convert_units(times)  # type: ignore[no-untyped-call]
    return np.asarray(numbers, dtype=np.float64)


def shade_steps(
    axis: "Axes", times: Array, steps: Array, height: tuple[float, float] = (0, 1), **style: Any
) -> "PolyCollection":
    """Shade the marked steps, each half a step to either side.

    Parameters
    ----------
    axis : Axes
        Where to; its limits stay as they are.
    times : ndarray of shape (n_timesteps,)
        Where the steps are; something must have been drawn over them before.
    steps : ndarray of shape (n_timesteps,), bool
        Which to shade.
    height : tuple of float, default=(0, 1)
        From where to where, as shares of the height of the axes; above 1, it is above them.
    **style : dict
        Properties of the collection.

    Returns
    -------
    areas : PolyCollection
        A rectangle for each run of marked steps.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.transforms import Bbox, TransformedBbox

    places = on_axis(axis, times)
    half = np.diff(places) / 2 if len(places) > 1 else np.array([0.5])
    bounds = np.concatenate([[places[0] - half[0]], places[1:] - half[: len(places) - 1], [places[-1] + half[-1]]])
    edges = bounds[np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]).astype(np.int8)))]
    low, high = height
    corners = [[(left, low), (left, high), (right, high), (right, low)] for left, right in edges.reshape(-1, 2)]
    areas = PolyCollection(corners, transform=axis.get_xaxis_transform(), **style)
    axis.add_collection(areas, autolim=False)
    areas.set_clip_box(TransformedBbox(Bbox.from_extents(0, 0, 1, max(1.0, high)), axis.transAxes))
    return areas


def tidy_time(axis: "Axes", most: int, counts_steps: bool) -> None:
    """Few ticks on the time axis, as many as have room: whole steps, numbers, or dates without repetition.

    Parameters
    ----------
    axis : Axes
        What to draw is drawn, and its figure has the size that it will have.
    most : int
        How many intervals between ticks there are at most.
    counts_steps : bool
        Whether ticks are whole numbers.
    """
    from matplotlib.dates import AutoDateLocator
    from matplotlib.ticker import MaxNLocator

    locator = axis.xaxis.get_major_locator()
    if isinstance(locator, AutoDateLocator):
        _tidy_dates(axis, most)
    elif isinstance(locator, MaxNLocator):
        steps = [1, 2, 5, 10] if counts_steps else [1, 2, 2.5, 5, 10]
        for n in range(most, 0, -1):
            axis.xaxis.set_major_locator(MaxNLocator(n, steps=steps, integer=counts_steps, min_n_ticks=1))
            if _has_room(axis):
                break
    _lower_label(axis)


def _tidy_dates(axis: "Axes", most: int) -> None:
    """Few dates without repetition, as many as have room."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FixedLocator

    for n in range(most, 2, -1):
        # Where two hours are asked for at least, 119 minutes must do, in steps of at most 30: that takes five ticks.
        locator = AutoDateLocator(minticks=2 if n >= 5 else 1, maxticks=n)  # type: ignore[no-untyped-call]
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        if _has_room(axis):
            return
    axis.xaxis.set_major_locator(FixedLocator(_ticks(axis)[::3].tolist()))


def _ticks(axis: "Axes") -> NDArray[np.float64]:
    """Ticks of the time axis that are within its limits."""
    left, right = sorted(axis.get_xlim())
    places = np.asarray(axis.xaxis.get_majorticklocs(), dtype=np.float64)
    return places[(left <= places) & (places <= right)]


def _has_room(axis: "Axes") -> bool:
    """Whether the labels of the time axis stand apart."""
    places = _ticks(axis)
    if len(places) < 2:
        return True
    longest = max(map(len, axis.xaxis.get_major_formatter().format_ticks(list(places))))
    inches = axis.get_window_extent().width / axis.figure.dpi
    return bool((longest + 1) * _DIGIT <= np.diff(places).min() / np.ptp(axis.get_xlim()) * inches)


def _lower_label(axis: "Axes") -> None:
    """Set the label of a narrow time axis below the year, or whatever its ticks have in common, at its end."""
    from matplotlib import rcParams

    inches = axis.get_window_extent().width / axis.figure.dpi
    axis.xaxis.labelpad = rcParams["axes.labelpad"]
    if inches < _NARROW and axis.xaxis.get_major_formatter().get_offset():
        axis.xaxis.labelpad += _LINE
