"""Rows of a series as means over the windows that they are in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqae._inference._rows import RowMeans, moving_mean
from sklearn_seqae._windows import stitch_windows


def test_one_value_a_window_worked_out_by_hand() -> None:
    means = RowMeans(4, 2, 1)
    means.add(0, np.array([1.0, 2.0, 6.0]).reshape(3, 1, 1))
    np.testing.assert_array_equal(means.means()[:, 0], [1, 1.5, 4, 6])


def test_what_is_missing_is_left_out() -> None:
    means = RowMeans(4, 2, 1)
    means.add(0, np.array([1.0, np.nan, np.nan]).reshape(3, 1, 1))
    np.testing.assert_array_equal(means.means()[:, 0], [1, 1, np.nan, np.nan])


@given(st.integers(1, 6), st.integers(0, 20), st.integers(1, 3), st.integers(1, 8))
def test_batches_give_what_stitching_all_windows_gives(width: int, more: int, n_values: int, size: int) -> None:
    n_rows = width + more
    values = np.random.default_rng(0).normal(size=(more + 1, width, n_values))
    means = RowMeans(n_rows, width, n_values)
    for first in range(0, len(values), size):
        means.add(first, values[first : first + size])
    np.testing.assert_allclose(means.means(), stitch_windows(values, 1, n_rows), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_values_do_not_blur_small_ones_elsewhere(dtype: type) -> None:
    means = RowMeans(30, 3, 1)
    means.add(0, np.array([1e12, *[1.0] * 27], dtype=dtype).reshape(28, 1, 1))
    np.testing.assert_array_equal(means.means()[3:, 0], 1)


def test_moving_means_worked_out_by_hand() -> None:
    values = np.array([1.0, 3.0, 8.0, np.nan])
    np.testing.assert_array_equal(moving_mean(values, 3, behind=False), [2, 4, 5.5, 8])
    np.testing.assert_array_equal(moving_mean(values, 3, behind=True), [1, 2, 4, 5.5])
    np.testing.assert_array_equal(moving_mean(values, 2, behind=True), [1, 2, 5.5, 8])
    np.testing.assert_array_equal(moving_mean(values, 1, behind=False), values)


@given(st.integers(1, 12), st.integers(0, 10), st.integers(1, 11))
def test_means_behind_know_nothing_later(width: int, known: int, more: int) -> None:
    values = np.random.default_rng(0).normal(size=known + more)
    changed = np.append(values[:known], values[known:] + 1)
    before, after = (moving_mean(each, width, behind=True)[:known] for each in (values, changed))
    np.testing.assert_array_equal(before, after)
