"""Beside other estimators: searches, cross-validation, pipelines, unions, frames, metadata routing, the HTML view."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae import LSTMAutoencoder
from tests.tiny import tiny as make_tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_FACTORS = 3


def tiny(**params: Any) -> LSTMAutoencoder:
    return make_tiny(**{"batch_size": 16} | params)


def learner() -> LSTMAutoencoder:
    """An autoencoder that learns the curves below in a fraction of a second."""
    return tiny(
        hidden_layer_sizes=(16,),
        patch_len=3,
        max_epochs=20,
        learning_rate=0.02,
        learning_rate_schedule="constant",
        input_noise=0,
        mixup=0,
        time_shift=0,
    )


@pytest.fixture(scope="module")
def factors() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=(120, N_FACTORS))


@pytest.fixture(scope="module")
def curves(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curves (n, 12), each a sum of N_FACTORS waves of its own amplitudes."""
    t = np.linspace(0, 2 * np.pi, 12)
    return factors @ np.stack([np.sin(t), np.cos(t), np.sin(2 * t)])


@pytest.fixture(scope="module")
def labels(factors: NDArray[np.float64]) -> NDArray[np.int64]:
    """Four classes, which no single component can tell apart."""
    return 2 * (factors[:, 0] > 0) + (factors[:, 1] > 0)


@pytest.fixture(scope="module")
def table() -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(size=(24, 6))


@pytest.fixture(scope="module")
def array() -> NDArray[np.float64]:
    return np.random.default_rng(2).normal(size=(24, 7, 2))


@pytest.fixture(scope="module")
def ragged() -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    return [rng.normal(size=(length, 2)) for length in rng.integers(3, 9, size=24)]


# Searching


def test_search_without_y_prefers_the_latent_dim_that_the_data_needs(curves: NDArray[np.float64]) -> None:
    search = GridSearchCV(learner(), {"latent_dim": [1, N_FACTORS]}, cv=3).fit(curves)
    narrow, wide = search.cv_results_["mean_test_score"]
    assert search.best_params_ == {"latent_dim": N_FACTORS}
    assert wide > narrow + 0.2
    assert search.transform(curves).shape == (len(curves), N_FACTORS)
    assert search.score(curves) == search.best_estimator_.score(curves)


def test_search_in_a_pipeline_prefers_the_latent_dim_that_the_classes_need(
    curves: NDArray[np.float64], labels: NDArray[np.int64]
) -> None:
    classifier = LogisticRegression(C=100, max_iter=1000)
    pipeline = Pipeline([("scale", StandardScaler()), ("ae", learner()), ("clf", classifier)])
    search = GridSearchCV(pipeline, {"ae__latent_dim": [1, N_FACTORS]}, cv=3).fit(curves, labels)
    narrow, wide = search.cv_results_["mean_test_score"]
    assert search.best_params_ == {"ae__latent_dim": N_FACTORS}
    assert wide > narrow + 0.1
    assert wide > 0.6


