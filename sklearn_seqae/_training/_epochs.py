"""Between two epochs: all that the next one depends on, taken from a net and put into another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback, PrintLog

from sklearn_seqae._training._batching import TrainingBatches
from sklearn_seqae._training._checkpoints import Checkpoint
from sklearn_seqae._training._history import Columns, Row, completed_epochs, to_rows
from sklearn_seqae._training._net import Net
from sklearn_seqae._training._rates import go_on
from sklearn_seqae._training._resuming import (
    load_loss_state,
    load_module_state,
    load_optimizer_state,
    loss_state,
    optimizer_state,
    trained_module,
)

__all__ = ["KeepEpochs", "load_epochs"]

State = dict[str, Any]

# Predictions that skorch's scores keep within an epoch.
_PREDICTIONS = ("y_trues_", "y_preds_")


class KeepEpochs(Callback):
    """Writes a checkpoint after each epoch, and puts back what it finds in one.

    It stands behind all other callbacks: an epoch is kept once they have seen its end, and what they begin with is
    replaced by what they had.

    Parameters
    ----------
    checkpoint : Checkpoint
        Where to.
    signature : str
        Tells the optimizer from others.
    draws : bool
        Whether torch's global generators belong to the training.
    """

    def __init__(self, checkpoint: Checkpoint, signature: str, *, draws: bool) -> None:
        self.checkpoint = checkpoint
        self.signature = signature
        self.draws = draws
        self._found = checkpoint.read()
        self._history = Columns()

    def on_train_begin(self, net: Net, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        found = self._found
        if found is None:
            return
        with self.checkpoint.explained():
            self._history = Columns(to_rows(found["history"]))
            _load_callbacks(net, found["callbacks"])
            go_on(net, found["optimizer"]["rates"])
            for group, options in zip(net.optimizer_.param_groups, found["groups"], strict=True):
                group.update(options)
            for name, parameter in trained_module(net).named_parameters():
                parameter.requires_grad_(name not in found["frozen"])
            if self.draws:
                _load_generators(found["generators"])

    def on_epoch_begin(self, net: Net, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        if self._found is not None:  # now there are batches
            with self.checkpoint.explained():
                _load_batches(net.batches_, self._found["batches"])
            self._found = None

    def on_epoch_end(self, net: Net, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        for row in completed_epochs([net.history[-1]]):
            self._history.append(row)
        self.checkpoint.write(self._state(net))

    def _state(self, net: Net) -> State:
        module = trained_module(net)
        return {
            "module": module.state_dict(),
            "frozen": [name for name, parameter in module.named_parameters() if not parameter.requires_grad],
            "loss": loss_state(net),
            "optimizer": optimizer_state(net, self.signature, keeps_rates=True),
            "groups": [_plain_items(group) for group in net.optimizer_.param_groups],
            "history": self._history.arrays(),
            "callbacks": _callbacks(net),
            "batches": _batches(net.batches_),
            "generators": _generators(net) if self.draws else None,
            "ended": net.finished_,
        }


def load_epochs(net: Net, checkpoint: Checkpoint, signature: str, earlier: Sequence[Row]) -> None:
    """Put what was learned into a net that is about to train, and has `KeepEpochs` for all else."""
    found = checkpoint.read() or {}
    with checkpoint.explained():
        load_module_state(net, found["module"])
        load_loss_state(net, found["loss"])
        load_optimizer_state(net, found["optimizer"], signature, keeps_rates=True)
        net.paused_rates_ = None  # which wait until there are schedulers
        rows = to_rows(found["history"])
        net.continue_history([*earlier, *rows])
        net.epochs_done_ = len(rows)
        net.epochs_left_ = 0 if found["ended"] else net.max_epochs - len(rows)


# Callbacks: what they learn has a name that ends in an underscore, as skorch and scikit-learn have it


def _callbacks(net: Net) -> State:
    return {name: _plain_items(_learned(callback)) for name, callback in _others(net).items()}


def _load_callbacks(net: Net, states: Mapping[str, State]) -> None:
    for name, callback in _others(net).items():
        for attribute, value in states.get(name, {}).items():  # a bar may be new
            setattr(callback, attribute, value)


def _others(net: Net) -> dict[str, Any]:
    return {name: callback for name, callback in net.callbacks_ if not isinstance(callback, KeepEpochs | PrintLog)}


def _learned(callback: Any) -> State:
    return {name: value for name, value in vars(callback).items() if name.endswith("_") and name not in _PREDICTIONS}


def _plain_items(items: Mapping[str, Any]) -> State:
    return {name: value for name, value in items.items() if name != "params" and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_plain(item) for name, item in value.items())
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return value is None or isinstance(value, bool | int | float | str | np.number | np.bool_ | torch.Tensor)


# Random numbers


def _batches(batches: Any) -> State:
    """Where the random stream of batches is, ours or those of torch's loader, and how noisy the next one is."""
    generator = getattr(batches, "generator", None)
    return {
        "generator": generator.get_state() if isinstance(generator, torch.Generator) else None,
        "noise_share": batches.noise_share if isinstance(batches, TrainingBatches) else None,
    }


def _load_batches(batches: Any, state: State) -> None:
    if state["generator"] is not None:
        batches.generator.set_state(state["generator"])
    if state["noise_share"] is not None:
        batches.noise_share = state["noise_share"]


def _generators(net: Net) -> State:
    """The global ones of torch."""
    on_gpu = torch.device(net.device).type == "cuda"
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all() if on_gpu else []}


def _load_generators(state: State) -> None:
    torch.set_rng_state(state["cpu"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
