"""What the tests of displays share."""

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_seqae import LSTMAutoencoder
from tests.tiny import tiny


@pytest.fixture(autouse=True)
def without_windows() -> Iterator[None]:
    """Draw without a screen; no figure is left open, and matplotlib is as it was."""
    backend = mpl.get_backend()
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")
    mpl.use(backend)


@pytest.fixture(scope="module")
def fitted() -> LSTMAutoencoder:
    """An autoencoder of sequences of 6 steps and 2 channels."""
    return tiny().fit(np.random.default_rng(0).normal(size=(12, 6, 2)))


def legend_of(figure: Any) -> Any:
    """The only legend in a figure."""
    (legend,) = [axis.get_legend() for axis in figure.axes if axis.get_legend()]
    return legend


def legend_texts(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


def drawn(figure: Any) -> Any:
    """The figure, after all of it has been drawn."""
    figure.draw_without_rendering()
    return figure
