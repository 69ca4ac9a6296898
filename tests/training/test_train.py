"""Training: stopping, continuing, interrupting, diverging, collapsing, and leaving the world as it was."""

import os
import pickle
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from skorch.callbacks import Callback, EarlyStopping

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._training import _schedule
from tests.killing import press_ctrl_c

ignore_collapse = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def sines(n: int = 60, n_timesteps: int = 20, seed: int = 0) -> NDArray[np.float64]:
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, size=(n, 1))
    return np.sin(phase + np.linspace(0, 2 * np.pi, n_timesteps))


def small(**params: Any) -> LSTMAutoencoder:
    """An estimator that learns `sines` in a second."""
    defaults: dict[str, Any] = {"latent_dim": 2, "hidden_layer_sizes": (16,), "max_epochs": 150, "random_state": 0}
    return LSTMAutoencoder(**(defaults | params))


def optimizer_state(autoencoder: LSTMAutoencoder) -> dict[Any, Any]:
    return autoencoder._optimizer_state["moments"]


class Recorder(Callback):
    """Tells what it is told of, and does something before a batch.

    A fit copies its callbacks, but no functions: what is told goes to a list that all copies share.
    """

    def __init__(self, tell: Callable[[str], None] = print, at: int = -1, action: Any = None) -> None:
        self.tell = tell
        self.at = at
        self.action = action
        self.n_batches = 0

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        self.tell("epoch")

    def on_batch_begin(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        self.n_batches += 1
        if self.n_batches == self.at:
            self.action()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.tell("end")


# Ending


def test_training_ends_when_the_loss_has_stopped_improving() -> None:
    X = sines()
    params: dict[str, Any] = {"max_epochs": 1000, "n_iter_no_change": 25, "linear_path": False, "blending": 0}
    brief = small(**params, tol=0.3).fit(X)
    patient = small(**params, tol=0.02).fit(X)
    assert 50 <= brief.n_iter_ < patient.n_iter_ < 1000
    assert brief.score(X) < 0.8 < patient.score(X)


@ignore_collapse
def test_a_loss_that_never_improves_ends_the_constant_schedule_after_two_windows() -> None:
    autoencoder = small(
        learning_rate_schedule="constant", learning_rate=0, mixup=0, input_noise=0, time_shift=0, n_iter_no_change=7
    ).fit(sines())
    assert autoencoder.n_iter_ == 14


@ignore_collapse
def test_all_epochs_are_spent_while_the_loss_falls() -> None:
    assert small(max_epochs=30, tol=-1e9).fit(sines()).n_iter_ == 30


@ignore_collapse
def test_auto_epochs_are_fewer_for_more_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_schedule, "_AUTO_STEPS", 40)
    n_iters = [small(max_epochs="auto", batch_size=4, tol=-1e9).fit(sines(n)).n_iter_ for n in (4, 8, 60)]
    assert n_iters == [40, 20, _schedule._AUTO_MIN_EPOCHS]


def test_the_learning_rate_rises_stays_and_falls() -> None:
    rates: list[float] = []

    class Rates(Callback):
        def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
            rates.append(net.optimizer_.param_groups[0]["lr"])

    small(max_epochs=100, tol=-1e9, learning_rate=0.01, callbacks=[Rates()]).fit(sines())
    assert np.all(np.diff(rates[:20]) > 0)
    np.testing.assert_allclose(rates[20:60], 0.01)
    assert np.all(np.diff(rates[60:]) < 0)
    assert 0 < rates[-1] < 0.001


def test_early_stopping_restores_the_weights_that_were_best_on_held_out_sequences() -> None:
    X = sines(40) + np.random.default_rng(1).normal(0, 0.5, size=(40, 20))
    autoencoder = small(
        early_stopping=True, validation_fraction=0.25, mixup=0, input_noise=0, time_shift=0, latent_dim=8
    ).fit(X)
    curve = autoencoder.validation_loss_curve_
    assert len(curve) == len(autoencoder.loss_curve_) == autoencoder.n_iter_
    assert autoencoder.best_loss_ == curve.min() < curve[-1]
    # The split is shuffled by a seed that stays, so the same rows can be set aside here.
    _, held_out = train_test_split(np.arange(40), test_size=10, random_state=autoencoder._split_seed)
    assert not np.array_equal(np.sort(held_out), np.arange(30, 40))
    error = ((autoencoder.reconstruct(X[held_out]) - X[held_out]) ** 2).mean() / autoencoder.channel_scale_[0] ** 2
    np.testing.assert_allclose(error, curve.min(), rtol=1e-4)


