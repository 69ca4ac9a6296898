"""`LSTMSeriesOutlierDetector`: a series in, a score for each row out."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMSeriesOutlierDetector, load, save
from tests.tiny import tiny, weights

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Array = NDArray[np.float64]

PERIOD = 12


def waves(n: int = 400, seed: int = 0, n_channels: int = 2) -> Array:
    """Sines with noise, one for each channel, a quarter of a period apart: (n, n_channels)."""
    phase = 2 * np.pi * (np.arange(n)[:, np.newaxis] / PERIOD + np.arange(n_channels) / 4)
    return np.sin(phase) + np.random.default_rng(seed).normal(0, 0.1, size=(n, n_channels))


def model(**params: Any) -> LSTMSeriesOutlierDetector:
    """Quick, and not good."""
    defaults: dict[str, Any] = {"autoencoder": tiny(), "contamination": 0.1, "n_windows": 64, "random_state": 0}
    return LSTMSeriesOutlierDetector(**defaults | params)


def good(**params: Any) -> LSTMSeriesOutlierDetector:
    autoencoder = LSTMAutoencoder(4, hidden_layer_sizes=(16,), max_epochs=25, time_shift=0)
    defaults: dict[str, Any] = {"n_windows": 120, "random_state": 0}
    return LSTMSeriesOutlierDetector(autoencoder, **defaults | params)


QUICK = model().fit(waves())
CAUSAL = model(causal=True).fit(waves())
GOOD = good().fit(waves())


# Meaning


def test_rows_that_break_the_pattern_are_found_and_the_channel_named() -> None:
    X = waves(300, seed=1)
    X[200:206, 1] = 0.0  # no unusual value, but an unusual place for it
    scores = GOOD.score_samples(X)
    assert 200 - PERIOD <= scores.argmin() < 206 + PERIOD
    assert scores[195:211].mean() < scores[:150].min()
    errors = GOOD.score_timesteps(X)[200:206].mean(axis=0)
    assert errors[1] > 5 * errors[0]
    assert GOOD.predict(X)[200:206].tolist() == [-1] * 6


def test_width_is_periods_of_the_series() -> None:
    assert GOOD.width_ == 2 * PERIOD
    assert good(width=PERIOD, contamination=0.1).fit(waves()).width_ == PERIOD


def test_rate_of_false_alarms_is_about_the_one_that_was_asked_for() -> None:
    noise = np.random.default_rng(0).normal(size=(2000, 2))
    detector = good(width=1).fit(noise[:400])
    assert 0.05 / 3 < np.mean(detector.predict(noise[400:]) < 0) < 0.05 * 2
    assert np.mean(GOOD.predict(waves(2000, seed=2)) < 0) < 0.05 * 2


def test_lower_rate_marks_fewer_rows() -> None:
    strict = good(false_alarm_rate=0.005).fit(waves())
    assert strict.offset_ < GOOD.offset_
    np.testing.assert_array_equal(strict.held_out_scores_, GOOD.held_out_scores_)


def test_rows_one_by_one_do_not_show_what_windows_show() -> None:
    X = waves(300, seed=1, n_channels=1)
    X[200:212] = -X[200:212]
    ranks = {}
    for width in (1, PERIOD):
        scores = good(width=width, contamination=0.1).fit(waves(n_channels=1)).score_samples(X)
        ranks[width] = np.mean(scores[:150] > scores[200:212].mean())
    assert ranks[PERIOD] == 1
    assert ranks[1] < 0.9


# Shapes


@pytest.mark.parametrize("detector", [QUICK, CAUSAL])
@pytest.mark.parametrize("n", [1, 2, PERIOD - 1, PERIOD, PERIOD + 1, 5 * PERIOD])
def test_each_row_has_a_score_first_and_last_ones_too(detector: LSTMSeriesOutlierDetector, n: int) -> None:
    X = waves(n, seed=1)
    for method in ("score_samples", "decision_function", "predict"):
        assert getattr(detector, method)(X).shape == (n,)
    assert np.isfinite(detector.score_samples(X)).all()
    assert (detector.score_samples(X) <= 0).all()
    assert detector.score_timesteps(X).shape == X.shape


def test_list_of_series_gives_what_each_gives_alone() -> None:
    several = [waves(50, seed=1), waves(7, seed=2)]
    for method in ("score_samples", "decision_function", "predict", "score_timesteps"):
        found = getattr(QUICK, method)(several)
        assert isinstance(found, list)
        for part, alone in zip(found, several, strict=True):
            np.testing.assert_allclose(part, getattr(QUICK, method)(alone), rtol=1e-5, atol=1e-9)


def test_windows_of_a_list_of_series_do_not_go_from_one_to_the_next() -> None:
    steps = waves(200)
    together = model(width=8, random_state=0).fit(steps)
    apart = model(width=8, random_state=0).fit([steps[:100], steps[100:]])
    assert not np.array_equal(weights(together.autoencoder_), weights(apart.autoencoder_))
    with pytest.raises(ValueError, match="n_samples=5 rows are fewer than width=8"):
        model(width=8).fit([steps[:5]] * 40)


def test_fit_predict_is_fit_then_predict() -> None:
    X = waves(100)
    np.testing.assert_array_equal(clone(QUICK).fit_predict(X), clone(QUICK).fit(X).predict(X))


def test_batches_of_windows_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    X = waves(100, seed=1)
    expected = [(d.score_samples(X), d.score_timesteps(X)) for d in (QUICK, CAUSAL)]
    monkeypatch.setattr("sklearn_seqae._inference._series_scores._VALUES_AT_ONCE", 7 * PERIOD * 2)
    for detector, (scores, values) in zip((QUICK, CAUSAL), expected, strict=True):
        np.testing.assert_allclose(detector.score_samples(X), scores, rtol=1e-5)
        np.testing.assert_allclose(detector.score_timesteps(X), values, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("size", [7, 50])
def test_parts_of_a_long_series_do_not_show(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = waves(160, seed=1)
    X[70:75] = np.nan
    expected = [(d.score_samples(X), d.score_timesteps(X)) for d in (QUICK, CAUSAL)]
    monkeypatch.setattr("sklearn_seqae._inference._series_scores._ROWS_AT_ONCE", size)
    for detector, (scores, values) in zip((QUICK, CAUSAL), expected, strict=True):
        np.testing.assert_allclose(detector.score_samples(X), scores, rtol=1e-5)
        np.testing.assert_allclose(detector.score_timesteps(X), values, rtol=1e-3, atol=1e-6)


# Gaps


def test_gaps_anywhere_are_no_anomalies_of_their_own_accord() -> None:
    X = waves(300, seed=1)
    X[np.random.default_rng(0).uniform(size=X.shape) < 0.1] = np.nan
    X[:3], X[-3:] = np.nan, np.nan
    detector = clone(GOOD).fit(X)
    scores = detector.score_samples(X)
    assert scores.shape == (300,)
    assert np.isfinite(scores).all()
    assert np.isnan(detector.score_timesteps(X))[np.isnan(X)].all()
    X[150:153] = 3.0
    assert 150 - PERIOD < detector.score_samples(X).argmin() < 153 + PERIOD


def test_rows_of_which_nothing_is_known_have_no_score_and_are_not_marked() -> None:
    X = waves(100, seed=1)
    X[40:80] = np.nan
    for causal, rows in ((False, slice(51, 69)), (True, slice(51, 80))):
        detector = model(width=PERIOD, causal=causal).fit(waves())
        unknown = np.isnan(detector.score_samples(X))
        assert unknown[rows].all()
        assert unknown.sum() == rows.stop - rows.start
        assert (detector.predict(X)[unknown] == 1).all()


def test_constant_channels_and_gaps_of_any_length_are_learned_from() -> None:
    X = np.hstack([waves(), np.full((400, 1), 3.0)])
    X[100:200] = np.nan
    assert np.isfinite(model().fit(X).score_samples(waves(5, n_channels=3))).all()


def test_a_stretch_held_out_may_leave_nothing_but_a_gap() -> None:
    X = waves(60)
    X[30:] = np.nan
    with pytest.raises(ValueError, match="no rows with values to hold out while others are trained on"):
        model(width=PERIOD, contamination="auto").fit(X)  # only the first half can be trained on
    assert np.isfinite(model(width=PERIOD).fit(X).offset_)


# Causality


def test_causal_scores_know_nothing_later() -> None:
    X = waves(60, seed=1)
    changed = X.copy()
    changed[40:] = 5.0
    before, after = CAUSAL.score_samples(X), CAUSAL.score_samples(changed)
    np.testing.assert_allclose(before[:40], after[:40], rtol=1e-5)
    assert not np.allclose(before[40:], after[40:])
    assert not np.allclose(QUICK.score_samples(X)[:40], QUICK.score_samples(changed)[:40])
    np.testing.assert_allclose(
        CAUSAL.score_timesteps(X)[:40], CAUSAL.score_timesteps(changed)[:40], rtol=1e-3, atol=1e-6
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3 * PERIOD), min_size=1, max_size=6), st.booleans())
def test_updates_of_any_size_give_the_causal_scores(sizes: list[int], gaps: bool) -> None:
    X = waves(sum(sizes), seed=1)
    if gaps:
        X[3::7] = np.nan
        X[X.shape[0] // 2 :, 0] = np.nan
    detector = pickle.loads(pickle.dumps(CAUSAL))
    scores = np.concatenate([detector.update(part) for part in np.split(X, np.cumsum(sizes)[:-1])])
    expected = CAUSAL.score_samples(X)
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-6)


def test_stream_goes_on_in_a_copy_and_begins_anew_with_a_fit(tmp_path: Path) -> None:
    X = waves(30, seed=1)
    detector = clone(CAUSAL).fit(waves())
    expected = detector.score_samples(X)
    detector.update(X[:20])
    save(detector, tmp_path / "detector.safetensors")
    for copied in (pickle.loads(pickle.dumps(detector)), load(tmp_path / "detector.safetensors")):
        np.testing.assert_allclose(copied.update(X[20:]), expected[20:], rtol=1e-6)
    np.testing.assert_allclose(detector.fit(waves()).update(X), expected, rtol=1e-6)


def test_update_is_for_causal_detectors_and_single_series() -> None:
    assert not hasattr(QUICK, "update")
    with pytest.raises(AttributeError, match="has no attribute 'update'"):
        _ = QUICK.update
    with pytest.raises(ValueError, match="one series, got a list"):
        CAUSAL.update([waves(3)])
    with pytest.raises(NotFittedError):
        model(causal=True).update(waves(3))


# Learning on


def test_partial_fit_learns_a_new_regime_and_keeps_the_old_one() -> None:
    detector = good(width=PERIOD).fit(waves())
    moved = 0.5 + 0.5 * waves(400, seed=1)
    strange = np.random.default_rng(0).uniform(-1, 1, size=(100, 2))
    before = detector.score_samples(moved).mean()
    for _ in range(5):
        detector.partial_fit(moved)
    assert detector.score_samples(moved).mean() > before / 10
    assert detector.score_samples(strange).mean() < 2 * detector.score_samples(waves(seed=2)).mean()


def test_partial_fit_begins_with_a_fit_and_judges_rows_before_it_learns_them() -> None:
    detector = good().partial_fit(waves())
    np.testing.assert_array_equal(detector.held_out_scores_, GOOD.held_out_scores_)
    X = waves(50, seed=5)
    expected = detector.score_samples(X)
    detector.partial_fit(X)
    np.testing.assert_allclose(detector.held_out_scores_[-50:], expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"X has 3 rows, fewer than a window's: pass at least width_=24 at once"):
        detector.partial_fit(X[:3])


# The contract


def test_pipeline_with_a_scaler() -> None:
    X = 100 + 50 * waves()
    pipeline = make_pipeline(StandardScaler(), model()).fit(X)
    assert pipeline.score_samples(X).shape == pipeline.predict(X).shape == (400,)


def test_share_marks_that_share_of_the_training_rows() -> None:
    assert abs((QUICK.predict(waves()) < 0).mean() - 0.1) < 0.01


def test_rows_are_judged_by_what_did_not_learn_them() -> None:
    X = waves()
    X[200:206, 1] = 0.0
    for params in ({}, {"contamination": 0.05}):
        detector = good(**params).fit(X)
        assert detector.held_out_scores_.shape == (400,)
        assert np.isfinite(detector.held_out_scores_).all()
        assert 200 - PERIOD <= detector.held_out_scores_.argmin() < 206 + PERIOD
    causal = good(causal=True).fit(X)
    assert np.isnan(causal.held_out_scores_[: causal.width_ - 1]).all()
    assert np.isfinite(causal.held_out_scores_[causal.width_ - 1 : 90]).all()


def test_short_series_are_judged_with_a_share_and_nothing_held_out() -> None:
    detector = model(width=20).fit(waves(30))
    assert np.isnan(detector.held_out_scores_).all()
    assert np.isfinite(detector.score_samples(waves(30))).all()


def test_noise_that_would_be_learned_by_heart_is_left_to_principal_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn_seqae._training._schedule._AUTO_STEPS", 300)
    autoencoder = LSTMAutoencoder(6, hidden_layer_sizes=(32,), time_shift=0, blending=0.0, mixup=0.0, input_noise=0.0)
    noise = np.random.default_rng(0).normal(size=(240, 3))
    assert good().set_params(autoencoder=autoencoder, width=4).fit(noise).autoencoder_.n_iter_ == 1
    given = clone(autoencoder).set_params(max_epochs=30)
    assert good().set_params(autoencoder=given, width=4).fit(noise).autoencoder_.n_iter_ == 30


def test_code_is_the_wider_the_more_channels_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn_seqae._training._schedule._AUTO_STEPS", 5)
    for n_channels, latent_dim in ((1, 8), (2, 16), (5, 32)):
        detector = LSTMSeriesOutlierDetector(width=4, n_windows=20, random_state=0).fit(
            waves(60, n_channels=n_channels)
        )
        assert detector.autoencoder_.latent_dim == latent_dim


def test_random_state_determines_everything() -> None:
    first, again, other = (good(random_state=seed).fit(waves(150)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.held_out_scores_, again.held_out_scores_)
    np.testing.assert_array_equal(first.score_samples(waves()), again.score_samples(waves()))
    assert first.offset_ != other.offset_


def test_autoencoder_can_be_set_from_outside_and_is_cloned() -> None:
    autoencoder = tiny(latent_dim=2)
    detector = model(autoencoder=autoencoder).fit(waves(100))
    assert not hasattr(autoencoder, "module_")
    assert detector.autoencoder_.latent_dim == 2
    detector = LSTMSeriesOutlierDetector().set_params(autoencoder__latent_dim=5)
    assert (detector.autoencoder.latent_dim, detector.autoencoder.time_shift) == (5, 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({"width": 50}, waves(30), r"n_samples=30 rows are fewer than width=50.*width=\"auto\""),
        ({"width": 20, "contamination": "auto"}, waves(30), "n_samples=30 rows are too few to hold stretches of time"),
        ({}, np.full((50, 1), np.nan), "contains NaN only"),
        ({"width": 0}, waves(30), "'width' parameter"),
        ({"cv": 1}, waves(30), "'cv' parameter"),
    ],
)
def test_errors_leave_the_detector_as_it_was(params: dict[str, Any], X: Array, message: str) -> None:
    detector = clone(QUICK).fit(waves(100))
    expected = detector.score_samples(waves(20))
    detector.set_params(**params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        detector.fit(X)
    detector.set_params(**{name: QUICK.get_params()[name] for name in params})
    np.testing.assert_array_equal(detector.score_samples(waves(20)), expected)


def test_nothing_is_written_to_and_memory_maps_are_read(tmp_path: Path) -> None:
    X = waves().astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(clone(QUICK).fit(mapped).score_samples(mapped), clone(QUICK).fit(X).score_samples(X))


def test_frames_keep_their_names() -> None:
    frame = pd.DataFrame(waves(), columns=["speed", "load"])
    detector = clone(QUICK).fit(frame)
    assert detector.feature_names_in_.tolist() == ["speed", "load"]
    with pytest.raises(ValueError, match="feature names"):
        detector.predict(frame.rename(columns={"load": "x"}))


@pytest.mark.parametrize("detector", [QUICK, CAUSAL, GOOD])
def test_copies_judge_alike(detector: LSTMSeriesOutlierDetector, tmp_path: Path) -> None:
    X = waves(50, seed=1)
    save(detector, tmp_path / "detector.safetensors")
    for copied in (pickle.loads(pickle.dumps(detector)), load(tmp_path / "detector.safetensors")):
        np.testing.assert_array_equal(copied.score_samples(X), detector.score_samples(X))
        np.testing.assert_array_equal(copied.predict(X), detector.predict(X))
