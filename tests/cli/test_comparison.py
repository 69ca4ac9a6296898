"""PCA beside the autoencoder: the same formula on the same rows."""

from typing import Any

import numpy as np
import pytest
from sklearn import config_context

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._cli._comparison import LinearModel, accuracy, fit_linear
from sklearn_seqae._cli._splitting import split_rows
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import channel_statistics
from tests.tiny import tiny

RNG = np.random.default_rng(0)


def read(X: Any, n_channels: int = 1) -> Sequences:
    return validate_sequences(LSTMAutoencoder(), X, n_channels=n_channels)


def linear_of(X: Any, training: Any, n_components: int, n_channels: int = 1) -> LinearModel | str:
    sequences = read(X, n_channels)
    return fit_linear(sequences, training, n_components, *channel_statistics(sequences.take(training)))


def test_perfect_with_all_components() -> None:
    X = RNG.normal(3, size=(20, 3, 2)) * [1, 1000]
    rows = np.arange(20)
    full = linear_of(X, rows, 100)
    assert isinstance(full, LinearModel)
    assert full.pca.n_components_ == 6
    assert full.codes.shape == (20, 6)
    assert full.score(rows) == pytest.approx(1)
    np.testing.assert_allclose(full.reconstruct(rows[5:]).reshape(15, 3, 2), X[5:], rtol=1e-4)


def test_the_channel_means_explain_nothing() -> None:
    X = RNG.normal(size=(50, 1)) * np.array([1.0, -1.0, 0.0])
    linear = linear_of(X, np.arange(50), 1)
    assert isinstance(linear, LinearModel)
    linear.pca.components_[:] = 0
    linear.pca.mean_[:] = 0
    assert linear.score(np.arange(50)) == pytest.approx(0, abs=1e-6)
    linear.table[:] = 0
    assert linear.score(np.arange(50)) == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")
@pytest.mark.parametrize("unit", [1, 1000])
@pytest.mark.parametrize(("X", "n_channels"), [(RNG.normal(2, 3, size=(30, 8)), 2), (RNG.normal(size=(30, 4, 2)), 1)])
def test_score_is_the_estimators(X: np.ndarray[Any, Any], n_channels: int, unit: float) -> None:
    """`LSTMAutoencoder.score` gives the same number for a model that reconstructs as PCA does."""
    X = (X.reshape(30, 4, 2) * [1, unit]).reshape(X.shape)
    training, held_out = np.arange(20), np.arange(20, 30)
    model = tiny(batch_size=4, n_channels=n_channels).fit(X[training])
    mean, scale = model.channel_mean_, model.channel_scale_
    linear = fit_linear(read(X, n_channels), training, 3, mean, scale)
    assert isinstance(linear, LinearModel)

    def explained(drawn: Any) -> float:
        originals, drawn = (np.asarray(x).reshape(10, 4, 2) for x in (X[held_out], drawn))
        return float(1 - np.square((originals - drawn) / scale).sum() / np.square((originals - mean) / scale).sum())

    assert linear.score(held_out) == pytest.approx(explained(linear.reconstruct(held_out)), abs=1e-6)
    assert model.score(X[held_out]) == pytest.approx(explained(model.reconstruct(X[held_out])), abs=1e-5)


def test_channels_of_small_numbers_count_as_much_as_others() -> None:
    X, rows = RNG.normal(size=(30, 4, 2)), np.arange(30)
    scores = []
    for unit in (1, 1000):
        linear = linear_of(X * [1, unit], rows, 3)
        assert isinstance(linear, LinearModel)
        scores.append(linear.score(rows))
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)


@pytest.mark.parametrize(
    ("X", "why"),
    [
        ([np.ones(3), np.ones(4)], "the sequences differ in length"),
        (np.array([[1, 2, np.nan], [1, 2, 3]]), "the sequences differ in length"),
        (np.array([[1, np.nan, 3], [1, 2, 3]]), "values are missing"),
    ],
)
def test_no_pca(X: Any, why: str) -> None:
    assert linear_of(X, np.arange(2), 1) == why
    assert linear_of(np.eye(3), np.arange(1), 1) == "there is only one training sequence"
    assert linear_of(np.ones((3, 4)), np.arange(2), 1) == "the training sequences are all the same"


def test_lists_of_equal_sequences_are_a_table() -> None:
    assert isinstance(linear_of([RNG.normal(size=3) for _ in range(4)], np.arange(4), 1), LinearModel)


def test_accuracy() -> None:
    labels = np.arange(40) % 2
    codes = labels[:, None] * 1e3 + RNG.normal(size=(40, 2))
    split = split_rows(40, 0.5, seed=0)
    assert accuracy(codes, labels, split) == 1
    assert accuracy(RNG.normal(size=(40, 2)), labels, split) < 0.9


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_whatever_scikit_learn_is_set_to_return(output: str) -> None:
    X, split = RNG.normal(size=(20, 6)), split_rows(20, 0.25, seed=0)
    labels = X[:, 0] > 0
    linear = linear_of(X, split.training, 3)
    assert isinstance(linear, LinearModel)
    expected = linear.codes, linear.score(split.scored), accuracy(linear.codes, labels, split)
    with config_context(transform_output=output):
        again = linear_of(X, split.training, 3)
        assert isinstance(again, LinearModel)
        found = again.codes, again.score(split.scored), accuracy(again.codes, labels, split)
    for one, other in zip(found, expected, strict=True):
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other)