@pytest.mark.parametrize(("n", "fraction"), [(1, 0.1), (2, 0.9)])
@ignore_collapse
def test_early_stopping_falls_back_where_nothing_would_be_left_to_train_on(n: int, fraction: float) -> None:
    autoencoder = small(early_stopping=True, validation_fraction=fraction, max_epochs=2)
    with pytest.warns(UserWarning, match=f"early_stopping=True would set {n} of {n} sequences aside"):
        autoencoder.fit(sines(n))
    assert len(autoencoder.validation_loss_curve_) == 0


def test_a_skorch_callback_may_end_the_training_without_a_warning() -> None:
    told: list[str] = []
    stopping = EarlyStopping("train_loss", patience=3, threshold=10.0, threshold_mode="abs")
    autoencoder = small(
        callbacks=[stopping, Recorder(told.append)],
        max_epochs=50,
        mixup=0,
        input_noise=0,
        time_shift=0,
        linear_path=False,
    )
    with pytest.warns(ConvergenceWarning):
        autoencoder.fit(sines())
    assert autoencoder.n_iter_ < 50
    assert told[-1] == "end"
    assert not autoencoder.interrupted_


# Continuing


@ignore_collapse
@pytest.mark.parametrize("again", ["partial_fit", "warm_start"])
@pytest.mark.parametrize("reload", [False, True])
def test_training_continues_where_it_stopped_optimizer_included(again: str, reload: bool) -> None:
    X = sines()
    autoencoder = small(
        warm_start=again == "warm_start",
        max_epochs=3,
        learning_rate_schedule="constant",
        mixup=0,
        input_noise=0,
        time_shift=0,
        linear_path=False,
    )
    train = autoencoder.fit if again == "warm_start" else autoencoder.partial_fit
    train(X)
    moments = [state["exp_avg"].clone() for state in optimizer_state(autoencoder).values()]
    n_iter, loss = autoencoder.n_iter_, autoencoder.loss_curve_[-1]
    if reload:
        autoencoder = pickle.loads(pickle.dumps(autoencoder))
        for before, state in zip(moments, optimizer_state(autoencoder).values(), strict=True):
            torch.testing.assert_close(before, state["exp_avg"])
    steps = optimizer_state(autoencoder)["decoder.output_layer.bias"]["step"].item()
    (autoencoder.fit if again == "warm_start" else autoencoder.partial_fit)(X)
    assert autoencoder.n_iter_ == len(autoencoder.loss_curve_) == 2 * n_iter
    assert optimizer_state(autoencoder)["decoder.output_layer.bias"]["step"].item() == 2 * steps
    assert autoencoder.loss_curve_[-1] < loss


@ignore_collapse
def test_a_pickle_on_the_way_changes_nothing() -> None:
    X = sines()
    direct = small(max_epochs=3, warm_start=True).fit(X)
    by_pickle = pickle.loads(pickle.dumps(direct)).fit(X)
    np.testing.assert_array_equal(direct.fit(X).transform(X), by_pickle.transform(X))


def test_partial_fit_learns_from_batches() -> None:
    autoencoder = small(batch_size=30)
    for seed in range(60):
        autoencoder.partial_fit(sines(60, seed=seed))
    assert autoencoder.n_iter_ == 60
    assert autoencoder.score(sines(seed=1000)) > 0.9


@ignore_collapse
def test_partial_fit_goes_on_from_fit() -> None:
    X = sines()
    autoencoder = small(max_epochs=5).fit(X)
    codes = autoencoder.transform(X)
    autoencoder.set_params(learning_rate=1e-4).partial_fit(X)
    assert autoencoder.n_iter_ == 6
    np.testing.assert_allclose(autoencoder.transform(X), codes, atol=0.02 * codes.std())
    assert not np.array_equal(autoencoder.transform(X), codes)


@ignore_collapse
def test_a_second_fit_starts_anew() -> None:
    X = sines()
    once = small(max_epochs=3).fit(X)
    twice = small(max_epochs=3).fit(sines(30, 12)).fit(X)
    np.testing.assert_array_equal(once.transform(X), twice.transform(X))
    assert twice.n_iter_ == 3


@ignore_collapse
@pytest.mark.parametrize(
    "change", [{"latent_dim": 5}, {"hidden_layer_sizes": (7,)}, {"patch_len": 4}, {"standardize": False}]
)
def test_a_network_of_another_shape_cannot_be_continued(change: dict[str, Any]) -> None:
    autoencoder = small(max_epochs=2, warm_start=True).fit(sines())
    codes = autoencoder.transform(sines())
    (name,) = change
    with pytest.raises(ValueError, match=rf"{name} was .* when the network was made.*Set {name} back"):
        autoencoder.set_params(**change).fit(sines())
    np.testing.assert_array_equal(autoencoder.transform(sines()), codes)


