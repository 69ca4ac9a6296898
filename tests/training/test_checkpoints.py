"""Fits that are killed go on, and end as if nothing had happened."""

import errno
import os
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, Freezer, LRScheduler

from sklearn_seqae import LSTMAutoencoder, _autoencoder, load, save
from sklearn_seqae._compute import _shortcuts
from sklearn_seqae._storage import _container
from sklearn_seqae._training._batching import TrainingBatches
from sklearn_seqae._training._epochs import KeepEpochs
from sklearn_seqae._training._net import Net
from sklearn_seqae._training._schedule import Schedule
from tests.killing import Arrange, before_call, die, is_killed, press_ctrl_c
from tests.tiny import tiny, weights
from tests.training.test_resuming import Uncertain

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
]

N_EPOCHS, N_BATCHES = 8, 3
X = np.random.default_rng(0).normal(size=(24, 10)).cumsum(axis=1)


def with_gaps() -> Any:
    return np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)


def ragged() -> Any:
    return [row[: 4 + i % 7] for i, row in enumerate(X)]


def small(folder: Path | str | None, **params: Any) -> LSTMAutoencoder:
    """The plateau is reached on the way, so that the rates fall before the end."""
    own = {"max_epochs": N_EPOCHS, "batch_size": 8, "n_iter_no_change": 2, "checkpoint_dir": folder}
    return tiny(**own | params)


class HalfAFile:
    """A file of which only half of what is written arrives before the process dies."""

    def __init__(self, *args: Any) -> None:
        self.file = open(*args)  # noqa: SIM115

    def __enter__(self) -> "HalfAFile":
        return self

    def __exit__(self, *_: Any) -> None: ...

    def write(self, content: bytes) -> None:
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        die()


def within_a_write(n: int) -> Arrange:
    def arrange() -> None:
        before = vars(_container)["serialize"]
        left = [n]

        def count(*args: Any, **kwargs: Any) -> bytes:
            left[0] -= 1
            if not left[0]:
                vars(_container)["open"] = HalfAFile
            return before(*args, **kwargs)

        vars(_container)["serialize"] = count

    return arrange


