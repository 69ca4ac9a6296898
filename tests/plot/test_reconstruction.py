"""What `ReconstructionDisplay` shows, read from matplotlib's artists."""

import itertools
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_seqae import LSTMAutoencoder, ReconstructionDisplay
from sklearn_seqae._plot._channels import MAX_CHANNELS
from sklearn_seqae._plot._drawing import RASTERIZE_FROM
from tests.plot.displays import drawn, fitted, legend_of, legend_texts, without_windows
from tests.tiny import tiny

__all__ = ["fitted", "without_windows"]  # fixtures

RNG = np.random.default_rng(0)
NAN = np.nan
X23 = np.ones((2, 3))


@pytest.mark.parametrize("n_channels", [1, 2, MAX_CHANNELS + 2])
def test_sequences_are_columns_and_channels_rows(n_channels: int) -> None:
    X = RNG.normal(size=(7, 5, n_channels))
    display = ReconstructionDisplay.from_predictions(X, X / 2, indices=[3, 0, -1])
    n_rows = min(n_channels, MAX_CHANNELS)
    assert display.ax_.shape == (n_rows, 3)
    for channel, column in np.ndindex(n_rows, 3):
        axis: Any = display.ax_[channel, column]
        original, reconstruction = axis.lines
        values = X[[3, 0, 6][column], :, channel]
        np.testing.assert_allclose(original.get_ydata(), values, rtol=1e-6)
        np.testing.assert_allclose(reconstruction.get_ydata(), values / 2, rtol=1e-6)
        np.testing.assert_array_equal(original.get_xdata(), np.arange(5))
        assert original.get_color() != reconstruction.get_color()
        assert original is display.original_lines_[channel, column]
        assert reconstruction is display.reconstruction_lines_[channel, column]
    labels = ["value"] if n_channels == 1 else [f"channel {i}" for i in range(n_rows)]
    assert [axis.get_ylabel() for axis in display.ax_[:, 0]] == labels
    assert {axis.get_xlabel() for axis in display.ax_[-1]} == {"time step"}
    assert legend_texts(legend_of(display.figure_)) == ["original", "reconstruction", "error"]
    assert not any(line is not None for line in display.filled_lines_.ravel())


def test_error_is_the_area_between() -> None:
    display = ReconstructionDisplay([np.array([[0.0], [1], [0]])], [np.array([[0.5], [0.5], [0.5]])]).plot()
    (path,) = display.error_areas_[0, 0].get_paths()
    corners = {(float(x), float(y)) for x, y in path.vertices}
    assert corners == {(0, 0), (1, 1), (2, 0), (0, 0.5), (1, 0.5), (2, 0.5)}


def test_from_the_best_to_the_worst() -> None:
    X = np.zeros((9, 4, 1))
    errors = np.array([8.0, 3, 7, 2, 6, 1, 5, 0, 4])
    display = ReconstructionDisplay.from_predictions(X, X + errors[:, None, None], n_sequences=3)
    titles = [axis.get_title() for axis in display.ax_[0]]
    assert titles == ["best\nsequence 7\nRMSE 0", "median\nsequence 8\nRMSE 4", "worst\nsequence 0\nRMSE 8"]
    display = ReconstructionDisplay.from_predictions(X, X + errors[:, None, None])
    assert [axis.get_title() for axis in display.ax_[0]] == [
        f"{rank}sequence {int(np.flatnonzero(errors == error)[0])}\nRMSE {error}"
        for error, rank in ((0, "best\n"), (3, ""), (5, ""), (8, "worst\n"))
    ]


