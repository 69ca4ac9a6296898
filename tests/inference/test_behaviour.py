"""How sequences behave: statistics by hand, where they do not matter, and distances of them."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf

from sklearn_seqae._inference import _behaviour
from sklearn_seqae._inference._behaviour import Behaviour, describe
from tests.datasets import dataset_of, random_parts

NAN = np.nan


def described(*sequences: Any, mean: float = 0, scale: float = 1) -> NDArray[np.float64]:
    parts = [np.array(steps, dtype=np.float32).reshape(len(steps), -1) for steps in sequences]
    n_channels = parts[0].shape[1]
    return describe(dataset_of(parts), np.full(n_channels, mean), np.full(n_channels, scale))


def test_statistics_by_hand() -> None:
    found = described([1, 3, 5, 3], [4, NAN, 6], mean=1, scale=2)  # 0, 1, 2, 1 and 1.5, nothing, 2.5
    first = [1.0, np.log(np.sqrt(0.5) + 0.01), np.log(1.01), np.log(np.sqrt(2) + 0.01), NAN, NAN, NAN, NAN]
    second = [2.0, np.log(0.5 + 0.01), NAN, np.log(1.01), NAN, NAN, NAN, NAN]
    np.testing.assert_allclose(found, [first, second], rtol=1e-6)


def test_channels_stand_side_by_side() -> None:
    both = described([[0, 7], [1, 9], [2, 7]])
    np.testing.assert_array_equal(both[:, ::2], described([0, 1, 2]))
    np.testing.assert_array_equal(both[:, 1::2], described([7, 9, 7]))


def test_when_something_happens_hardly_matters() -> None:
    burst = np.r_[np.zeros(40), 1, -1, 1, np.zeros(57)]
    moved, slower = np.roll(burst, 15), np.repeat(burst, 2)[:100]
    original = described(burst)
    assert np.abs(described(moved) - original).max() < 0.2
    assert np.abs(described(slower) - original).max() > 0.5


@pytest.mark.parametrize("at_once", [1, 30, 1_000_000])
def test_neighbours_and_padding_do_not_matter(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_behaviour, "_VALUES_AT_ONCE", at_once)
    parts = random_parts([3, 1, 40, 9, 2])
    parts[3][2:4, 0] = NAN
    alone = np.concatenate([described(part) for part in parts])
    np.testing.assert_allclose(described(*parts), alone, rtol=1e-6)


@pytest.mark.parametrize(("n", "n_statistics"), [(50, 4), (6, 10)])
def test_distances_are_mahalanobis_distances_shrunk_after_ledoit_and_wolf(n: int, n_statistics: int) -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(n_statistics, n_statistics))
    known, new = rng.normal(size=(n, n_statistics)) @ mixing, rng.normal(size=(7, n_statistics)) @ mixing
    mean, scale = known.mean(axis=0), known.std(axis=0)
    precision = LedoitWolf(assume_centered=True).fit((known - mean) / scale).precision_

    def nearest(table: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        found = cdist((table - mean) / scale, (known - mean) / scale, "mahalanobis", VI=precision)
        return np.sort(found, axis=1)[:, first : first + 3].mean(axis=1)

    behaviour = Behaviour.of(known)
    assert behaviour.unit == pytest.approx(np.median(nearest(known, 1)), rel=1e-4)
    expected = nearest(new, 0) / behaviour.unit
    # Mean distances of three points and the root of a mean are the same only where nothing is outside all directions.
    np.testing.assert_allclose(behaviour.distances(new), expected, rtol=1e-4 if n > n_statistics else 0.05)


def test_what_no_sequence_differs_in_is_far_all_the_same() -> None:
    known = np.c_[np.random.default_rng(0).normal(size=(30, 2)), np.ones(30)]
    behaviour = Behaviour.of(known)
    same, other = behaviour.distances(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.5]]))
    assert other > 10 * same


def test_what_cannot_be_told_is_average() -> None:
    known = np.random.default_rng(0).normal(size=(30, 3))
    known[::2, 1] = NAN
    behaviour = Behaviour.of(known)
    average = np.where([False, True, False], behaviour.mean, 0.3)
    np.testing.assert_allclose(behaviour.distances(np.array([[0.3, NAN, 0.3]])), behaviour.distances(average[None]))


@pytest.mark.parametrize("known", [np.zeros((1, 3)), np.zeros((4, 3)), np.full((2, 3), NAN), np.eye(2, 3)])
def test_few_and_equal_sequences_have_finite_distances(known: NDArray[np.float64]) -> None:
    behaviour = Behaviour.of(known)
    assert np.isfinite(behaviour.distances(np.ones((2, 3)))).all()
    for name, array in behaviour.arrays().items():
        assert isinstance(array, np.ndarray), name
    again = Behaviour(**behaviour.arrays())
    np.testing.assert_array_equal(again.distances(np.ones((2, 3))), behaviour.distances(np.ones((2, 3))))


def test_of_many_directions_the_rest_is_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).normal(size=(100, 6)) * [9, 5, 1, 1, 1, 1]
    expected = Behaviour.of(table).distances(3 * table[:5])
    monkeypatch.setattr(_behaviour, "_MOST_DIRECTIONS", 4)
    few = Behaviour.of(table)
    assert few.points.shape == (100, 4)
    np.testing.assert_allclose(few.distances(3 * table[:5]), expected, rtol=0.5)
