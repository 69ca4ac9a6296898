"""The threshold of outlier detection: held-out errors, the rate of false alarms, the parts and their seeds."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector, _outlier, _template
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import channel_statistics
from tests.containers import make
from tests.detectors import model, wave_detector, waves
from tests.inference.drawing import Drawing
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# How rare alarms are


def test_false_alarms_on_new_data_are_about_as_rare_as_promised_and_more_frequent_by_the_training_errors() -> None:
    # 60 sequences: few enough to be learned by heart.
    detector = wave_detector(scoring="mae", false_alarm_rate=0.1).fit(waves(60))
    fresh = detector.score_samples(waves(3000, seed=1))
    held_out_rate = np.mean(fresh < detector.offset_)
    training_rate = np.mean(fresh < np.quantile(detector.score_samples(waves(60)), 0.1))
    assert 0.04 < held_out_rate < 0.16
    assert training_rate > held_out_rate


def draw_shares(monkeypatch: pytest.MonkeyPatch, whole: float, part: float) -> None:
    """Replace training: the networks draw a share of each value, that of all sequences and those of the parts."""
    shares = itertools.chain([whole], itertools.repeat(part))

    def fit(autoencoder: LSTMAutoencoder, sequences: Sequences, seed: int | None = None) -> LSTMAutoencoder:
        fitted = clone(autoencoder)
        fitted.container_, fitted.n_channels_in_ = sequences.container, sequences.n_channels
        fitted.n_timesteps_in_ = fitted._longest = sequences.n_timesteps
        fitted.channel_mean_, fitted.channel_scale_ = channel_statistics(sequences)
        fitted.n_iter_ = 1
        fitted.module_ = Drawing(next(shares), sequences.n_channels)
        return fitted

    for module in (_outlier, _template):  # of all sequences, and of parts
        monkeypatch.setattr(module, "fit_to_the_end", fit)


def uneven(n: int, n_channels: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise whose level differs from sequence to sequence and from channel to channel: (n, 20, n_channels)."""
    return rng.lognormal(0, 0.7, (n, 1, n_channels)) * rng.normal(size=(n, 20, n_channels))


@pytest.mark.parametrize("n_channels", [1, 6, 30])
@pytest.mark.parametrize("scoring", ["joint", "mae", "mse", "mahalanobis"])
def test_false_alarms_are_as_rare_as_promised_whatever_the_score(
    scoring: str, n_channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = []
    for seed in range(20):
        draw_shares(monkeypatch, 0, 0)
        rng = np.random.default_rng(seed)
        detector = LSTMOutlierDetector(scoring=scoring, cv=3, random_state=seed).fit(uneven(40, n_channels, rng))
        rates.append(np.mean(detector.predict(uneven(200, n_channels, rng)) == -1))
    assert 0.02 < np.mean(rates) < 0.07


def test_where_nothing_is_learned_by_heart_the_threshold_is_that_of_the_network_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X = np.resize([[1.0, -1, 1, -1], [-1, 1, 1, -1]], (40, 4))  # of mean 0 and variance 1, any part of them
    draw_shares(monkeypatch, 0.25, 0.5)
    detector = model("mae").fit(X)
    np.testing.assert_allclose(detector.held_out_scores_, -0.75, rtol=1e-6)  # not -0.5
    np.testing.assert_allclose(detector.score_samples(X), -0.75, rtol=1e-6)


def test_a_share_as_contamination_is_marked_in_the_training_data() -> None:
    X = waves(50)
    for contamination in (0.1, 0.5):
        detector = wave_detector(scoring="mae", contamination=contamination)
        assert np.sum(detector.fit_predict(X) == -1) == 50 * contamination
        assert detector.held_out_scores_.shape == (0,)


def test_false_alarm_rate_moves_the_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_shares(monkeypatch, 0, 0)
    offsets = [wave_detector(cv=2, false_alarm_rate=rate).fit(waves(50)).offset_ for rate in (0.001, 0.1, 0.4)]
    assert offsets == sorted(offsets)
    few = wave_detector(cv=2, false_alarm_rate=0.001).fit(waves(50))
    assert few.offset_ == few.held_out_scores_.min()  # 50 sequences say nothing of one in a thousand


# Held-out errors


def fits_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LSTMAutoencoder, Sequences]]:
    """A list of the autoencoders that will be fitted, in that order, and what each is given."""
    fits: list[tuple[LSTMAutoencoder, Sequences]] = []
    original = LSTMAutoencoder.fit

    def fit(self: LSTMAutoencoder, X: Any, y: Any = None) -> LSTMAutoencoder:
        fits.append((self, X))
        return original(self, X, y)

    monkeypatch.setattr(LSTMAutoencoder, "fit", fit)
    return fits


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


def test_networks_for_the_threshold_are_trained_for_fewer_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = fits_of(monkeypatch)
    model(autoencoder=tiny(max_epochs=6, learning_rate_schedule=None), cv=4).fit(waves(8))
    assert [fitted.n_iter_ for fitted, _ in fits] == [6, 3, 3, 3, 3]
    fits.clear()
    model(autoencoder=tiny(max_epochs=1)).fit(waves(8))
    assert [fitted.n_iter_ for fitted, _ in fits] == [1, 1, 1]


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


# Seeds


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


# Refusals


def test_refuses_one_sequence_where_two_are_needed() -> None:
    with pytest.raises(ValueError, match=r"at least 2 sequences, got n_samples=1. .*contamination"):
        model().fit(waves(1))
    assert model("mse").fit(waves(1)).predict(waves(1)).shape == (1,)
    with pytest.raises(ValueError, match=r"one label 0 for all 4 sequences.*at least two groups"):
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
