"""What `AnomalyDisplay` shows, read from matplotlib's artists."""

import itertools
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from sklearn_seqae import AnomalyDisplay, LSTMAutoencoder, LSTMSeriesOutlierDetector
from sklearn_seqae._outlier import LSTMOutlierDetector
from sklearn_seqae._plot._drawing import RASTERIZE_FROM
from sklearn_seqae._windows import sliding_windows
from tests.plot.displays import drawn, fitted, legend_of, legend_texts, without_windows
from tests.tiny import tiny

__all__ = ["fitted", "without_windows"]  # fixtures

RNG = np.random.default_rng(0)
NAN = np.nan
SERIES = np.zeros((4, 2))


def extents(areas: Any) -> list[tuple[float, float]]:
    """Left and right edge of each area."""
    return [(float(path.vertices[:, 0].min()), float(path.vertices[:, 0].max())) for path in areas.get_paths()]


def test_series_above_its_scores() -> None:
    series = np.column_stack([np.arange(6.0), -np.arange(6.0)])
    scores = np.array([0.0, 2, 2, 0, NAN, 3])
    display = AnomalyDisplay(series, scores, 1.0, labels=[0, 0, 1, 1, 0, 0]).plot()
    assert display.ax_.shape == (3,)
    for line, values in zip([*display.lines_, display.score_line_], [*series.T, scores], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert display.threshold_line_ is not None
    np.testing.assert_array_equal(display.threshold_line_.get_ydata(), [1, 1])
    assert [extents(areas) for areas in display.alarm_areas_] == [[(0.5, 2.5), (4.5, 5.5)]] * 3
    assert [extents(areas) for areas in display.label_areas_] == [[(1.5, 3.5)]] * 3
    alarm, known = display.alarm_areas_[0], display.label_areas_[0]
    assert to_hex(np.asarray(alarm.get_facecolor())[0]) != to_hex(np.asarray(known.get_facecolor())[0])
    assert [axis.get_ylabel() for axis in display.ax_] == ["channel 0", "channel 1", "score"]
    assert display.ax_[-1].get_xlabel() == "time step"
    assert legend_texts(legend_of(display.figure_)) == ["threshold", "above the threshold", "known anomaly"]
    drawn(display.figure_)


def test_series_alone() -> None:
    display = AnomalyDisplay([1.0, 2, 3], [0.0, 1, 0]).plot()
    assert display.threshold_line_ is None
    assert display.alarm_areas_ == display.label_areas_ == []
    assert [axis.get_legend() for axis in display.figure_.axes] == [None] * 3
    drawn(display.figure_)


def test_no_step_beyond_the_threshold() -> None:
    display = AnomalyDisplay([1.0, 2, 3], [0.0, 1, 0], 5.0, labels=[False] * 3).plot()
    assert [extents(areas) for areas in display.alarm_areas_ + display.label_areas_] == [[]] * 4
    drawn(display.figure_)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_shaded_are_the_steps_beyond_the_threshold(alarms: list[bool]) -> None:
    display = AnomalyDisplay(np.zeros(len(alarms)), np.array(alarms, dtype=float), 0.5).plot()
    edges = extents(display.alarm_areas_[0])
    assert [any(left < step < right for left, right in edges) for step in range(len(alarms))] == alarms
    plt.close(display.figure_)


def test_data_frame_over_dates() -> None:
    frame = pd.DataFrame({"flow": [1, 2, 4], "level": [3, 2, 1]})
    dates = pd.date_range("2024-01-01", periods=3)
    display = AnomalyDisplay.from_predictions(
        frame, [0, 0, 1], threshold=0.5, time=dates, units=["l/s", "m"], channels=["level"], xlabel="day"
    )
    assert [axis.get_ylabel() for axis in display.ax_] == ["level (m)", "score"]
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), [3, 2, 1])
    ((left, right),) = extents(display.alarm_areas_[0])
    assert (left % 1, right - left) == (0.5, 1)  # matplotlib counts days
    assert display.ax_[-1].get_xlabel() == "day"
    drawn(display.figure_)


