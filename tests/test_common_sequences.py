"""scikit-learn's common checks, and the promises about input, for 3-D, ragged and padded sequences.

`check_estimator` feeds complete tables of one channel only.
"""

import copy
import io
import pickle
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._inference import _passes
from tests.containers import CLOSE, KINDS, assert_close, lengths_of, make, pad, rows, to_dtype
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BATCH_SIZE = 4
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "bidirectional": {"bidirectional": True},
    "plain": {"decoder": "repeat", "patch_len": 1, "hidden_layer_sizes": ()},
}
METHODS = ["transform", "reconstruct", "score_samples"]


def model(setting: str = "default", **params: Any) -> LSTMAutoencoder:
    return tiny(**{"batch_size": BATCH_SIZE} | SETTINGS[setting] | params)


@cache
def fitted(kind: str, setting: str = "default") -> LSTMAutoencoder:
    """A model that is shared by the tests that do not change it."""
    return model(setting).fit(make(kind))


def assert_same_results(a: Any, b: Any, X: Any) -> None:
    for method in METHODS:
        np.testing.assert_equal(getattr(a, method)(X), getattr(b, method)(X))


each_kind = pytest.mark.parametrize("kind", KINDS)
each_setting = pytest.mark.parametrize("setting", SETTINGS)
each_kind_and_setting = pytest.mark.parametrize(("kind", "setting"), list(product(KINDS, SETTINGS)))


# Twins of scikit-learn's checks


@each_kind_and_setting
def test_fits_to_the_same_data_are_the_same(kind: str, setting: str) -> None:
    """check_fit_idempotent, check_transformer_general, check_fit_score_takes_y, check_estimators_fit_returns_self"""
    X, y = make(kind), np.arange(10)
    first = model(setting)
    codes = first.fit_transform(X, y)
    np.testing.assert_array_equal(codes, fitted(kind, setting).transform(X))
    assert first.fit(X) is first
    assert_same_results(first, fitted(kind, setting), X)
    assert first.score(X, y) == first.score(X)


@each_kind_and_setting
def test_attributes(kind: str, setting: str) -> None:
    """check_dont_overwrite_attributes, check_estimators_overwrite_params, check_n_features_in, check_dict_unchanged"""
    X = make(kind)
    estimator = model(setting)
    before = dict(vars(estimator))
    with pytest.raises(AttributeError):
        _ = estimator.n_features_in_
    estimator.fit(X)
    assert {name: vars(estimator)[name] for name in before} == before
    assert all(name.endswith("_") or name.startswith("_") for name in vars(estimator).keys() - before.keys())
    n_channels = 2 if kind in ("array", "padded", "list") else 1
    assert estimator.n_channels_in_ == n_channels
    assert estimator.n_features_in_ == (9 if kind == "table" else n_channels)
    assert estimator.n_timesteps_in_ == 9
    assert estimator.container_ == ("array" if kind == "padded" else kind)
    n_components = 6 if setting == "bidirectional" else 3
    assert estimator.get_feature_names_out().tolist() == [f"lstmautoencoder{i}" for i in range(n_components)]
    fitted_state = dict(vars(estimator))
    codes = estimator.transform(X)
    assert codes.shape == (10, n_components)
    for method in (estimator.reconstruct, estimator.score_samples, estimator.score):
        method(X)
    estimator.inverse_transform(codes)
    assert all(vars(estimator)[name] is value for name, value in fitted_state.items())


@each_kind
def test_unfitted(kind: str) -> None:
    """check_estimators_unfitted, check_transformers_unfitted"""
    for method in (*METHODS, "score", "inverse_transform"):
        with pytest.raises(NotFittedError):
            getattr(model(), method)(make(kind))


def pickled(estimator: LSTMAutoencoder) -> LSTMAutoencoder:
    return pickle.loads(pickle.dumps(estimator))


def dumped(estimator: LSTMAutoencoder) -> LSTMAutoencoder:
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("round_trip", [pickled, copy.deepcopy, dumped])
@each_kind_and_setting
def test_round_trips(kind: str, setting: str, round_trip: Callable[[LSTMAutoencoder], LSTMAutoencoder]) -> None:
    """check_estimators_pickle"""
    before = fitted(kind, setting)
    after = round_trip(before)
    assert after.get_params() == before.get_params()
    assert_same_results(after, before, make(kind, seed=1))


@each_kind_and_setting
def test_a_clone_is_unfitted_and_fits_alike(kind: str, setting: str) -> None:
    """check_estimator_cloneable"""
    twin = clone(fitted(kind, setting))
    assert twin.get_params() == model(setting).get_params()
    assert vars(twin).keys() == vars(model()).keys()
    assert_same_results(twin.fit(make(kind)), fitted(kind, setting), make(kind))