def test_error_counts_only_what_was_observed() -> None:
    X = np.array([[1.0, NAN, 1, NAN], [1, 1, 1, 1]])
    display = ReconstructionDisplay.from_predictions(X, [[2.0, 9, 2, 9], [4, 4, 4, 4]])
    assert [axis.get_title().split("RMSE ")[1] for axis in display.ax_[0]] == ["1", "3"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_sequences_than_asked_for(n: int) -> None:
    X = RNG.normal(size=(n, 1))
    display = ReconstructionDisplay.from_predictions(X, X)
    assert display.ax_.shape == (1, n)
    assert ("best" in display.ax_[0, 0].get_title()) == (n > 1)
    assert [line.get_marker() for line in display.ax_[0, 0].lines] == ["None", ".", "None", "."]  # a single step


def test_missing_values_are_gaps_and_their_reconstruction_dashed() -> None:
    original = np.array([[1.0], [NAN], [3], [4], [5], [NAN], [7]])
    reconstruction = np.arange(7.0)[:, None]
    display = ReconstructionDisplay([original], [reconstruction]).plot()
    line, filled = display.original_lines_[0, 0], display.filled_lines_[0, 0]
    np.testing.assert_array_equal(line.get_ydata(), original[:, 0])
    np.testing.assert_array_equal(filled.get_ydata(), [0, 1, 2, NAN, 4, 5, 6])
    np.testing.assert_array_equal(display.reconstruction_lines_[0, 0].get_ydata(), [0, NAN, 2, 3, 4, NAN, 6])
    assert filled.get_linestyle() == "--"
    assert filled.get_color() == display.reconstruction_lines_[0, 0].get_color()
    dots = display.ax_[0, 0].lines[1]
    np.testing.assert_array_equal(dots.get_xdata(), [0, 6])
    np.testing.assert_array_equal(dots.get_ydata(), [1, 7])
    assert legend_texts(legend_of(display.figure_)) == ["original", "reconstruction", "error", "filled in"]


def test_grey_begins_where_a_sequence_ends() -> None:
    short = np.array([[1.0, NAN], [2, 2], [NAN, NAN], [NAN, NAN]])
    long = np.ones((4, 2))
    display = ReconstructionDisplay([short, long], [np.where(np.isnan(short), NAN, 0), long]).plot()
    for axis in display.ax_[:, 0]:
        (area,) = axis.patches
        extent = area.get_window_extent().transformed(axis.transData.inverted())
        assert extent.x0 == pytest.approx(1.5)
        assert extent.x1 == pytest.approx(axis.get_xlim()[1])
    assert not display.ax_[0, 1].patches
    assert legend_texts(legend_of(display.figure_))[-1] == "after the end"


def test_lists_of_unequal_length() -> None:
    X = [RNG.normal(size=length) for length in (3, 8, 5)]
    display = ReconstructionDisplay.from_predictions(X, [x + 1 for x in X], indices=[0, 1])
    assert [len(line.get_ydata()) for line in display.original_lines_[0]] == [3, 8]
    assert [len(axis.patches) for axis in display.ax_[0]] == [1, 0]


def test_channels_by_name_with_units() -> None:
    X = RNG.normal(size=(2, 4, 3))
    names = ["pressure", "flow", "level"]
    units = ["kPa", "l/s", ""]
    display = ReconstructionDisplay.from_predictions(
        X, X, indices=1, channel_names=names, units=units, channels=["level", 0]
    )
    assert [axis.get_ylabel() for axis in display.ax_[:, 0]] == ["level", "pressure (kPa)"]
    np.testing.assert_allclose(display.original_lines_[0, 0].get_ydata(), X[1, :, 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0.5, [0, 0.5, 1]),
        (np.array([1.0, 4, 9, 16]), [1, 4, 9]),
        (pd.date_range("2024-01-01", periods=3), pd.date_range("2024-01-01", periods=3)),
    ],
)
def test_time_axis(time: Any, expected: Any) -> None:
    X = np.array([[1.0, 2, 3], [1, 2, NAN]])
    display = ReconstructionDisplay.from_predictions(X, X, time=time, indices=[0, 1])
    np.testing.assert_array_equal(display.original_lines_[0, 0].get_xdata(), expected)
    assert display.ax_[0, 0].get_xlabel() == "time"
    drawn(display.figure_)
    display = ReconstructionDisplay.from_predictions(X, X, time=time, xlabel="time (h)")
    assert display.ax_[0, 0].get_xlabel() == "time (h)"


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.ndarray.tolist,
        lambda X: tuple(map(tuple, X)),
        np.asfortranarray,
        np.float32,
        pd.DataFrame,
    ],
    ids=["array", "list", "tuple", "fortran", "float32", "DataFrame"],
)
def test_table_of_an_estimator(convert: Callable[[Any], Any]) -> None:
    table = RNG.normal(size=(6, 8))
    table.flags.writeable = False
    X = convert(table)
    display = ReconstructionDisplay.from_estimator(tiny(n_channels=2).fit(X), X, indices=[4, 2])
    np.testing.assert_allclose(display.original_lines_[1, 0].get_ydata(), table[4, 1::2], rtol=1e-6)
    np.testing.assert_allclose(display.original_lines_[0, 1].get_ydata(), table[2, 0::2], rtol=1e-6)


@pytest.mark.parametrize(
    "make", [lambda x, names: pd.DataFrame(x, columns=names), pl.DataFrame], ids=["pandas", "polars"]
)
def test_channels_of_listed_frames_are_matched_and_named(make: Callable[..., Any]) -> None:
    X = [RNG.normal([0, 50], [1, 5], size=(length, 2)) for length in (6, 4, 5)]
    estimator = tiny().fit([make(x, ["a", "b"]) for x in X])
    turned = [make(x[:, ::-1], ["b", "a"]) for x in X]
    display = ReconstructionDisplay.from_estimator(estimator, turned, indices=[2, 0])
    assert display.channel_names == ["a", "b"]
    np.testing.assert_allclose(display.original[0], X[2], rtol=1e-6)
    np.testing.assert_allclose(display.reconstruction[1], estimator.reconstruct(turned)[0], rtol=1e-5)


