"""What the pictures share: colours, styles, lines with gaps, and few ticks on the axis of values."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "BLUE",
    "DARK",
    "GREEN",
    "OKABE_ITO",
    "RASTERIZE_FROM",
    "VERMILION",
    "draw_line",
    "merge_style",
    "span_decades",
    "tidy_log",
    "tidy_values",
]

Array = NDArray[Any]
Style = Mapping[str, Any]

DARK, BLUE, VERMILION, GREEN = "0.25", "#0072B2", "#D55E00", "#009E73"
# M. Okabe, K. Ito, "Color universal design", 2008: told apart in every kind of colour vision. The pale ones are last.
OKABE_ITO = (BLUE, VERMILION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

# Vector files of so many points are slow to open: from here on, points are pixels in them.
RASTERIZE_FROM = 5000
# From here on, a logarithmic axis has enough powers of ten.
_WIDE_RANGE = 1000


def merge_style(kind: "type[Artist]", style: Style, given: Style | None) -> dict[str, Any]:
    """Put the user's style over ours, by whichever of matplotlib's names for it ("lw" or "linewidth")."""
    from matplotlib.cbook import normalize_kwargs

    return {**normalize_kwargs(dict(style), kind), **normalize_kwargs(dict(given or {}), kind)}


def span_decades(*values: Array) -> bool:
    """Whether all values are positive, the largest at least ten times the smallest: then a log scale shows more."""
    together = np.concatenate([np.ravel(each) for each in values])
    finite = together[np.isfinite(together)]
    return bool(len(finite) and finite.min() > 0 and finite.max() >= 10 * finite.min())


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


def tidy_values(axis: "Axes") -> None:
    """Few ticks on the axis of values."""
    from matplotlib.ticker import MaxNLocator

    axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def tidy_log(axis: "Axes") -> None:
    """A logarithmic axis of values with a few plain numbers at its ticks, or with powers of ten over a wide range."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_yscale("log")
    axis.yaxis.set_minor_formatter(NullFormatter())
    low, high = axis.get_ylim()
    if high >= _WIDE_RANGE * low:
        return
    if high < 10 * low:  # may hold no round number of a logarithmic scale
        tidy_values(axis)
    else:
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
