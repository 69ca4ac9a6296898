"""What points are coloured by: labels, each with a colour and a marker of its own, or values on a scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._containers import read_array
from sklearn_seqae._plot._drawing import OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Normalize

__all__ = [
    "Group",
    "add_color_scale",
    "add_legend",
    "are_values",
    "color_norm",
    "group_by_label",
    "is_missing",
    "legend_columns",
]

Array = NDArray[Any]

# More distinct numbers than this are read as values, not as names of classes.
_MOST_NUMBERED_CLASSES = 20
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
# P. Tol, "Colour schemes", 2021: the muted one, and black; told apart in every kind of colour vision, too.
_TOL = (
    "#332288", "#88CCEE", "#CC6677", "#117733", "#DDCC77", "#882255", "#44AA99", "#000000", "#999933", "#AA4499",
)  # fmt: skip
_NO_LABEL_COLOR = "0.7"
# Entries of a legend that stand below each other.
_LEGEND_LINES = 12
# A largest value so many times the median leaves the others one colour on a linear scale.
_SKEWED = 10


@dataclass(frozen=True)
class Group:
    """Points with the same label.

    Attributes
    ----------
    name : str
        The label.
    rows : ndarray of shape (n_points,), int64
        Which points.
    color, marker : str
        How matplotlib shall draw them.
    """

    name: str
    rows: NDArray[np.int64]
    color: Any
    marker: str


def is_missing(y: Any) -> NDArray[np.bool_]:
    """Where there is no label or value: None, NaN, NaT or pandas's NA."""
    values = read_array(y, "y")
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.array([each is None or type(each).__name__ in ("NAType", "NaTType") or each != each for each in values])


def are_values(y: Any) -> bool:
    """Whether `y` is read as values rather than as labels: fractions, or more than 20 different numbers."""
    numbers = read_array(y, "y")
    if numbers.dtype.kind not in "iuf":
        return False
    numbers = numbers[~is_missing(numbers)]
    return bool(np.any(numbers != np.floor(numbers))) or len(np.unique(numbers)) > _MOST_NUMBERED_CLASSES


def group_by_label(y: Any) -> list[Group]:
    """Points by label: in the order of a pandas categorical, otherwise sorted; those without a label come first.

    Parameters
    ----------
    y : array-like of shape (n_points,)
        Labels of any type. None and NaN stand for no label.

    Returns
    -------
    groups : list of Group
        Those without a label are first, so that they are drawn below the others.
    """
    labels, missing = read_array(y, "y"), is_missing(y)
    names = np.array([_name(label) for label in labels], dtype=object)
    groups = []
    if missing.any():
        groups.append(Group("no label", np.flatnonzero(missing), _NO_LABEL_COLOR, "o"))
    order = _order(y, labels[~missing])
    for name, color, marker in zip(order, _colors(len(order)), _markers(), strict=False):
        groups.append(Group(name, np.flatnonzero((names == name) & ~missing), color, marker))
    return groups


def _name(label: Any) -> str:
    return f"{label:g}" if isinstance(label, (float, np.floating)) else str(label)


def _order(y: Any, labels: Array) -> list[str]:
    """Names of the labels that occur, in order."""
    categories = getattr(getattr(y, "dtype", None), "categories", None)
    if categories is None:
        categories = getattr(getattr(getattr(y, "cat", None), "categories", None), "to_list", lambda: None)()
    present = {_name(label) for label in labels}
    if categories is not None:
        return [_name(category) for category in categories if _name(category) in present]
    try:
        return list(dict.fromkeys(_name(label) for label in np.unique(labels)))
    except TypeError:  # labels of several types, which cannot be compared
        return sorted(present)


def _colors(n: int) -> list[Any]:
    """Colours for `n` classes."""
    if n <= len(OKABE_ITO):
        return list(OKABE_ITO)
    if n <= len(_TOL):
        return list(_TOL)
    from matplotlib import colormaps

    return list(colormaps["turbo"](np.linspace(0.03, 0.97, n)))


def _markers() -> Iterator[str]:
    while True:
        yield from _MARKERS


# Legend and scale


def legend_columns(n_entries: int) -> int:
    """How many entries of a legend stand beside each other."""
    return -(-n_entries // _LEGEND_LINES)


def add_legend(axis: "Axes", n_entries: int, title: str | None = None, *, above: bool = False) -> None:
    """A legend beside the axes or above them, whose marks can be seen however small and pale the points are."""
    from matplotlib.collections import PathCollection

    legend = axis.legend(
        title=title,
        loc="lower left" if above else "upper left",
        bbox_to_anchor=(0.0, 1.0) if above else (1.0, 1.0),
        ncols=legend_columns(n_entries),
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.0,
    )
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set_alpha(1)
            handle.set_sizes([30])


def add_color_scale(axis: "Axes", points: "PathCollection", label: str) -> "Colorbar":
    """A colour scale beside the axes that is opaque, however pale the points are."""
    from matplotlib.cm import ScalarMappable

    colorbar = axis.figure.colorbar(ScalarMappable(points.norm, points.cmap), ax=axis, label=label)
    colorbar.outline.set_visible(False)
    return colorbar


def color_norm(values: NDArray[np.float64]) -> "Normalize":
    """A logarithmic scale where a few values are far above the others, a linear one elsewhere."""
    from matplotlib.colors import LogNorm, Normalize

    skewed = values.min() > 0 and values.max() > _SKEWED * np.median(values)
    return LogNorm() if skewed else Normalize()