def test_containers_that_cannot_be_indexed_are_drawn() -> None:
    parts = [torch.tensor(RNG.normal(size=(length, 2))) for length in (6, 4, 5)]
    packed = torch.nn.utils.rnn.pack_sequence(parts, enforce_sorted=False)
    display = ReconstructionDisplay.from_estimator(tiny().fit(packed), packed, indices=[1])
    np.testing.assert_allclose(display.original[0], parts[1], rtol=1e-6)


def test_estimator_ranks_by_its_scores(fitted: LSTMAutoencoder) -> None:
    X = RNG.normal(size=(9, 6, 2))
    X[5, 4:] = NAN
    display = ReconstructionDisplay.from_estimator(fitted, X)
    errors = np.sqrt(-fitted.score_samples(X))
    order = np.argsort(errors)[[0, 3, 5, 8]]
    ranks = ["best\n", "", "", "worst\n"]
    expected = [f"{rank}sequence {row}\nRMSE {errors[row]:.2g} SD" for row, rank in zip(order, ranks, strict=True)]
    assert [axis.get_title() for axis in display.ax_[0]] == expected
    reconstructed = fitted.reconstruct(X)
    for (channel, column), line in np.ndenumerate(display.reconstruction_lines_):
        np.testing.assert_allclose(line.get_ydata(), reconstructed[order[column], :, channel], atol=1e-5)


def test_channels_of_small_numbers_count_as_much_as_others() -> None:
    X = RNG.normal(size=(3, 6, 2)) * [1, 1000]
    unit = X.std(axis=(0, 1))
    errors = np.array([[0.5, 0], [0, 0.1], [0.1, 0.2]])  # in standard deviations
    display = ReconstructionDisplay.from_predictions(X, X + errors[:, np.newaxis] * unit, n_sequences=3)
    titles = [axis.get_title() for axis in display.ax_[0]]
    assert titles == [
        "best\nsequence 1\nRMSE 0.071 SD",
        "median\nsequence 2\nRMSE 0.16 SD",
        "worst\nsequence 0\nRMSE 0.35 SD",
    ]


def test_error_of_one_channel_is_in_its_own_units(fitted: LSTMAutoencoder) -> None:
    X = 1000 * RNG.normal(size=(9, 6))
    autoencoder = tiny().fit(X)
    display = ReconstructionDisplay.from_estimator(autoencoder, X, indices=[3])
    error = np.sqrt(-autoencoder.score_samples(X[3:4], standardized=False)[0])
    assert display.ax_[0, 0].get_title() == f"sequence 3\nRMSE {error:.2g}"


def test_titles_take_the_names_of_rows() -> None:
    X = pd.DataFrame(RNG.normal(size=(3, 4)), index=["ann", "bob", 7])
    display = ReconstructionDisplay.from_predictions(X, X, indices=[0, 2])
    assert [axis.get_title().split("\n")[0] for axis in display.ax_[0]] == ["ann", "sequence 7"]
    display = ReconstructionDisplay.from_predictions(X, X, indices=[1], sequence_names=np.array([10, 20, 30]))
    assert display.ax_[0, 0].get_title() == "sequence 20\nRMSE 0"


def test_display_keeps_its_own_data() -> None:
    X = np.ones((2, 3), dtype=np.float32)
    display = ReconstructionDisplay.from_predictions(X, X)
    X[:] = 5
    display.plot()
    np.testing.assert_array_equal(display.original_lines_[0, 0].get_ydata(), np.ones(3))


def test_plot_again_in_given_axes() -> None:
    X = RNG.normal(size=(2, 5, 2))
    display = ReconstructionDisplay.from_predictions(X, X)
    assert display.bounding_ax_ is not None
    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    right.plot([1, 2])
    assert display.plot(left) is display
    assert display.bounding_ax_ is left
    assert display.figure_ is figure
    edge = drawn(figure).axes[1].get_position().x0
    assert all(axis.get_position().x1 < edge for axis in display.ax_.ravel())
    axes = Figure().subplots(2, 2)
    display.plot(axes)
    assert display.bounding_ax_ is None
    np.testing.assert_array_equal(display.ax_, axes)
    assert axes[0, 0].get_legend() is not None


