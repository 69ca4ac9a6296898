"""Features of sequences of every kind: names, parts, parameters, refusals, and what they are good for."""

import copy
import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMFeatures, load, save
from sklearn_seqae._data._differences import differences
from tests.containers import KINDS, assert_close, make, pad, rows
from tests.tiny import tiny, weights

each_kind = pytest.mark.parametrize("kind", KINDS)


def model(**params: Any) -> LSTMFeatures:
    defaults: dict[str, Any] = {"autoencoder": tiny(random_state=None), "n_windows": 20, "window_len": 4}
    return LSTMFeatures(**defaults | {"random_state": 0} | params)


@cache
def fitted(kind: str) -> LSTMFeatures:
    """One that is shared by the tests that do not change it."""
    return model().fit(make(kind))


# Sequences of every kind


@each_kind
def test_fits_to_the_same_data_are_the_same(kind: str) -> None:
    X = make(kind)
    first = model()
    features = first.fit_transform(X, np.arange(10))
    assert features.shape == (10, 4 * 9 * 5)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features, fitted(kind).transform(X))
    assert first.fit(X) is first
    np.testing.assert_array_equal(first.transform(X), features)


@each_kind
def test_calls_neighbours_order_and_number_of_rows_do_not_matter(kind: str) -> None:
    X, order = make(kind), np.random.default_rng(0).permutation(10)
    together = fitted(kind).transform(X)
    assert_close(fitted(kind).transform(rows(X, order)), together[order])
    assert_close([fitted(kind).transform(rows(X, [i]))[0] for i in range(10)], together)


def test_containers_of_the_same_sequences_have_the_same_features() -> None:
    X = [np.nan_to_num(x) for x in make("list")]
    expected = model().fit(X).transform(X)
    for same in (pad(X, 9), pad(X, 12), pad(X, 9).reshape(10, -1)):
        estimator = model(autoencoder=tiny(random_state=None, n_channels=2 if same.ndim == 2 else 1))
        assert_close(estimator.fit(same).transform(same), expected)
    assert_close(fitted("list").transform(pad(make("list"), 12)), fitted("list").transform(make("list")))


@each_kind
def test_attributes(kind: str) -> None:
    estimator = fitted(kind)
    n_channels = 2 if kind in ("array", "padded", "list") else 1
    assert estimator.n_channels_in_ == n_channels
    assert estimator.n_features_in_ == (9 if kind == "table" else n_channels)
    assert estimator.n_timesteps_in_ == 9
    assert estimator.container_ == ("array" if kind == "padded" else kind)
    assert [autoencoder.patch_len_ for autoencoder in estimator.autoencoders_] == [1, 4, 1, 4]
    assert all(autoencoder.n_channels_in_ == n_channels for autoencoder in estimator.autoencoders_)
    assert [levels.shape for levels in estimator.thresholds_] == [(5, 5)] * 4
    assert all((np.diff(levels, axis=0) >= 0).all() for levels in estimator.thresholds_)


def test_longer_and_shorter_sequences_than_in_training() -> None:
    estimator, x = fitted("list"), make("list")[0]
    for other in (np.tile(x, (5, 1)), x[:1]):
        assert np.isfinite(estimator.transform([other])).all()


def test_x_is_left_alone() -> None:
    X = make("padded")
    before = X.copy()
    X.flags.writeable = False
    model().fit(X).transform(X)
    np.testing.assert_array_equal(X, before)


# The features


def test_features_are_summaries_of_the_hidden_states() -> None:
    X = make("array")
    estimator = fitted("array")
    names = estimator.get_feature_names_out()
    features = pd.DataFrame(estimator.transform(X), columns=names)
    seen = {"values": X, "differences": differences(X.astype(np.float32))}
    places = [(of, patch_len) for of in seen for patch_len in (1, 4)]
    for (of, patch_len), autoencoder, levels in zip(
        places, estimator.autoencoders_, estimator.thresholds_, strict=True
    ):
        states = autoencoder.encode_timesteps(seen[of])[:, :, 3]
        expected = {
            "max": states.max(axis=1),
            "min": states.min(axis=1),
            "mean": states.mean(axis=1),
            "std": states.std(axis=1),
            "above2": (states > levels[1, 3]).mean(axis=1),
        }
        for summary, values in expected.items():
            found = features[f"{of}_patch{patch_len}_{summary}_unit3"]
            np.testing.assert_allclose(found, values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("params", "n_features", "last"),
    [
        ({"patch_lens": 2, "differences": False}, 9 * 5, "values_patch2_above5_unit4"),
        ({"patch_lens": [3, 1], "n_thresholds": 0}, 4 * 4 * 5, "differences_patch1_std_unit4"),
        ({"patch_lens": (1,), "n_thresholds": 2}, 2 * 6 * 5, "differences_patch1_above2_unit4"),
    ],
)
def test_parameters_choose_the_features(params: dict[str, Any], n_features: int, last: str) -> None:
    estimator = model(**params).fit(make("table"))
    names = estimator.get_feature_names_out()
    assert len(set(names)) == len(names) == n_features == estimator.transform(make("table")).shape[1]
    assert names[-1] == last


def test_set_output_names_the_columns() -> None:
    frame = model().set_output(transform="pandas").fit_transform(make("table"))
    assert list(frame.columns) == list(fitted("table").get_feature_names_out())


# The autoencoders


