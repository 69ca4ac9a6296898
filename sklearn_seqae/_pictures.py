"""The command line's pictures: sequences beside their reconstructions. They need matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MAX_CHANNELS", "draw_images", "draw_sequences", "save_figure"]

Array = NDArray[Any]

MAX_CHANNELS = 4
# Dark grey and the vermilion of Okabe and Ito's palette: told apart in every kind of colour vision, and in print.
_ORIGINAL = "0.25"
_RECONSTRUCTION = "#D55E00"


def draw_images(rows: Mapping[str, Array]) -> "Figure":
    """Draw rows of small images, one above the other.

    Parameters
    ----------
    rows : mapping of str to ndarray of shape (n_images, height, width)
        Images by the label of their row. Black is the highest value of the first row.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    originals = next(iter(rows.values()))
    n_images = len(originals)
    layout = ConstrainedLayoutEngine(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)
    figure = Figure(figsize=(0.62 * n_images + 1.2, 0.65 * len(rows)), layout=layout)
    axes = figure.subplots(len(rows), n_images, squeeze=False)
    for row, (label, images) in enumerate(rows.items()):
        for axis, image in zip(axes[row], images, strict=True):
            axis.imshow(image, cmap="gray_r", vmin=originals.min(), vmax=originals.max())
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(color="0.8", linewidth=0.5)
        axes[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=6)
    return figure


def draw_sequences(names: Sequence[str], originals: Sequence[Array], reconstructions: Sequence[Array]) -> "Figure":
    """Draw sequences over time with their reconstructions: a column per sequence, a row per channel.

    Parameters
    ----------
    names : sequence of str
        Titles of the columns.
    originals, reconstructions : sequence of ndarray of shape (n_timesteps_i, n_channels)
        What to draw; NaN leaves a gap. Channels beyond the first `MAX_CHANNELS` are left out.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    n_channels = originals[0].shape[1]
    n_rows = min(n_channels, MAX_CHANNELS)
    figure = Figure(figsize=(2.1 * len(names) + 0.6, 1.35 * n_rows + 0.9), layout="constrained")
    axes = figure.subplots(n_rows, len(names), squeeze=False, sharex=True, sharey="row")
    for column, (name, original, reconstruction) in enumerate(zip(names, originals, reconstructions, strict=True)):
        for channel in range(n_rows):
            _draw_channel(axes[channel, column], original[:, channel], reconstruction[:, channel])
        axes[0, column].set_title(name, fontsize="medium")
        axes[-1, column].set_xlabel("time step")
    for channel in range(n_rows):
        axes[channel, 0].set_ylabel("value" if n_channels == 1 else f"channel {channel}")
    figure.legend(handles=axes[0, 0].get_legend_handles_labels()[0], loc="outside upper center", ncols=2, frameon=False)
    figure.align_ylabels()
    return figure


def _draw_channel(axis: "Axes", original: Array, reconstruction: Array) -> None:
    """One channel of one sequence; values without a neighbour, which no line would show, are dots."""
    from matplotlib.ticker import MaxNLocator

    for values, label, color, width in (
        (original, "original", _ORIGINAL, 1.6),
        (reconstruction, "reconstruction", _RECONSTRUCTION, 1.2),
    ):
        axis.plot(values, label=label, color=color, linewidth=width)
        gap = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
        alone = np.flatnonzero(~gap[1:-1] & gap[:-2] & gap[2:])
        if len(alone):
            axis.plot(alone, values[alone], ".", color=color, markersize=4)
    axis.spines[["top", "right"]].set_visible(False)
    axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure in the format of the path's suffix."""
    figure.savefig(path, dpi=200, bbox_inches="tight", pad_inches=0.05)
