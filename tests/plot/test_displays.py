"""What all displays share, read from matplotlib's artists."""

import sys
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from sklearn_seqae import AnomalyDisplay, LatentDisplay, LossCurveDisplay, ReconstructionDisplay
from sklearn_seqae._plot._drawing import span_decades
from sklearn_seqae._plot._panels import entry_width, make_panels
from tests.plot.displays import drawn, without_windows

__all__ = ["without_windows"]  # fixtures

NAN = np.nan
X23 = np.ones((2, 3))
CODES = np.arange(6.0).reshape(2, 3)
SERIES = np.zeros((4, 2))


DISPLAYS: dict[str, Callable[..., Any]] = {
    "reconstruction": lambda **options: ReconstructionDisplay.from_predictions(X23, X23, **options),
    "loss": lambda **options: LossCurveDisplay([1.0, 2.0]).plot(**options),
    "latent": lambda **options: LatentDisplay.from_predictions(CODES, ["a", "b"], **options),
    "anomaly": lambda **options: AnomalyDisplay.from_predictions(SERIES, np.zeros(4), threshold=1.0, **options),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_figure_of_its_own_or_given_axes(name: str) -> None:
    display = DISPLAYS[name]()
    assert plt.fignum_exists(display.figure_.number)
    plt.close(display.figure_)
    figure = Figure()
    assert DISPLAYS[name](ax=figure.add_subplot()).figure_ is figure
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", DISPLAYS)
def test_texts_are_readable_on_a_page(name: str) -> None:
    """No text is below 9 points where the figure is not wider than a page, and none is cut off."""
    display = DISPLAYS[name]()
    figure = drawn(display.figure_)
    assert figure.get_figwidth() <= 6.5
    texts = [text for text in figure.findobj(mpl.text.Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= 9
    box = figure.get_tightbbox().bounds
    assert box[0] >= -0.02
    assert box[1] >= -0.02
    assert box[0] + box[2] <= figure.get_figwidth() + 0.02
    assert box[1] + box[3] <= figure.get_figheight() + 0.02


CALLS: dict[str, Callable[[], Any]] = {
    "ReconstructionDisplay.plot": lambda: ReconstructionDisplay([X23], [X23]).plot(),
    "ReconstructionDisplay.from_estimator": lambda: ReconstructionDisplay.from_estimator(None, None),
    "ReconstructionDisplay.from_predictions": lambda: ReconstructionDisplay.from_predictions(None, None),
    "LossCurveDisplay.plot": lambda: LossCurveDisplay([1.0]).plot(),
    "LossCurveDisplay.from_estimator": lambda: LossCurveDisplay.from_estimator(None),
    "LossCurveDisplay.from_predictions": lambda: LossCurveDisplay.from_predictions([1.0]),
    "LatentDisplay.plot": lambda: LatentDisplay(CODES).plot(),
    "LatentDisplay.from_estimator": lambda: LatentDisplay.from_estimator(None, None),
    "LatentDisplay.from_predictions": lambda: LatentDisplay.from_predictions(None),
    "AnomalyDisplay.plot": lambda: AnomalyDisplay([1.0], [1.0]).plot(),
    "AnomalyDisplay.from_estimator": lambda: AnomalyDisplay.from_estimator(None, None, width=1),
    "AnomalyDisplay.from_predictions": lambda: AnomalyDisplay.from_predictions(None, []),
}


@pytest.mark.parametrize("caller", CALLS)
def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch, caller: str) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=f"^{caller} needs matplotlib: pip install matplotlib$"):
        CALLS[caller]()


@pytest.mark.parametrize("name", DISPLAYS)
def test_constructor_stores_what_it_is_given(name: str) -> None:
    display = DISPLAYS[name]()
    given = {key: value for key, value in vars(display).items() if not key.endswith("_")}
    again = type(display)(**given)
    assert vars(again).keys() == given.keys()
    assert all(vars(again)[key] is value for key, value in given.items())


def test_axes_without_a_place_in_a_grid() -> None:
    figure = Figure()
    with pytest.raises(ValueError, match="ax has no place in a grid"):
        AnomalyDisplay([1.0], [1.0]).plot(figure.add_axes((0.1, 0.1, 0.5, 0.5)))


def test_legend_is_as_wide_as_there_is_room() -> None:
    labels = ["a long entry"] * 6
    for width in (1.0, 3.0, 9.0):
        panels = make_panels(Figure(figsize=(width, 3)).add_subplot(), 1, 1, size=(1, 1), labels=labels)
        room = 0.775 * width  # what matplotlib leaves to axes
        assert panels.legend_columns == max(1, min(6, int(room / entry_width(labels[0]))))


def test_a_legend_of_several_lines_makes_the_figure_higher() -> None:
    labels = ["a long entry"] * 4
    one, two, four = (
        make_panels(None, 1, 1, size=(width, 2), labels=labels).figure.get_figheight() for width in (9, 3.5, 1)
    )
    assert one == 2
    assert four - one == pytest.approx(3 * (two - one))


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 10], True), ([1, 9], False), ([0, 10], False), ([NAN, 1, 99], True), ([], False)]
)
def test_decades(values: list[float], expected: bool) -> None:
    assert span_decades(np.array(values, dtype=float)) == expected