class Epochs:
    """Counts the epochs that are trained."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n = 0
        indices = TrainingBatches.indices

        def counted(batches: TrainingBatches) -> Any:
            self.n += 1
            return indices(batches)

        monkeypatch.setattr(TrainingBatches, "indices", counted)


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> Epochs:
    return Epochs(monkeypatch)


def assert_equal(fitted: LSTMAutoencoder, expected: LSTMAutoencoder, X: Any = X) -> None:
    """To the last bit."""
    assert fitted.n_iter_ == expected.n_iter_
    assert fitted.history_ == expected.history_
    assert fitted.best_loss_ == expected.best_loss_
    np.testing.assert_array_equal(fitted.loss_curve_, expected.loss_curve_)
    np.testing.assert_array_equal(fitted.validation_loss_curve_, expected.validation_loss_curve_)
    np.testing.assert_array_equal(weights(fitted), weights(expected))
    np.testing.assert_array_equal(fitted.transform(X), expected.transform(X))


# At any moment

MOMENTS: dict[str, tuple[Arrange, int]] = {  # and the epochs that are left
    "at the first batch": (before_call(Net, "train_step", 1), N_EPOCHS),
    **{
        f"at batch {n}": (before_call(Net, "train_step", n), N_EPOCHS - (n - 1) // N_BATCHES)
        for n in np.random.default_rng(2).choice(np.arange(2, N_EPOCHS * N_BATCHES), 4, replace=False).tolist()
    },
    "at an epoch's end": (before_call(Schedule, "on_epoch_end", 4), N_EPOCHS - 3),
    "before a write": (before_call(KeepEpochs, "on_epoch_end", 5), N_EPOCHS - 4),
    "within a write": (within_a_write(5), N_EPOCHS - 4),
    "before a rename": (before_call(os, "replace", 5), N_EPOCHS - 4),
    "after a write": (before_call(KeepEpochs, "on_epoch_begin", 6), N_EPOCHS - 5),
    "while rates fall": (before_call(KeepEpochs, "on_epoch_begin", 8), N_EPOCHS - 7),
    "after the last epoch": (before_call(_autoencoder, "set_natural_proportions"), 0),
    "at the very end": (before_call(LSTMAutoencoder, "_warn_of_collapse"), 0),
}


@pytest.fixture(scope="module")
def uninterrupted() -> LSTMAutoencoder:
    return small(None).fit(X)


@pytest.fixture(scope="module")
def folder_of_killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("killed")
    assert is_killed(partial(small(folder).fit, X), before_call(KeepEpochs, "on_epoch_begin", 4))
    return folder


@pytest.fixture
def killed(folder_of_killed: Path, tmp_path: Path) -> Path:
    """A folder with the checkpoint of a fit that was killed after three epochs."""
    return Path(shutil.copytree(folder_of_killed, tmp_path / "killed"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_fit_that_is_killed_goes_on(
    moment: str, uninterrupted: LSTMAutoencoder, tmp_path: Path, epochs: Epochs
) -> None:
    arrange, n_left = MOMENTS[moment]
    estimator = small(tmp_path)
    assert is_killed(partial(estimator.fit, X), arrange)
    assert_equal(estimator.fit(X), uninterrupted)
    assert epochs.n == n_left
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_has_ended_is_not_gone_on_with(tmp_path: Path, epochs: Epochs) -> None:
    params: dict[str, Any] = {"learning_rate_schedule": "constant", "max_epochs": 40}
    expected = small(None, **params).fit(X)
    assert expected.n_iter_ < 40
    assert is_killed(partial(small(tmp_path, **params).fit, X), before_call(_autoencoder, "set_natural_proportions"))
    epochs.n = 0
    assert_equal(small(tmp_path, **params).fit(X), expected)
    assert epochs.n == 0


def test_it_may_be_killed_again_and_again(uninterrupted: LSTMAutoencoder, tmp_path: Path) -> None:
    estimator = small(tmp_path)
    n_killed = 0
    while is_killed(partial(estimator.fit, X), before_call(Net, "train_step", 4 + n_killed)):
        n_killed += 1
    assert n_killed > 3
    assert not any(tmp_path.iterdir())  # the last one was not killed
    assert_equal(small(tmp_path).fit(X), uninterrupted)


# Whatever is fitted, and how


class Draws(Callback):
    """Draws from torch's global generator, and keeps what it drew."""

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.sum_ = torch.zeros(1)
        self.names_ = {"all": ["drawn"]}

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.sum_ += torch.rand(1)
        net.history.record(self.names_["all"][0], self.sum_.item())


def scheduler(name: str, **params: Any) -> dict[str, Any]:
    return {"callbacks": [LRScheduler(getattr(torch.optim.lr_scheduler, name), **params)]}