# Interrupting, diverging, collapsing


@ignore_collapse
@pytest.mark.parametrize(("at", "n_epochs"), [(1, 0), (31, 30)])
def test_ctrl_c_keeps_what_was_learned(at: int, n_epochs: int) -> None:
    autoencoder = small(callbacks=[Recorder(at=at, action=press_ctrl_c)], batch_size=60)
    with pytest.warns(UserWarning, match=f"interrupted by user after {n_epochs} epochs"):
        autoencoder.fit(sines())
    assert autoencoder.n_iter_ == n_epochs
    assert autoencoder.transform(sines()).shape == (60, 2)
    assert np.isfinite(autoencoder.reconstruct(sines())).all()


@pytest.mark.parametrize("standardize", [True, False])
def test_a_loss_that_is_not_finite_raises_with_advice(standardize: bool) -> None:
    params = {"learning_rate": 1e30, "max_grad_norm": None, "standardize": standardize}
    autoencoder = small(**params)
    with pytest.raises(ValueError, match=r"training loss became (nan|inf) in epoch \d+\. Lower learning_rate"):
        autoencoder.fit(sines())
    assert not autoencoder.__sklearn_is_fitted__()


@ignore_collapse
def test_a_training_that_diverges_leaves_the_earlier_fit() -> None:
    X = sines()
    autoencoder = small(max_epochs=3, warm_start=True).fit(X)
    codes, before = autoencoder.transform(X), dict(vars(autoencoder))
    moment = optimizer_state(autoencoder)["decoder.output_layer.bias"]["exp_avg"].clone()
    autoencoder.set_params(learning_rate=1e30, max_grad_norm=None, max_epochs=20)
    with pytest.raises(ValueError, match="loss became"):
        autoencoder.fit(X)
    changed = {name for name in before if vars(autoencoder)[name] is not before[name]}
    assert changed == {"learning_rate", "max_grad_norm", "max_epochs"}
    torch.testing.assert_close(optimizer_state(autoencoder)["decoder.output_layer.bias"]["exp_avg"], moment)
    np.testing.assert_array_equal(autoencoder.transform(X), codes)


@pytest.mark.parametrize(
    ("params", "advice"),
    [
        ({"learning_rate": 0}, "learning_rate=0 is too low"),
        ({"max_epochs": 1}, "only 1 batches in 1 epochs; raise max_epochs"),
        ({"input_noise": 1e4, "mixup": 0, "time_shift": 0, "max_epochs": 120}, "less input_noise"),
    ],
)
def test_the_collapse_guard_warns_with_the_likely_cause(params: dict[str, Any], advice: str) -> None:
    with pytest.warns(ConvergenceWarning, match=rf"has collapsed: .*{re.escape(advice)}"):
        small(linear_path=False, **params).fit(sines())


def test_the_collapse_guard_sees_a_model_that_draws_one_curve_for_all() -> None:
    # All sequences share a large trend, which a constant curve explains; what differs between them is small.
    X = 10 * np.linspace(-1, 1, 20) + sines()
    with pytest.warns(ConvergenceWarning, match="almost the same curve for every training sequence"):
        small(linear_path=False, input_noise=30, mixup=0, time_shift=0, max_epochs=120).fit(X)


@pytest.mark.parametrize(
    "X",
    [sines(), sines(1), np.ones((5, 4)), np.zeros((3, 6)), np.tile(sines(1), (8, 1)), 1e6 + 1e3 * sines()],
    ids=["sines", "one", "constant", "zeros", "all alike", "far from zero"],
)
def test_the_collapse_guard_is_silent_on_healthy_fits(X: NDArray[np.float64]) -> None:
    small().fit(X)  # warnings are errors here


# The world outside