@pytest.mark.parametrize("method", METHODS)
@each_kind_and_setting
def test_calls_neighbours_order_and_number_of_rows_do_not_matter(kind: str, setting: str, method: str) -> None:
    """check_methods_sample_order_invariance, check_methods_subset_invariance"""
    apply = getattr(fitted(kind, setting), method)
    X = make(kind)
    together = apply(X)
    np.testing.assert_equal(apply(X), together)  # nothing is drawn at random
    order = np.random.default_rng(0).permutation(10)
    assert_close(apply(rows(X, order)), rows(together, order))
    assert_close([apply(rows(X, [i]))[0] for i in range(10)], together)
    assert_close(apply(rows(X, [3, 3, 7])), rows(together, [3, 3, 7]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
@each_kind
def test_dtypes(kind: str, dtype: Any) -> None:
    """check_estimators_dtypes, check_transformer_preserve_dtypes"""
    X = to_dtype(make(kind), dtype)
    estimator = model().fit(X)
    assert estimator.transform(X).dtype == np.float32
    assert estimator.score_samples(X).dtype == np.float64
    for found in (estimator.reconstruct(X), estimator.inverse_transform(estimator.transform(X))):
        assert found[0].dtype == np.float32


@each_kind_and_setting
def test_read_only_memory_maps_are_accepted(kind: str, setting: str, tmp_path: Path) -> None:
    """check_readonly_memmap_input"""
    joblib.dump(make(kind), tmp_path / "X")
    X = joblib.load(tmp_path / "X", mmap_mode="r")
    assert not X[0].flags.writeable
    estimator = model(setting, input_noise=0.5, mixup=1.0, early_stopping=True).fit(X)
    for method in METHODS:
        assert len(getattr(estimator, method)(X)) == 10
    estimator.partial_fit(X).score(X)


@each_kind_and_setting
def test_input_is_left_as_it_was(kind: str, setting: str) -> None:
    X = to_dtype(make(kind), np.float32)  # which the door need not copy
    before = copy.deepcopy(X)
    estimator = model(setting, input_noise=0.5, mixup=1.0).fit(X)
    for method in (*METHODS, "score", "partial_fit"):
        getattr(estimator, method)(X)
    np.testing.assert_equal(X, before)


@each_kind_and_setting
def test_in_a_pipeline(kind: str, setting: str) -> None:
    """check_pipeline_consistency"""
    X, y = make(kind), np.arange(10) % 2
    pipeline = make_pipeline(model(setting), LogisticRegression()).fit(X, y)
    np.testing.assert_array_equal(pipeline[:-1].transform(X), fitted(kind, setting).transform(X))
    assert pipeline.predict(X).shape == (10,)


@pytest.mark.parametrize("shape", [(1, 9, 2), (5, 1, 2), (5, 9, 1), (1, 1, 1)], ids=str)
@each_kind_and_setting
def test_one_sequence_step_or_channel(kind: str, setting: str, shape: tuple[int, int, int]) -> None:
    """check_fit2d_1sample, check_fit2d_1feature"""
    array = np.random.default_rng(0).normal(size=shape)
    array = array[:, :, 0] if kind in ("table", "list_1d") else array
    X: Any = list(array) if kind.startswith("list") else array
    estimator = model(setting).fit(X)
    assert np.isfinite(estimator.transform(X)).all()
    assert np.isfinite(estimator.score_samples(X)).all()
    assert np.shape(estimator.reconstruct(X)) == np.shape(X)


@each_kind
def test_partial_fit_refuses_another_number_of_features(kind: str) -> None:
    """check_estimators_partial_fit_n_features"""
    estimator = model().partial_fit(make(kind))
    other = make(kind)
    other = other[:, :-1] if kind == "table" else [np.c_[x, x, x] for x in other]
    with pytest.raises(ValueError, match=r"channels|features"):
        estimator.partial_fit(other)


@each_kind
def test_set_output(kind: str) -> None:
    """check_set_output_transform_pandas"""
    frame = model().set_output(transform="pandas").fit_transform(make(kind))
    assert list(frame.columns) == ["lstmautoencoder0", "lstmautoencoder1", "lstmautoencoder2"]
    np.testing.assert_array_equal(frame, fitted(kind).transform(make(kind)))


# Promises about input and output


@each_setting
@pytest.mark.parametrize("trained_on", ["array", "list"])
def test_padding_does_not_matter(trained_on: str, setting: str) -> None:
    estimator = fitted(trained_on, setting)
    X = make("list")
    lists = [*X, *(pad([x], len(x) + 2)[0] for x in X)]  # NaN behind a listed sequence is padding too
    for n_timesteps in (9, 10, 33):
        padded = pad(X, n_timesteps)
        for method in ("transform", "score_samples"):
            expected = getattr(estimator, method)(X)
            assert_close(getattr(estimator, method)(padded), expected)
            assert_close(getattr(estimator, method)(lists), [*expected, *expected])
        assert_close(estimator.reconstruct(padded), pad(estimator.reconstruct(X), n_timesteps))


@each_kind_and_setting
def test_zeros_are_data_and_nan_is_not(kind: str, setting: str) -> None:
    estimator = fitted(kind, setting)
    X = make("array" if kind == "padded" else kind)
    cut, zeros = copy.deepcopy(X), copy.deepcopy(X)
    for i in range(10):
        cut[i][3:], zeros[i][3:] = np.nan, 0
    if isinstance(X, list):
        cut = [x[:3] for x in cut]
    assert np.abs(estimator.transform(zeros) - estimator.transform(cut)).max() > 1e-3
    assert lengths_of(estimator.reconstruct(zeros)) == [len(x) for x in zeros]
    assert lengths_of(estimator.reconstruct(cut)) == [3] * 10


@pytest.mark.parametrize("at_once", [1, 4, 1024])
@pytest.mark.parametrize("n", [1, 3, 4, 5])
@each_kind
def test_every_row_comes_back(kind: str, n: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = make(kind, n)
    expected = [getattr(fitted(kind), method)(X) for method in METHODS]
    monkeypatch.setattr(_passes, "_SEQUENCES_AT_ONCE", at_once)
    for method, results in zip(METHODS, expected, strict=True):
        assert len(results) == n
        assert_close(getattr(fitted(kind), method)(X), results)


@each_kind_and_setting
def test_a_reconstruction_is_as_long_as_its_sequence(kind: str, setting: str) -> None:
    X = make(kind, seed=1)
    found = fitted(kind, setting).reconstruct(X)
    assert type(found) is type(X)
    assert lengths_of(found) == lengths_of(X)
    for sequence, length, x in zip(found, lengths_of(found), X, strict=True):
        assert sequence.shape == x.shape
        assert np.isfinite(sequence[:length]).all()  # missing values are filled in
        assert np.isnan(sequence[length:]).all()


@pytest.mark.parametrize("lengths", [None, 4, [4, 1, 9]], ids=str)
@each_kind_and_setting
def test_codes_can_be_drawn_at_any_length(kind: str, setting: str, lengths: Any) -> None:
    estimator = fitted(kind, setting)
    codes = estimator.transform(make(kind))[:3]
    found = estimator.inverse_transform(codes, lengths=lengths)
    wanted = np.broadcast_to(9 if lengths is None else lengths, 3)
    assert type(found) is type(make(kind))
    assert lengths_of(found) == wanted.tolist()
    axes = () if kind in ("table", "list_1d") else (2,)
    full = estimator.inverse_transform(codes)
    for sequence, length, longest in zip(found, wanted, full, strict=True):
        assert sequence.shape == (length if isinstance(found, list) else 9, *axes)
        np.testing.assert_allclose(sequence[:length], longest[:length], **CLOSE)  # the decoder draws from the start


@each_kind_and_setting
def test_a_reconstruction_is_the_decoded_code(kind: str, setting: str) -> None:
    estimator, X = fitted(kind, setting), make(kind)
    found = estimator.inverse_transform(estimator.transform(X), lengths=lengths_of(estimator.reconstruct(X)))
    assert_close(found, estimator.reconstruct(X))


@pytest.mark.parametrize("standardized", [True, False])
@each_kind_and_setting
def test_scores_are_over_all_observed_steps(kind: str, setting: str, standardized: bool) -> None:
    estimator, X = fitted(kind, setting), make(kind)
    unit = estimator.channel_scale_ if standardized else 1.0

    def squares(x: Any, y: Any) -> NDArray[np.float64]:
        return ((np.reshape(x, (len(x), -1)) - np.reshape(y, (len(x), -1))) / unit) ** 2

    errors = [squares(x, y) for x, y in zip(X, estimator.reconstruct(X), strict=True)]
    found = estimator.score_samples(X, standardized=standardized)
    np.testing.assert_allclose(found, [-np.nanmean(error) for error in errors], rtol=1e-4)
    means = [np.broadcast_to(estimator.channel_mean_, (len(x), len(estimator.channel_mean_))) for x in X]
    total = np.nansum([np.nansum(squares(x, mean)) for x, mean in zip(X, means, strict=True)])
    score = estimator.score(X, standardized=standardized)
    assert score == pytest.approx(1 - sum(map(np.nansum, errors)) / total, abs=1e-5)
    broken = copy.deepcopy(X)
    for x in broken:
        x[0] += 100
    assert (estimator.score_samples(broken) < estimator.score_samples(X) - 10).all()  # of step 0 too


@pytest.mark.parametrize("setting", ["default", "plain"])
def test_scores_do_not_depend_on_the_units_of_channels(setting: str) -> None:
    X, unit = make("array"), np.array([1, 1000.0])
    estimator, other = (model(setting).fit(each) for each in (X, X * unit))
    np.testing.assert_allclose(other.score_samples(X * unit), estimator.score_samples(X), rtol=1e-3)
    assert other.score(X * unit) == pytest.approx(estimator.score(X), abs=1e-4)
    by_channel = [  # the second channel decides alone in units of X
        1
        - np.sum((X[:, :, c] - estimator.reconstruct(X)[:, :, c]) ** 2) / np.sum((X[:, :, c] - X[:, :, c].mean()) ** 2)
        for c in range(2)
    ]
    assert other.score(X * unit, standardized=False) == pytest.approx(by_channel[1], abs=1e-3)
    assert estimator.score(X) == pytest.approx(np.mean(by_channel), abs=1e-4)


def test_a_constant_channel_counts_in_units_of_x() -> None:
    X = make("array")
    X[:, :, 1] = 7
    estimator = model().fit(X)
    assert estimator.channel_scale_[1] == 1
    moved = np.add(X, [0, 3])
    change = estimator.score_samples(moved, standardized=True) - estimator.score_samples(X)
    assert (change < -1).all()


def test_warns_of_sequences_longer_than_any_in_training() -> None:
    X = make("list")
    estimator = fitted("list")
    longer = [*X[:3], np.tile(X[3], (3, 1))[:12], np.tile(X[4], (3, 1))[:10]]
    message = r"2 of 5 sequences are longer than any in training, 12 time steps instead of at most 9"
    for method in (*METHODS, "score"):
        with pytest.warns(UserWarning, match=message) as told:
            getattr(estimator, method)(longer)
        assert len(told) == 1
        assert told[0].filename == __file__
    with pytest.warns(UserWarning, match=r"1 of 2 sequences .* 10 time steps instead of at most 9"):
        estimator.inverse_transform(estimator.transform(X)[:2], lengths=[10, 9])
    padded = pad(X, 12)
    for method in (*METHODS, "score"):  # NaN behind the end is not part of a sequence
        getattr(estimator, method)(padded)
    estimator = model(warm_start=True).fit(X).fit(longer)  # what is trained on
    estimator.score(longer)
    estimator.partial_fit(X).score(longer)


def test_padding_is_not_part_of_what_was_trained_on() -> None:
    estimator = model().fit(pad(make("list"), 20))
    with pytest.warns(UserWarning, match=r"1 of 1 sequences .* 10 time steps instead of at most 9"):
        estimator.transform(np.ones((1, 10, 2)))
    assert estimator.inverse_transform(np.zeros((1, 3))).shape == (1, 20, 2)


# What a model that has learned something must do


def sines(n: int, n_timesteps: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    phase, frequency = rng.uniform(0, 2 * np.pi, size=(n, 1)), rng.uniform(0.5, 1.5, size=(n, 1))
    return np.sin(phase + frequency * np.linspace(0, 2 * np.pi, n_timesteps))


@each_setting
def test_any_scale_reconstructs_equally_well(setting: str) -> None:
    X = sines(48, 8, seed=0)[:, :, np.newaxis]
    learning = model(setting, latent_dim=6, batch_size=16, max_epochs=50, learning_rate=0.02)
    scores = [learning.fit(scaled).score(scaled) for scaled in (X, 100 * X, 100 * X + 1000)]
    assert scores[0] > 0.5
    np.testing.assert_allclose(scores, scores[0], atol=0.02)


def test_learning_from_incomplete_sequences_fills_in_what_is_missing() -> None:
    rng = np.random.default_rng(0)
    X, X_test = sines(200, 40, seed=1), sines(100, 40, seed=2)
    removed, removed_test = rng.random(X.shape) < 0.2, rng.random(X_test.shape) < 0.2
    removed_test[:, -1] = False  # NaN at the end would be padding
    estimator = LSTMAutoencoder(latent_dim=8, random_state=0).fit(np.where(removed, np.nan, X))
    incomplete = np.where(removed_test, np.nan, X_test)
    truth, found = X_test[removed_test], estimator.reconstruct(incomplete)[removed_test]
    assert 1 - np.sum((found - truth) ** 2) / np.sum((truth - truth.mean()) ** 2) > 0.9

    codes = estimator.transform(incomplete)
    shuffled = estimator.inverse_transform(codes[rng.permutation(len(codes))])
    error, error_shuffled = (np.mean((x - X_test) ** 2) for x in (estimator.inverse_transform(codes), shuffled))
    assert error_shuffled > 10 * error  # the decoder needs the code
