"""scikit-learn's callbacks, which came with its version 1.9."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._training._epochs import KeepEpochs
from tests.killing import before_call, is_killed
from tests.tiny import tiny

callbacks = pytest.importorskip("sklearn.callback", reason="before scikit-learn 1.9")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(24, 8))


class Recorder:
    """Writes down what it is told; ends each fit after some epochs."""

    def __init__(self, last_epoch: int = 1000) -> None:
        self.last_epoch = last_epoch
        self.seen: list[str] = []
        self.scores: list[float] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self.seen.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.seen.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.seen.append(f"begin {context.task_name} {context.task_id} of {context.max_subtasks}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any, fitted_estimator: Any) -> bool:
        self.seen.append(f"end {context.task_name} {context.task_id}")
        self.scores.append(fitted_estimator.score(X))
        return context.task_name == "epoch" and context.task_id == self.last_epoch - 1


def test_a_fit_and_its_epochs_are_tasks() -> None:
    recorder = Recorder()
    fitted = tiny().set_callbacks(recorder).fit(X)
    assert recorder.seen == [
        "setup",
        "begin fit 0 of 2",
        "begin epoch 0 of 0",
        "end epoch 0",
        "begin epoch 1 of 0",
        "end epoch 1",
        "end fit 0",
        "teardown",
    ]
    assert recorder.scores[-2:] == pytest.approx([fitted.score(X)] * 2)
    assert recorder.scores[0] != recorder.scores[1]


def test_the_result_is_as_without() -> None:
    alone, watched = tiny().fit(X), tiny().set_callbacks(Recorder()).fit(X)
    np.testing.assert_array_equal(watched.transform(X), alone.transform(X))


def test_a_callback_ends_the_training() -> None:
    fitted = tiny(max_epochs=9).set_callbacks(Recorder(last_epoch=4)).fit(X)
    assert fitted.n_iter_ == 4
    assert not fitted.interrupted_


def test_training_on_is_watched_too() -> None:
    recorder = Recorder()
    autoencoder = tiny().set_callbacks(recorder).fit(X)
    recorder.seen.clear()
    autoencoder.partial_fit(X)
    assert recorder.seen[1:4] == ["begin fit 0 of 1", "begin epoch 0 of 0", "end epoch 0"]
    assert recorder.scores[-1] == pytest.approx(autoencoder.score(X))


def test_what_fails_is_torn_down_and_leaves_the_estimator() -> None:
    class Failing(Recorder):
        def on_fit_task_end(self, estimator: Any, context: Any) -> bool:  # type: ignore[override]
            raise RuntimeError("no")

    recorder = Failing()
    autoencoder = tiny().set_callbacks(recorder)
    before = dict(vars(autoencoder))
    with pytest.raises(RuntimeError, match="no"):
        autoencoder.fit(X)
    assert recorder.seen[-1] == "teardown"
    assert vars(autoencoder) == before


def test_scores_are_recorded_by_epoch() -> None:
    monitor = callbacks.ScoringMonitor(scoring={"explained": lambda model, X, y: model.score(X)})
    y = np.zeros(len(X))  # without labels it records no scores
    fitted = tiny(max_epochs=3).set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in rows] == [0, 1, 2]
    assert rows[-1]["explained"] == pytest.approx(fitted.score(X))


class Propagated(Recorder):
    """One that a search hands on to all that it fits."""

    max_propagation_depth = None

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:  # type: ignore[override]
        return False


def test_a_search_over_a_pipeline_shows_its_epochs() -> None:
    recorder = Propagated()
    pipeline = make_pipeline(StandardScaler(), tiny(), LogisticRegression())
    search = GridSearchCV(pipeline, {"lstmautoencoder__latent_dim": [1, 2]}, cv=2)
    search.set_callbacks(recorder).fit(X, X[:, 0] > 0)
    assert recorder.seen.count("begin epoch 1 of 0") == 5  # four fits and the refit
    assert recorder.seen.count("setup") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fit_that_was_killed_has_the_epochs_that_are_left(tmp_path: Path) -> None:
    recorder = Recorder()
    autoencoder = tiny(max_epochs=4, checkpoint_dir=tmp_path).set_callbacks(recorder)
    assert is_killed(partial(autoencoder.fit, X), before_call(KeepEpochs, "on_epoch_begin", 3))
    autoencoder.fit(X)
    assert recorder.seen[1:5] == ["begin fit 0 of 2", "begin epoch 0 of 0", "end epoch 0", "begin epoch 1 of 0"]
    assert recorder.scores[-1] == pytest.approx(tiny(max_epochs=4).fit(X).score(X))
