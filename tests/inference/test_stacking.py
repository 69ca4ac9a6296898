"""How much of each proposal is taken: what is right, nothing of noise, and more the further away."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sklearn_seqae._inference import _stacking
from sklearn_seqae._inference._stacking import DistanceWeights

N = 4000


def drawn(seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Truth, distances and channels."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=N).astype(np.float32)
    return truth, (2.0 ** rng.uniform(0, 4, size=N)).astype(np.float32), rng.integers(0, 2, size=N)


def fit(values: NDArray[np.float32], truth: NDArray[np.float32], distance: NDArray[np.float32]) -> DistanceWeights:
    return DistanceWeights.fit(values, distance, drawn()[2], np.ones_like(truth), truth, n_sequences=200, n_channels=2)


def test_what_is_right_is_taken_and_noise_is_not() -> None:
    truth, distance, _ = drawn()
    noise = np.random.default_rng(1).normal(size=N)
    stack = fit(np.stack([0 * truth, noise, truth], axis=1).astype(np.float32), truth, distance)
    assert stack.weights.shape == (2, 6)  # at 1, 2, 4, 8, 16 and infinity
    np.testing.assert_allclose(stack.weights[1, :5], 1, atol=0.02)
    np.testing.assert_allclose(stack.weights[0], 0, atol=0.02)


def test_what_points_away_gets_nothing() -> None:
    truth, distance, _ = drawn()
    stack = fit(np.stack([0 * truth, -truth], axis=1), truth, distance)
    assert (stack.weights == 0).all()


def test_weights_follow_the_distance() -> None:
    truth, distance, _ = drawn()
    other = np.where(distance > 4, truth, np.random.default_rng(1).normal(size=N))
    stack = fit(np.stack([0 * truth, other], axis=1).astype(np.float32), truth, distance)
    near, far = stack.weights[0, 0], stack.weights[0, 4]
    assert near < 0.1
    assert far > 0.9


def test_a_channel_in_which_the_line_is_right_keeps_it() -> None:
    truth, distance, channel = drawn()
    other = truth.copy()
    truth = np.where(channel == 1, 0.01 * truth, truth).astype(np.float32)
    stack = fit(np.stack([0 * truth, other], axis=1), truth, distance)
    fills = stack.combine(np.stack([0 * truth, other], axis=1), distance, channel)
    for c in (0, 1):
        assert np.abs(fills - truth)[channel == c].mean() < 0.2 * np.abs(other).mean()
    assert stack.channel_weights[1] < 0.2 * stack.channel_weights[0]


def test_few_wild_values_do_not_decide() -> None:
    truth, distance, _ = drawn()
    other = 0.5 * truth
    wild = truth.copy()
    wild[:20] = -1000 * truth[:20]
    clean, disturbed = (fit(np.stack([0 * t, other], axis=1), t, distance).weights[0, 2] for t in (truth, wild))
    assert clean == pytest.approx(2, abs=0.05)
    assert disturbed > 1


def test_combined_by_hand() -> None:
    stack = DistanceWeights(
        np.array([[0.5, 1.0, 0.0]]), np.array([1.0, 0.5]), np.array([[0.1, 0.2, 0.4], [1.0, 2.0, 4.0]]), 0.5
    )
    values = np.array([[1, 3], [1, 3], [1, 3], [1, 3]], dtype=np.float32)
    distance = np.array([1, 2**0.5, 64, np.inf], dtype=np.float32)  # beyond the last finite knot it is that one
    channel, rough = np.array([0, 1, 0, 1]), np.array([1, 4, 1, 1], dtype=np.float32)
    np.testing.assert_allclose(stack.combine(values, distance, channel), [2, 1.75, 3, 1], rtol=1e-6)
    np.testing.assert_allclose(stack.deviation(distance, channel, rough), [0.1, 3, 0.2, 4], rtol=1e-6)


def test_deviations_are_those_of_the_errors() -> None:
    truth, distance, channel = drawn()
    truth = np.where(channel == 1, 5, 1) * distance * truth
    stack = fit(np.zeros((N, 1), dtype=np.float32), truth.astype(np.float32), distance)
    assert stack.weights.shape == (0, 6)
    ratios = truth / stack.deviation(distance, channel, np.ones(N, np.float32))
    for c in (0, 1):
        for low in (1, 2, 4, 8):
            some = ratios[(channel == c) & (distance >= low) & (distance < 2 * low)]
            assert 0.8 < np.sqrt(np.mean(some**2)) < 1.2


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_deviations_grow_with_the_roughness_as_errors_do(power: float) -> None:
    truth, distance, channel = drawn()
    rough = np.exp(np.random.default_rng(1).normal(size=N)).astype(np.float32)
    errors = (rough**power * truth).astype(np.float32)
    stack = DistanceWeights.fit(
        np.zeros((N, 1), np.float32), distance, channel, rough, errors, n_sequences=200, n_channels=2
    )
    assert stack.exponent == pytest.approx(power, abs=0.06)
    ratios = errors / stack.deviation(distance, channel, rough)
    for some in (rough < 0.5, rough > 2):
        assert 0.85 < np.sqrt(np.mean(ratios[some] ** 2)) < 1.15


def test_without_hidden_values_the_line_stays() -> None:
    empty = np.empty(0, dtype=np.float32)
    channel = np.empty(0, dtype=np.int64)
    stack = DistanceWeights.fit(np.empty((0, 4), np.float32), empty, channel, empty, empty, n_sequences=2, n_channels=1)
    assert (stack.weights == 0).all()
    assert (stack.deviations == 1).all()


def test_knots_share_a_distance() -> None:
    shares = _stacking._knots(np.array([1, 3, 100, np.inf], dtype=np.float32), 5)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0].argmax() == 0
    assert shares[2].argmax() == 3
    assert shares[3].argmax() == 4
