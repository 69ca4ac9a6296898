"""Learning rates that are the user's: told from the schedule's, and gone on from in the next training."""

from collections.abc import Mapping
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import LRScheduler

__all__ = ["go_on", "leaves_rates_alone", "pause", "prepare"]


def leaves_rates_alone(kind: str | None, net: NeuralNet) -> bool:
    """Whether the learning rates are the user's: no schedule is wanted, or a callback is there to set them."""
    return kind is None or bool(_schedulers(net))


def pause(net: NeuralNet) -> dict[str, Any]:
    """Where learning rates, and torch's schedulers that set them, have got to: plain values, by plain names."""
    others = net.optimizer_.defaults.keys() - {"lr"} | {"params"}
    groups = net.optimizer_.param_groups
    return {
        "learning_rate": net.lr,
        "groups": [_plain({name: value for name, value in group.items() if name not in others}) for group in groups],
        "schedulers": {name: _progress(callback) for name, callback in _schedulers(net).items()},
    }


def prepare(net: NeuralNet, paused: Mapping[str, Any] | None = None) -> None:
    """Note in the optimizer's groups what torch's schedulers look for there in order to go on."""
    for group in net.optimizer_.param_groups:
        group["initial_lr"] = group["lr"]
    if paused is not None and paused["learning_rate"] == net.lr:
        _set_rates(net, paused)


def go_on(net: NeuralNet, paused: Mapping[str, Any]) -> None:
    """Go on from there, unless the user has set learning rates or schedulers anew.

    skorch makes torch's scheduler anew for each training and tells it the number of the epoch, upon which some
    schedulers take a step of their own, and others forget what they have seen.
    """
    schedulers = _schedulers(net)
    made = {name: _signature(callback) for name, callback in schedulers.items()}
    if paused["learning_rate"] != net.lr or made != {n: state["made"] for n, state in paused["schedulers"].items()}:
        return
    for name, callback in schedulers.items():
        callback.lr_scheduler_.load_state_dict(paused["schedulers"][name]["state"])
        callback.batch_idx_ = paused["schedulers"][name]["batch"]
    _set_rates(net, paused)


def _set_rates(net: NeuralNet, paused: Mapping[str, Any]) -> None:
    for group, rates in zip(net.optimizer_.param_groups, paused["groups"], strict=True):
        group.update(rates)


def _schedulers(net: NeuralNet) -> dict[str, LRScheduler]:
    return {name: callback for name, callback in net.callbacks_ if isinstance(callback, LRScheduler)}


def _progress(callback: LRScheduler) -> dict[str, Any]:
    scheduler = callback.lr_scheduler_
    state = {} if scheduler is None else _plain(scheduler.state_dict())
    return {"made": _signature(callback), "batch": callback.batch_idx_, "state": state}


def _signature(callback: LRScheduler) -> str:
    return repr((getattr(callback.policy, "__name__", callback.policy), sorted(callback.kwargs.items())))


def _plain(value: Any) -> Any:
    """A state without what is not plain: a scheduler makes that anew."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if _is_plain(item)}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float | Mapping)
