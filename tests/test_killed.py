"""Estimators that fit several autoencoders: killed on the way, they go on with the one that was being fitted."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_seqae import LSTMFeatures, LSTMOutlierDetector, LSTMSeriesOutlierDetector
from sklearn_seqae._training._batching import TrainingBatches
from sklearn_seqae._training._epochs import KeepEpochs
from tests.killing import before_call, is_killed, press_ctrl_c
from tests.tiny import tiny

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

X = np.random.default_rng(0).normal(size=(24, 10)).cumsum(axis=1)
SERIES = np.sin(np.arange(200) / 5)[:, None] + np.random.default_rng(0).normal(0, 0.1, (200, 1))
N_EPOCHS = 5
ESTIMATORS: dict[str, tuple[Any, Any]] = {
    "LSTMOutlierDetector": (LSTMOutlierDetector(tiny(), cv=2, random_state=0), X),
    "LSTMSeriesOutlierDetector": (LSTMSeriesOutlierDetector(tiny(), width=20, cv=2, random_state=0), SERIES),
    "LSTMFeatures": (LSTMFeatures(tiny(), patch_lens=(1, 2), n_windows=20, random_state=0), X),
}


def make(name: str, folder: Path | None, seed: int | None = 0) -> Any:
    estimator = clone(ESTIMATORS[name][0]).set_params(random_state=seed)
    return estimator.set_params(
        autoencoder__checkpoint_dir=folder, autoencoder__max_epochs=N_EPOCHS, autoencoder__random_state=None
    )


def outcome(name: str, fitted: Any) -> Any:
    if name == "LSTMFeatures":
        return fitted.transform(X)
    return np.append(fitted.score_samples(ESTIMATORS[name][1]), fitted.offset_)


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each epoch that is trained."""
    begun: list[int] = []
    indices = TrainingBatches.indices

    def noted(batches: TrainingBatches) -> Any:
        begun.append(len(batches))
        return indices(batches)

    monkeypatch.setattr(TrainingBatches, "indices", noted)
    return begun


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_that_is_killed_goes_on(name: str, tmp_path: Path, epochs: list[int]) -> None:
    data = ESTIMATORS[name][1]
    expected = make(name, None).fit(data)
    n_epochs = len(epochs)
    estimator = make(name, tmp_path)
    n_kept = n_epochs - 3  # in the last fit, all others having ended
    assert is_killed(partial(estimator.fit, data), before_call(KeepEpochs, "on_epoch_begin", n_kept + 1))
    epochs.clear()
    np.testing.assert_array_equal(outcome(name, estimator.fit(data)), outcome(name, expected))
    assert len(epochs) == 3
    assert list(tmp_path.iterdir()) == []
    inner = estimator.autoencoders_[0] if name == "LSTMFeatures" else estimator.autoencoder_
    assert inner.checkpoint_dir == str(tmp_path)
    assert type(inner.checkpoint_dir) is str


def test_without_a_seed(tmp_path: Path, epochs: list[int]) -> None:
    estimator = make("LSTMOutlierDetector", tmp_path, seed=None)
    assert is_killed(partial(estimator.fit, X), before_call(KeepEpochs, "on_epoch_begin", N_EPOCHS + 2))
    estimator.fit(X)
    assert 0 < len(epochs) < N_EPOCHS
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_checkpoints(tmp_path: Path, epochs: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    estimator = make("LSTMFeatures", tmp_path)
    begin = KeepEpochs.on_epoch_begin

    def interrupt(self: KeepEpochs, net: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, net, *args, **kwargs)
        if len(epochs) == N_EPOCHS + 2:
            press_ctrl_c()

    monkeypatch.setattr(KeepEpochs, "on_epoch_begin", interrupt)
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="goes on"):
        estimator.fit(X)
    monkeypatch.setattr(KeepEpochs, "on_epoch_begin", begin)
    n_before = len(epochs)
    np.testing.assert_array_equal(estimator.fit(X).transform(X), make("LSTMFeatures", None).fit(X).transform(X))
    assert n_before == N_EPOCHS + 2
    assert list(tmp_path.iterdir()) == []
