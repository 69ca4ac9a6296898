"""The time axis: its labels stand apart, whatever it shows and however wide it is."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sklearn_seqae import ReconstructionDisplay
from sklearn_seqae._plot._time_axis import tidy_time
from tests.plot.displays import drawn, without_windows

__all__ = ["without_windows"]  # fixtures


def axes_of(width: float) -> Axes:
    """Axes of so many inches, with room beside them."""
    return Figure(figsize=(2 * width, 2)).add_axes((0.25, 0.3, 0.5, 0.6))


def assert_apart(*row: Axes) -> None:
    """Each of the axes beside each other has a label, and none touches another."""
    boxes = []
    for axis in row:
        left, right = axis.get_xlim()
        ticks = [tick for tick in axis.xaxis.get_major_ticks() if left <= tick.get_loc() <= right]
        assert ticks
        boxes += [tick.label1.get_window_extent() for tick in ticks]
    for one, other in itertools.pairwise(boxes):
        assert one.x1 < other.x0


@given(st.integers(1, 10**7), st.floats(0.6, 7))
def test_counted_steps_stand_apart(n_steps: int, width: float) -> None:
    axis = axes_of(width)
    axis.plot([0, n_steps - 1], [0, 1])
    tidy_time(axis, 7, counts_steps=True)
    drawn(axis.figure)
    assert_apart(axis)
    assert all(float(place).is_integer() for place in axis.get_xticks())


@given(st.floats(1e-4, 1e7), st.floats(-1e3, 1e3), st.floats(0.8, 7))
def test_times_stand_apart(duration: float, start: float, width: float) -> None:
    axis = axes_of(width)
    axis.plot([start, start + duration], [0, 1])
    tidy_time(axis, 4, counts_steps=False)
    drawn(axis.figure)
    assert_apart(axis)


@given(st.sampled_from(["s", "min", "h", "D", "31D", "370D"]), st.integers(2, 100), st.floats(0.8, 7))
def test_dates_stand_apart(frequency: str, n_steps: int, width: float) -> None:
    dates = pd.date_range("2024-01-30 22:00", periods=n_steps, freq=frequency).to_numpy()
    axis = axes_of(width)
    axis.plot(dates, np.arange(n_steps))
    tidy_time(axis, 4, counts_steps=False)
    drawn(axis.figure)
    assert_apart(axis)


@pytest.mark.parametrize("n_timesteps", [1, 100, 30_000])
def test_labels_of_neighbouring_axes_stand_apart(n_timesteps: int) -> None:
    X = np.zeros((4, n_timesteps, 1))
    display = ReconstructionDisplay.from_predictions(X, X)
    drawn(display.figure_)
    assert_apart(*display.ax_[0])


@pytest.mark.parametrize("n_sequences", [1, 4])
def test_the_year_does_not_touch_the_label_of_the_axis(n_sequences: int) -> None:
    X = np.zeros((n_sequences, 48, 1))
    dates = pd.date_range("2024-01-01", periods=48, freq="h")
    display = ReconstructionDisplay.from_predictions(X, X, time=dates, n_sequences=n_sequences)
    drawn(display.figure_)
    for axis in display.ax_[0]:
        year, label = (text.get_window_extent() for text in (axis.xaxis.get_offset_text(), axis.xaxis.label))
        assert year.width > 0
        assert not year.overlaps(label)