def test_each_autoencoder_has_a_seed_of_its_own_unless_it_brings_one() -> None:
    def first_weights(estimator: LSTMFeatures) -> list[NDArray[np.float32]]:
        return [weights(autoencoder)[-40:] for autoencoder in estimator.fit(make("table")).autoencoders_]

    values, _, of_differences, _ = first_weights(model(autoencoder=tiny(random_state=None, learning_rate=0)))
    assert not np.array_equal(values, of_differences)
    a, b = (first_weights(model(random_state=seed))[0] for seed in (0, 1))
    assert not np.array_equal(a, b)
    for random_state in (None, 3):
        own = model(autoencoder=tiny(random_state=5), random_state=random_state).fit(make("table"))
        assert [autoencoder.random_state for autoencoder in own.autoencoders_] == [5] * 4
    one, other = (
        model(autoencoder=tiny(random_state=5), random_state=None).fit_transform(make("table")) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_the_template_is_cloned_and_its_parameters_can_be_searched() -> None:
    template = tiny(random_state=None)
    before = template.get_params()
    model(autoencoder=template).fit(make("table"))
    assert template.get_params() == before
    assert not hasattr(template, "module_")
    estimator = LSTMFeatures().set_params(autoencoder__hidden_layer_sizes=7)
    assert estimator.get_params()["autoencoder__max_epochs"] == 2  # of what None stands for
    search = GridSearchCV(
        make_pipeline(model(), RidgeClassifierCV()), {"lstmfeatures__autoencoder__hidden_layer_sizes": [2, 3]}, cv=2
    ).fit(make("array"), [0, 1] * 5)
    assert search.best_params_["lstmfeatures__autoencoder__hidden_layer_sizes"] in (2, 3)


def test_an_interrupted_training_leaves_no_half_fitted_estimator(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(self: LSTMAutoencoder, X: Any) -> LSTMAutoencoder:
        self.interrupted_ = True
        return self

    estimator = model()
    before = dict(vars(estimator))
    monkeypatch.setattr(LSTMAutoencoder, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(make("table"))
    assert vars(estimator) == before


# Round trips


def through_skops(estimator: LSTMFeatures) -> Any:
    saved = skops.io.dumps(estimator)
    types = skops.io.get_untrusted_types(data=saved)
    assert set(types) == {f"{cls.__module__}.{cls.__qualname__}" for cls in (LSTMAutoencoder, LSTMFeatures)}
    return skops.io.loads(saved, trusted=types)


def pickled(estimator: LSTMFeatures) -> Any:
    return pickle.loads(pickle.dumps(estimator))


@pytest.mark.parametrize("trip", [pickled, copy.deepcopy, through_skops])
@each_kind
def test_round_trips(kind: str, trip: Callable[[LSTMFeatures], Any]) -> None:
    after = trip(fitted(kind))
    np.testing.assert_array_equal(after.transform(make(kind)), fitted(kind).transform(make(kind)))
    assert list(after.get_feature_names_out()) == list(fitted(kind).get_feature_names_out())


def test_a_file_that_holds_data_alone(tmp_path: Any) -> None:
    save(fitted("array"), tmp_path / "features.safetensors")
    after = load(tmp_path / "features.safetensors")
    np.testing.assert_array_equal(after.transform(make("array")), fitted("array").transform(make("array")))


def test_a_clone_is_unfitted_and_fits_alike() -> None:
    twin = clone(fitted("list"))
    assert vars(twin).keys() == vars(model()).keys()
    np.testing.assert_array_equal(
        twin.fit(make("list")).transform(make("list")), fitted("list").transform(make("list"))
    )


# Refusals


@pytest.mark.parametrize(
    ("patch_lens", "message"),
    [
        ((1, 0), r"integers of at least 1, got 0 in \[1, 0\]"),
        ((1, 2.5), r"integers of at least 1, got 2\.5"),
        ((), r"one or more different integers, got \[\]"),
        ((2, 2), r"one or more different integers, got \[2, 2\]"),
        ("auto", "'patch_lens' parameter"),
    ],
)
def test_patch_lens_that_are_none(patch_lens: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model(patch_lens=patch_lens).fit(make("table"))


def test_sequences_unlike_those_of_the_fit() -> None:
    with pytest.raises(ValueError, match="3 channels, but LSTMFeatures was fitted on 2"):
        fitted("array").transform(np.ones((2, 9, 3)))
    with pytest.raises(ValueError, match="X has 8 features, but LSTMFeatures is expecting 9"):
        fitted("table").transform(np.ones((2, 8)))
    with pytest.raises(ValueError, match="only in sequence 0: a sequence needs at least one observed value"):
        fitted("list").transform([np.full((3, 2), np.nan)])


# What they are good for


def bursts(n: int, n_timesteps: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Noise with a short wave at a random place, of one of two shapes: a code follows the place."""
    rng = np.random.default_rng(seed)
    X, kind = 0.2 * rng.normal(size=(n, n_timesteps)), rng.random(n) < 0.5
    step = np.arange(12)
    shapes = np.sin(step / 12 * 2 * np.pi), np.sin(step / 12 * 4 * np.pi)
    for x, of_second, start in zip(X, kind, rng.integers(0, n_timesteps - 12, size=n), strict=True):
        x[start : start + 12] += 1.5 * shapes[int(of_second)]
    return X, kind


def test_what_happens_anywhere_is_told_apart_where_codes_cannot() -> None:
    (X, y), (X_new, y_new) = bursts(60, 60, seed=0), bursts(200, 60, seed=1)
    brief = LSTMAutoencoder(hidden_layer_sizes=32, learning_rate=2e-3, max_epochs=2)
    features = LSTMFeatures(brief, n_windows=500, random_state=0)
    codes = LSTMAutoencoder(8, hidden_layer_sizes=32, max_epochs=40, random_state=0)
    accuracies = [
        make_pipeline(step, StandardScaler(), RidgeClassifierCV(np.logspace(-3, 3, 10))).fit(X, y).score(X_new, y_new)
        for step in (features, codes)
    ]
    assert accuracies[0] > 0.9
    assert accuracies[1] < 0.75
