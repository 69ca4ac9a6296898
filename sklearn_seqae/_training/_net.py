"""The net: the one file that knows skorch.

skorch runs the steps; what happens around them (schedule, stopping, progress) is a callback of a few lines each.
"""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, EpochTimer, GradientNormClipping, PassthroughScoring, PrintLog
from skorch.helper import predefined_split
from skorch.history import History

from sklearn_seqae._compute._shortcuts import Halves, Updates
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._network._loss import MaskedLoss
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._training._batching import TrainingBatches, ValidationBatches

__all__ = ["Net", "ProgressBar", "TrainingSettings", "make_net"]

# "auto" lengths of training, in optimizer steps: enough for small data, and some passes over large data.
_AUTO_STEPS = 2000
_AUTO_MIN_EPOCHS = 10
_AUTO_PATIENCE_STEPS = 75
_AUTO_MIN_PATIENCE = 10

# Arguments of skorch's net that belong to the estimator.
_RESERVED = {
    "module": "the estimator's own parameters describe the network",
    "criterion": "use the parameter loss",
    "lr": "use the parameter learning_rate",
    "max_epochs": "use the parameter max_epochs",
    "batch_size": "use the parameter batch_size",
    "device": "use the parameter device",
    "verbose": "use the parameter verbose",
    "warm_start": "use the parameter warm_start",
    "train_split": "use the parameters early_stopping and validation_fraction",
}

_WARMUP_STEPS = 20
_DECAY_SHARE = 0.4


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; see the parameters of the same names in `LSTMAutoencoder`."""

    loss: str | Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    learning_rate: float
    learning_rate_schedule: str
    weight_decay: float
    max_grad_norm: float | None
    time_shift: float
    mixup: float
    blending: float
    input_noise: float
    batch_size: int
    max_epochs: int | str
    n_iter_no_change: int | str
    tol: float
    device: str
    callbacks: Any
    net_params: Mapping[str, Any] | None
    verbose: int
    seed: int


@dataclass(frozen=True)
class _Plan:
    """Lengths of a training: "auto" is a number of steps, but not less than some epochs."""

    steps_per_epoch: int
    max_epochs: int
    patience: int

    @classmethod
    def of(cls, settings: TrainingSettings, n_sequences: int) -> "_Plan":
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


def make_net(
    module_params: Mapping[str, Any],
    training_data: SequenceDataset,
    validation_data: SequenceDataset | None,
    settings: TrainingSettings,
    progress: "ProgressBar",
    *,
    resumes: bool,
) -> "Net":
    """The skorch net, of which `net_params` may replace any argument that is not the estimator's own."""
    user_params = _checked_net_params(settings.net_params)
    plan = _Plan.of(settings, len(training_data))
    params: dict[str, Any] = {
        "module": SequenceAutoencoder,
        **{f"module__{name}": value for name, value in module_params.items()},
        "criterion": MaskedLoss,
        "criterion__loss": copy.deepcopy(settings.loss),
        "criterion__mean": module_params["mean"],
        "criterion__scale": module_params["scale"],
        "lr": settings.learning_rate,
        "batch_size": settings.batch_size,
        "max_epochs": plan.max_epochs,
        "iterator_train": TrainingBatches,
        "iterator_train__seed": settings.seed,
        "iterator_train__time_shift": settings.time_shift,
        "iterator_train__mixup": settings.mixup,
        "iterator_train__blending": settings.blending,
        "iterator_train__input_noise": tuple(settings.input_noise * scale for scale in module_params["scale"]),
        "iterator_valid": ValidationBatches,
        "train_split": None if validation_data is None else predefined_split(validation_data),
        "device": settings.device,
        "verbose": int(settings.verbose > 1),
    }
    if "optimizer" not in user_params:
        params |= {
            "optimizer": torch.optim.AdamW,  # without weight decay, it is Adam
            "optimizer__fused": True,
            "optimizer__weight_decay": settings.weight_decay,
        }
        if settings.weight_decay:
            # Decay would shrink the principal components, the small ones too, which take the longest to learn again.
            spared = ("*bias*", "*linear_path.*")
            params["optimizer__param_groups"] = [(pattern, {"weight_decay": 0.0}) for pattern in spared]
    callbacks = _make_callbacks(
        settings, plan, validates=validation_data is not None, resumes=resumes, progress=progress
    )
    return Net(**(params | user_params | {"callbacks": callbacks}))


