"""The command line's pictures, drawn without a window and written to files. They need matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_images", "make_axes", "save_figure"]

Array = NDArray[Any]


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


def make_axes(size: tuple[float, float]) -> "Axes":
    """Empty axes in a figure of this width and height in inches, which no window will show."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained").add_subplot()


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure in the format of the path's suffix."""
    figure.savefig(path, dpi=200, bbox_inches="tight", pad_inches=0.05)
