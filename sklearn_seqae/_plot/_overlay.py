"""A sequence and its reconstruction in the same axes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._plot._drawing import DARK, RASTERIZE_FROM, VERMILION, draw_line, merge_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["FILLED", "draw_overlay", "is_filled", "length_of", "overlay_styles"]

Array = NDArray[Any]
Style = Mapping[str, Any]

FILLED = "filled in"


def overlay_styles(original: Style | None, reconstruction: Style | None) -> tuple[dict[str, Any], dict[str, Any]]:
    from matplotlib.lines import Line2D

    return (
        merge_style(Line2D, {"color": DARK, "linewidth": 1.5, "label": "original"}, original),
        merge_style(Line2D, {"color": VERMILION, "linewidth": 1.2, "label": "reconstruction"}, reconstruction),
    )


def draw_overlay(
    axis: "Axes", times: Array, original: Array, reconstruction: Array, style: Style, reconstruction_style: Style
) -> "tuple[Artist, Artist, Artist | None, Artist]":
    """One channel of one sequence: its line, that of the reconstruction, the dashed one, and the error."""
    line = draw_line(axis, times, original, **style)
    missing = np.isnan(original)
    drawn = draw_line(axis, times, np.where(missing, np.nan, reconstruction), **reconstruction_style)
    color = drawn.get_color()
    filled = None
    if is_filled(original, reconstruction).any():
        # Dashes reach to the neighbours on either side of a gap.
        around = missing | np.append(missing[1:], False) | np.append(False, missing[:-1])
        dashed = dict(reconstruction_style) | {"linestyle": (0, (1.5, 1)), "label": FILLED}
        filled = draw_line(axis, times, np.where(around, reconstruction, np.nan), **dashed)
    rasterized = len(times) >= RASTERIZE_FROM
    area = axis.fill_between(
        times, original, reconstruction, color=color, alpha=0.25, linewidth=0, label="error", rasterized=rasterized
    )
    return line, drawn, filled, area


def is_filled(original: Array, reconstruction: Array) -> Array:
    """Where there is a reconstruction of a value that is missing."""
    return np.isnan(original) & ~np.isnan(reconstruction)


def length_of(sequence: Array) -> int:
    """Steps up to the last one with a value."""
    observed = np.flatnonzero(~np.isnan(sequence).all(axis=1))
    return int(observed[-1]) + 1 if len(observed) else len(sequence)