def test_scale_and_styles_of_the_score() -> None:
    display = AnomalyDisplay([1.0, 2], [1.0, 100]).plot(log=True, score_kwargs={"c": "k"}, series_kwargs={"lw": 3})
    assert display.ax_[-1].get_yscale() == "log"
    assert display.score_line_.get_color() == "k"
    assert display.lines_[0].get_linewidth() == 3


@pytest.mark.parametrize("largest", [2, 10, 25, 40, 400, 5000, 1e7])
def test_logarithmic_scales_have_few_labels(largest: float) -> None:
    display = AnomalyDisplay([0.0, 1, 2], [1.0, largest, 1.5]).plot(log=True)
    drawn(display.figure_)
    axis = display.ax_[-1]
    low, high = axis.get_ylim()
    ticks = [tick for tick in axis.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = [tick.label1.get_window_extent() for tick in ticks]
    assert 2 <= len(boxes) <= 7
    assert all(one.y1 < other.y0 for one, other in itertools.pairwise(boxes))
    assert not any(label.get_text() for label in axis.get_yticklabels(minor=True))


def test_long_series_are_pixels_in_vector_files() -> None:
    display = AnomalyDisplay(np.zeros(RASTERIZE_FROM), np.zeros(RASTERIZE_FROM)).plot()
    assert display.lines_[0].get_rasterized()


class _Detector(BaseEstimator):
    """Scores a window by minus its largest value."""

    offset_ = -4.0

    def fit(self, X: Any, y: Any = None) -> "_Detector":
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def score_samples(self, windows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return -windows.max(axis=(1, 2))


def test_scores_of_a_detector() -> None:
    series = np.array([0.0, 0, 0, 10, 0, 0, 0, 0])
    display = AnomalyDisplay.from_estimator(_Detector(), series, width=2, stride=2)
    np.testing.assert_array_equal(display.score_line_.get_ydata(), [0, 0, 10, 10, 0, 0, 0, 0])
    assert display.threshold == 4
    assert extents(display.alarm_areas_[0]) == [(1.5, 3.5)]
    display = AnomalyDisplay.from_estimator(_Detector(), series, width=2, labels=series > 0)
    np.testing.assert_array_equal(display.score_line_.get_ydata(), [0, 0, 10, 10, 10, 0, 0, 0])
    assert extents(display.alarm_areas_[0]) == [(1.5, 4.5)]
    assert extents(display.label_areas_[0]) == [(2.5, 3.5)]


@pytest.mark.parametrize("stride", [1, 3, 6])
def test_what_is_shaded_is_what_the_detector_labels(stride: int) -> None:
    series = np.random.default_rng(0).normal(size=(30, 2))
    detector = LSTMOutlierDetector(tiny(), contamination=0.2).fit(sliding_windows(series, 6, 3))
    display = AnomalyDisplay.from_estimator(detector, series, width=6, stride=stride)
    assert display.threshold == -detector.offset_
    rows = sliding_windows(np.arange(30), 6, stride)[:, :, 0]
    alarms = np.unique(rows[detector.predict(sliding_windows(series, 6, stride)) == -1])
    assert 0 < len(alarms) < 30
    edges = extents(display.alarm_areas_[0])
    assert [step for step in range(30) if any(left < step < right for left, right in edges)] == alarms.tolist()
    assert np.flatnonzero(np.asarray(display.score_line_.get_ydata()) > display.threshold).tolist() == alarms.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scores": [1.0]}, r"scores has shape \(1,\), but the series has 4 steps"),
        ({"labels": [True]}, r"labels has shape \(1,\), but the series has 4 steps"),
        ({"labels": [0, 1, 2, 0]}, "labels holds .*2.*: pass True or 1 at known anomalies"),
        ({"threshold": NAN}, "threshold=nan is not a finite number"),
        ({"series": np.zeros((4, 2, 1))}, r"series has shape \(4, 2, 1\): pass"),
        ({"series": []}, r"series has shape \(0, 1\)"),
        ({"series": ["a", "b", "c", "d"]}, "series holds the string 'a': .*Convert them to numbers"),
        ({"channels": [2]}, "There is no channel 2"),
        ({"channel_names": ["a"]}, "does not fit 2 channels"),
        ({"ax": [None]}, "ax holds 1 axes, but 3 × 1 are needed"),
    ],
)
def test_refused_series(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnomalyDisplay.from_predictions(**{"series": SERIES, "scores": np.zeros(4)} | arguments)
    assert not plt.get_fignums()


def test_series_detector_needs_no_width_and_dates_come_from_the_index() -> None:
    frame = pd.DataFrame({"speed": np.sin(np.arange(60) / 2)}, index=pd.date_range("2024-01-01", periods=60, freq="h"))
    frame.index.name = "day"
    detector = LSTMSeriesOutlierDetector(tiny(), width=8, contamination=0.2, random_state=0).fit(frame)
    display = AnomalyDisplay.from_estimator(detector, frame)
    np.testing.assert_allclose(np.asarray(display.score_line_.get_ydata()), -detector.score_samples(frame))
    assert display.threshold == -detector.offset_
    alarms = np.flatnonzero(detector.predict(frame) < 0)
    assert np.flatnonzero(np.asarray(display.score_line_.get_ydata()) > display.threshold).tolist() == alarms.tolist()
    assert np.asarray(display.score_line_.get_xdata())[0] == np.datetime64("2024-01-01")
    assert [axis.get_ylabel() for axis in display.ax_] == ["speed", "score"]
    assert display.ax_[-1].get_xlabel() == "day"
    drawn(display.figure_)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-01", periods=4, tz="Europe/Berlin"),
        pd.period_range("2024-01-01", periods=4, freq="D"),
    ],
)
def test_dates_are_those_of_the_clock_there(index: Any) -> None:
    display = AnomalyDisplay.from_predictions(pd.Series(np.zeros(4), index=index), np.zeros(4))
    expected = np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]")
    np.testing.assert_array_equal(np.asarray(display.score_line_.get_xdata()), expected)
    drawn(display.figure_)


