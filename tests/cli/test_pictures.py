"""What the pictures show, read from matplotlib's artists."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from sklearn_seqae._cli._pictures import draw_images, make_axes, save_figure

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


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_axes_of_a_figure_that_no_window_shows(tmp_path: Path, suffix: str) -> None:
    axis = make_axes((3, 2))
    assert not plt.get_fignums()
    axis.plot(RNG.normal(size=200))
    assert isinstance(axis.figure, Figure)
    save_figure(axis.figure, tmp_path / f"a.{suffix}")
    assert (tmp_path / f"a.{suffix}").stat().st_size > 5000
    if suffix == "png":
        height, width = imread(tmp_path / "a.png").shape[:2]
        assert width == pytest.approx(600, abs=60)
        assert height == pytest.approx(400, abs=60)
