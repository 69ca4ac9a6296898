"""Callbacks: what epochs are said to have lost, whose learning rates count, and that a fit keeps to copies."""

import json
import threading
from typing import Any

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochScoring, LRScheduler
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

from sklearn_seqae import LSTMAutoencoder
from tests.datasets import random_parts
from tests.networks import sequences
from tests.tiny import tiny, weights

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

UNVARIED: dict[str, Any] = {"mixup": 0, "input_noise": 0, "time_shift": 0}


def rates_in_force(autoencoder: LSTMAutoencoder) -> list[float]:
    return [row["event_lr"] for row in autoencoder.history_]


# The loss of an epoch


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("loss", ["mse", "huber", torch.nn.L1Loss()], ids=str)
def test_the_losses_do_not_depend_on_the_batch_size(gaps: bool, loss: Any) -> None:
    X = random_parts([1, 2, 3, 5, 8, 13, 21, 34] * 5)
    for i, x in enumerate(X):
        x *= len(x)
        if gaps and len(x) > 2:
            x[1 : 1 + i % len(x), 0] = np.nan
    params = {**UNVARIED, "loss": loss, "learning_rate": 0, "early_stopping": True, "validation_fraction": 0.5}
    fits = [tiny(**params, batch_size=size, max_epochs=1, linear_path=False).fit(X) for size in (2, 8, 64)]
    for curve in ("loss_curve_", "validation_loss_curve_"):
        np.testing.assert_allclose([getattr(fit, curve)[0] for fit in fits], getattr(fits[0], curve)[0], rtol=1e-5)


@pytest.mark.parametrize("lengths", [[4] * 6, [1, 2, 3, 5, 8, 13]], ids=["equal", "unequal"])
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_an_epoch_follows_the_gradient_of_its_loss(lengths: list[int], optimizer: Any) -> None:
    """Each observed value has the same say, in whichever batch it is: gradients of batches have that of all as mean."""
    X = random_parts(lengths)
    X[-1][2] = np.nan
    summed: list[torch.Tensor] = []

    class Gradients(Callback):
        def on_grad_computed(self, net: Any, named_parameters: Any, **kwargs: Any) -> None:
            summed.append(torch.cat([p.grad.ravel() for _, p in named_parameters]).clone())

    params = {**UNVARIED, "learning_rate": 0, "max_epochs": 1, "max_grad_norm": None, "linear_path": False}
    means = []
    for batch_size in (6, 4, 1):
        summed.clear()
        tiny(**params, batch_size=batch_size, net_params={"optimizer": optimizer}, callbacks=[Gradients()]).fit(X)
        means.append(torch.stack(summed).mean(dim=0))
    torch.testing.assert_close(means[1:], [means[0]] * 2, rtol=1e-4, atol=1e-6)


# What is recorded


def test_what_skorch_records_is_there_after_the_fit_in_plain_numbers() -> None:
    class Notes(Callback):
        def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
            net.history.record("a_number", np.float32(len(net.history)))
            net.history.record("a_tensor", torch.tensor(3.0))
            net.history.record("an_object", net)

    autoencoder = tiny(early_stopping=True, callbacks=[Notes()]).fit(sequences(20).numpy())
    assert [row["epoch"] for row in autoencoder.history_] == [1, 2]
    np.testing.assert_allclose([row["train_loss"] for row in autoencoder.history_], autoencoder.loss_curve_)
    np.testing.assert_allclose([row["valid_loss"] for row in autoencoder.history_], autoencoder.validation_loss_curve_)
    assert [row["a_number"] for row in autoencoder.history_] == [1.0, 2.0]
    assert all(row["a_tensor"] == 3.0 and "an_object" not in row for row in autoencoder.history_)
    assert {type(value) for row in autoencoder.history_ for value in row.values()} <= {int, float, bool}
    json.dumps(autoencoder.history_)


def test_the_history_goes_on_with_the_training() -> None:
    X = sequences(20).numpy()
    autoencoder = tiny(warm_start=True).fit(X)
    first = list(map(dict, autoencoder.history_))
    autoencoder.fit(X).partial_fit(X)
    assert [row["epoch"] for row in autoencoder.history_] == [1, 2, 3, 4, 5]
    assert autoencoder.history_[:2] == first
    assert autoencoder.n_iter_ == 5
    assert [row["epoch"] for row in autoencoder.set_params(warm_start=False).fit(X).history_] == [1, 2]


