"""Distances to what is known, and which points are kept of many."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sklearn_seqae._inference import _neighbours
from sklearn_seqae._inference._neighbours import Memory


@pytest.mark.parametrize("at_once", [1, 10, 4_000_000])
@pytest.mark.parametrize("k", [1, 2, 3, 9])
def test_distances_are_those_to_the_nearest_points(k: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_neighbours, "_DISTANCES_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    known, new = rng.normal(size=(6, 3)) + 100, rng.normal(size=(10, 3)) + 100
    memory = Memory.of(known)
    expected = np.sort(cdist(new, known), axis=1)[:, :k].mean(axis=1)
    np.testing.assert_allclose(memory.distances(new, k), expected, rtol=1e-9)
    others = np.sort(cdist(known, known), axis=1)[:, 1 : 1 + min(k, 5)].mean(axis=1)
    np.testing.assert_allclose(memory.distances_between(k), others, rtol=1e-9)


def test_what_is_known_has_no_distance_at_all() -> None:
    known = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32) + 1e4
    np.testing.assert_array_equal(Memory.of(known).distances(known), 0)
    np.testing.assert_array_equal(Memory.of(np.ones((3, 2))).distances_between(), 0)


def test_points_are_chosen_from_the_middle_outwards() -> None:
    table = np.array([[0.0], [1], [2], [3], [9], [-4]])  # of mean 11 / 6
    for most, expected in [(1, [2]), (2, [2, 4]), (3, [2, 4, 5]), (4, [0, 2, 4, 5]), (9, list(range(6)))]:
        memory = Memory.of(table, most)
        assert memory.rows.tolist() == expected
        np.testing.assert_array_equal(memory.points, table[expected])


def test_what_is_rare_stays_in_memory() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(500, 2))
    table[250] = 8
    for seed in range(3):
        at_random = np.random.default_rng(seed).choice(500, 50, replace=False)
        assert Memory.of(table, 50).distances(table).max() < 0.5 * Memory.of(table[at_random]).distances(table).max()


def test_equal_rows_are_kept_once() -> None:
    assert Memory.of(np.repeat([[0.0], [1.0]], 20, axis=0), 10).rows.tolist() == [0, 20]


def test_of_very_many_rows_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_neighbours, "_MOST_CANDIDATES", 10)
    assert set(Memory.of(np.arange(100.0)[:, None], 5).rows) <= set(np.linspace(0, 99, 10).astype(int))


def test_refuses_a_single_point_without_others() -> None:
    with pytest.raises(ValueError, match=r"no other point .*\(1, 2\)"):
        Memory.of(np.zeros((1, 2))).distances_between()
    with pytest.raises(ValueError, match="does not fit"):
        Memory(np.zeros((2, 2)), np.arange(3))