def test_given_time_goes_before_the_index() -> None:
    series = pd.Series(np.zeros(4), index=pd.date_range("2024-01-01", periods=4))
    display = AnomalyDisplay.from_predictions(series, np.zeros(4), time=0.5)
    assert np.asarray(display.score_line_.get_xdata()).tolist() == [0, 0.5, 1, 1.5]


def test_array_of_one_axis_is_a_series_of_one_channel() -> None:
    series = np.sin(np.arange(60) / 2)
    detector = LSTMSeriesOutlierDetector(tiny(), width=8, contamination=0.2, random_state=0).fit(series[:, np.newaxis])
    assert len(np.asarray(AnomalyDisplay.from_estimator(detector, series).score_line_.get_ydata())) == 60


def test_refused_detectors(fitted: LSTMAutoencoder) -> None:
    with pytest.raises(TypeError, match="LSTMAutoencoder has no `offset_`: pass a fitted LSTMSeriesOutlierDetector"):
        AnomalyDisplay.from_estimator(fitted, SERIES, width=2)
    with pytest.raises(NotFittedError):
        AnomalyDisplay.from_estimator(tiny(), SERIES, width=2)
    windows = LSTMOutlierDetector(tiny(), contamination=0.1).fit(sliding_windows(np.arange(30.0), 4))
    with pytest.raises(TypeError, match="LSTMOutlierDetector judges windows: pass their width, or fit a LSTMSeries"):
        AnomalyDisplay.from_estimator(windows, np.arange(30.0))