def world() -> list[Any]:
    numpy_state = np.random.get_state()  # noqa: NPY002
    return [
        random.getstate(),
        [part.tolist() if isinstance(part, np.ndarray) else part for part in numpy_state],
        torch.get_rng_state().tolist(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        Path.cwd(),
        sorted(Path.cwd().iterdir()),
        dict(os.environ),
        np.geterr(),
    ]


@ignore_collapse
@pytest.mark.parametrize("params", [{"random_state": None}, {"dropout": 0.3}, {"loss": torch.nn.L1Loss()}])
def test_nothing_global_is_touched(params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    X = sines()
    before = world()
    autoencoder = small(max_epochs=2, early_stopping=True, **params).fit(X).partial_fit(X)
    autoencoder.inverse_transform(autoencoder.transform(X))
    autoencoder.score(X)
    assert world() == before


@ignore_collapse
@pytest.mark.parametrize("params", [{}, {"dropout": 0.5, "hidden_layer_sizes": (8, 8)}, {"early_stopping": True}])
def test_random_state_makes_two_fits_equal_to_the_bit(params: dict[str, Any]) -> None:
    X = sines()
    first = small(max_epochs=3, **params).fit(X)
    torch.rand(3)  # the global generator has no say
    second = small(max_epochs=3, **params).fit(X)
    np.testing.assert_array_equal(first.transform(X), second.transform(X))
    np.testing.assert_array_equal(first.loss_curve_, second.loss_curve_)
    other = small(max_epochs=3, **params | {"random_state": 1}).fit(X)
    assert not np.array_equal(first.transform(X), other.transform(X))


@ignore_collapse
def test_without_random_state_fits_differ() -> None:
    X = sines()
    codes = [small(max_epochs=2, random_state=None).fit_transform(X) for _ in range(2)]
    assert not np.array_equal(*codes)


# What is shown, and what is handed on


def test_verbose_1_shows_one_bar_with_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    small(verbose=1, max_epochs=100, early_stopping=True).fit(sines())
    shown = capsys.readouterr()
    assert shown.out == ""
    last = shown.err.strip().split("\r")[-1]
    assert last.startswith("epoch ")
    assert "100%" in last
    assert re.search(r"loss=[\d.e-]+, validation=[\d.e-]+", last)
    assert "\n" not in shown.err.strip()


@ignore_collapse
def test_verbose_2_shows_skorchs_table(capsys: pytest.CaptureFixture[str]) -> None:
    small(verbose=2, max_epochs=3).fit(sines())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["epoch", "train_loss", "dur"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]


@ignore_collapse
def test_by_default_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    small(max_epochs=3).fit(sines())
    assert capsys.readouterr() == ("", "")


@ignore_collapse
@pytest.mark.parametrize("kind", ["instance", "class", "pair"])
def test_callbacks_are_called(kind: str) -> None:
    told: list[str] = []

    class Told(Recorder):
        def __init__(self, tell: Callable[[str], None] = told.append) -> None:
            super().__init__(tell)

    callback = {"instance": Told(), "class": Told, "pair": ("told", Told())}[kind]
    small(max_epochs=3, callbacks=[callback]).fit(sines())
    assert told == ["epoch", "epoch", "epoch", "end"]


@ignore_collapse
def test_net_params_reach_skorch() -> None:
    seen: list[Any] = []

    class Look(Callback):
        def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
            seen.append(net.optimizer_)

    for net_params in ({"optimizer": torch.optim.SGD, "optimizer__momentum": 0.5}, {"optimizer__betas": (0.5, 0.6)}):
        small(max_epochs=2, net_params=net_params, callbacks=[Look()]).fit(sines())
    assert isinstance(seen[0], torch.optim.SGD)
    assert seen[0].defaults["momentum"] == 0.5
    assert seen[1].defaults["betas"] == (0.5, 0.6)


@pytest.mark.parametrize(
    "name",
    [
        *("module", "module__dropout", "criterion", "lr", "max_epochs", "train_split", "callbacks"),
        *("optimizer__lr", "optimizer__weight_decay", "callbacks__train_loss"),
    ],
)
def test_net_params_must_not_contradict_parameters(name: str) -> None:
    with pytest.raises(ValueError, match=rf"net_params must not set '{name}': .*parameter"):
        small(net_params={name: 1}).fit(sines())


@ignore_collapse
def test_a_loss_of_ones_own_is_used_and_left_as_it_is() -> None:
    class Tenfold(torch.nn.Module):
        def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            assert prediction.shape == target.shape
            return 10 * (prediction - target).abs().mean()

    X = sines()
    X[3, 5] = np.nan
    params = {"max_epochs": 2, "mixup": 0, "input_noise": 0, "time_shift": 0, "learning_rate": 0}
    own = small(loss=Tenfold(), **params).fit(X).loss_curve_
    np.testing.assert_allclose(own, 10 * small(loss="mae", **params).fit(X).loss_curve_, rtol=1e-5)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_torch_lacks_is_refused(device: str) -> None:
    with pytest.raises(ValueError, match=rf"device='{device}' cannot be used.*'cpu', or 'auto'"):
        small(device=device).fit(sines())


@pytest.mark.parametrize("sizes", [(0,), (4, -1), (2.5,), ("8",)])
def test_hidden_layer_sizes_must_be_positive_integers(sizes: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="hidden_layer_sizes must hold integers of at least 1"):
        small(hidden_layer_sizes=sizes).fit(sines())
