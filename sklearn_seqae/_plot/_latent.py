"""`LatentDisplay`: the codes of sequences as points."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sklearn_seqae._data._containers import read_floats, read_names
from sklearn_seqae._plot._coloring import (
    Group,
    add_color_scale,
    add_legend,
    are_values,
    color_norm,
    group_by_label,
    is_missing,
    legend_columns,
)
from sklearn_seqae._plot._display import AxesDisplay
from sklearn_seqae._plot._drawing import BLUE, RASTERIZE_FROM, merge_style
from sklearn_seqae._plot._panels import entry_width
from sklearn_seqae._plot._projection import Plane, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colorbar import Colorbar

__all__ = ["LatentDisplay"]

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Style = Mapping[str, Any]

# Width and height in inches of the axes with their labels, and of what a colour scale takes besides.
_SIZE, _COLORBAR = (4.4, 3.7), 0.9
_NO_VALUE_COLOR = "0.7"


class LatentDisplay(AxesDisplay):
    """Codes of sequences as points in the plane, coloured by labels or by a value such as the error.

    Codes of two values are drawn as they are, wider ones by their first two principal components. Codes of one value
    are drawn against their rank, among those with the same label: the curve is the share of sequences with at most
    this code.

    Make it with :meth:`from_estimator` or :meth:`from_predictions`. The parameters are stored as attributes.

    Parameters
    ----------
    codes : array-like or DataFrame of shape (n_sequences, n_components)
        Codes. Column names label the axes.
    labels : array-like of shape (n_sequences,) or None, default=None
        A label of any type for each, None or NaN where there is none.
    values : array-like of shape (n_sequences,) or None, default=None
        A number for each to colour by instead, NaN where there is none.
    color_label : str or None, default=None
        What `labels` or `values` are, with their unit: title of the legend, label of the colour scale.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.
    scatters_ : list of matplotlib PathCollection
        The points: those without a label or value first, if there are any, then a collection for each label.
    colorbar_ : matplotlib Colorbar or None
        The colour scale of `values`.
    points_ : ndarray of shape (n_sequences, 2)
        Where the points are.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sklearn_seqae import LatentDisplay
    >>> codes = np.random.default_rng(0).normal(size=(100, 3)) * [1, 3, 2]
    >>> display = LatentDisplay.from_predictions(codes, np.where(codes[:, 1] > 0, "up", "down"))
    >>> display.ax_.get_xlabel()
    'principal component 1 (65 % of the variance)'
    >>> plt.close(display.figure_)
    """

    scatters_: "list[PathCollection]"
    colorbar_: "Colorbar | None"
    points_: Float64

    def __init__(self, codes: Any, *, labels: Any = None, values: Any = None, color_label: str | None = None) -> None:
        self.codes = codes
        self.labels = labels
        self.values = values
        self.color_label = color_label

    def plot(
        self, ax: "Axes | None" = None, *, projection: str = "auto", scatter_kwargs: Style | None = None
    ) -> "LatentDisplay":
        """Draw the codes.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw. None makes a figure, in which both axes of a plane have the same scale.
        projection : {"auto", "first", "pca"}, default="auto"
            Which plane: that of the first two columns or of the first two principal components; "auto" is "pca" for
            codes of more than two values.
        scatter_kwargs : dict or None, default=None
            Properties of the points, such as ``{"s": 3}``. Many points are small and translucent by default.

        Returns
        -------
        display : LatentDisplay
            The display, with what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If the codes are not a table of numbers, or an argument does not fit them.
        """
        self._require_matplotlib("plot")
        codes = self._check()
        groups = [] if self.labels is None else group_by_label(self.labels)
        plane = self._plane(codes, projection, groups)
        self.points_ = plane.points
        width, height = _SIZE
        self._take_axes(ax, (width + self._side_width(groups), height))
        self._scatter(groups, scatter_kwargs)
        self.ax_.set_xlabel(plane.axis_labels[0])
        self.ax_.set_ylabel(plane.axis_labels[1])
        if ax is None and plane.comparable:
            self._scale_equally()
        return self

    def _check(self) -> Float64:
        """The codes as an array, once all arguments fit them."""
        codes: Float64 = check_array(read_floats(self.codes, "codes"), input_name="codes")
        if self.labels is not None and self.values is not None:
            raise ValueError("Both labels and values are given, but points have one colour: pass one of them.")
        for name, given in (("labels", self.labels), ("values", self.values)):
            shape = np.shape(given) if given is not None else (len(codes),)
            if shape != (len(codes),):
                raise ValueError(f"{name} has shape {shape}, but there are {len(codes)} codes: pass one for each.")
        return codes

    def _plane(self, codes: Float64, projection: str, groups: list[Group]) -> Plane:
        names = read_names(self.codes) or [f"code value {i}" for i in range(codes.shape[1])]
        return project(codes, projection, names, [group.rows for group in groups] or [np.arange(len(codes))])

    def _side_width(self, groups: list[Group]) -> float:
        """About how many inches the legend or the colour scale takes."""
        if not groups:
            return _COLORBAR if self.values is not None else 0.0
        widest = max(entry_width(group.name) for group in groups)
        return max(legend_columns(len(groups)) * widest, entry_width(self.color_label or ""))

    def _scale_equally(self) -> None:
        """Make a step to the right as long as a step up."""
        # The limits are widened at every change of the axes' shape, so the legend has to find its place first.
        self.figure_.draw_without_rendering()
        self.ax_.set_aspect("equal", adjustable="datalim")
        self.ax_.locator_params(nbins=6)

    def _scatter(self, groups: list[Group], given: Style | None) -> None:
        n = len(self.points_)
        style: dict[str, Any] = {
            "s": np.clip(600 / np.sqrt(n), 6, 30),  # 400 points are 5 typographic points wide, 10,000 are 2
            "alpha": np.clip(8 / n**0.35, 0.5, 0.9),
            "linewidths": 0,
            "rasterized": n >= RASTERIZE_FROM,
        }
        self.colorbar_ = None
        if self.values is not None:
            self.scatters_ = self._scatter_values(style, given)
        elif groups:
            self.scatters_ = [self._scatter_group(group, style, given) for group in groups]
            add_legend(self.ax_, len(groups), self.color_label)
        else:
            self.scatters_ = [self._points(slice(None), {**style, "color": BLUE}, given)]

    def _points(self, rows: Any, style: Style, given: Style | None) -> "PathCollection":
        from matplotlib.collections import PathCollection

        x, y = self.points_[rows].T
        return self.ax_.scatter(x, y, **merge_style(PathCollection, style, given))

    def _scatter_group(self, group: Group, style: Style, given: Style | None) -> "PathCollection":
        return self._points(
            group.rows, {**style, "color": group.color, "marker": group.marker, "label": group.name}, given
        )

    def _scatter_values(self, style: Style, given: Style | None) -> "list[PathCollection]":
        """Points of a colour scale, those without a value grey and below the others."""
        values = read_floats(self.values, "values")
        missing = is_missing(values)
        scatters = []
        if missing.any():
            scatters.append(self._points(missing, {**style, "color": _NO_VALUE_COLOR, "label": "no value"}, given))
            add_legend(self.ax_, 1, above=True)
        if not missing.all():
            rows = np.flatnonzero(~missing)
            rows = rows[np.argsort(values[rows], kind="stable")]  # the highest on top
            colored = {**style, "c": values[rows], "norm": color_norm(values[rows]), "cmap": "viridis_r"}
            scatters.append(self._points(rows, colored, given))
            self.colorbar_ = add_color_scale(self.ax_, scatters[-1], self.color_label or "value")
        return scatters

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: Any = None,
        color_by: str | None = "labels",
        color_label: str | None = None,
        ax: "Axes | None" = None,
        **plot_kwargs: Any,
    ) -> "LatentDisplay":
        """Encode sequences and draw their codes.

        Parameters
        ----------
        estimator : LSTMAutoencoder
            A fitted autoencoder, or a pipeline that ends in one.
        X : array-like or list of array-likes
            Sequences like those of the fit.
        y : array-like of shape (n_sequences,) or None, default=None
            Labels or values, as in :meth:`from_predictions`.
        color_by : {"labels", "error"} or None, default="labels"
            "labels" colours by `y`, if it is given; "error" by the root mean squared error of the reconstruction, in
            standard deviations (SD) of the training data's channels; None leaves all points one colour.
        color_label : str or None, default=None
            Title of the legend or label of the colour scale.
        ax, **plot_kwargs
            As in :meth:`plot`.

        Returns
        -------
        display : LatentDisplay
            The display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator does not encode.
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require(estimator, "transform", "pass an LSTMAutoencoder, or a pipeline that ends in one.")
        if color_by not in ("labels", "error", None):
            raise ValueError(f'color_by must be "labels", "error" or None, got {color_by!r}.')
        codes = estimator.transform(X)
        if color_by != "error":
            y = y if color_by == "labels" else None
            return cls.from_predictions(codes, y, color_label=color_label, ax=ax, **plot_kwargs)
        errors = np.sqrt(-estimator.score_samples(X))
        label = "root mean squared error (SD)" if color_label is None else color_label
        return cls(codes, values=errors, color_label=label).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls, codes: Any, y: Any = None, *, color_label: str | None = None, ax: "Axes | None" = None, **plot_kwargs: Any
    ) -> "LatentDisplay":
        """Draw given codes.

        Parameters
        ----------
        codes : array-like or DataFrame of shape (n_sequences, n_components)
            Codes, as :meth:`LSTMAutoencoder.transform` returns them.
        y : array-like of shape (n_sequences,) or None, default=None
            What to colour by. Fractions, or more than 20 different numbers, are values on a scale; anything else is
            labels.
        color_label : str or None, default=None
            Title of the legend or label of the colour scale; None stands for the name of `y`, if it is a pandas
            Series.
        ax, **plot_kwargs
            As in :meth:`plot`.

        Returns
        -------
        display : LatentDisplay
            The display.

        Raises
        ------
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require_matplotlib("from_predictions")
        if color_label is None and getattr(y, "name", None) is not None:
            color_label = str(y.name)
        colors = {} if y is None else {"values" if are_values(y) else "labels": y}
        return cls(codes, **colors, color_label=color_label).plot(ax, **plot_kwargs)
