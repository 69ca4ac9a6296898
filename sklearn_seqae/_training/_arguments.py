"""Arguments of skorch's net: the estimator's settings, and what the user asks of skorch."""

import copy
import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping
from skorch.helper import predefined_split

from sklearn_seqae._compute._shortcuts import AdamW
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._network._loss import MaskedLoss
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._training._batching import TrainingBatches, ValidationBatches
from sklearn_seqae._training._callbacks import EpochTasks, ProgressBar, StopOnDivergence
from sklearn_seqae._training._net import Net
from sklearn_seqae._training._schedule import WARMUP_STEPS, Plan, Schedule
from sklearn_seqae._training._settings import TrainingSettings

__all__ = ["make_net", "optimizer_signature"]

# Arguments of skorch's net that belong to the estimator.
_RESERVED = {
    "module": "the estimator's own parameters describe the network",
    "criterion": "use the parameter loss",
    "lr": "use the parameter learning_rate",
    "optimizer__lr": "use the parameter learning_rate",
    "optimizer__weight_decay": "use the parameter weight_decay",
    "max_epochs": "use the parameter max_epochs",
    "batch_size": "use the parameter batch_size",
    "device": "use the parameter device",
    "verbose": "use the parameter verbose",
    "warm_start": "use the parameter warm_start",
    "train_split": "use the parameters early_stopping and validation_fraction",
    "callbacks": "use the parameter callbacks",
    "callbacks__train_loss": "the attribute loss_curve_ needs it, and other parameters do",
    "callbacks__valid_loss": "the attribute validation_loss_curve_ needs it, and other parameters do",
}
_RESERVED_PREFIXES = ("module__", "criterion__")

# Weight decay would shrink the principal components, the small ones too, which take the longest to learn again; a
# loss's parameters say how to weigh errors, and none of them is a weight of the network.
_SPARED = ("*bias*", "*linear_path.*", "*loss.*")


def make_net(
    module_params: Mapping[str, Any],
    training_data: SequenceDataset,
    validation_data: SequenceDataset | None,
    settings: TrainingSettings,
    progress: ProgressBar,
    *,
    resumes: bool,
    network: type = SequenceAutoencoder,
) -> Net:
    """The skorch net, of which `net_params` may replace any argument that is not the estimator's own."""
    user_params = _checked_net_params(settings.net_params)
    plan = Plan.of(settings, len(training_data))
    params: dict[str, Any] = {
        "module": network,
        **{f"module__{name}": value for name, value in module_params.items()},
        "criterion": MaskedLoss,
        "criterion__loss": _own_loss(settings.loss),
        "criterion__mean": module_params["mean"],
        "criterion__scale": module_params["scale"],
        "lr": settings.learning_rate,
        "batch_size": settings.batch_size,
        "max_epochs": plan.max_epochs,
        "iterator_valid": ValidationBatches,
        "train_split": None if validation_data is None else predefined_split(validation_data),
        "device": settings.device,
        "verbose": int(settings.verbose > 1),
        "callbacks": _make_callbacks(
            settings, plan, validates=validation_data is not None, resumes=resumes, progress=progress
        ),
    }
    if "iterator_train" not in user_params:
        params |= _batch_arguments(settings, module_params["scale"])
    net = Net(**(params | _optimizer_arguments(settings, user_params) | user_params))
    net.precision_ = settings.precision
    return net


def optimizer_signature(net_params: Mapping[str, Any] | None) -> str:
    """What tells an optimizer from others, with the options that the user gives it."""
    optimizer = (net_params or {}).get("optimizer", torch.optim.AdamW)
    options = {name: value for name, value in (net_params or {}).items() if name.startswith("optimizer__")}
    return f"{optimizer.__module__}.{_name(optimizer)} {sorted(options.items())!r}"