def test_titles_do_not_touch_each_other() -> None:
    X = RNG.normal(size=(20, 9, 2))
    reconstructed, names = X + RNG.normal(size=(20, 1, 1)), np.arange(20) + 1000
    for n_sequences in (3, 4, 5):
        display = ReconstructionDisplay.from_predictions(
            X, reconstructed, n_sequences=n_sequences, sequence_names=names
        )
        drawn(display.figure_)
        boxes = [axis.title.get_window_extent() for axis in display.ax_[0]]
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_titles_do_not_touch_the_legend() -> None:
    X = RNG.normal(size=(2, 9, 1))
    X[0, 3], X[1, 6:] = NAN, NAN
    for layout in (None, "constrained", "tight"):
        figure = Figure(figsize=(7, 3), layout=layout)
        display = ReconstructionDisplay.from_predictions(X, X, ax=figure.add_subplot())
        legend = legend_of(drawn(figure))
        highest = max(axis.title.get_window_extent().y1 for axis in display.ax_[0])
        assert legend.get_window_extent().y0 > highest - 2


def test_styles_of_lines() -> None:
    X = RNG.normal(size=(1, 4))
    display = ReconstructionDisplay.from_predictions(
        X, X + 1, original_kwargs={"lw": 5}, reconstruction_kwargs={"c": "blue", "label": "model"}
    )
    assert display.original_lines_[0, 0].get_linewidth() == 5
    assert display.reconstruction_lines_[0, 0].get_color() == "blue"
    assert display.reconstruction_lines_[0, 0].get_label() == "model"
    np.testing.assert_array_equal(display.error_areas_[0, 0].get_facecolor()[0], to_rgba("blue", 0.25))


def test_long_sequences_are_pixels_in_vector_files() -> None:
    X = np.zeros((2, RASTERIZE_FROM, 1))
    display = ReconstructionDisplay.from_predictions(X, X)
    assert display.original_lines_[0, 0].get_rasterized()
    assert not ReconstructionDisplay.from_predictions(X[:, :9], X[:, :9]).original_lines_[0, 0].get_rasterized()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"indices": [0, 2]}, "indices holds 2, but X has 2 sequences: pass positions from 0 to 1"),
        ({"indices": [-3]}, "indices holds -3"),
        ({"indices": []}, "indices must be positions of sequences"),
        ({"indices": [0.5]}, r"indices must be positions of sequences, such as \[0, 3\], got \[0.5\]"),
        ({"n_sequences": 0}, "n_sequences must be an integer of at least 1, got 0"),
        ({"sequence_names": ["a"]}, "sequence_names has 1 entries, but X has 2 sequences"),
        ({"channels": [1]}, "There is no channel 1: pass positions from 0 to 0"),
        ({"channels": ["b"], "channel_names": ["a"]}, r"There is no channel 'b': .* or one of \['a'\]"),
        ({"channels": []}, "channels is empty"),
        ({"channel_names": ["a", "b"]}, "does not fit 1 channels"),
        ({"units": ["a", "b"]}, "units=.* does not fit 1 channels"),
        ({"time": -1.0}, "time=-1.0 cannot be the time between steps"),
        ({"time": [1, 2]}, r"time has shape \(2,\), but there are 3 steps"),
        ({"X_reconstructed": np.ones((1, 3))}, "X holds 2 sequences, X_reconstructed 1"),
        ({"X_reconstructed": np.ones((2, 4))}, "Sequence 0 of X has 3 steps of 1 channels, its reconstruction 4 of 1"),
        ({"X_reconstructed": np.full((2, 3), np.inf)}, "X_reconstructed cannot be read as sequences: .*infinity"),
        ({"X": np.full((2, 3), NAN)}, "NaN only"),
    ],
)
def test_refused_reconstructions(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReconstructionDisplay.from_predictions(**{"X": X23, "X_reconstructed": X23} | arguments)
    assert not plt.get_fignums()


def test_refused_arrays_of_a_display() -> None:
    with pytest.raises(ValueError, match="There are 1 sequences and 0 reconstructions"):
        ReconstructionDisplay([np.ones((2, 1))], []).plot()
    with pytest.raises(ValueError, match=r"Sequence 0 has the shape \(2, 1\), its reconstruction \(3, 1\)"):
        ReconstructionDisplay([np.ones((2, 1))], [np.ones((3, 1))]).plot()


def test_refused_estimators(fitted: LSTMAutoencoder) -> None:
    X = np.ones((2, 6, 2))
    with pytest.raises(NotFittedError):
        ReconstructionDisplay.from_estimator(tiny(), X)
    with pytest.raises(TypeError, match=r"Pipeline has no `reconstruct`: pass an LSTMAutoencoder.*pipeline\[-1\]"):
        ReconstructionDisplay.from_estimator(make_pipeline(fitted), X)
    with pytest.raises(ValueError, match="indices holds 5"):
        ReconstructionDisplay.from_estimator(fitted, X, indices=5)
