"""Stretches of time that are held out: nothing trained on touches them, nor what is a width from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from sklearn_seqae._data._series import Series, validate_series
from sklearn_seqae._inference._stretches import hold_stretches_out, spread


def series_of(*sizes: int) -> Series:
    steps = [np.zeros((size, 1)) for size in sizes]
    return validate_series(BaseEstimator(), steps, reset=True)


def owner(series: Series, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(series.starts, rows, "right")


@given(st.integers(1, 6), st.integers(2, 4), st.lists(st.integers(100, 160), min_size=1, max_size=3))
def test_no_row_trained_on_is_near_a_row_held_out(width: int, n: int, sizes: list[int]) -> None:
    series = series_of(*sizes)
    for stretch in hold_stretches_out(series, width, n):
        trained = (stretch.training[:, np.newaxis] + np.arange(width)).ravel()
        held_out = np.concatenate(
            [np.arange(a, a + n) for a, n in zip(stretch.held_out.starts, stretch.held_out.sizes, strict=True)]
        )
        same = owner(series, trained)[:, np.newaxis] == owner(series, held_out)
        distance = np.abs(trained[:, np.newaxis] - held_out)
        assert len(trained)
        assert distance[same].min(initial=series.sizes.max()) > width


def test_each_row_is_held_out_once() -> None:
    stretches = hold_stretches_out(series_of(60, 30), 5, 3)
    rows = [
        row
        for s in stretches
        for a, n in zip(s.held_out.starts, s.held_out.sizes, strict=True)
        for row in range(a, a + n)
    ]
    assert sorted(rows) == list(range(90))


def test_two_stretches_worked_out_by_hand() -> None:
    first, second = hold_stretches_out(series_of(16), 2, 2)
    assert (first.held_out.starts.tolist(), first.held_out.sizes.tolist()) == ([0], [8])
    assert first.training.tolist() == [10, 11, 12, 13, 14]  # rows 8 and 9 are the gap
    assert second.training.tolist() == [0, 1, 2, 3, 4]


def test_stretches_of_two_folds_alternate() -> None:
    first, second = hold_stretches_out(series_of(100), 5, 2)
    assert (first.held_out.starts.tolist(), second.held_out.starts.tolist()) == ([0, 50], [25, 75])
    assert first.training.tolist() == [*range(30, 41), *range(80, 96)]  # a gap of a width at each inner edge


def test_gap_is_shorter_in_a_short_series() -> None:
    first, _ = hold_stretches_out(series_of(12), 2, 2)
    assert first.training.tolist() == [7, 8, 9, 10]
    first, _ = hold_stretches_out(series_of(6), 3, 2)
    assert first.training.tolist() == [3]


def test_pieces_that_are_shorter_than_a_window_are_not_judged() -> None:
    _, second = hold_stretches_out(series_of(32, 28), 5, 2)
    assert (second.held_out.starts.tolist(), second.held_out.sizes.tolist()) == ([32], [28])


@pytest.mark.parametrize(("n_rows", "width", "n"), [(11, 4, 3), (7, 4, 2), (3, 2, 3)])
def test_too_few_rows_are_refused_with_the_number_that_is_needed(n_rows: int, width: int, n: int) -> None:
    with pytest.raises(
        ValueError, match=rf"n_samples={n_rows} rows are too few to hold stretches of time out {n} times"
    ) as refused:
        hold_stretches_out(series_of(n_rows), width, n)
    needed = int(str(refused.value).split(": ")[1].split()[0])
    assert needed > n_rows
    assert len(hold_stretches_out(series_of(needed), width, n)) == n


def test_spread_takes_all_phases_of_a_period() -> None:
    chosen = spread(np.arange(10_000), 500, seed=0)
    assert len(np.unique(chosen)) == 500
    assert set(chosen % 20) == set(range(20))
    assert np.diff(chosen).max() <= 40
    assert spread(np.arange(7), 500, seed=0).tolist() == list(range(7))