SGD = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}
KINDS: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
    "unequal lengths": ({}, ragged),
    "gaps": ({}, with_gaps),
    "channels": ({"standardize": False}, lambda: X.reshape(24, 5, 2)),
    "constant": ({"learning_rate_schedule": "constant", "max_epochs": 40}, lambda: X),
    "no schedule": ({"learning_rate_schedule": None}, lambda: X),
    "early stopping": ({"early_stopping": True, "learning_rate": 0.3}, lambda: X),
    "dropout": ({"dropout": 0.3, "hidden_layer_sizes": (5, 4)}, lambda: X),
    "two directions": ({"bidirectional": True, "linear_path": False, "patch_len": 2}, lambda: X),
    "weight decay": ({"weight_decay": 0.1}, lambda: X),
    "SGD": ({"net_params": SGD}, lambda: X),
    "LBFGS": (
        {"net_params": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2}},
        lambda: X,
    ),
    "a loss that learns": ({"loss": Uncertain(), "learning_rate": 0.05}, lambda: X),
    "callbacks": ({"callbacks": [Draws, EpochScoring(lambda net, *_: len(net.history), name="n")]}, lambda: X),
    "frozen": ({"callbacks": [Freezer("encoder*")]}, lambda: X),
    "patience": ({"callbacks": [EarlyStopping("train_loss", patience=2, threshold=0.5)], "max_epochs": 20}, lambda: X),
    "steps": (scheduler("StepLR", step_size=3), lambda: X),
    "rates of batches": (scheduler("OneCycleLR", max_lr=0.1, total_steps=99, step_every="batch"), lambda: X),
    "falling at plateaus": (scheduler("ReduceLROnPlateau", patience=1, threshold=0.5), lambda: X),
    "momentum too": (scheduler("CyclicLR", base_lr=1e-3, max_lr=0.1, step_size_up=2) | {"net_params": SGD}, lambda: X),
    "torch's loader": (
        {"net_params": {"iterator_train": torch.utils.data.DataLoader, "iterator_train__shuffle": True}},
        lambda: X,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fit_goes_on(kind: str, tmp_path: Path) -> None:
    params, data = KINDS[kind]
    if kind == "torch's loader":
        params = {"net_params": params["net_params"] | {"iterator_train__collate_fn": pairs}}
    expected = small(None, **params).fit(data())
    estimator = small(tmp_path, **params)
    n = 1 + (expected.n_iter_ * 2) // 3  # once the plateau is behind
    assert is_killed(partial(estimator.fit, data()), before_call(KeepEpochs, "on_epoch_begin", n))
    assert_equal(estimator.fit(data()), expected, data())
    assert list(tmp_path.iterdir()) == []


def pairs(sequences: list[torch.Tensor]) -> Any:
    x = torch.stack(sequences)
    return {"x": x}, x


def test_halves_of_large_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    halves = pytest.importorskip("sklearn_seqae._fast._halves")
    assert _shortcuts.Halves is halves.Halves
    monkeypatch.setattr(halves, "_LARGE_WORK", 0)
    expected = small(None).fit(X)
    assert is_killed(partial(small(tmp_path).fit, X), before_call(halves.Halves, "backward", 10))
    assert_equal(small(tmp_path).fit(X), expected)


def test_a_second_fit_goes_on(tmp_path: Path, epochs: Epochs) -> None:
    first = small(tmp_path, warm_start=True, early_stopping=True).fit(X)
    expected = pickle.loads(pickle.dumps(first)).set_params(checkpoint_dir=None).fit(X)
    assert is_killed(partial(first.fit, X), before_call(KeepEpochs, "on_epoch_begin", 4))
    other = small(tmp_path, warm_start=True, early_stopping=True, random_state=1).fit(X)
    assert len(checkpoints(tmp_path)) == 1  # that of the first
    other.set_params(random_state=0).fit(X)
    assert len(checkpoints(tmp_path)) == 1
    epochs.n = 0
    save(first, tmp_path / "first")
    assert_equal(load(tmp_path / "first").fit(X), expected)
    assert epochs.n == N_EPOCHS - 3
    assert checkpoints(tmp_path) == []


def test_without_a_seed(tmp_path: Path, epochs: Epochs) -> None:
    estimator = small(tmp_path, random_state=None)
    assert is_killed(partial(estimator.fit, X), before_call(KeepEpochs, "on_epoch_begin", 4))
    begun = load_curve(tmp_path)
    fitted = estimator.fit(X)
    np.testing.assert_array_equal(fitted.loss_curve_[:3], begun)
    assert epochs.n == fitted.n_iter_ - 3
    assert not np.array_equal(estimator.fit(X).loss_curve_[:3], begun)


def checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-*.safetensors"))


def load_curve(folder: Path) -> Any:
    """Losses of the epochs in the only checkpoint."""
    (path,) = checkpoints(folder)
    packed, _ = _container.read(path)
    key, _ = packed.value["mapping"]["history"]["mapping"]["train_loss"]["mapping"]["values"]["array"]
    return packed.arrays[key].astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [{"latent_dim": 2}, {"random_state": 1}, {"net_params": SGD}, {"loss": torch.nn.HuberLoss()}, {"patch_len": 2}],
    ids=str,
)
def test_other_parameters_begin_anew(change: dict[str, Any], killed: Path, epochs: Epochs) -> None:
    assert small(killed, **change).fit(X).n_iter_ == epochs.n
    assert len(checkpoints(killed)) == 1


