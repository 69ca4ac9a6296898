"""How long to train, and at what rate."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import Callback

from sklearn_seqae._training._batching import TrainingBatches
from sklearn_seqae._training._rates import leaves_rates_alone
from sklearn_seqae._training._settings import TrainingSettings

__all__ = ["WARMUP_STEPS", "Plan", "Schedule"]

# "auto" lengths of training, in optimizer steps: enough for small data, and some passes over large data.
_AUTO_STEPS = 2000
_AUTO_MIN_EPOCHS = 10
_AUTO_PATIENCE_STEPS = 50
_AUTO_MIN_PATIENCE = 10

WARMUP_STEPS = 20
_DECAY_SHARE = 0.4


@dataclass(frozen=True)
class Plan:
    """Lengths of a training: "auto" is a number of steps, but not less than some epochs."""

    steps_per_epoch: int
    max_epochs: int
    patience: int

    @classmethod
    def of(cls, settings: TrainingSettings, n_sequences: int) -> "Plan":
        steps_per_epoch = math.ceil(n_sequences / settings.batch_size)

        def epochs(value: int | str, auto_steps: int, auto_minimum: int) -> int:
            if isinstance(value, str):
                return max(auto_minimum, math.ceil(auto_steps / steps_per_epoch))
            return int(value)

        return cls(
            steps_per_epoch,
            epochs(settings.max_epochs, _AUTO_STEPS, _AUTO_MIN_EPOCHS),
            epochs(settings.n_iter_no_change, _AUTO_PATIENCE_STEPS, _AUTO_MIN_PATIENCE),
        )


class Schedule(Callback):
    """Sets the learning rate of each step, and ends the training when the loss has stopped improving.

    Warm-up, stable, decay (Hu et al., 2024): the rate rises for a few steps, stays until the loss has reached a
    plateau or most of the epochs are spent, then falls linearly to zero. Weight decay and the noise on the input fall
    with it, so that the network ends where the data wants it. The loss is on a plateau when its mean over `patience`
    epochs is not lower, by the share `tol`, than over as many epochs before them. The kind "constant" has no decay
    and ends on the plateau. With the kind None, and beside a callback of skorch's for learning rates, it does nothing
    at all: a rate that another sets may fall because of a plateau, or last for all epochs.

    skorch's `LRScheduler` with torch's schedulers cannot do its work: when the decay begins, and so how long it is, is
    known only once the plateau is reached, weight decay and noise fall too, and the training ends with it.
    """

    def __init__(self, kind: str | None, plan: Plan, *, tol: float, warmup_steps: int) -> None:
        self.kind = kind
        self.plan = plan
        self.tol = tol
        self.warmup_steps = warmup_steps

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        groups = net.optimizer_.param_groups
        self.is_idle_ = leaves_rates_alone(self.kind, net)
        self.rates_ = [(group["lr"], group.get("weight_decay", 0.0)) for group in groups]
        self.step_ = self.batch_ = 0
        self.monitored_ = np.empty(0)
        decays = self.kind == "plateau" and net.max_epochs > 1
        self.last_epoch_ = net.max_epochs
        self.decay_epoch_ = math.ceil((1 - _DECAY_SHARE) * net.max_epochs) if decays else net.max_epochs

    def on_batch_begin(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if self.is_idle_ or not training:
            return
        warmup = min(1.0, (self.step_ + 1) / (self.warmup_steps + 1))
        decay = self._decay()
        for group, (rate, weight_decay) in zip(net.optimizer_.param_groups, self.rates_, strict=True):
            group["lr"] = warmup * decay * rate
            group["weight_decay"] = decay * weight_decay
        if isinstance(net.batches_, TrainingBatches):
            net.batches_.noise_share = decay
        self.step_ += 1
        self.batch_ += 1

    def _decay(self) -> float:
        """Share of the learning rate, the weight decay and the noise that is left at the current step."""
        epoch = len(self.monitored_) + min(
            1.0, self.batch_ / self.plan.steps_per_epoch
        )  # the user may make more batches
        if epoch <= self.decay_epoch_:
            return 1.0
        return (self.last_epoch_ - epoch) / (self.last_epoch_ - self.decay_epoch_)

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        if self.is_idle_:
            return
        row = net.history[-1]
        self.monitored_ = np.append(self.monitored_, row["valid_loss"] if "valid_loss" in row else row["train_loss"])
        self.batch_ = 0
        epoch = len(self.monitored_)
        if epoch < self.decay_epoch_ and self._on_plateau():
            self.decay_epoch_ = epoch
            if self.kind == "plateau":
                length = math.ceil(epoch * _DECAY_SHARE / (1 - _DECAY_SHARE))
                self.last_epoch_ = min(self.last_epoch_, epoch + length)
            else:
                self.last_epoch_ = epoch
        if epoch >= self.last_epoch_:
            net.finished_ = True

    def _on_plateau(self) -> bool:
        patience = self.plan.patience
        if len(self.monitored_) < 2 * patience:
            return False
        recent = np.mean(self.monitored_[-patience:])
        before = np.mean(self.monitored_[-2 * patience : -patience])
        return bool(recent >= (1 - self.tol) * before)  # also where both are zero