def test_epochs_without_validation_have_none_in_its_curve() -> None:
    X = sequences(20).numpy()
    autoencoder = tiny(early_stopping=True).fit(X).partial_fit(X)
    assert np.isnan(autoencoder.validation_loss_curve_).tolist() == [False, False, True]
    autoencoder.set_params(warm_start=True).fit(X)
    assert np.isnan(autoencoder.validation_loss_curve_).tolist() == [False, False, True, False, False]
    assert len(tiny().fit(X).validation_loss_curve_) == 0


def test_the_best_loss_is_of_the_last_call() -> None:
    X = sequences(20).numpy()
    autoencoder = tiny(early_stopping=True, max_epochs=4, warm_start=True).fit(X)
    assert autoencoder.best_loss_ == autoencoder.validation_loss_curve_.min()
    autoencoder.fit(X)
    assert autoencoder.best_loss_ == autoencoder.validation_loss_curve_[4:].min()
    autoencoder.partial_fit(X)
    assert autoencoder.best_loss_ == autoencoder.loss_curve_[-1]


# Learning rates


@pytest.mark.parametrize("kind", ["instance", "class of its own", "pair"])
@pytest.mark.parametrize("learning_rate_schedule", ["plateau", "constant", None])
def test_a_callback_for_learning_rates_wins_over_the_schedule(kind: str, learning_rate_schedule: str | None) -> None:
    class Steps(LRScheduler):
        def __init__(self, policy: Any = StepLR, step_size: int = 1, gamma: float = 0.1) -> None:
            super().__init__(policy, step_size=step_size, gamma=gamma)

    scheduler = LRScheduler("StepLR", step_size=1, gamma=0.1)
    callback = {"instance": scheduler, "class of its own": Steps, "pair": ("rates", scheduler)}[kind]
    autoencoder = tiny(
        learning_rate_schedule=learning_rate_schedule, learning_rate=0.01, max_epochs=4, callbacks=[callback]
    ).fit(sequences(8).numpy())
    np.testing.assert_allclose(rates_in_force(autoencoder), [0.01, 0.001, 1e-4, 1e-5])


