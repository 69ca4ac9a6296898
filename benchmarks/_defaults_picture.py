"""The picture of `defaults.py`: error against seconds, and the line of those that no other beats in both."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

__all__ = ["Point", "draw"]

# Of Okabe and Ito's palette: told apart in every kind of colour vision.
FRONTIER, BESIDE, MARKED = "#0072B2", "#767676", "#D55E00"
SIZE, MARKED_SIZE = 7, 11
# Where a label may stand, in points from its marker, with what of it is there; the best places first.
PLACES = (
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (0, 8, "center", "bottom"),
    (0, -8, "center", "top"),
    (8, 8, "left", "bottom"),
    (-8, 8, "right", "bottom"),
    (8, -8, "left", "top"),
    (-8, -8, "right", "top"),
    (0, 20, "center", "bottom"),
    (0, -20, "center", "top"),
)


class Point(NamedTuple):
    """What a candidate reaches, and how to show it."""

    label: str
    seconds: float
    error: float
    is_on_frontier: bool
    is_marked: bool


def draw(points: Sequence[Point], path: Path) -> None:
    """Draw all points on logarithmic axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)  # which knows the size of labels
    axes = figure.add_subplot()
    axes.plot(*zip(*places(frontier(points)), strict=True), color=FRONTIER, linewidth=1.5, zorder=1)
    for point in points:
        draw_point(axes, point)
    set_axes(axes)
    figure.draw_without_rendering()  # after which all is where it stays
    place_labels(axes, points)
    figure.savefig(path)


def frontier(points: Sequence[Point]) -> list[Point]:
    """Those that no other beats, from fast to slow."""
    return sorted((point for point in points if point.is_on_frontier), key=lambda point: point.seconds)


def places(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Where points are."""
    return [(point.seconds, point.error) for point in points]


def along(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spots on the line through these corners (n, 2)."""
    at = np.linspace(0, len(corners) - 1, 100 * len(corners))
    return np.stack([np.interp(at, np.arange(len(corners)), corners[:, i]) for i in range(2)], axis=1)


def draw_point(axes: "Axes", point: Point) -> None:
    """A marker: filled on the frontier, hollow beside it, a diamond where it is to be found at once."""
    axes.plot(
        point.seconds,
        point.error,
        "D" if point.is_marked else "o",
        color=colour(point),
        markersize=MARKED_SIZE if point.is_marked else SIZE,
        markerfacecolor=colour(point) if point.is_on_frontier else "white",
        markeredgewidth=1.8,
    )


def colour(point: Point) -> str:
    """Of a point and its label."""
    return MARKED if point.is_marked else FRONTIER if point.is_on_frontier else BESIDE


def set_axes(axes: "Axes") -> None:
    """Logarithmic axes with round numbers, which need not span a power of ten."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    axes.set(xscale="log", yscale="log")
    axes.margins(0.12)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel("seconds of a fit, geometric mean", fontsize=12)
    axes.set_ylabel("held-out squared error / that of PCA, geometric mean", fontsize=12)
    axes.tick_params(labelsize=12, length=0)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def place_labels(axes: "Axes", points: Sequence[Point]) -> None:
    """Put each label where it covers the least of what is there already; the most important ones first."""
    from matplotlib.transforms import Bbox

    half = SIZE * axes.figure.dpi / 72 / 2
    taken = [Bbox([centre - half, centre + half]) for centre in axes.transData.transform(places(points))]
    taken += [Bbox([spot - 2, spot + 2]) for spot in along(axes.transData.transform(places(frontier(points))))]
    for point in sorted(points, key=lambda point: (not point.is_marked, not point.is_on_frontier)):
        labels = [write_label(axes, point, *place) for place in PLACES]
        best = min(labels, key=lambda label: covered(label, taken, axes))
        for label in labels:
            if label is not best:
                label.remove()
        taken.append(best.get_window_extent())


def write_label(axes: "Axes", point: Point, x: float, y: float, ha: str, va: str) -> "Annotation":
    """A label in one of the places."""
    further = (MARKED_SIZE - SIZE) / 2 if point.is_marked else 0
    return axes.annotate(
        point.label,
        (point.seconds, point.error),
        (x + further * np.sign(x), y + further * np.sign(y)),
        textcoords="offset points",
        ha=ha,
        va=va,
        color=colour(point),
        fontsize=11,
        fontweight="bold" if point.is_marked else "normal",
    )


def covered(label: "Annotation", taken: Sequence["Bbox"], axes: "Axes") -> float:
    """How many square pixels of a label lie on something, or outside of the axes."""
    from matplotlib.transforms import Bbox

    box = label.get_window_extent()
    inside = Bbox.intersection(box, axes.bbox)
    outside = box.width * box.height - (inside.width * inside.height if inside else 0)
    overlaps = [overlap for other in taken if (overlap := Bbox.intersection(box, other)) is not None]
    return outside + sum(overlap.width * overlap.height for overlap in overlaps)