def _make_callbacks(
    settings: TrainingSettings, plan: _Plan, *, validates: bool, resumes: bool, progress: "ProgressBar"
) -> list[Any]:
    """The estimator's own callbacks, then the user's."""
    schedule = _Schedule(
        settings.learning_rate_schedule, plan, tol=settings.tol, warmup_steps=0 if resumes else _WARMUP_STEPS
    )
    callbacks: list[Any] = [("schedule", schedule), ("divergence", _StopOnDivergence())]
    if settings.max_grad_norm is not None:
        callbacks.append(("clipping", GradientNormClipping(settings.max_grad_norm)))
    if validates:  # never stops by itself: the schedule does
        best = EarlyStopping("valid_loss", patience=plan.max_epochs + 1, threshold=0.0, load_best=True)
        callbacks.append(("best_weights", best))
    if settings.verbose == 1:
        progress.n_steps = plan.max_epochs * plan.steps_per_epoch
        callbacks.append(("progress", progress))
    return [*callbacks, *(settings.callbacks or []), *((settings.net_params or {}).get("callbacks") or [])]


def _checked_net_params(net_params: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the user asks of skorch, unless a parameter of the estimator already says it."""
    for name in net_params or {}:
        for reserved, remedy in _RESERVED.items():
            if name == reserved or name.startswith(f"{reserved}__"):
                raise ValueError(f"net_params must not set {name!r}: {remedy}.")
    return dict(net_params or {})


class _History(History):
    """skorch's history, without a copy of all epochs for a look at one."""

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, int):
            return list.__getitem__(self, i)
        if isinstance(i, tuple) and isinstance(i[0], int):
            return History([list.__getitem__(self, i[0])])[(0, *i[1:])]
        return super().__getitem__(i)