def test_search_has_the_same_results_for_any_n_jobs(curves: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    alone = GridSearchCV(tiny(dropout=0.1), {"latent_dim": [1, 3]}, cv=2, refit=False)
    pipeline = Pipeline([("scale", StandardScaler()), ("ae", tiny()), ("clf", LogisticRegression())])
    within = GridSearchCV(pipeline, {"ae__latent_dim": [1, 3]}, cv=2, refit=False)
    for search in (alone, within):
        results = [clone(search).set_params(n_jobs=n_jobs).fit(curves, labels).cv_results_ for n_jobs in (1, 2)]
        for key in (key for key in results[0] if key.startswith(("split", "mean_test", "rank"))):
            np.testing.assert_array_equal(results[0][key], results[1][key], err_msg=key)


def test_halving_search_takes_epochs_for_its_resource(curves: NDArray[np.float64]) -> None:
    search = HalvingGridSearchCV(
        tiny(), {"latent_dim": [1, 2, 3, 4]}, resource="max_epochs", min_resources=1, max_resources=4, factor=2, cv=2
    ).fit(curves)
    assert search.n_resources_ == [1, 2, 4]
    assert search.best_estimator_.n_iter_ == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("kind", ["table", "array", "ragged"])
def test_cross_validation_equals_fits_on_the_folds(kind: str, request: pytest.FixtureRequest) -> None:
    X = request.getfixturevalue(kind)
    by_hand = []
    for train, test in KFold(3).split(range(len(X))):
        autoencoder = tiny().fit([X[i] for i in train] if kind == "ragged" else X[train])
        by_hand.append(autoencoder.score([X[i] for i in test] if kind == "ragged" else X[test]))
    np.testing.assert_array_equal(cross_val_score(tiny(), X, cv=3), by_hand)


def test_early_stopping_works_within_cross_validation(array: NDArray[np.float64]) -> None:
    assert np.isfinite(cross_val_score(tiny(early_stopping=True), array, cv=2)).all()


# Composing


def test_pipeline_is_the_chain_of_its_steps(table: NDArray[np.float64]) -> None:
    labels = table[:, 0] > 0
    pipeline = Pipeline([("scale", StandardScaler()), ("ae", tiny()), ("clf", LogisticRegression())]).fit(table, labels)
    scaled = StandardScaler().fit_transform(table)
    codes = tiny().fit_transform(scaled)
    np.testing.assert_array_equal(pipeline[:-1].transform(table), codes)
    np.testing.assert_array_equal(pipeline.predict(table), LogisticRegression().fit(codes, labels).predict(codes))


def test_pipeline_may_cache_its_steps(table: NDArray[np.float64], tmp_path: Path) -> None:
    pipeline = Pipeline([("ae", tiny()), ("scale", StandardScaler())], memory=str(tmp_path))
    fitted_twice = [clone(pipeline).fit(table).transform(table) for _ in range(2)]
    np.testing.assert_array_equal(*fitted_twice)


def test_pipeline_draws_codes_back_in_the_units_of_its_input(table: NDArray[np.float64]) -> None:
    pipeline = make_pipeline(StandardScaler(), tiny()).fit(100 + 10 * table)
    scaler, autoencoder = pipeline[0], pipeline[1]
    codes = pipeline.transform(table)
    expected = scaler.inverse_transform(autoencoder.inverse_transform(codes))
    np.testing.assert_array_equal(pipeline.inverse_transform(codes), expected)


def test_union_puts_the_codes_beside_other_features(table: NDArray[np.float64]) -> None:
    union = FeatureUnion([("ae", tiny()), ("pca", PCA(2))]).fit(table)
    expected = np.hstack([tiny().fit_transform(table), PCA(2).fit(table).transform(table)])
    np.testing.assert_array_equal(union.transform(table), expected)
    assert list(union.get_feature_names_out()) == [
        *(f"ae__lstmautoencoder{i}" for i in range(3)),
        *(f"pca__pca{i}" for i in range(2)),
    ]


def test_column_transformer_gives_each_channel_its_columns(table: NDArray[np.float64]) -> None:
    frame = pd.DataFrame(table, columns=[f"{channel}{step}" for channel in "ab" for step in range(3)])
    by_channel = ColumnTransformer([(name, tiny(), [f"{name}{step}" for step in range(3)]) for name in "ab"])
    codes = by_channel.fit_transform(frame)
    expected = np.hstack([tiny().fit_transform(table[:, :3]), tiny().fit_transform(table[:, 3:])])
    np.testing.assert_array_equal(codes, expected)
    assert list(by_channel.named_transformers_["b"].feature_names_in_) == ["b0", "b1", "b2"]
    assert by_channel.get_feature_names_out()[3] == "b__lstmautoencoder0"


@pytest.mark.parametrize(("container", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
@pytest.mark.parametrize("kind", ["table", "array", "ragged"])
def test_set_output_puts_the_codes_into_a_frame(
    container: str, frame: type[Any], kind: str, request: pytest.FixtureRequest
) -> None:
    X = request.getfixturevalue(kind)
    autoencoder = tiny().set_output(transform=container).fit(X)
    codes = autoencoder.transform(X)
    assert isinstance(codes, frame)
    assert list(codes.columns) == list(autoencoder.get_feature_names_out())
    np.testing.assert_array_equal(codes.to_numpy(), tiny().fit_transform(X))


def test_frame_of_codes_keeps_the_index(table: NDArray[np.float64]) -> None:
    X = pd.DataFrame(table, index=[f"row{i}" for i in range(len(table))]).add_prefix("t")
    assert list(tiny().set_output(transform="pandas").fit_transform(X).index) == list(X.index)


@pytest.mark.parametrize(("bidirectional", "n_components"), [(False, 3), (True, 6)])
def test_feature_names_count_the_components(bidirectional: bool, n_components: int, array: NDArray[np.float64]) -> None:
    autoencoder = tiny(bidirectional=bidirectional).fit(array)
    assert list(autoencoder.get_feature_names_out()) == [f"lstmautoencoder{i}" for i in range(n_components)]


def test_clone_has_the_parameters_and_nothing_fitted(table: NDArray[np.float64]) -> None:
    fitted = tiny(net_params={"optimizer__betas": (0.9, 0.98)}).set_output(transform="pandas").fit(table)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    assert isinstance(copy.fit_transform(table), pd.DataFrame)


# Metadata routing


def test_pipeline_works_with_metadata_routing(table: NDArray[np.float64]) -> None:
    expected = make_pipeline(StandardScaler(), tiny()).fit_transform(table)
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), tiny())
        np.testing.assert_array_equal(pipeline.fit(table).transform(table), expected)
        np.testing.assert_array_equal(pipeline.fit_transform(table), expected)


def test_lengths_are_routed_to_inverse_transform(table: NDArray[np.float64]) -> None:
    lengths = np.tile([2, 4, 6], 8)
    with config_context(enable_metadata_routing=True):
        autoencoder = tiny().set_inverse_transform_request(lengths=True)
        pipeline = make_pipeline(StandardScaler(), autoencoder).fit(table)
        drawn = pipeline.inverse_transform(pipeline.transform(table), lengths=lengths)
    assert drawn.shape == table.shape
    np.testing.assert_array_equal(np.sum(~np.isnan(drawn), axis=1), lengths)


def test_lengths_that_nobody_asked_for_are_an_error(table: NDArray[np.float64]) -> None:
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), tiny()).fit(table)
        with pytest.raises(ValueError, match="lengths"):
            pipeline.inverse_transform(pipeline.transform(table), lengths=3)