class RecordsRate(Callback):
    """The learning rate after each epoch; skorch's own record lacks it for some schedulers in some versions."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("rate", net.optimizer_.param_groups[0]["lr"])


def test_a_callback_for_learning_rates_has_all_epochs() -> None:
    """Also beyond a plateau, which is when some of them lower the rate."""
    scheduler = LRScheduler(ReduceLROnPlateau, patience=0, threshold=0.9, factor=0.5)
    params = {**UNVARIED, "n_iter_no_change": 1, "tol": 0.9, "max_epochs": 12, "learning_rate": 0.01}
    assert tiny(**params).fit(sequences(8).numpy()).n_iter_ < 12
    autoencoder = tiny(**params, callbacks=[scheduler, RecordsRate()]).fit(sequences(8).numpy())
    assert autoencoder.n_iter_ == 12
    assert autoencoder.history_[-1]["rate"] < 0.001


SCHEDULERS: dict[str, Any] = {
    "step": {"policy": "StepLR", "step_size": 2},
    "exponential": {"policy": "ExponentialLR", "gamma": 0.5},
    "cosine": {"policy": "CosineAnnealingLR", "T_max": 6},
    "lambda": {"policy": "LambdaLR", "lr_lambda": [lambda epoch: 1 / (1 + epoch)]},
    "one cycle": {"policy": OneCycleLR, "max_lr": 0.1, "total_steps": 6, "cycle_momentum": False},
    "one cycle by batches": {
        "policy": OneCycleLR,
        "max_lr": 0.1,
        "total_steps": 12,
        "cycle_momentum": False,
        "step_every": "batch",
        "event_name": None,
    },
    "plateau": {"policy": "ReduceLROnPlateau", "patience": 1, "threshold": 0.9},
}


@pytest.mark.parametrize("again", ["partial_fit", "warm_start"])
@pytest.mark.parametrize("warm_start", [True, False])
@pytest.mark.parametrize("kind", SCHEDULERS)
def test_a_callback_for_learning_rates_goes_on(again: str, warm_start: bool, kind: str) -> None:
    X = sequences(8).numpy()
    told: list[float] = []

    class Look(Callback):
        def on_grad_computed(self, net: Any, named_parameters: Any, **kwargs: Any) -> None:
            told.append(net.optimizer_.param_groups[0]["lr"])

    params: dict[str, Any] = {
        "learning_rate": 0.01,
        "batch_size": 4,
        "callbacks": [LRScheduler(**SCHEDULERS[kind]), Look()],
    }
    tiny(max_epochs=6, **params).fit(X)
    at_once = told.copy()
    told.clear()
    autoencoder = tiny(max_epochs=3, warm_start=warm_start, **params).fit(X)
    if again == "warm_start":
        autoencoder.set_params(warm_start=True).fit(X)
    else:
        autoencoder.partial_fit(X).partial_fit(X).partial_fit(X)
    np.testing.assert_allclose(told, at_once)
    assert len(set(told)) > 2


def test_a_callback_for_learning_rates_starts_from_another_rate() -> None:
    X = sequences(8).numpy()
    scheduler = LRScheduler("LambdaLR", lr_lambda=[lambda epoch: 0.5**epoch])
    autoencoder = tiny(learning_rate=0.01, callbacks=[scheduler]).fit(X).set_params(learning_rate=0.08).partial_fit(X)
    np.testing.assert_allclose(rates_in_force(autoencoder), [0.01, 0.005, 0.02])


def test_without_a_schedule_rates_decay_and_noise_stay() -> None:
    seen: list[tuple[float, float, float]] = []

    class Look(Callback):
        def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
            (group, *_) = net.optimizer_.param_groups
            seen.append((group["lr"], net.optimizer_.param_groups[-1]["weight_decay"], net.batches_.noise_share))

    tiny(learning_rate_schedule=None, learning_rate=0.01, weight_decay=0.5, max_epochs=30, callbacks=[Look()]).fit(
        sequences(8).numpy()
    )
    assert seen == [(0.01, 0.5, 1.0)] * 30


# Copies


class Keeper(Callback):
    """Keeps what it sees, as skorch's own callbacks do."""

    def __init__(self, handle: Any = None) -> None:
        self.handle = handle
        self.seen: list[Any] = []

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        self.seen.append(net.history[-1, "train_loss"])
        self.weights_ = net.module_.state_dict()
        if self.handle is not None:
            assert self.handle.acquire(blocking=False)
            self.handle.release()
            net.history.record("had_handle", True)


@pytest.mark.parametrize("handle", [None, threading.Lock()], ids=["", "a lock, which cannot be copied"])
@pytest.mark.parametrize("by", ["callbacks", "pair", "net_params"])
def test_a_fit_leaves_callbacks_as_they_are(handle: Any, by: str) -> None:
    callback = Keeper(handle)
    ways: dict[str, dict[str, Any]] = {
        "callbacks": {"callbacks": [callback]},
        "pair": {"callbacks": [("keeper", callback)]},
        "net_params": {"callbacks": [Keeper()], "net_params": {"callbacks__Keeper": callback}},
    }
    before = dict(vars(callback))
    autoencoder = tiny(**ways[by]).fit(sequences(8).numpy())
    assert vars(callback) == before
    assert callback.seen == []
    assert [row.get("had_handle", False) for row in autoencoder.history_] == [handle is not None] * 2


def test_two_fits_with_one_callback_do_not_share_what_it_keeps() -> None:
    X = sequences(8).numpy()
    scoring = EpochScoring(lambda net, X, y=None: -len(net.history), name="score", lower_is_better=False, on_train=True)
    first, second = (tiny(callbacks=[scoring], random_state=seed).fit(X) for seed in range(2))
    assert [row["score_best"] for row in first.history_] == [row["score_best"] for row in second.history_]


def test_a_callback_can_be_set_by_its_name() -> None:
    X = sequences(8).numpy()
    clipped = tiny(max_grad_norm=1e-9, max_epochs=5, linear_path=False).fit(X)
    free = tiny(max_grad_norm=1e-9, max_epochs=5, linear_path=False, net_params={"callbacks__clipping": None}).fit(X)
    unlimited = tiny(max_grad_norm=None, max_epochs=5, linear_path=False).fit(X)
    np.testing.assert_allclose(weights(free), weights(unlimited), atol=1e-6)
    assert not np.allclose(weights(clipped), weights(unlimited), atol=1e-6)