class Net(NeuralNet):
    """skorch's net, told when to end by a flag that callbacks set, after all of them have seen the epoch."""

    finished_ = False
    interrupted_ = False
    halves_: "Halves | None" = None
    updates_: "Updates | None" = None

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks = [
            ("train_loss", PassthroughScoring(name="train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring(name="valid_loss")),
        ]
        if self.verbose:  # the table is costly to make even where it is not printed
            callbacks += [("epoch_timer", EpochTimer()), ("print_log", PrintLog())]
        return callbacks

    def initialize_history(self) -> "Net":
        self.history_ = _History()
        return self

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        iterator = super().get_iterator(dataset, training=training)
        if training:
            self.batches_ = iterator  # for the schedule
        return iterator

    def infer(self, x: Any, **fit_params: Any) -> torch.Tensor:
        """The module's prediction in standard units, in which the criterion compares it."""
        return super().infer(x, standardized=True, **fit_params)

    def _set_training(self, training: bool = True) -> None:
        if self.module_.training != training:  # walking through all modules takes a while
            super()._set_training(training)

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        x, target = batch
        if self.halves_ is None or not self.halves_.pay(self.module_, *target.shape[:2]):
            return super().train_step_single(batch, **fit_params)
        self._set_training(True)
        loss, prediction = self.halves_.backward(x, target, [parameter for _, parameter in self.learnable_])
        return {"loss": loss, "y_pred": prediction}

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        """One step; AdamW, the default, needs neither skorch's closure nor torch's bookkeeping around `zero_grad`."""
        if type(self.optimizer_) is not torch.optim.AdamW:
            return super().train_step(batch, **fit_params)
        for _, parameter in self.learnable_:
            parameter.grad = None
        step = self.train_step_single(batch, **fit_params)
        self.notify("on_grad_computed", named_parameters=self.learnable_, batch=batch, training=True)
        (self.updates_ or self.optimizer_).step()
        return step

    def notify(self, method_name: str, **kwargs: Any) -> None:
        if method_name != "on_epoch_end":
            super().notify(method_name, **kwargs)
            return
        try:
            super().notify(method_name, **kwargs)
        except KeyboardInterrupt:  # a callback's way to end the training
            self.finished_ = True
        if self.finished_:
            raise _Finished

    def fit_loop(self, *args: Any, **kwargs: Any) -> "Net":
        self.learnable_ = list(self.get_all_learnable_params())  # the walk through all modules takes a while
        try:
            super().fit_loop(*args, **kwargs)
        except _Finished:
            pass
        except KeyboardInterrupt:
            self.interrupted_ = True
        return self


class _Finished(Exception):
    """The training has reached its end."""


class _Schedule(Callback):
    """Sets the learning rate of each step, and ends the training when the loss has stopped improving.

    Warm-up, stable, decay (Hu et al., 2024): the rate rises for a few steps, stays until the loss has reached a
    plateau or most of the epochs are spent, then falls linearly to zero. Weight decay and the noise on the input fall
    with it, so that the network ends where the data wants it. The loss is on a plateau when its mean over `patience`
    epochs is not lower, by the share `tol`, than over as many epochs before them. The kind "constant" has no decay
    and ends on the plateau.
    """

    def __init__(self, kind: str, plan: _Plan, *, tol: float, warmup_steps: int) -> None:
        self.kind = kind
        self.plan = plan
        self.tol = tol
        self.warmup_steps = warmup_steps

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        groups = net.optimizer_.param_groups
        self.rates_ = [(group["lr"], group.get("weight_decay", 0.0)) for group in groups]
        self.step_ = 0
        self.monitored_: list[float] = []
        decays = self.kind == "plateau" and net.max_epochs > 1
        self.last_epoch_ = net.max_epochs
        self.decay_epoch_ = math.ceil((1 - _DECAY_SHARE) * net.max_epochs) if decays else net.max_epochs

    def on_batch_begin(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if not training:
            return
        warmup = min(1.0, (self.step_ + 1) / (self.warmup_steps + 1))
        decay = self._decay()
        for group, (rate, weight_decay) in zip(net.optimizer_.param_groups, self.rates_, strict=True):
            group["lr"] = warmup * decay * rate
            group["weight_decay"] = decay * weight_decay
        if isinstance(net.batches_, TrainingBatches):
            net.batches_.noise_share = decay
        self.step_ += 1

    def _decay(self) -> float:
        """Share of the learning rate, the weight decay and the noise that is left at the current step."""
        epoch = self.step_ / self.plan.steps_per_epoch
        if epoch <= self.decay_epoch_:
            return 1.0
        return (self.last_epoch_ - epoch) / (self.last_epoch_ - self.decay_epoch_)

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        row = net.history[-1]
        self.monitored_.append(row["valid_loss"] if "valid_loss" in row else row["train_loss"])
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
        return bool(recent > (1 - self.tol) * before)


class _StopOnDivergence(Callback):
    """Raises where a loss is not finite."""

    def on_batch_end(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        loss = kwargs["loss"].item()
        if not math.isfinite(loss):
            raise ValueError(
                f"The {'training' if training else 'validation'} loss became {loss} in epoch {len(net.history)}. "
                f"Lower learning_rate (now {net.lr}), set max_grad_norm, keep standardize=True, or look for extreme "
                "values in X."
            )


class ProgressBar(Callback):
    """One tqdm bar over all steps, with the last epoch's loss; in a notebook, a widget."""

    n_steps = 0
    _bar: Any = None

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(total=self.n_steps, unit="step", desc=f"epoch 1/{net.max_epochs}")

    def on_batch_end(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if training:
            self._bar.update()

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        losses = {
            name: net.history[-1].get(key) for name, key in (("loss", "train_loss"), ("validation", "valid_loss"))
        }
        self._bar.set_description(f"epoch {len(net.history)}/{net.max_epochs}", refresh=False)
        self._bar.set_postfix({name: f"{loss:.3g}" for name, loss in losses.items() if loss is not None}, refresh=False)

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self._bar.total = self._bar.n  # the end, though it came early

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