def _checked_net_params(net_params: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the user asks of skorch, unless a parameter of the estimator already says it."""
    for name in net_params or {}:
        reserved = name.partition("__")[0] if name.startswith(_RESERVED_PREFIXES) else name
        if reserved in _RESERVED:
            raise ValueError(f"net_params must not set {name!r}: {_RESERVED[reserved]}.")
    return {name: _own_callback(value) for name, value in (net_params or {}).items()}


def _own_loss(loss: Any) -> Any:
    """The loss to train with, which may learn, or keep something of what it sees: never the parameter itself."""
    if not isinstance(loss, type):
        return copy.deepcopy(loss)
    try:
        return loss()
    except TypeError as error:
        raise ValueError(
            f"loss={loss.__name__} is a class that cannot be made without arguments ({error}); pass an instance of it."
        ) from error


def _batch_arguments(settings: TrainingSettings, scale: list[float]) -> dict[str, Any]:
    return {
        "iterator_train": TrainingBatches,
        "iterator_train__seed": settings.seeds.batches,
        "iterator_train__time_shift": settings.time_shift,
        "iterator_train__mixup": settings.mixup,
        "iterator_train__blending": settings.blending,
        "iterator_train__input_noise": tuple(settings.input_noise * s for s in scale),
        "iterator_train__gaps": settings.gaps,
    }


def _optimizer_arguments(settings: TrainingSettings, user_params: Mapping[str, Any]) -> dict[str, Any]:
    """The optimizer, unless the user names one, and the weight decay of either."""
    params: dict[str, Any] = {}
    optimizer = user_params.get("optimizer", AdamW)  # without weight decay, it is Adam
    if "optimizer" not in user_params:
        params |= {"optimizer": optimizer, "optimizer__fused": True}
    if _takes_weight_decay(optimizer):
        params["optimizer__weight_decay"] = settings.weight_decay
    elif settings.weight_decay:
        raise ValueError(
            f"weight_decay={settings.weight_decay} has no effect with {_name(optimizer)}, which does not take it. Set "
            "weight_decay=0, or take another optimizer."
        )
    if settings.weight_decay:
        params["optimizer__param_groups"] = [(pattern, {"weight_decay": 0.0}) for pattern in _SPARED]
    return params


def _takes_weight_decay(optimizer: Callable[..., Any]) -> bool:
    """Whether it is an argument of an optimizer, or of one that it is derived from and hands further arguments to."""
    for made_from in inspect.getmro(optimizer) if isinstance(optimizer, type) else (optimizer,):
        arguments = inspect.signature(made_from).parameters
        if "weight_decay" in arguments:
            return True
        if not any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values()):
            return False
    return False


def _name(optimizer: Any) -> str:
    return getattr(optimizer, "__qualname__", repr(optimizer))


def _make_callbacks(
    settings: TrainingSettings, plan: Plan, *, validates: bool, resumes: bool, progress: ProgressBar
) -> list[Any]:
    """The estimator's own callbacks, then the user's."""
    schedule = Schedule(
        settings.learning_rate_schedule, plan, tol=settings.tol, warmup_steps=0 if resumes else WARMUP_STEPS
    )
    callbacks: list[Any] = [("schedule", schedule), ("divergence", StopOnDivergence())]
    if settings.max_grad_norm is not None:
        callbacks.append(("clipping", GradientNormClipping(settings.max_grad_norm)))
    if validates:  # never stops by itself: the schedule does
        best = EarlyStopping("valid_loss", patience=plan.max_epochs + 1, threshold=0.0, load_best=True)
        callbacks.append(("best_weights", best))
    if settings.epochs is not None:
        callbacks.append(("epochs", EpochTasks(settings.epochs)))
    if settings.verbose == 1:
        progress.n_steps = plan.max_epochs * plan.steps_per_epoch
        callbacks.append(("progress", progress))
    for given in settings.callbacks or []:
        named = isinstance(given, tuple | list)  # as skorch allows: (name, callback)
        callbacks.append((given[0], _own_callback(given[1])) if named else _own_callback(given))
    return callbacks


def _own_callback(given: Any) -> Any:
    """A copy of a callback, which may keep what it sees: a fit never changes the estimator's parameters.

    A copy by `copy.deepcopy`, since not every callback can be made anew from its parameters, as `sklearn.clone` does.
    Open files, locks, connections and the like cannot be copied; copies share them.
    """
    if not isinstance(given, Callback):
        return given
    with suppress(TypeError):
        return copy.deepcopy(given)
    own = copy.copy(given)
    for name, value in vars(given).items():
        with suppress(TypeError):  # what cannot be copied stays shared
            setattr(own, name, copy.deepcopy(value))
    return own
