"""The width that suits a series: its period, where it has one."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from sklearn_seqae._data._period import autocorrelations, find_width
from sklearn_seqae._data._series import validate_series

Array = NDArray[np.float64]


def width(steps: Array | list[Array]) -> int:
    return find_width(validate_series(BaseEstimator(), steps, reset=True))


def waves(period: float, n: int = 1000, seed: int = 0) -> Array:
    noise = np.random.default_rng(seed).normal(0, 0.2, size=(n, 1))
    return np.sin(2 * np.pi * np.arange(n) / period)[:, np.newaxis] + noise


@pytest.mark.parametrize(("period", "n_periods"), [(10, 6), (24, 2), (37, 1), (64, 1), (100, 1)])
def test_width_is_so_many_periods_as_have_about_64_rows(period: int, n_periods: int) -> None:
    assert abs(width(waves(period)) / n_periods - period) <= 1


@pytest.mark.parametrize("slope", [0.01, -0.01])
def test_trend_does_not_hide_the_period(slope: float) -> None:
    assert width(waves(24) + slope * np.arange(1000)[:, np.newaxis]) == width(waves(24)) == 48


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_width_depends_on_no_unit_and_no_level(scale: float) -> None:
    assert width(scale * (waves(24) + 100)) == width(waves(24))


def test_gaps_do_not_hide_the_period() -> None:
    gappy = waves(24)
    gappy[np.random.default_rng(1).uniform(size=gappy.shape) < 0.3] = np.nan
    gappy[300:420] = np.nan
    assert width(gappy) == 48


def test_channels_that_do_not_vary_do_not_count() -> None:
    assert width(np.hstack([np.full((1000, 1), 3.0), waves(24)])) == width(waves(24))
    assert width(np.hstack([np.full((1000, 1), np.nan), waves(24)])) == width(waves(24))


def test_rows_of_noise_are_windows_of_their_own() -> None:
    assert width(np.random.default_rng(0).normal(size=(500, 2))) == 1
    assert width(np.full((500, 2), 3.0)) == 1


def test_walk_without_a_period_has_a_width_all_the_same() -> None:
    assert 1 < width(np.random.default_rng(0).normal(size=(1000, 1)).cumsum(axis=0)) <= 1000 // 6


def test_width_leaves_several_windows_in_the_series() -> None:
    assert width(waves(100, n=120)) <= 120 // 3
    assert width(waves(10, n=320)) == 20


def test_the_longest_of_several_series_decides() -> None:
    assert width([waves(10, n=100), waves(37)]) == width(waves(37))


def test_autocorrelation_worked_out_by_hand() -> None:
    # Deviations -1, 1, -1, 1: products of neighbours are -1, of those two apart 1.
    steps = np.array([[0.0], [2.0], [0.0], [2.0]], dtype=np.float32)
    np.testing.assert_allclose(autocorrelations(steps, 2)[:, 0], [1, -3 / 4, 2 / 4], atol=1e-12)


def test_what_is_missing_counts_as_the_mean() -> None:
    steps = np.array([[0.0], [2.0], [np.nan], [2.0], [0.0]], dtype=np.float32)
    np.testing.assert_allclose(autocorrelations(steps, 2)[:, 0], [1, -2 / 4, 1 / 4], atol=1e-12)


def test_autocorrelation_of_each_channel() -> None:
    steps = np.column_stack([np.arange(6.0), np.full(6, 1e6), [0, 1] * 3]).astype(np.float32)
    correlations = autocorrelations(steps, 1)
    np.testing.assert_allclose(correlations[0], [1, 0, 1])
    assert correlations[1, 0] > 0 > correlations[1, 2]
