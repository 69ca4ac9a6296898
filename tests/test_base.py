"""What every `fit` stands on: seeds."""

import numpy as np

from sklearn_seqae._base import draw_seed, spawn_seeds


def test_an_int_gives_the_same_seed_each_time_and_none_another() -> None:
    assert draw_seed(3) == draw_seed(3)
    assert draw_seed(3) != draw_seed(4)
    assert draw_seed(None) != draw_seed(None)


def test_a_generator_moves_on() -> None:
    generator = np.random.RandomState(0)
    assert draw_seed(generator) != draw_seed(generator)


def test_spawned_seeds_differ_from_each_other_and_from_those_of_neighbours() -> None:
    seeds = [seed for parent in range(50) for key in ((), (0,), (1,)) for seed in spawn_seeds(parent, 20, key=key)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_spawned_seeds_are_the_same_each_time_and_do_not_depend_on_their_number() -> None:
    assert spawn_seeds(7, 3) == spawn_seeds(7, 5)[:3]
    assert spawn_seeds(7, 3) != spawn_seeds(7, 3, key=(1,))
