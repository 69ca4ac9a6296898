"""Outlier detection: scikit-learn's contract for sequences of every kind, scores by hand, parameters, refusals."""

import copy
import pickle
from functools import cache
from typing import Any

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.base import clone, is_outlier_detector
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
from sklearn_seqae._inference import _errors, _passes
from sklearn_seqae._training import _schedule
from tests.containers import CLOSE, KINDS, assert_close, lengths_of, make, pad, rows, to_dtype
from tests.detectors import SETTINGS, model, wave_detector, waves
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

METHODS = ["score_samples", "decision_function", "predict", "score_timesteps"]

each_kind = pytest.mark.parametrize("kind", KINDS)
each_setting = pytest.mark.parametrize("setting", SETTINGS)


@cache
def fitted(kind: str, setting: str = "auto") -> LSTMOutlierDetector:
    """A detector that is shared by the tests that do not change it."""
    return model(setting).fit(make(kind))


# Twins of scikit-learn's checks, for sequences of every kind


@each_setting
@each_kind
def test_scores_thresholds_and_labels_agree(kind: str, setting: str) -> None:
    detector, X = fitted(kind, setting), make(kind, seed=1)
    scores = detector.score_samples(X)
    assert scores.shape == (10,)
    assert scores.dtype == np.float64
    assert (scores <= 0).all()
    np.testing.assert_array_equal(detector.decision_function(X), scores - detector.offset_)
    labels = detector.predict(X)
    assert labels.dtype.kind == "i"
    np.testing.assert_array_equal(labels, np.where(scores < detector.offset_, -1, 1))
    assert is_outlier_detector(detector)


@each_setting
@each_kind
def test_fits_to_the_same_data_are_the_same(kind: str, setting: str) -> None:
    X = make(kind)
    detector = model(setting)
    np.testing.assert_array_equal(detector.fit_predict(X), fitted(kind, setting).predict(X))
    assert detector.offset_ == fitted(kind, setting).offset_
    n_jobs = model(setting, n_jobs=2).fit(X)
    np.testing.assert_array_equal(n_jobs.held_out_scores_, detector.held_out_scores_)


@each_setting
@each_kind
def test_fit_and_use_leave_parameters_and_input_as_they_were(kind: str, setting: str) -> None:
    X = to_dtype(make(kind), np.float32)
    before, detector = copy.deepcopy(X), model(setting)
    params = dict(vars(detector))
    detector.fit(X)
    state = dict(vars(detector))
    assert {name: state[name] for name in params} == params
    assert not hasattr(detector.autoencoder, "module_")
    assert all(name.endswith("_") for name in state.keys() - params.keys())
    for method in METHODS:
        getattr(detector, method)(X)
    assert all(vars(detector)[name] is value for name, value in state.items())
    np.testing.assert_equal(X, before)


@each_kind
def test_features(kind: str) -> None:
    assert fitted(kind).n_features_in_ == fitted(kind).autoencoder_.n_features_in_
    other = make(kind)
    other = other[:, :-1] if kind == "table" else [np.c_[x, x, x] for x in other]
    for method in METHODS:
        with pytest.raises(
            ValueError, match=r"(channels|features|LSTMOutlierDetector).*(channels|features|LSTMOutlierDetector)"
        ):
            getattr(fitted(kind), method)(other)


@each_kind
def test_unfitted(kind: str) -> None:
    for method in METHODS:
        with pytest.raises(NotFittedError, match="LSTMOutlierDetector"):
            getattr(model(), method)(make(kind))


@pytest.mark.parametrize("round_trip", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@each_setting
@each_kind
def test_round_trips(kind: str, setting: str, round_trip: Any) -> None:
    before = fitted(kind, setting)
    after = round_trip(before)
    for method in METHODS:
        np.testing.assert_equal(getattr(after, method)(make(kind)), getattr(before, method)(make(kind)))
    assert not hasattr(clone(before), "offset_")


def test_skops_reads_it_without_running_code() -> None:
    saved = skops.io.dumps(fitted("list", "mahalanobis"))
    own = [f"{cls.__module__}.{cls.__qualname__}" for cls in (LSTMAutoencoder, LSTMOutlierDetector)]
    assert set(skops.io.get_untrusted_types(data=saved)) <= set(own)
    loaded = skops.io.loads(saved, trusted=own)
    np.testing.assert_array_equal(
        loaded.score_samples(make("list")), fitted("list", "mahalanobis").score_samples(make("list"))
    )


@pytest.mark.parametrize("method", METHODS)
@each_setting
@each_kind
def test_neighbours_order_and_number_of_rows_do_not_matter(kind: str, setting: str, method: str) -> None:
    apply, X = getattr(fitted(kind, setting), method), make(kind)
    together = apply(X)
    order = np.random.default_rng(0).permutation(10)
    assert_close(apply(rows(X, order)), rows(together, order))
    assert_close([apply(rows(X, [i]))[0] for i in range(10)], together)


@pytest.mark.parametrize("method", METHODS)
@each_setting
@each_kind
def test_batches_do_not_matter(kind: str, setting: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = getattr(fitted(kind, setting), method)(make(kind))
    monkeypatch.setattr(_errors, "_VALUES_AT_ONCE", 20)
    assert len(list(_errors.batches_of_rows(fitted(kind, setting)._validate(make(kind)), np.arange(10)))) > 2
    assert_close(getattr(fitted(kind, setting), method)(make(kind)), expected)


@each_setting
def test_padding_does_not_matter(setting: str) -> None:
    X, detector = make("list"), fitted("list", setting)
    np.testing.assert_allclose(detector.score_samples(pad(X, 12)), detector.score_samples(X), **CLOSE)


def test_in_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), model()).fit(waves(20))
    assert set(pipeline.predict(waves(20))) <= {-1, 1}


