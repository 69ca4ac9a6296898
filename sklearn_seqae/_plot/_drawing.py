"""What the pictures share: colours, lines with gaps, shaded steps, and names with their units.

matplotlib is imported inside functions only, so that the package works without it.
"""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

__all__ = [
    "BLUE",
    "DARK",
    "GREEN",
    "MAX_CHANNELS",
    "OKABE_ITO",
    "RASTERIZE_FROM",
    "VERMILION",
    "channel_labels",
    "draw_line",
    "merge_style",
    "on_axis",
    "pick_channels",
    "require_matplotlib",
    "shade_steps",
    "span_decades",
    "tidy_time",
    "times_of",
]

Array = NDArray[Any]
Style = Mapping[str, Any]

DARK, BLUE, VERMILION, GREEN = "0.25", "#0072B2", "#D55E00", "#009E73"
# M. Okabe, K. Ito, "Color universal design", 2008: told apart in every kind of colour vision. The pale ones are last.
OKABE_ITO = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

# Channels drawn where nobody says which.
MAX_CHANNELS = 4
# Vector files of so many points are slow to open: from here on, points are pixels in them.
RASTERIZE_FROM = 5000


def require_matplotlib(caller: str) -> None:
    """Say how to get matplotlib where it is missing.

    Parameters
    ----------
    caller : str
        What the user called.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{caller} needs matplotlib: pip install matplotlib") from error


def merge_style(kind: "type[Artist]", style: Style, given: Style | None) -> dict[str, Any]:
    """Put the user's style over ours, by whichever of matplotlib's names for it ("lw" or "linewidth")."""
    from matplotlib.cbook import normalize_kwargs

    return {**normalize_kwargs(dict(style), kind), **normalize_kwargs(dict(given or {}), kind)}


def span_decades(*values: Array) -> bool:
    """Whether all values are positive, the largest at least ten times the smallest: then a log scale shows more."""
    together = np.concatenate([np.ravel(each) for each in values])
    finite = together[np.isfinite(together)]
    return bool(len(finite) and finite.min() > 0 and finite.max() >= 10 * finite.min())


# Names and times


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


def channel_labels(names: Sequence[str] | None, units: str | Sequence[str] | None, n_channels: int) -> list[str]:
    """Labels of all channels, such as "pressure (kPa)".

    Parameters
    ----------
    names : sequence of str of length n_channels or None
        Names; None counts.
    units : str, sequence of str of length n_channels, or None
        Unit of all channels, or of each.
    n_channels : int
        How many channels there are.

    Returns
    -------
    labels : list of str

    Raises
    ------
    ValueError
        If there are more or fewer names or units than channels.
    """
    if names is None:
        names = ["value"] if n_channels == 1 else [f"channel {i}" for i in range(n_channels)]
    units = [units or ""] * n_channels if units is None or isinstance(units, str) else units
    for what, given in (("channel_names", names), ("units", units)):
        if isinstance(given, str) or len(given) != n_channels:
            raise ValueError(f"{what}={given!r} does not fit {n_channels} channels: pass one for each.")
    return [f"{name} ({unit})" if unit else str(name) for name, unit in zip(names, units, strict=True)]


def pick_channels(channels: Sequence[int | str] | None, names: Sequence[str] | None, n_channels: int) -> list[int]:
    """Which channels to draw.

    Parameters
    ----------
    channels : sequence of int or str, or None
        Positions or names; None stands for the first `MAX_CHANNELS`.
    names : sequence of str of length n_channels or None
        Names of all channels.
    n_channels : int
        How many channels there are.

    Returns
    -------
    positions : list of int

    Raises
    ------
    ValueError
        If there is no such channel, or none is asked for.
    """
    if channels is None:
        return list(range(min(n_channels, MAX_CHANNELS)))
    known = [] if names is None else list(names)
    positions = [known.index(each) if isinstance(each, str) and each in known else each for each in channels]
    for position in positions:
        if not (isinstance(position, Integral) and 0 <= position < n_channels):
            named = f" or one of {known}" if known else ""
            raise ValueError(f"There is no channel {position!r}: pass positions from 0 to {n_channels - 1}{named}.")
    if not positions:
        raise ValueError("channels is empty: pass at least one channel, or None.")
    return [int(position) for position in positions]


# Lines and areas


def on_axis(axis: "Axes", times: Array) -> NDArray[np.float64]:
    """Times as the numbers that matplotlib has for them, dates also, once something is drawn over them."""
    numbers = axis.xaxis.convert_units(times)  # type: ignore[no-untyped-call]
    return np.asarray(numbers, dtype=np.float64)


def draw_line(axis: "Axes", times: Array, values: Array, **style: Any) -> "Line2D":
    """Draw values over time. NaN leaves a gap; values without a neighbour, which no line would show, are dots."""
    style = {"rasterized": len(values) >= RASTERIZE_FROM} | style
    (line,) = axis.plot(times, values, **style)
    gap = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    alone = np.flatnonzero(~gap[1:-1] & gap[:-2] & gap[2:])
    if len(alone):
        dots = {"color": line.get_color(), "zorder": line.get_zorder(), "rasterized": style["rasterized"]}
        axis.plot(times[alone], values[alone], linestyle="none", marker=".", markersize=4, **dots)
    return line


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


def tidy_values(axis: "Axes") -> None:
    """Few ticks on the axis of values."""
    from matplotlib.ticker import MaxNLocator

    axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


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
