"""How many independent values a component of successive codes amounts to."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._inference._directions import effective_sizes

N = 1000


def sizes(*components: NDArray[np.float64], owner: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    codes = np.column_stack(components).astype(np.float32)
    return effective_sizes(codes, np.zeros(len(codes), dtype=np.int64) if owner is None else owner)


def test_noise_is_worth_all_its_values_and_a_drift_hardly_one() -> None:
    noise, drift, wave, constant = sizes(
        np.random.default_rng(0).normal(size=N),
        np.linspace(0, 1, N),
        np.sin(np.arange(N) / 5),
        np.full(N, 3.0),
    )
    assert 0.8 * N < noise <= N
    assert 1 <= drift < 4
    assert 100 < wave < 300  # a new value every few rows, until the first quarter of its period
    assert constant == N


def test_autoregressive_process_has_the_size_that_theory_says() -> None:
    rng, values = np.random.default_rng(0), np.zeros(20_000)
    for i in range(1, len(values)):
        values[i] = 0.8 * values[i - 1] + rng.normal()
    (found,) = sizes(values)
    assert abs(found / len(values) - 1 / 9) < 0.03  # (1 - 0.8) / (1 + 0.8)


def test_pairs_of_two_series_do_not_count() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, N // 2)).cumsum(axis=1)
    owner = np.repeat([1, 2], N // 2)
    together, apart = sizes(np.append(first, second + 1000)), sizes(np.append(first, second + 1000), owner=owner)
    assert together < 4
    assert apart < 4


def test_one_code_and_few() -> None:
    np.testing.assert_array_equal(sizes(np.array([1.0]), np.array([2.0])), [1, 1])
    assert (sizes(np.array([1.0, 2.0])) >= 1).all()
