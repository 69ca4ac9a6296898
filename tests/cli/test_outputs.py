"""What a run leaves behind."""

from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sklearn_seqae._cli import _outputs
from sklearn_seqae._cli._main import main


def test_sequences_in_a_picture_have_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also long ones, without one reaching into the next."""
    drawn: list[Figure] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_outputs, "save_figure", lambda figure, path: drawn.append(figure))
    ids = [f"patient of the {i}th ward in the north" for i in range(8)]
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 6))).assign(id=ids)
    rows.to_csv("a.csv", index=False)
    assert main(["a.csv", "--id", "id", "--plot", "a.png", "--max-epochs", "1", "--quiet", "--test-size", "0.5"]) == 0
    (figure,) = drawn
    figure.canvas.draw()
    titles = [axis.title for axis in figure.axes if axis.get_title()]
    assert len(titles) == 4
    for title in titles:
        assert "patient of the\n" in title.get_text()
    boxes = [title.get_window_extent() for title in titles]
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    plt.close("all")
