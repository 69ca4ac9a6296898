"""What the pictures show, read from matplotlib's artists."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from sklearn_seqae._pictures import MAX_CHANNELS, draw_images, draw_sequences, save_figure

RNG = np.random.default_rng(0)


def test_images_stand_above_each_other(tmp_path: Path) -> None:
    rows = {"original": RNG.uniform(0, 16, size=(3, 8, 8)), "reconstruction": RNG.uniform(-9, 30, size=(3, 8, 8))}
    figure = draw_images(rows)
    axes = np.reshape(np.array(figure.axes), (2, 3))
    assert [axis.get_ylabel() for axis in axes[:, 0]] == list(rows)
    for axis, image in zip(axes.ravel(), np.concatenate(list(rows.values())), strict=True):
        (shown,) = axis.images
        np.testing.assert_array_equal(np.asarray(shown.get_array()), image)
        assert shown.get_clim() == axes[0, 0].images[0].get_clim()  # grey means the same in each
        assert len(axis.get_xticks()) == len(axis.get_yticks()) == 0
    save_figure(figure, tmp_path / "a.png")
    height, width = imread(tmp_path / "a.png").shape[:2]
    assert 400 < width < 1000
    assert 200 < height < 400


@pytest.mark.parametrize("n_channels", [1, 2, MAX_CHANNELS + 3])
def test_sequences_by_channel(tmp_path: Path, n_channels: int) -> None:
    originals = [RNG.normal(size=(length, n_channels)) for length in (5, 9)]
    reconstructions = [x / 2 for x in originals]
    figure = draw_sequences(["one", "two"], originals, reconstructions)
    n_rows = min(n_channels, MAX_CHANNELS)
    axes = np.reshape(np.array(figure.axes), (n_rows, 2))
    assert [axis.get_title() for axis in axes[0]] == ["one", "two"]
    assert {axis.get_xlabel() for axis in axes[-1]} == {"time step"}
    expected = ["value"] if n_channels == 1 else [f"channel {i}" for i in range(n_rows)]
    assert [axis.get_ylabel() for axis in axes[:, 0]] == expected
    for channel, row in enumerate(axes):
        for axis, original, reconstruction in zip(row, originals, reconstructions, strict=True):
            first, second = axis.lines
            np.testing.assert_array_equal(first.get_ydata(), original[:, channel])
            np.testing.assert_array_equal(second.get_ydata(), reconstruction[:, channel])
            assert first.get_color() != second.get_color()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["original", "reconstruction"]
    for suffix in ("png", "pdf", "svg"):
        save_figure(figure, tmp_path / f"a.{suffix}")
        assert (tmp_path / f"a.{suffix}").stat().st_size > 5000


def test_missing_values_are_gaps_and_lone_values_dots() -> None:
    nan = np.nan
    original = np.array([[1.0], [nan], [3.0], [4.0], [nan], [6.0]])
    figure = draw_sequences(["one"], [original], [np.arange(6.0)[:, None]])
    line, dots, _ = figure.axes[0].lines
    np.testing.assert_array_equal(line.get_ydata(), original[:, 0])
    np.testing.assert_array_equal(dots.get_xdata(), [0, 5])
    np.testing.assert_array_equal(dots.get_ydata(), [1, 6])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["original", "reconstruction"]


def test_a_single_step_is_seen() -> None:
    figure = draw_sequences(["one"], [np.ones((1, 1))], [np.zeros((1, 1))])
    assert [line.get_marker() for line in figure.axes[0].lines] == ["None", ".", "None", "."]
