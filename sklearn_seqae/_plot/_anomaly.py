"""`AnomalyDisplay`: a long series above its anomaly score."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._containers import read_array, read_floats, read_names
from sklearn_seqae._plot._display import PanelDisplay
from sklearn_seqae._plot._drawing import BLUE, DARK, GREEN, VERMILION, draw_line, merge_style, tidy_log
from sklearn_seqae._plot._time_axis import dates_of, shade_steps
from sklearn_seqae._windows import sliding_windows, stitch_windows

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

__all__ = ["AnomalyDisplay"]

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Style = Mapping[str, Any]

# The band of known anomalies lies above the data, in shares of the height of the axes.
_BAND = (1.02, 1.09)


class AnomalyDisplay(PanelDisplay):
    """A series above its anomaly score, with the threshold and the steps beyond it.

    Each channel has axes of its own. Steps whose score is above the threshold are shaded; a bar above the axes marks
    known anomalies.

    Make it with :meth:`from_estimator` or :meth:`from_predictions`. The parameters are stored as attributes.

    Parameters
    ----------
    series : array-like or DataFrame of shape (n_timesteps,) or (n_timesteps, n_channels)
        The series; NaN leaves a gap.
    scores : array-like of shape (n_timesteps,)
        Score of each step, the higher, the more unusual; NaN where there is none.
    threshold : float or None, default=None
        What is above is an alarm.
    labels : array-like of shape (n_timesteps,) or None, default=None
        True, or 1, at known anomalies.
    channel_names : list of str or None, default=None
        Names of all channels; None takes the column names of a DataFrame that are strings.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : ndarray of matplotlib Axes of shape (n_channels_drawn + 1,)
        The axes of the channels, and last that of the score.
    bounding_ax_ : matplotlib Axes or None
        The axes within whose bounds the others are; None where axes were given one by one.
    lines_ : list of matplotlib Line2D
        A line for each channel drawn.
    score_line_ : matplotlib Line2D
        The score.
    threshold_line_ : matplotlib Line2D or None
        The threshold.
    alarm_areas_, label_areas_ : list of matplotlib PolyCollection
        What is shaded, for each axes: steps above the threshold, known anomalies; empty without threshold or labels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sklearn_seqae import AnomalyDisplay
    >>> series = np.sin(np.arange(200) / 5)
    >>> series[120:125] += 2
    >>> display = AnomalyDisplay.from_predictions(series, np.abs(series), threshold=1.2, time=0.1, xlabel="time (s)")
    >>> display.ax_[-1].get_xlabel()
    'time (s)'
    >>> plt.close(display.figure_)
    """

    lines_: "list[Line2D]"
    score_line_: "Line2D"
    threshold_line_: "Line2D | None"
    alarm_areas_: "list[PolyCollection]"
    label_areas_: "list[PolyCollection]"

    def __init__(
        self,
        series: Any,
        scores: ArrayLike,
        threshold: float | None = None,
        *,
        labels: ArrayLike | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> None:
        self.series = series
        self.scores = scores
        self.threshold = threshold
        self.labels = labels
        self.channel_names = channel_names

    def plot(
        self,
        ax: Any = None,
        *,
        channels: Sequence[int | str] | None = None,
        units: str | Sequence[str] | None = None,
        time: Any = None,
        xlabel: str | None = None,
        log: bool = False,
        series_kwargs: Style | None = None,
        score_kwargs: Style | None = None,
    ) -> "AnomalyDisplay":
        """Draw the series and the score.

        Parameters
        ----------
        ax : matplotlib Axes, array-like of Axes, or None, default=None
            One Axes is divided; of several there must be one for each channel and one for the score. None makes a
            figure.
        channels, units, time, xlabel
            Which channels to draw, their units, the time of the steps and what it is called: as in
            :meth:`ReconstructionDisplay.plot`; where `time` is None, the dates that pandas' index has.
        log : bool, default=False
            Whether the score has a logarithmic scale.
        series_kwargs, score_kwargs : dict or None, default=None
            Properties of the lines.

        Returns
        -------
        display : AnomalyDisplay
            The display, with what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If an argument does not fit the series.
        """
        self._require_matplotlib("plot")
        series, scores, known = self._read()
        if time is None:
            time, name = dates_of(self.series)
            xlabel = xlabel or name
        view = self._view(series.shape[1], len(series), channels=channels, units=units, time=time, xlabel=xlabel)
        ylabels = [*view.ylabels, "score"]
        size, texts = (6.5, 1.05 * len(ylabels) + 1.2), self._legend_texts(known)
        panels = self._take_panels(ax, (len(ylabels), 1), size=size, labels=texts)
        self.ax_ = panels.axes[:, 0]
        self._draw_lines(view.times, series[:, view.channels], scores, series_kwargs, score_kwargs)
        self._shade(view.times, scores, known)
        for axis in self.ax_:
            axis.margins(x=0.01)
        self._dress(ylabels, view, n_ticks=7)
        if log:
            tidy_log(self.ax_[-1])
        if texts:
            panels.add_legend(self._legend_handles())
        return self

    def _read(self) -> tuple[Float64, Float64, Bool | None]:
        """Series (n_timesteps, n_channels), scores and known anomalies, once they fit each other."""
        series = read_floats(self.series, "series")
        series = series[:, np.newaxis] if series.ndim == 1 else series
        if series.ndim != 2 or 0 in series.shape:
            raise ValueError(f"series has shape {series.shape}: pass (n_timesteps,) or (n_timesteps, n_channels).")
        scores = read_floats(self.scores, "scores")
        labels = None if self.labels is None else read_array(self.labels, "labels")
        for name, given in (("scores", scores), ("labels", labels)):
            if given is not None and given.shape != (len(series),):
                raise ValueError(
                    f"{name} has shape {given.shape}, but the series has {len(series)} steps: pass one for each step."
                )
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise ValueError(f"threshold={self.threshold!r} is not a finite number: pass one, or None.")
        return series, scores, None if labels is None else _as_flags(labels)

    def _names(self) -> Sequence[str] | None:
        return read_names(self.series) if self.channel_names is None else self.channel_names

    def _draw_lines(
        self, times: Array, series: Float64, scores: Float64, series_kwargs: Style | None, score_kwargs: Style | None
    ) -> None:
        from matplotlib.lines import Line2D

        width = 1.2 if len(times) < 2000 else 0.7
        style = merge_style(Line2D, {"color": DARK, "linewidth": width}, series_kwargs)
        self.lines_ = [
            draw_line(axis, times, values, **style) for axis, values in zip(self.ax_[:-1], series.T, strict=True)
        ]
        style = merge_style(Line2D, {"color": BLUE, "linewidth": width}, score_kwargs)
        self.score_line_ = draw_line(self.ax_[-1], times, scores, **style)
        self.threshold_line_ = None
        if self.threshold is not None:
            self.threshold_line_ = self.ax_[-1].axhline(
                self.threshold, color="black", linestyle=(0, (4, 2)), linewidth=1.0, label="threshold"
            )

    def _shade(self, times: Array, scores: Float64, known: Bool | None) -> None:
        # An edge keeps a single step of a long series visible.
        style: dict[str, Any] = {"linewidth": 0.8, "zorder": 0.5}
        self.alarm_areas_, self.label_areas_ = [], []
        if self.threshold is not None:
            alarms = {**style, "color": VERMILION, "alpha": 0.3, "label": "above the threshold"}
            self.alarm_areas_ = [shade_steps(axis, times, scores > self.threshold, **alarms) for axis in self.ax_]
        if known is not None:
            bars = {**style, "color": GREEN, "label": "known anomaly"}
            self.label_areas_ = [shade_steps(axis, times, known, _BAND, **bars) for axis in self.ax_]

    def _legend_texts(self, known: Bool | None) -> list[str]:
        """What the legend will say, which decides how much room it is given."""
        texts = [] if self.threshold is None else ["threshold", "above the threshold"]
        return texts if known is None else [*texts, "known anomaly"]

    def _legend_handles(self) -> "list[Artist]":
        threshold = [] if self.threshold_line_ is None else [self.threshold_line_]
        return [*threshold, *self.alarm_areas_[:1], *self.label_areas_[:1]]

    @classmethod
    def from_estimator(
        cls,
        detector: Any,
        series: Any,
        *,
        width: int | None = None,
        stride: int = 1,
        labels: ArrayLike | None = None,
        channel_names: Sequence[str] | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "AnomalyDisplay":
        """Score a series and draw it.

        A :class:`LSTMSeriesOutlierDetector` scores rows: what is drawn is minus its `score_samples`, the threshold is
        minus its `offset_`, and the steps that are shaded are those that `predict` labels -1.

        A :class:`LSTMOutlierDetector` scores windows. The score of a step is the highest of the windows that it is in,
        so that the steps that are shaded are those of the windows that `predict` labels -1. A step is in several
        windows where they overlap, so that the share of normal steps that are shaded is above the detector's
        `false_alarm_rate`, which is that of windows.

        Parameters
        ----------
        detector : LSTMSeriesOutlierDetector or LSTMOutlierDetector
            A fitted detector: of rows, or of windows from :func:`sliding_windows`.
        series : array-like or DataFrame of shape (n_timesteps,) or (n_timesteps, n_channels)
            The series.
        width : int or None, default=None
            Time steps of a window, which a detector of windows needs.
        stride : int, default=1
            Time steps from the start of a window to the start of the next.
        labels, channel_names, ax, **plot_kwargs
            As in :meth:`from_predictions`.

        Returns
        -------
        display : AnomalyDisplay
            The display.

        Raises
        ------
        NotFittedError
            If the detector is not fitted.
        TypeError
            If the detector has no threshold, or judges windows and no `width` is given.
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require(
            detector, "offset_", "pass a fitted LSTMSeriesOutlierDetector, or scores of your own to from_predictions."
        )
        scores = (
            _score_rows(detector, series) if hasattr(detector, "width_") else _score(detector, series, width, stride)
        )
        threshold = -float(detector.offset_)
        return cls(series, scores, threshold, labels=labels, channel_names=channel_names).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        series: Any,
        scores: ArrayLike,
        *,
        threshold: float | None = None,
        labels: ArrayLike | None = None,
        channel_names: Sequence[str] | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "AnomalyDisplay":
        """Draw a series and given scores.

        Parameters
        ----------
        series : array-like or DataFrame of shape (n_timesteps,) or (n_timesteps, n_channels)
            The series.
        scores : array-like of shape (n_timesteps,)
            Score of each step, the higher, the more unusual.
        threshold : float or None, default=None
            What is above is an alarm.
        labels : array-like of shape (n_timesteps,) or None, default=None
            True, or 1, at known anomalies.
        channel_names : list of str or None, default=None
            Names of all channels; None takes the column names of a DataFrame that are strings.
        ax, **plot_kwargs
            As in :meth:`plot`.

        Returns
        -------
        display : AnomalyDisplay
            The display.

        Raises
        ------
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require_matplotlib("from_predictions")
        return cls(series, scores, threshold, labels=labels, channel_names=channel_names).plot(ax, **plot_kwargs)


def _score_rows(detector: Any, series: Any) -> Array:
    """Minus the scores of a detector that takes the series whole, which may have one axis here."""
    flat = isinstance(series, np.ndarray) and series.ndim == 1
    scores: Array = -detector.score_samples(series[:, np.newaxis] if flat else series)
    return scores


def _score(detector: Any, series: Any, width: int | None, stride: int) -> Array:
    """The highest of the windows' scores, negated, that a step is in."""
    if width is None:
        raise TypeError(
            f"{type(detector).__name__} judges windows: pass their width, or fit a LSTMSeriesOutlierDetector, which "
            "takes a series whole."
        )
    scores = -detector.score_samples(sliding_windows(series, width, stride))
    return stitch_windows(scores, stride, len(series), width=width, reduce="max")


def _as_flags(labels: Array) -> Bool:
    """Known anomalies as booleans."""
    if labels.dtype != bool and not np.isin(labels, (0, 1)).all():
        other = labels[~np.isin(labels, (0, 1))][0]
        raise ValueError(f"labels holds {other!r}: pass True or 1 at known anomalies, False or 0 elsewhere.")
    return labels.astype(bool)
