"""Axes in rows and columns, with a legend above them, wherever the user wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.gridspec import GridSpecFromSubplotSpec, SubplotSpec

__all__ = ["Panels", "entry_width", "make_panels"]

Array = NDArray[Any]

# Inches, at matplotlib's usual font size: a line of text, the handle of a legend's entry with its spaces, a letter.
_LINE, _HANDLE, _LETTER = 0.22, 0.48, 0.078
# Inches that stay free at both edges of a figure together.
_EDGES = 0.2


@dataclass(frozen=True)
class Panels:
    """Axes in rows and columns.

    Attributes
    ----------
    axes : ndarray of shape (n_rows, n_columns)
        The axes.
    bounding_ax : Axes or None
        The axes within whose bounds they are, which hold nothing; None where the user gave them one by one.
    legend_ax : Axes or None
        Empty axes above them for a legend.
    legend_columns : int
        How many entries of the legend stand beside each other.
    """

    axes: Array
    bounding_ax: "Axes | None" = None
    legend_ax: "Axes | None" = None
    legend_columns: int = 1

    @property
    def figure(self) -> "Figure":
        return self.axes[0, 0].figure

    def add_legend(self, handles: "Sequence[Artist]") -> None:
        """Add a legend above the panels; where axes were given, in the first of them."""
        if self.legend_ax is None:
            self.axes[0, 0].legend(handles=handles, loc="best")
            return
        self.legend_ax.legend(
            handles=handles,
            loc="center",
            ncols=self.legend_columns,
            frameon=False,
            borderaxespad=0,
            columnspacing=1.2,
            handlelength=1.6,
            handletextpad=0.5,
        )


def make_panels(
    ax: Any, n_rows: int, n_columns: int, *, size: tuple[float, float], labels: Sequence[str], title_lines: int = 0
) -> Panels:
    """Make axes in rows and columns that share time, and in each row values; or take those that the user gives.

    Parameters
    ----------
    ax : Axes, array-like of Axes, or None
        Axes within whose bounds to make them, or the axes themselves; None makes a figure.
    n_rows, n_columns : int
        How many.
    size : tuple of float
        Width and height in inches of the figure, if one is made; a legend of several lines makes it higher.
    labels : sequence of str
        Texts of the legend that is to come, for which there is room left; empty where none is.
    title_lines : int, default=0
        Lines of the titles that are to come.

    Returns
    -------
    Panels

    Raises
    ------
    ValueError
        If the number of given axes is another, or they have no place in a grid.
    """
    if isinstance(ax, (list, tuple, np.ndarray)):
        axes = np.array(ax, dtype=object)
        if axes.size != n_rows * n_columns:
            raise ValueError(f"ax holds {axes.size} axes, but {n_rows} × {n_columns} are needed: pass as many, or one.")
        return Panels(axes.reshape(n_rows, n_columns))
    if ax is None:
        import matplotlib.pyplot as plt

        width, height = size
        more_lines = max(_legend_lines(labels, _legend_columns(labels, width - _EDGES)) - 1, 0)
        ax = plt.figure(figsize=(width, height + _LINE * more_lines), layout="constrained").add_subplot()
    if ax.get_subplotspec() is None:
        raise ValueError(
            "ax has no place in a grid, so it cannot be divided: make it with plt.subplots or figure.add_subplot."
        )
    ax.set_axis_off()
    legend_ax, spec, n_beside = _set_legend_apart(ax, labels, title_lines)
    return Panels(_fill(ax.figure, spec.subgridspec(n_rows, n_columns)), ax, legend_ax, n_beside)


def _set_legend_apart(ax: "Axes", labels: Sequence[str], title_lines: int) -> "tuple[Axes | None, SubplotSpec, int]":
    """Divide axes into some for the legend and a place for the rest; and how wide the legend is, in entries."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure, spec = ax.figure, ax.get_subplotspec()
    assert spec is not None
    if not labels:
        return None, spec, 1
    arranged = isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine)
    bounds = ax.get_window_extent()
    # This engine leaves room for titles by itself, and widens the axes of a grid of one up to the figure's edge.
    alone = arranged and spec.get_gridspec().ncols == 1
    width = figure.bbox.width / figure.dpi - _EDGES if alone else bounds.width / figure.dpi
    n_beside = _legend_columns(labels, width)
    above = _LINE * _legend_lines(labels, n_beside)
    gap = 0.0 if arranged else _LINE * title_lines + 0.05
    below = max(bounds.height / figure.dpi - above - gap, 0.1)
    # matplotlib counts the gap in mean heights.
    halves = spec.subgridspec(2, 1, height_ratios=[above, below], hspace=0.1 if arranged else 2 * gap / (above + below))
    legend_ax = figure.add_subplot(halves[0])
    legend_ax.set_axis_off()
    return legend_ax, halves[1], n_beside


def _fill(figure: "Figure | SubFigure", grid: "GridSpecFromSubplotSpec") -> Array:
    """Axes in each place of a grid."""
    axes = np.empty((grid.nrows, grid.ncols), dtype=object)
    for row, column in np.ndindex(axes.shape):
        axis = figure.add_subplot(grid[row, column], sharex=axes[0, 0], sharey=axes[row, 0])
        axis.label_outer()
        axes[row, column] = axis
    return axes


def entry_width(label: str) -> float:
    """About how many inches an entry of a legend takes."""
    return _HANDLE + _LETTER * len(label)


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """How many entries of a legend stand beside each other in `width` inches."""
    widths = [entry_width(label) for label in labels]
    for n_columns in range(len(labels), 1, -1):
        # matplotlib fills column by column.
        if sum(max(column) for column in np.array_split(widths, n_columns)) <= width:
            return n_columns
    return 1


def _legend_lines(labels: Sequence[str], n_columns: int) -> int:
    """How many lines a legend has."""
    return -(-len(labels) // n_columns)