@pytest.mark.parametrize("place", [(0, 0), (-1, -1), (11, 5)])
def test_other_data_begin_anew(place: tuple[int, int], killed: Path, epochs: Epochs) -> None:
    other = X.copy()
    other[place] += 1e-3
    assert small(killed).fit(other).n_iter_ == epochs.n


def test_what_does_not_decide_may_change(killed: Path, epochs: Epochs, uninterrupted: LSTMAutoencoder) -> None:
    """How data are stored, how much is said, what the folder is called."""
    assert_equal(small(str(killed), verbose=1).fit(np.asfortranarray(X.astype(np.float32))), uninterrupted)
    assert epochs.n == N_EPOCHS - 3


# Several at a time


def test_fits_of_a_search_share_a_folder(tmp_path: Path, epochs: Epochs) -> None:
    grid = {"latent_dim": [1, 2]}
    expected = GridSearchCV(small(None), grid, cv=2).fit(X)
    search = GridSearchCV(small(tmp_path), grid, cv=2)
    assert is_killed(partial(search.fit, X), before_call(Net, "train_step", 2 * N_EPOCHS * 2 + 7))  # the third fit
    assert len(checkpoints(tmp_path)) == 1
    epochs.n = 0
    with joblib.parallel_config("threading", n_jobs=2):
        search.fit(X)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])
    assert_equal(search.best_estimator_, expected.best_estimator_)
    assert checkpoints(tmp_path) == []


