"""What `LossCurveDisplay` shows, read from matplotlib's artists."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LossCurveDisplay
from tests.plot.displays import drawn, legend_texts, without_windows
from tests.tiny import tiny

__all__ = ["without_windows"]  # fixtures

RNG = np.random.default_rng(0)
NAN = np.nan
X23 = np.ones((2, 3))


def test_loss_curves_and_the_best_epoch() -> None:
    display = LossCurveDisplay([3.0, 2, 1], [2.5, 1.5, 2]).plot()
    assert display.validation_line_ is not None
    assert display.best_marker_ is not None
    for line, losses in ((display.training_line_, [3, 2, 1]), (display.validation_line_, [2.5, 1.5, 2])):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), losses)
    assert display.training_line_.get_linestyle() != display.validation_line_.get_linestyle()
    assert (display.best_marker_.get_xdata()[0], display.best_marker_.get_ydata()[0]) == (2, 1.5)  # type: ignore[index]
    assert legend_texts(display.ax_.get_legend()) == ["training", "validation", "best: epoch 2"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("epoch", "loss")


def test_best_epoch_of_the_training_loss() -> None:
    display = LossCurveDisplay([NAN, 2, 1, 5]).plot()
    assert display.validation_line_ is None
    assert legend_texts(display.ax_.get_legend()) == ["training", "best: epoch 3"]
    display = LossCurveDisplay([NAN, np.inf]).plot()
    assert display.best_marker_ is None


def test_epochs_without_validation_are_gaps() -> None:
    display = LossCurveDisplay([5.0, 4, 3, 2, 1], [NAN, 2, NAN, 4, 3]).plot()
    assert display.validation_line_ is not None
    np.testing.assert_array_equal(display.validation_line_.get_ydata(), [NAN, 2, NAN, 4, 3])
    assert legend_texts(display.ax_.get_legend()) == ["training", "validation", "best: epoch 2"]
    (dot,) = [line for line in display.ax_.lines if line.get_marker() == "."]  # where no line reaches
    np.testing.assert_array_equal(dot.get_xydata(), [[2, 2]])
    drawn(display.figure_)


@pytest.mark.parametrize(
    ("losses", "log", "scale"),
    [
        ([1.0, 0.2], "auto", "linear"),
        ([1.0, 0.1], "auto", "log"),
        ([1.0, 0.0], "auto", "linear"),
        ([1.0, -5.0], "auto", "linear"),
        ([1.0, 0.01], False, "linear"),
        ([1.0, 0.9], True, "log"),
    ],
)
def test_scale_of_the_loss(losses: list[float], log: bool | str, scale: str) -> None:
    assert LossCurveDisplay(losses).plot(log=log).ax_.get_yscale() == scale


def test_losses_recorded_elsewhere() -> None:
    display = LossCurveDisplay.from_predictions([3.0, 2, 1], [2.5, 1.5, 2], name="yesterday", log=True)
    np.testing.assert_array_equal(display.training_line_.get_ydata(), [3, 2, 1])
    assert display.ax_.get_yscale() == "log"
    assert legend_texts(display.ax_.get_legend())[0] == "yesterday, training"
    second = LossCurveDisplay.from_predictions([1.0, 0.5], ax=display.ax_)
    assert second.ax_ is display.ax_


def test_displays_share_axes() -> None:
    first = LossCurveDisplay([1.0, 0.5], [0.9, 0.7], name="wide").plot()
    second = LossCurveDisplay([1.0, 0.7]).plot(first.ax_, name="narrow")
    assert second.ax_ is first.ax_
    assert first.validation_line_ is not None
    assert first.training_line_.get_color() == first.validation_line_.get_color() != second.training_line_.get_color()
    assert legend_texts(first.ax_.get_legend()) == [
        "wide, training",
        "wide, validation",
        "wide, best: epoch 2",
        "narrow, training",
        "narrow, best: epoch 2",
    ]


def test_loss_of_an_estimator() -> None:
    autoencoder = tiny(early_stopping=True, validation_fraction=0.5).fit(RNG.normal(size=(8, 5)))
    display = LossCurveDisplay.from_estimator(autoencoder, name="a", training_kwargs={"lw": 4})
    np.testing.assert_allclose(np.asarray(display.training_line_.get_ydata()), autoencoder.loss_curve_)
    assert display.validation_line_ is not None
    np.testing.assert_allclose(np.asarray(display.validation_line_.get_ydata()), autoencoder.validation_loss_curve_)
    assert display.training_line_.get_linewidth() == 4
    assert LossCurveDisplay.from_estimator(tiny().fit(RNG.normal(size=(8, 5)))).validation_line_ is None


def test_loss_of_an_estimator_that_was_not_always_validated() -> None:
    X = RNG.normal(size=(8, 5))
    autoencoder = tiny(early_stopping=True, validation_fraction=0.5).fit(X)
    display = LossCurveDisplay.from_estimator(autoencoder.partial_fit(X))
    assert display.validation_line_ is not None
    losses = np.asarray(display.validation_line_.get_ydata(), dtype=float)
    assert np.isnan(losses).tolist() == [False, False, True]
    np.testing.assert_array_equal(losses, autoencoder.validation_loss_curve_)


def test_refused_losses() -> None:
    for losses in ([], [[1.0]]):
        with pytest.raises(ValueError, match=r"training_loss has shape .* at least one"):
            LossCurveDisplay(losses).plot()
    with pytest.raises(ValueError, match=r"validation_loss has shape \(1,\), training_loss \(2,\).*NaN for epochs"):
        LossCurveDisplay([1.0, 2], [1.0]).plot()
    with pytest.raises(ValueError, match="log=True needs positive losses, but the smallest is -1"):
        LossCurveDisplay([1.0, -1]).plot(log=True)
    with pytest.raises(ValueError, match="log must be True, False or \"auto\", got 'yes'"):
        LossCurveDisplay([1.0]).plot(log="yes")
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(tiny())
    with pytest.raises(TypeError, match="StandardScaler has no `loss_curve_`"):
        LossCurveDisplay.from_estimator(StandardScaler().fit(X23))
