"""The joint score: what is measured, and how measures are joined, worked out by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference import _errors
from sklearn_seqae._inference._joint import Known, Measures, Spread, held_out_joint_scores
from tests.inference.drawing import Drawing


def sequences_of(n: int, lengths: list[int] | None = None) -> Sequences:
    sizes = np.array(lengths or [6] * n)
    steps = np.random.default_rng(0).normal(size=(sizes.sum(), 2)).astype(np.float32)
    return Sequences(steps, np.cumsum(sizes) - sizes, sizes, sizes, "list")


def test_measures_by_hand() -> None:
    module, X = Drawing(0.5, 2), sequences_of(8)
    scale = np.array([2.0, 4.0])
    known = Known.of(module, X.take(np.arange(5)), np.zeros(2), scale)
    measures = known.measure(module, X.take(np.array([5, 6, 7])))
    x = X.steps.reshape(8, 6, 2)
    errors = 0.5 * x[5:] / scale
    np.testing.assert_allclose(measures.absolute, np.abs(errors).mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(measures.squared, np.square(errors).mean(axis=(1, 2)), rtol=1e-5)
    codes = 0.5 * x.sum(axis=(1, 2))
    nearest = np.sort(np.abs(codes[5:, None] - codes[:5]), axis=1)[:, :3]
    np.testing.assert_allclose(measures.code, nearest.mean(axis=1) / np.sqrt(12), rtol=1e-4)
    among = np.sort(np.abs(codes[:5, None] - codes[:5]), axis=1)[:, 1:4]
    assert known.spacing == pytest.approx(np.median(among.mean(axis=1)), rel=1e-4)
    larger = measures.rescaled(2.0, 3.0)
    np.testing.assert_allclose(larger.absolute, 2 * measures.absolute)
    np.testing.assert_allclose(larger.squared, 4 * measures.squared)
    np.testing.assert_allclose(larger.code, 3 * measures.code)
    from_known = 0.5 * np.log(measures.squared + measures.code**2)
    expected = np.stack([np.log(measures.absolute), from_known, np.log(measures.behaviour)], axis=1)
    np.testing.assert_allclose(measures.logarithms(), expected)


@pytest.mark.parametrize("at_once", [1, 20, 4_000_000])
def test_few_sequences_are_drawn_at_once(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module, X = Drawing(0.5, 2), sequences_of(7, [6, 3, 1, 9, 4, 6, 2])
    known = Known.of(module, X, np.zeros(2), np.ones(2))
    expected = known.measure(module, X)
    monkeypatch.setattr(_errors, "_VALUES_AT_ONCE", at_once)
    np.testing.assert_allclose(known.measure(module, X).logarithms(), expected.logarithms(), rtol=1e-5)


def test_no_distance_at_all_is_finite() -> None:
    for n in (1, 2):
        equal = sequences_of(1).take(np.zeros(n, dtype=int))
        assert Known.of(Drawing(0.5, 2), equal, np.zeros(2), np.ones(2)).spacing == 0
    nothing = np.zeros(2)
    assert np.isfinite(Measures(nothing, nothing, nothing, nothing).logarithms()).all()


def test_scores_are_sums_of_logarithms_of_tail_probabilities() -> None:
    spread = Spread(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 0.5]))
    logarithms = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 2.0], [1.0, 5.0, 1.0]])
    expected = [2 * np.log(0.5), norm.logsf(1) + np.log(0.5), norm.logsf(2) + norm.logsf(-2)]
    np.testing.assert_allclose(spread.scores(logarithms), expected)
    far = spread.scores(np.array([[60.0, 0, 0], [90.0, 0, 0]]))
    assert far[1] < far[0] < -1000  # no underflow


def test_spread_of_few_is_near_the_usual() -> None:
    one = Spread.of(np.array([[1.0, 2, 3]]))
    np.testing.assert_array_equal(one.location, [1, 2, 3])
    np.testing.assert_allclose(one.scale, 0.3 * np.sqrt(2 / 3))
    many = Spread.of(np.random.default_rng(0).normal(size=(4000, 3)))
    np.testing.assert_allclose(many.scale, 1, atol=0.05)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_held_out_sequences_are_judged_by_all_others(n: int) -> None:
    logarithms = np.random.default_rng(0).normal(size=(n, 3))
    others = [Spread.of(np.delete(logarithms, i, axis=0)) for i in range(n)]
    expected = [spread.scores(row[None])[0] for spread, row in zip(others, logarithms, strict=True)]
    np.testing.assert_allclose(held_out_joint_scores(logarithms), expected)


def test_a_single_held_out_sequence_is_usual() -> None:
    np.testing.assert_allclose(held_out_joint_scores(np.ones((1, 3))), 2 * np.log(0.5))