class Within(Callback):
    """Does something once, in the third epoch."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self.action = action

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 3:
            self.action()


def test_equal_fits_at_once_have_one_each(tmp_path: Path, uninterrupted: LSTMAutoencoder) -> None:
    inner: list[LSTMAutoencoder] = []

    def fit_another() -> None:
        if not inner:
            inner.append(small(tmp_path, callbacks=[Within(fit_another)]))
            inner[0].fit(X)
            assert len(checkpoints(tmp_path)) == 1

    assert_equal(small(tmp_path, callbacks=[Within(fit_another)]).fit(X), uninterrupted)
    assert_equal(inner[0], uninterrupted)
    assert list(tmp_path.iterdir()) == []


# What stays, and what does not


def interrupt() -> None:
    raise KeyboardInterrupt


def interrupt_once() -> None:
    if not INTERRUPTED:
        INTERRUPTED.append(True)
        press_ctrl_c()


INTERRUPTED: list[bool] = []


def test_ctrl_c_leaves_a_model_and_a_checkpoint(tmp_path: Path, uninterrupted: LSTMAutoencoder, epochs: Epochs) -> None:
    INTERRUPTED.clear()
    estimator = small(tmp_path, callbacks=[Within(interrupt_once)])
    with pytest.warns(UserWarning, match=f"after 2 epochs. The same fit goes on from its checkpoint in {tmp_path}"):
        estimator.fit(X)
    assert estimator.n_iter_ == 2
    epochs.n = 0
    assert_equal(estimator.fit(X), uninterrupted)
    assert epochs.n == N_EPOCHS - 2
    assert checkpoints(tmp_path) == []


def test_an_error_leaves_a_checkpoint(tmp_path: Path) -> None:
    estimator = small(tmp_path, callbacks=[Within(partial(int, "no number"))])
    with pytest.raises(ValueError, match="no number"):
        estimator.fit(X)
    assert len(load_curve(tmp_path)) == 2
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]  # no lock


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    mine, others = small(tmp_path), small(tmp_path, random_state=1)
    for estimator in (mine, others):
        assert is_killed(partial(estimator.fit, X), within_a_write(2))
    assert len([path for path in tmp_path.iterdir() if path.name.startswith(".")]) == 2
    mine.fit(X)
    assert len([path for path in tmp_path.iterdir() if path.name.startswith(".")]) == 1


def test_partial_fit_writes_nothing_and_goes_on_from_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    direct = small(folder, callbacks=None).partial_fit(X)
    assert not folder.exists()
    save(direct, tmp_path / "model")
    np.testing.assert_array_equal(weights(load(tmp_path / "model").partial_fit(X)), weights(direct.partial_fit(X)))


def test_a_fitted_model_carries_the_name_alone(tmp_path: Path) -> None:
    fitted = small(tmp_path, max_epochs=1).fit(X)
    assert fitted.checkpoint_dir is tmp_path
    assert fitted.__getstate__()["checkpoint_dir"] == str(tmp_path)
    assert clone(fitted).checkpoint_dir == tmp_path


def test_the_progress_bar_goes_on(killed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small(killed, verbose=1).fit(X)
    shown = capsys.readouterr().err
    assert f"epoch 4/{N_EPOCHS}:  38%" in shown
    assert f"{N_EPOCHS * N_BATCHES}/{N_EPOCHS * N_BATCHES}" in shown


# Errors


@pytest.mark.parametrize("position", [0, 100, -1])
def test_a_damaged_one_is_told_of(position: int, killed: Path, uninterrupted: LSTMAutoencoder) -> None:
    (path,) = checkpoints(killed)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    estimator = small(killed)
    with pytest.raises(ValueError, match=rf"{path} cannot be read: .*\. Delete it, and the fit begins anew"):
        estimator.fit(X)
    assert not estimator.__sklearn_is_fitted__()
    path.unlink()
    assert_equal(estimator.fit(X), uninterrupted)


@pytest.mark.parametrize("form", [None, 2])
def test_one_of_another_format_is_told_of(form: int | None, killed: Path) -> None:
    (path,) = checkpoints(killed)
    packed, _ = _container.read(path)
    _container.write(path, packed, {"checkpoint": form})
    with pytest.raises(ValueError, match=f"it is of format {form}, but this version of sklearn_seqae goes on from"):
        small(killed).fit(X)


@pytest.mark.parametrize("missing", ["seed", "module", "callbacks", "batches"])
def test_one_of_other_values_is_told_of(missing: str, killed: Path) -> None:
    (path,) = checkpoints(killed)
    packed, about = _container.read(path)
    del packed.value["mapping"][missing]
    _container.write(path, packed, about)
    with pytest.raises(ValueError, match=rf"{path} cannot be read: "):
        small(killed).fit(X)


def test_a_folder_that_cannot_be_one(tmp_path: Path, epochs: Epochs) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "within"):
        with pytest.raises(OSError, match=rf"checkpoint_dir='{folder}' cannot be made.*Name a folder where they can"):
            small(folder).fit(X)
    assert epochs.n == 0


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: LSTMAutoencoder) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    estimator = small(tmp_path, callbacks=[Within(lambda: monkeypatch.setattr(os, "replace", fail))])
    with pytest.raises(OSError, match=r"could not be written .No space left on device.. Make room") as caught:
        estimator.fit(X)
    assert caught.value.errno == errno.ENOSPC
    assert not estimator.__sklearn_is_fitted__()
    monkeypatch.undo()
    assert len(load_curve(tmp_path)) == 2
    assert_equal(estimator.set_params(callbacks=[Within(int)]).fit(X), uninterrupted)
