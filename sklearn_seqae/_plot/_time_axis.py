"""The time axis: where steps are on it, which are shaded, and its ticks."""

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

__all__ = ["on_axis", "shade_steps", "tidy_time", "times_of"]

Array = NDArray[Any]


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
    times = np.asarray(time)
    if times.ndim != 1 or len(times) < n_timesteps:
        raise ValueError(
            f"time has shape {times.shape}, but there are {n_timesteps} steps to draw: pass one value for each, or "
            "the time between steps as a number."
        )
    return times[:n_timesteps]


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


def tidy_time(axis: "Axes", n_ticks: int, counts_steps: bool) -> None:
    """Few ticks on the time axis: whole steps, or dates without repetition."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator

    if counts_steps:
        axis.xaxis.set_major_locator(MaxNLocator(n_ticks, steps=[1, 2, 5, 10], integer=True))
    elif isinstance(axis.xaxis.get_major_locator(), AutoDateLocator):
        locator = AutoDateLocator(minticks=2, maxticks=n_ticks)  # type: ignore[no-untyped-call]
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