# Scores


@pytest.mark.parametrize(("setting", "power"), [("mae", 1), ("mse", 2)])
@each_kind
def test_score_is_minus_the_mean_error_in_units_of_the_training_channels(kind: str, setting: str, power: int) -> None:
    detector, X = fitted(kind, setting), make(kind, seed=1)
    scale = detector.autoencoder_.channel_scale_
    expected: list[float] = [
        -float(np.nanmean(np.abs(np.subtract(x, y).reshape(-1, len(scale)) / scale) ** power))
        for x, y in zip(X, detector.autoencoder_.reconstruct(X), strict=True)
    ]
    np.testing.assert_allclose(detector.score_samples(X), expected, **CLOSE)


@pytest.mark.parametrize("setting", ["mae", "mse"])
@each_kind
def test_mean_over_the_time_steps_is_minus_the_score(kind: str, setting: str) -> None:
    means = [float(np.nanmean(x)) for x in fitted(kind, setting).score_timesteps(make(kind))]
    np.testing.assert_allclose(means, -fitted(kind, setting).score_samples(make(kind)), **CLOSE)


@each_setting
@each_kind
def test_time_steps_come_back_in_kind(kind: str, setting: str) -> None:
    X = make(kind)
    found = fitted(kind, setting).score_timesteps(X)
    assert type(found) is type(X)
    assert lengths_of(found) == lengths_of(X)
    for values, x in zip(found, X, strict=True):
        assert values.dtype == np.float32
        np.testing.assert_array_equal(np.isnan(values), np.isnan(x))
        assert (values[~np.isnan(x)] >= 0).all()


@pytest.mark.parametrize("n_channels", [1, 3])
def test_few_and_constant_channels_do_not_break_the_covariance(n_channels: int) -> None:
    X = np.random.default_rng(0).normal(size=(6, 4, n_channels))
    X[:, :, -1] = 7
    detector = model("mahalanobis").fit(X)
    scores = detector.score_samples(X)
    assert np.isfinite(scores).all()
    odd = X.copy()
    odd[0, :, -1] += 1
    assert detector.score_samples(odd)[0] < scores.min()


def test_one_channel_of_two_is_enough() -> None:
    X = make("array")
    X[::2, :, 1] = np.nan
    for setting in SETTINGS:
        assert np.isfinite(model(setting).fit(X).score_samples(X)).all()


def test_warns_of_sequences_longer_than_any_in_training() -> None:
    X = [np.tile(x, (3, 1))[:12] for x in make("list", 2)]
    for method in METHODS:
        with pytest.warns(UserWarning, match=r"2 of 2 sequences .* 12 time steps instead of at most 9") as told:
            getattr(fitted("list"), method)(X)
        assert len(told) == 1


# Meaning


@pytest.mark.parametrize("scoring", ["joint", "mae", "mse", "mahalanobis"])
def test_finds_what_is_odd_and_where(scoring: str) -> None:
    detector = wave_detector(scoring=scoring, cv=2).fit(waves(200))
    odd = waves(20, seed=1)
    odd[:, 7] += 1.5
    X, is_odd = np.vstack([waves(100, seed=2), odd]), np.arange(120) >= 100
    assert roc_auc_score(is_odd, -detector.score_samples(X)) > 0.95
    assert np.mean(detector.score_timesteps(odd).argmax(axis=1) == 7) > 0.8


def test_what_is_drawn_well_but_far_from_all_training_sequences_is_found_by_the_joint_score_alone() -> None:
    # Sines of any phase, and half of their size: the network draws these as well, but no training sequence is there.
    detector = wave_detector(cv=2).fit(waves(200))
    half = 0.5 * waves(20, seed=1) + 0.5 * np.random.default_rng(3).normal(0, 0.1, (20, 20))
    X, is_half = np.vstack([waves(100, seed=2), half]), np.arange(120) >= 100
    by_error = np.abs(detector.score_timesteps(X)).mean(axis=1)
    assert roc_auc_score(is_half, by_error) < 0.7
    assert roc_auc_score(is_half, -detector.score_samples(X)) > 0.95


