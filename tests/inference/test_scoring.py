"""How unusual errors are, worked out by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from sklearn_seqae._inference import _scoring
from sklearn_seqae._inference._scoring import ErrorGaussian, Scoring

NAN = np.nan
ERRORS = np.array([[-3.0, 2.0], [1.0, -3.0], [NAN, 4.0], [NAN, NAN]], dtype=np.float32)


def correlated(n: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 3)) @ rng.normal(size=(3, 3)) * [1, 50, 0.01]).astype(np.float32)


@pytest.mark.parametrize(("name", "power"), [("mae", 1), ("mse", 2)])
def test_score_is_minus_the_mean_over_the_observed_values(name: str, power: int) -> None:
    scoring = Scoring(name)
    np.testing.assert_array_equal(scoring.of_values(ERRORS), np.abs(ERRORS) ** power)
    sizes = [(3**power + 2**power) / 2, (1 + 3**power + 4**power) / 3]
    np.testing.assert_allclose(scoring.of_sequences(ERRORS, np.array([1, 3])), np.negative(sizes))


def test_mahalanobis_by_hand() -> None:
    gaussian = ErrorGaussian(np.array([1.0, 2.0]), np.array([[4.0, 1.0], [1.0, 1.0]]))
    # The covariance's inverse is [[1, -1], [-1, 4]] / 3. The third step has one channel of two: twice (4 - 2)² / 1.
    np.testing.assert_allclose(gaussian.squared_distances(ERRORS)[:, 0], [4 / 3, 4 / 3, 8, NAN], rtol=1e-6)
    np.testing.assert_allclose(gaussian.squared_deviations(ERRORS)[:3], [[1.0, 0.0], [0.0, 1.0], [NAN, 4.0]], rtol=1e-6)
    scores = Scoring("mahalanobis", gaussian).of_sequences(ERRORS, np.array([1, 3]))
    np.testing.assert_allclose(scores, [-4 / 3, -(4 / 3 + 8) / 2], rtol=1e-6)


def test_distances_of_complete_steps_are_those_of_ledoit_and_wolf() -> None:
    absolute = np.abs(correlated(200))
    unit = absolute.std(axis=0)
    expected = LedoitWolf().fit(absolute / unit).mahalanobis(absolute / unit)
    np.testing.assert_allclose(ErrorGaussian.of([absolute]).squared_distances(absolute)[:, 0], expected, rtol=1e-3)


def assert_same(one: ErrorGaussian, other: ErrorGaussian, **close: Any) -> None:
    np.testing.assert_allclose(one.location, other.location, **close)
    np.testing.assert_allclose(one.covariance, other.covariance, **close)


def test_how_errors_are_parted_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = correlated(1000)
    whole = ErrorGaussian.of([errors])
    assert_same(ErrorGaussian.of([errors[:1], errors[1:400], errors[400:]]), whole, rtol=1e-6)
    monkeypatch.setattr(_scoring, "_MOST_STEPS", 500)  # of many, some are enough
    assert_same(ErrorGaussian.of([errors[:400], errors[400:]]), ErrorGaussian.of([errors[::2]]), rtol=1e-6)


def test_missing_errors_count_as_average() -> None:
    errors = correlated(100)
    gaps = np.vstack([errors, np.full_like(errors, NAN)])
    whole = ErrorGaussian.of([errors])
    np.testing.assert_allclose(ErrorGaussian.of([gaps]).location, whole.location, rtol=1e-6)
    np.testing.assert_allclose(ErrorGaussian.of([gaps]).covariance.diagonal(), whole.covariance.diagonal() / 2)
