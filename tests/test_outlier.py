"""Outlier detection: scikit-learn's contract for sequences of every kind, scores by hand, thresholds, refusals."""

import copy
import itertools
import pickle
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.base import clone, is_outlier_detector
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector, _outlier
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import channel_statistics
from sklearn_seqae._inference import _errors, _passes
from sklearn_seqae._training import _schedule
from tests.containers import CLOSE, KINDS, assert_close, lengths_of, make, pad, rows, to_dtype
from tests.inference.drawing import Drawing
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS: dict[str, dict[str, Any]] = {
    "auto": {},
    "mse": {"scoring": "mse", "contamination": 0.2},
    "mahalanobis": {"scoring": "mahalanobis"},
}
METHODS = ["score_samples", "decision_function", "predict", "score_timesteps"]

each_kind = pytest.mark.parametrize("kind", KINDS)
each_setting = pytest.mark.parametrize("setting", SETTINGS)


def model(setting: str = "auto", **params: Any) -> LSTMOutlierDetector:
    defaults: dict[str, Any] = {"autoencoder": tiny(batch_size=4), "cv": 2, "random_state": 0}
    return LSTMOutlierDetector(**defaults | SETTINGS[setting] | params)


@cache
def fitted(kind: str, setting: str = "auto") -> LSTMOutlierDetector:
    """A detector that is shared by the tests that do not change it."""
    return model(setting).fit(make(kind))


def waves(n: int, seed: int = 0) -> NDArray[np.float64]:
    """One period of a sine of any phase, with noise: (n, 20)."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, size=(n, 1))
    return np.sin(phase + np.linspace(0, 2 * np.pi, 20)) + rng.normal(0, 0.1, size=(n, 20))


def wave_detector(**params: Any) -> LSTMOutlierDetector:
    return LSTMOutlierDetector(LSTMAutoencoder(2, hidden_layer_sizes=(16,), max_epochs=30), random_state=0, **params)


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


@pytest.mark.parametrize(("setting", "power"), [("auto", 1), ("mse", 2)])
@each_kind
def test_score_is_minus_the_mean_error_in_units_of_the_training_channels(kind: str, setting: str, power: int) -> None:
    detector, X = fitted(kind, setting), make(kind, seed=1)
    scale = detector.autoencoder_.channel_scale_
    expected: list[float] = [
        -float(np.nanmean(np.abs(np.subtract(x, y).reshape(-1, len(scale)) / scale) ** power))
        for x, y in zip(X, detector.autoencoder_.reconstruct(X), strict=True)
    ]
    np.testing.assert_allclose(detector.score_samples(X), expected, **CLOSE)


@pytest.mark.parametrize("setting", ["auto", "mse"])
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


def test_mahalanobis_model_is_that_of_the_held_out_absolute_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(40, 9, 2)) * [1, 50]
    fits = fits_of(monkeypatch)
    detector = model("mahalanobis", cv=KFold(2)).fit(X)
    _, *halves = (fitted for fitted, _ in fits)
    found = np.concatenate([halves[0].reconstruct(X[:20]), halves[1].reconstruct(X[20:])])
    errors = np.abs((found - X) / detector.autoencoder_.channel_scale_).reshape(-1, 2)
    np.testing.assert_allclose(detector.location_, errors.mean(axis=0), rtol=1e-4)
    deviation = errors.std(axis=0)
    expected = LedoitWolf().fit(errors / deviation).covariance_ * np.outer(deviation, deviation)
    np.testing.assert_allclose(detector.covariance_, expected, rtol=1e-3)


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


@pytest.mark.parametrize("scoring", ["mae", "mse", "mahalanobis"])
def test_finds_what_is_odd_and_where(scoring: str) -> None:
    detector = wave_detector(scoring=scoring, cv=2).fit(waves(200))
    odd = waves(20, seed=1)
    odd[:, 7] += 1.5
    X, is_odd = np.vstack([waves(100, seed=2), odd]), np.arange(120) >= 100
    assert roc_auc_score(is_odd, -detector.score_samples(X)) > 0.95
    assert np.mean(detector.score_timesteps(odd).argmax(axis=1) == 7) > 0.8


def test_false_alarms_on_new_data_are_about_as_rare_as_promised_and_more_frequent_by_the_training_errors() -> None:
    # 60 sequences: few enough to be learned by heart.
    detector = wave_detector(false_alarm_rate=0.1).fit(waves(60))
    fresh = detector.score_samples(waves(3000, seed=1))
    held_out_rate = np.mean(fresh < detector.offset_)
    training_rate = np.mean(fresh < np.quantile(detector.score_samples(waves(60)), 0.1))
    assert 0.04 < held_out_rate < 0.16
    assert training_rate > held_out_rate


def draw_shares(monkeypatch: pytest.MonkeyPatch, whole: float, part: float) -> None:
    """Replace training: the networks draw a share of each value, that of all sequences and those of the parts."""
    shares = itertools.chain([whole], itertools.repeat(part))

    def fit(autoencoder: LSTMAutoencoder, sequences: Sequences) -> LSTMAutoencoder:
        fitted = clone(autoencoder)
        fitted.container_, fitted.n_channels_in_ = sequences.container, sequences.n_channels
        fitted.n_timesteps_in_ = fitted._longest = sequences.n_timesteps
        fitted.channel_mean_, fitted.channel_scale_ = channel_statistics(sequences)
        fitted.module_ = Drawing(next(shares), sequences.n_channels)
        return fitted

    monkeypatch.setattr(_outlier, "_fit_to_the_end", fit)


def uneven(n: int, n_channels: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise whose level differs from sequence to sequence and from channel to channel: (n, 20, n_channels)."""
    return rng.lognormal(0, 0.7, (n, 1, n_channels)) * rng.normal(size=(n, 20, n_channels))


