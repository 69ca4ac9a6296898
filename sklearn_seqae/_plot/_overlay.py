"""A sequence and its reconstruction in the same axes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._plot._drawing import DARK, RASTERIZE_FROM, VERMILION, draw_line, merge_style
from sklearn_seqae._plot._time_axis import on_axis

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = [
    "AFTER",
    "FILLED",
    "check_shapes",
    "draw_overlay",
    "is_filled",
    "length_of",
    "overlay_styles",
    "shade_ends",
]

Array = NDArray[Any]
Style = Mapping[str, Any]

# What the legend says.
FILLED, AFTER = "filled in", "after the end"


def check_shapes(originals: Sequence[Array], reconstructions: Sequence[Array]) -> None:
    """Refuse sequences and reconstructions (n_timesteps_i, n_channels) that do not fit each other."""
    if len(originals) == 0 or len(originals) != len(reconstructions):
        raise ValueError(
            f"There are {len(originals)} sequences and {len(reconstructions)} reconstructions: pass as many, at least "
            "one."
        )
    n_channels = originals[0].shape[1]
    for i, (original, reconstruction) in enumerate(zip(originals, reconstructions, strict=True)):
        if original.shape != reconstruction.shape or original.shape[1] != n_channels:
            raise ValueError(
                f"Sequence {i} has the shape {original.shape}, its reconstruction {reconstruction.shape}: both must be "
                f"(n_timesteps, {n_channels})."
            )


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


def shade_ends(axes: Array, times: Array, lengths: Sequence[int]) -> "list[Artist]":
    """Grey from half a step behind the end of each sequence that is shorter than the longest; the areas.

    Parameters
    ----------
    axes : ndarray of Axes of shape (n_channels, n_sequences)
        Where the sequences are drawn.
    times : ndarray of shape (n_timesteps,)
        Where the steps of the longest are.
    lengths : sequence of int of length n_sequences
        Steps of each.
    """
    areas: list[Artist] = []
    limits = [axis.get_xlim() for axis in axes.ravel()]  # before any area widens them
    for (_, column), axis, (left, right) in zip(np.ndindex(axes.shape), axes.ravel(), limits, strict=True):
        length = lengths[column]
        if length < len(times):
            last, following = on_axis(axis, times[length - 1 : length + 1])
            areas.append(axis.axvspan((last + following) / 2, right, color="0.92", linewidth=0, zorder=0))
            areas[-1].set_label(AFTER)
        axis.set_xlim(left, right)
    return areas
