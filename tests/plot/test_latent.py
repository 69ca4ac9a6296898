"""What `LatentDisplay` shows, read from matplotlib's artists."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import LogNorm, to_hex
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LatentDisplay, LSTMAutoencoder
from sklearn_seqae._plot._coloring import are_values, group_by_label
from sklearn_seqae._plot._drawing import RASTERIZE_FROM
from tests.plot.displays import drawn, fitted, legend_texts, without_windows
from tests.tiny import tiny

__all__ = ["fitted", "without_windows"]  # fixtures

RNG = np.random.default_rng(0)
NAN = np.nan
CODES = np.arange(6.0).reshape(2, 3)


@given(st.integers(2, 30), st.integers(3, 6), st.integers(0, 9))
def test_wide_codes_are_drawn_by_principal_components(n: int, width: int, seed: int) -> None:
    codes = np.random.default_rng(seed).normal(size=(n, width))
    display = LatentDisplay(codes).plot()
    pca = PCA(2).fit(codes)
    np.testing.assert_allclose(np.abs(display.points_), np.abs(pca.transform(codes)), atol=1e-8)
    share = 100 * pca.explained_variance_ratio_[0]
    assert display.ax_.get_xlabel() == f"principal component 1 ({share:.0f} % of the variance)"
    np.testing.assert_array_equal(display.scatters_[0].get_offsets(), display.points_)
    plt.close(display.figure_)


def test_first_two_values_of_codes() -> None:
    codes = RNG.normal(size=(9, 4))
    for display in (LatentDisplay(codes[:, :2]).plot(), LatentDisplay(codes).plot(projection="first")):
        np.testing.assert_array_equal(display.points_, codes[:, :2])
        assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("code value 0", "code value 1")
    frame = pd.DataFrame(codes, columns=["a", "b", "c", "d"])
    assert LatentDisplay(frame).plot(projection="first").ax_.get_ylabel() == "b"


def test_axes_of_a_plane_have_one_scale() -> None:
    codes = RNG.normal(size=(50, 2)) * [10, 1]
    display = LatentDisplay(codes).plot()
    drawn(display.figure_)
    box = display.ax_.get_window_extent()
    (left, right), (low, high) = display.ax_.get_xlim(), display.ax_.get_ylim()
    assert (right - left) / box.width == pytest.approx((high - low) / box.height)
    assert left < codes[:, 0].min() < codes[:, 0].max() < right
    assert low < codes[:, 1].min() < codes[:, 1].max() < high


def test_codes_of_one_value_are_drawn_by_rank() -> None:
    display = LatentDisplay([[3.0], [1.0], [2.0], [0.0]]).plot()
    np.testing.assert_array_equal(display.points_, [[3, 1], [1, 0.5], [2, 0.75], [0, 0.25]])
    assert display.ax_.get_ylabel() == "share of sequences up to here"
    display = LatentDisplay([[3.0], [1.0], [2.0], [0.0]], labels=list("aabb")).plot()
    np.testing.assert_array_equal(display.points_[:, 1], [1, 0.5, 1, 0.5])
    assert display.ax_.get_ylabel() == "share of sequences up to here, by label"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_the_share_counts_the_sequences_up_to_a_code(codes: list[int]) -> None:
    display = LatentDisplay(np.array(codes)[:, np.newaxis]).plot()
    expected = [np.mean(np.array(codes) <= code) for code in codes]
    np.testing.assert_allclose(display.points_[:, 1], expected)
    plt.close(display.figure_)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_whatever_scikit_learn_is_set_to_return(output: str) -> None:
    codes = RNG.normal(size=(30, 4))
    expected = LatentDisplay.from_predictions(codes).points_
    with config_context(transform_output=output):
        display = LatentDisplay.from_predictions(codes)
    np.testing.assert_array_equal(display.points_, expected)
    drawn(display.figure_)


@pytest.mark.parametrize("codes", [np.ones((1, 5)), np.ones((4, 5)), np.ones((1, 1)), np.ones((1, 2))])
def test_codes_that_do_not_vary(codes: np.ndarray[Any, Any]) -> None:
    display = LatentDisplay(codes).plot()
    drawn(display.figure_)
    assert display.points_.shape == (len(codes), 2)
    assert np.isfinite(display.points_).all()


@pytest.mark.parametrize("n_classes", [1, 2, 8, 9, 10, 11, 30])
def test_each_label_has_a_color_and_marker(n_classes: int) -> None:
    y = np.arange(3 * n_classes) % n_classes
    codes = RNG.normal(size=(len(y), 2))
    display = LatentDisplay(codes, labels=y, color_label="class").plot()
    legend = display.ax_.get_legend()
    assert legend is not None
    assert legend_texts(legend) == [str(label) for label in range(n_classes)]
    assert legend.get_title().get_text() == "class"
    for label, scatter in enumerate(display.scatters_):
        np.testing.assert_array_equal(scatter.get_offsets(), codes[y == label])
    colors = {to_hex(np.asarray(scatter.get_facecolor())[0]) for scatter in display.scatters_}
    assert len(colors) == n_classes
    shapes = {np.asarray(scatter.get_paths()[0].vertices).tobytes() for scatter in display.scatters_}
    assert len(shapes) == min(n_classes, 10)
    drawn(display.figure_)
    assert legend.get_window_extent().x1 <= display.figure_.bbox.x1 + 1  # none is cut off


def test_labels_of_any_type() -> None:
    assert [group.name for group in group_by_label(["b", None, "a", "b"])] == ["no label", "a", "b"]
    assert [group.name for group in group_by_label([1.0, NAN, 0.0])] == ["no label", "0", "1"]
    assert [group.name for group in group_by_label([True, False])] == ["False", "True"]
    assert [group.name for group in group_by_label(np.array([3, "x", 3], dtype=object))] == ["3", "x"]
    sizes = pd.Categorical(["small", "large", "small"], categories=["small", "medium", "large"])
    assert [group.name for group in group_by_label(sizes)] == ["small", "large"]
    assert [group.name for group in group_by_label(pd.Series(sizes))] == ["small", "large"]
    assert [group.name for group in group_by_label(pd.Series([2, pd.NA, 10], dtype="Int64"))] == ["no label", "2", "10"]


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1))
def test_every_point_is_in_one_group(y: list[str | None]) -> None:
    groups = group_by_label(y)
    assert sorted(row for group in groups for row in group.rows) == list(range(len(y)))
    for group in groups:
        assert {y[row] for row in group.rows} == {None if group.name == "no label" else group.name}


@pytest.mark.parametrize(
    ("y", "values"),
    [
        (np.arange(20), False),
        (np.arange(21), True),
        ([0.5, 1.0], True),
        ([1.0, 2.0, NAN], False),
        ([True, False], False),
        (["0.5"], False),
    ],
)
def test_values_are_told_from_labels(y: Any, values: bool) -> None:
    assert are_values(y) == values
    display = LatentDisplay.from_predictions(RNG.normal(size=(len(y), 2)), y)
    assert (display.values is not None) == values
    assert (display.labels is not None) != values


def test_values_on_a_color_scale() -> None:
    codes = RNG.normal(size=(4, 2))
    display = LatentDisplay.from_predictions(codes, pd.Series([0.5, NAN, 3.5, 2.5], name="load (kg)"))
    missing, colored = display.scatters_
    np.testing.assert_array_equal(missing.get_offsets(), codes[[1]])
    np.testing.assert_array_equal(colored.get_offsets(), codes[[0, 3, 2]])
    np.testing.assert_array_equal(np.asarray(colored.get_array()), [0.5, 2.5, 3.5])
    assert display.colorbar_ is not None
    assert display.colorbar_.ax.get_ylabel() == "load (kg)"
    assert legend_texts(display.ax_.get_legend()) == ["no value"]
    drawn(display.figure_)
    nothing = LatentDisplay(codes, values=[NAN] * 4).plot()
    assert nothing.colorbar_ is None
    assert len(nothing.scatters_) == 1


def test_skewed_values_have_a_logarithmic_scale() -> None:
    codes = RNG.normal(size=(5, 2))
    assert isinstance(LatentDisplay(codes, values=[1, 1, 1, 1, 100.0]).plot().scatters_[0].norm, LogNorm)
    for values in ([1.0, 2, 3, 4, 5], [-1, 1, 1, 1, 100.0]):
        assert not isinstance(LatentDisplay(codes, values=values).plot().scatters_[0].norm, LogNorm)


def test_many_points_are_small_pale_pixels() -> None:
    few, many = (LatentDisplay(RNG.normal(size=(n, 2))).plot().scatters_[0] for n in (20, 2 * RASTERIZE_FROM))
    assert few.get_sizes()[0] > 2 * many.get_sizes()[0]
    assert np.asarray(few.get_facecolor())[0, 3] > np.asarray(many.get_facecolor())[0, 3]
    assert (few.get_rasterized(), many.get_rasterized()) == (False, True)
    assert LatentDisplay([[1.0, 2]]).plot(scatter_kwargs={"s": 3}).scatters_[0].get_sizes()[0] == 3


def test_codes_of_an_estimator(fitted: LSTMAutoencoder) -> None:
    X = RNG.normal(size=(9, 6, 2))
    y = np.arange(9) % 2
    codes, errors = fitted.transform(X), np.sqrt(-fitted.score_samples(X))
    display = LatentDisplay.from_estimator(fitted, X, y=y, color_label="kind", projection="first")
    np.testing.assert_allclose(display.points_, codes[:, :2])
    assert legend_texts(display.ax_.get_legend()) == ["0", "1"]
    assert len(LatentDisplay.from_estimator(fitted, X).scatters_) == 1
    assert LatentDisplay.from_estimator(fitted, X, y=y, color_by=None).ax_.get_legend() is None
    display = LatentDisplay.from_estimator(fitted, X, y=y, color_by="error")
    np.testing.assert_allclose(np.asarray(display.scatters_[0].get_array()), np.sort(errors), rtol=1e-5)
    assert display.colorbar_ is not None
    assert display.colorbar_.ax.get_ylabel() == "root mean squared error (SD)"


def test_codes_of_a_pipeline() -> None:
    X = RNG.normal(size=(8, 5))
    pipeline = make_pipeline(StandardScaler(), tiny()).fit(X)
    display = LatentDisplay.from_estimator(pipeline, X, color_by="error", projection="first")
    np.testing.assert_allclose(display.points_, pipeline.transform(X)[:, :2])
    pipeline.set_output(transform="pandas").fit(X)
    display = LatentDisplay.from_estimator(pipeline, X, projection="first")
    assert display.ax_.get_xlabel() == "lstmautoencoder0"


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ({"labels": ["a"]}, {}, r"labels has shape \(1,\), but there are 2 codes"),
        ({"values": [1.0, 2, 3]}, {}, r"values has shape \(3,\), but there are 2 codes"),
        ({"values": [1, 2], "labels": [1, 2]}, {}, "Both labels and values"),
        ({"codes": [[1.0, NAN]]}, {}, "codes contains NaN"),
        ({"codes": [1.0, 2]}, {}, "Expected 2D array"),
        ({}, {"projection": "tsne"}, 'projection must be "auto", "first" or "pca", got \'tsne\''),
        ({"codes": CODES[:1]}, {"projection": "pca"}, 'projection="pca" needs at least 2 codes, got 1'),
    ],
)
def test_refused_codes(arguments: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LatentDisplay(**{"codes": CODES} | arguments).plot(**options)
    assert not plt.get_fignums()


def test_refused_estimators_of_codes(fitted: LSTMAutoencoder) -> None:
    X = np.ones((2, 6, 2))
    with pytest.raises(NotFittedError):
        LatentDisplay.from_estimator(tiny(), X)
    with pytest.raises(TypeError, match="LogisticRegression has no `transform`: pass an LSTMAutoencoder"):
        LatentDisplay.from_estimator(LogisticRegression().fit([[0], [1]], [0, 1]), X)
    with pytest.raises(ValueError, match="color_by must be"):
        LatentDisplay.from_estimator(fitted, X, color_by="y")
    with pytest.raises(ValueError, match="labels has shape"):
        LatentDisplay.from_estimator(fitted, X, y=[1, 2, 3])