@pytest.mark.parametrize("n_channels", [1, 6, 30])
@pytest.mark.parametrize("scoring", ["mae", "mse", "mahalanobis"])
def test_false_alarms_are_as_rare_as_promised_whatever_the_score(
    scoring: str, n_channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = []
    for seed in range(20):
        draw_shares(monkeypatch, 0, 0)
        rng = np.random.default_rng(seed)
        detector = LSTMOutlierDetector(scoring=scoring, random_state=seed).fit(uneven(40, n_channels, rng))
        rates.append(np.mean(detector.predict(uneven(200, n_channels, rng)) == -1))
    assert 0.03 < np.mean(rates) < 0.07


def test_where_nothing_is_learned_by_heart_the_threshold_is_that_of_the_network_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X = np.resize([[1.0, -1, 1, -1], [-1, 1, 1, -1]], (40, 4))  # of mean 0 and variance 1, any part of them
    draw_shares(monkeypatch, 0.25, 0.5)
    detector = model().fit(X)
    np.testing.assert_allclose(detector.held_out_scores_, -0.75, rtol=1e-6)  # not -0.5
    np.testing.assert_allclose(detector.score_samples(X), -0.75, rtol=1e-6)


def test_a_share_as_contamination_is_marked_in_the_training_data() -> None:
    X = waves(50)
    for contamination in (0.1, 0.5):
        detector = wave_detector(contamination=contamination)
        assert np.sum(detector.fit_predict(X) == -1) == 50 * contamination
        assert detector.held_out_scores_.shape == (0,)


def test_false_alarm_rate_moves_the_threshold() -> None:
    offsets = [wave_detector(cv=2, false_alarm_rate=rate).fit(waves(50)).offset_ for rate in (0.001, 0.1, 0.4)]
    assert offsets == sorted(offsets)
    few = wave_detector(cv=2, false_alarm_rate=0.001).fit(waves(50))
    assert few.offset_ == few.held_out_scores_.min()  # 50 sequences say nothing of one in a thousand


# The split


def fits_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LSTMAutoencoder, Sequences]]:
    """A list of the autoencoders that will be fitted, in that order, and what each is given."""
    fits: list[tuple[LSTMAutoencoder, Sequences]] = []
    original = LSTMAutoencoder.fit

    def fit(self: LSTMAutoencoder, X: Any, y: Any = None) -> LSTMAutoencoder:
        fits.append((self, X))
        return original(self, X, y)

    monkeypatch.setattr(LSTMAutoencoder, "fit", fit)
    return fits


def rows_trained_on(monkeypatch: pytest.MonkeyPatch, X: NDArray[Any], **params: Any) -> list[set[int]]:
    """Which rows of a table, whose first column numbers them, each fit saw."""
    fits = fits_of(monkeypatch)
    groups = params.pop("groups", None)
    model(**params).fit(X, groups=groups)
    return [set(sequences.steps[sequences.starts, 0].round().astype(int).tolist()) for _, sequences in fits]


def numbered(n: int) -> NDArray[np.float64]:
    return np.c_[np.arange(n), np.random.default_rng(0).normal(size=(n, 3))]


def test_each_part_is_held_out_once_from_networks_for_the_threshold_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, *parts = rows_trained_on(monkeypatch, numbered(10), cv=5)
    assert whole == set(range(10))
    assert [len(part) for part in parts] == [8] * 5
    left_out = [whole - part for part in parts]
    assert sorted(row for part in left_out for row in part) == list(range(10))
    assert any(max(part) - min(part) > 1 for part in left_out)  # shuffled


def test_sequences_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = fits_of(monkeypatch)
    frame = pd.DataFrame(numbered(6), columns=list("abcd"))
    detector = model(cv=2).fit(frame)
    whole, *parts = (sequences for _, sequences in fits)
    assert all(part.steps is whole.steps for part in parts)
    for fitted in (detector, detector.autoencoder_):
        assert fitted.n_features_in_ == 4
        assert fitted.feature_names_in_.tolist() == list("abcd")