def test_lengths_are_the_only_metadata() -> None:
    requests = tiny().get_metadata_routing()
    asked = {method: list(getattr(requests, method).requests) for method in ("fit", "transform", "inverse_transform")}
    assert asked == {"fit": [], "transform": [], "inverse_transform": ["lengths"]}


# The HTML view


def html(estimator: Any) -> str:
    """What a notebook shows."""
    return str(estimator._repr_html_())


def shape_in(text: str) -> list[str]:
    """The model's shape from outside in, as far as it is in the text."""
    return [part for part in ("7 steps × 2 channels", "LSTM 5", "LSTM 4", "code 3") if part in text]


@pytest.mark.parametrize("wrap", ["alone", "pipeline", "union", "search"])
def test_html_shows_the_shape_of_the_model(wrap: str, array: NDArray[np.float64]) -> None:
    autoencoder = tiny(hidden_layer_sizes=(5, 4))
    estimator: Any = {
        "alone": autoencoder,
        "pipeline": Pipeline([("ae", autoencoder), ("scale", StandardScaler())]),
        "union": FeatureUnion([("ae", autoencoder), ("same", clone(autoencoder))]),
        "search": GridSearchCV(autoencoder, {"latent_dim": [3]}, cv=2),
    }[wrap]
    assert shape_in(html(estimator)) == []
    assert shape_in(html(estimator.fit(array))) == ["7 steps × 2 channels", "LSTM 5", "LSTM 4", "code 3"]


def test_html_of_an_unfitted_or_cloned_estimator_shows_no_shape(array: NDArray[np.float64]) -> None:
    fitted = tiny().fit(array)
    assert "LSTM 5" in html(fitted)
    assert "LSTM 5" not in html(clone(fitted))


def test_html_shows_one_channel_and_no_hidden_layer(table: NDArray[np.float64]) -> None:
    text = html(tiny(hidden_layer_sizes=()).fit(table))
    assert "6 steps × 1 channel" in text
    assert "code 3" in text


def test_html_keeps_the_parameters(array: NDArray[np.float64]) -> None:
    assert "hidden_layer_sizes" in html(tiny().fit(array))


def test_the_newer_way_to_ask_for_html_gives_the_same_shape(array: NDArray[np.float64]) -> None:
    assert "LSTM 5" in tiny().fit(array)._repr_mimebundle_()["text/html"]


def test_html_view_can_be_switched_off(array: NDArray[np.float64]) -> None:
    with config_context(display="text"):
        assert "text/html" not in tiny().fit(array)._repr_mimebundle_()