def test_what_happens_at_another_time_is_usual_and_what_happens_more_often_is_not_for_the_joint_score() -> None:
    # The autoencoder has learned next to nothing; how sequences behave is known all the same.
    rng = np.random.default_rng(0)

    def bursts(n: int, size: int) -> NDArray[np.float64]:
        X = rng.normal(0, 0.1, (n, 40))
        for x in X:
            x[rng.integers(30) + np.arange(size)] += 1
        return X

    detector = LSTMOutlierDetector(tiny(max_epochs=1), cv=2, random_state=0).fit(bursts(60, 4))
    assert np.mean(detector.predict(bursts(100, 4)) == -1) < 0.2
    assert np.mean(detector.predict(bursts(100, 10)) == -1) > 0.8
    by_error = clone(detector).set_params(scoring="mae").fit(bursts(60, 4))
    assert np.mean(by_error.predict(bursts(100, 10)) == -1) < 0.8


def test_an_outlier_in_the_training_data_is_marked_by_a_share() -> None:
    X = waves(60)
    X[[5, 20]] += np.linspace(-2, 2, 20)
    for scoring in ("joint", "mae"):
        labels = wave_detector(scoring=scoring, contamination=2 / 60, cv=2).fit_predict(X)
        assert np.flatnonzero(labels == -1).tolist() == [5, 20]


# Parameters


def test_default_autoencoder_learns_from_sequences_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_schedule, "_AUTO_STEPS", 10)
    by_default = LSTMOutlierDetector(contamination=0.2, scoring="mae", random_state=0).fit(waves(3)[:, :4])
    seed = by_default.autoencoder_.random_state
    assert by_default.autoencoder_.get_params() == LSTMAutoencoder(time_shift=0, random_state=seed).get_params()
    changed = LSTMOutlierDetector().set_params(autoencoder__max_epochs=1).autoencoder
    assert changed is not None
    assert changed.get_params() == LSTMAutoencoder(time_shift=0, max_epochs=1).get_params()


def test_parameters_of_the_default_autoencoder_can_be_searched() -> None:
    detector = LSTMOutlierDetector(contamination=0.2, scoring="mae").set_params(autoencoder__latent_dim=3)
    assert detector.get_params()["autoencoder__latent_dim"] == 3
    grid = {"autoencoder__max_epochs": [1, 2], "autoencoder__hidden_layer_sizes": [5]}
    search = GridSearchCV(
        LSTMOutlierDetector(contamination=0.2, scoring="mae"),
        grid,
        cv=2,
        scoring=lambda found, X: found.score_samples(X).mean(),
    )
    search.fit(waves(20))
    assert search.best_estimator_.autoencoder_.n_iter_ == search.best_params_["autoencoder__max_epochs"]
    assert LSTMOutlierDetector().set_params(autoencoder=None, scoring="mse").autoencoder is None


def test_a_second_fit_forgets_the_first() -> None:
    detector = model("mahalanobis").fit(make("array")).set_params(scoring="joint").fit(make("array"))
    assert not hasattr(detector, "covariance_")
    detector.set_params(scoring="mse", contamination=0.1).fit(make("list_1d"))
    assert not hasattr(detector, "spread_")
    np.testing.assert_array_equal(
        detector.score_samples(make("list_1d")),
        model("mse", contamination=0.1).fit(make("list_1d")).score_samples(make("list_1d")),
    )


def test_a_collapse_is_told_of_once() -> None:
    X = np.random.default_rng(0).normal(size=(40, 30))
    with pytest.warns(ConvergenceWarning) as told:
        model(autoencoder=tiny(latent_dim=1, linear_path=False)).fit(X)
    assert len(told) == 1


# Refusals


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"contamination": 0.6}, "contamination"),
        ({"contamination": 0}, "contamination"),
        ({"scoring": "rmse"}, "'scoring' parameter .* 'rmse'"),
        ({"false_alarm_rate": 1.0}, "false_alarm_rate"),
        ({"autoencoder": StandardScaler()}, "'autoencoder' parameter .*LSTMAutoencoder"),
        ({"cv": 1.5}, "cv"),
    ],
)
def test_refuses_parameters(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LSTMOutlierDetector(**params).fit(waves(4))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_fit_that_fails_leaves_the_detector_as_it_was(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = model().fit(make("list"))
    before = dict(vars(detector))
    n_calls = 0
    original = _passes.reconstruct

    def fail_later(*args: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls > 1:
            raise error
        return original(*args)

    monkeypatch.setattr(_errors, "reconstruct", fail_later)
    for each in (detector, model()):
        with pytest.raises(error):
            each.fit(make("array"))
    assert vars(detector) == before
    assert not hasattr(each, "n_features_in_")


def test_ctrl_c_ends_all_fits() -> None:
    class Interrupt:
        """A loss that is interrupted."""

        def __call__(self, prediction: Any, target: Any) -> Any:
            raise KeyboardInterrupt

    detector = model(autoencoder=tiny(loss=Interrupt()))
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="interrupted"):
        detector.fit(waves(10))
    assert not hasattr(detector, "offset_")