def test_groups_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.array(list("aabbbccddd"))
    for cv in (3, None, GroupKFold(3)):
        whole, *parts = rows_trained_on(monkeypatch, numbered(10), cv=cv, groups=groups)
        for part in parts:
            assert not {groups[i] for i in part} & {groups[i] for i in whole - part}
        monkeypatch.undo()


def test_a_splitter_may_leave_rows_out(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = model(cv=TimeSeriesSplit(3)).fit(numbered(12))
    assert detector.held_out_scores_.shape == (9,)


def test_fewer_sequences_than_parts_are_left_out_one_by_one() -> None:
    assert model(cv=5).fit(make("list", 3)).held_out_scores_.shape == (3,)


# Parameters


def test_default_autoencoder_learns_from_sequences_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_schedule, "_AUTO_STEPS", 10)
    by_default = LSTMOutlierDetector(contamination=0.2, random_state=0).fit(waves(3)[:, :4])
    seed = by_default.autoencoder_.random_state
    assert by_default.autoencoder_.get_params() == LSTMAutoencoder(time_shift=0, random_state=seed).get_params()
    changed = LSTMOutlierDetector().set_params(autoencoder__max_epochs=1).autoencoder
    assert changed is not None
    assert changed.get_params() == LSTMAutoencoder(time_shift=0, max_epochs=1).get_params()


def test_parameters_of_the_default_autoencoder_can_be_searched() -> None:
    detector = LSTMOutlierDetector(contamination=0.2).set_params(autoencoder__latent_dim=3)
    assert detector.get_params()["autoencoder__latent_dim"] == 3
    grid = {"autoencoder__max_epochs": [1, 2], "autoencoder__hidden_layer_sizes": [5]}
    search = GridSearchCV(
        LSTMOutlierDetector(contamination=0.2), grid, cv=2, scoring=lambda found, X: found.score_samples(X).mean()
    )
    search.fit(waves(20))
    assert search.best_estimator_.autoencoder_.n_iter_ == search.best_params_["autoencoder__max_epochs"]
    assert LSTMOutlierDetector().set_params(autoencoder=None, scoring="mse").autoencoder is None


def test_seed_is_the_detectors_or_the_autoencoders() -> None:
    def offset(detector_seed: int | None, autoencoder_seed: int | None) -> float:
        autoencoder = tiny(random_state=autoencoder_seed)
        return LSTMOutlierDetector(autoencoder, cv=2, random_state=detector_seed).fit(waves(20)).offset_

    assert offset(0, None) == offset(0, None) != offset(1, None)
    assert offset(None, 0) == offset(None, 0) != offset(None, 1)
    assert offset(None, None) != offset(None, None)


def test_each_fit_has_a_seed_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = fits_of(monkeypatch)
    for own in (None, 5):
        fits.clear()
        model(autoencoder=tiny(random_state=own), cv=3).fit(waves(6))
        assert len({fitted.random_state for fitted, _ in fits}) == len(fits) == 4
        assert own is None or fits[0][0].random_state == own


def test_a_generator_of_the_autoencoder_stays_as_it_is() -> None:
    state = np.random.RandomState(0)
    detector = LSTMOutlierDetector(tiny(random_state=state), cv=2)
    offsets = [detector.fit(waves(10)).offset_ for _ in range(2)]
    assert offsets[0] == offsets[1]
    assert state.randint(1000) == np.random.RandomState(0).randint(1000)


def test_a_second_fit_forgets_the_first() -> None:
    detector = model("mahalanobis").fit(make("array")).set_params(scoring="mse", contamination=0.1).fit(make("list_1d"))
    assert not hasattr(detector, "covariance_")
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


def test_refuses_one_sequence_where_two_are_needed() -> None:
    with pytest.raises(ValueError, match=r"at least 2 sequences, got n_samples=1. .*contamination"):
        model().fit(waves(1))
    assert model("mse").fit(waves(1)).predict(waves(1)).shape == (1,)
    with pytest.raises(ValueError, match="at least 2 groups"):
        model().fit(waves(4), groups=[0, 0, 0, 0])


def test_refuses_parts_that_say_nothing_of_new_sequences() -> None:
    with pytest.raises(ValueError, match=r"Part 0 of cv=.* has no sequences to hold out"):
        model(cv=[([0, 1, 2, 3], [])]).fit(waves(4))
    one = [([2, 3], [0, 1])]
    assert model(cv=one).fit(waves(4)).held_out_scores_.shape == (2,)
    with pytest.raises(ValueError, match=r"Part 0 of cv holds all .*mahalanobis"):
        model("mahalanobis", cv=one).fit(waves(4))


def test_refuses_groups_of_another_length() -> None:
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[4, 3\]"):
        model("mse").fit(waves(4), groups=[0, 1, 1])


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
