"""Where a training stopped, apart from the network: what the optimizer and the loss have learned, by plain names.

All of it is made of mappings, lists, numbers, strings and tensors, so that it can be kept as arrays.
"""

import copy
from collections.abc import Mapping
from typing import Any

from sklearn_seqae._training._net import Net
from sklearn_seqae._training._rates import pause, prepare

__all__ = [
    "load_loss_state",
    "load_module_state",
    "load_optimizer_state",
    "loss_state",
    "optimizer_state",
    "trained_module",
]

State = dict[str, Any]


def trained_module(net: Net) -> Any:
    """The network, behind `torch.compile`."""
    return _uncompiled(net.module_)


def load_module_state(net: Net, state: Mapping[str, Any]) -> None:
    trained_module(net).load_state_dict(state)


def optimizer_state(net: Net, signature: str, *, keeps_rates: bool) -> State:
    """What the optimizer keeps for each parameter, such as moments and numbers of steps.

    Parameters
    ----------
    net : Net
        A trained one.
    signature : str
        Tells the optimizer from others.
    keeps_rates : bool
        Whether its learning rates are the user's, so that they go on from where they are.
    """
    states = net.optimizer_.state_dict()["state"]
    return {
        "optimizer": signature,
        "moments": {name: states[index] for index, name in enumerate(_optimized_names(net)) if index in states},
        "rates": pause(net) if keeps_rates else None,
    }


def load_optimizer_state(net: Net, state: Mapping[str, Any], signature: str, *, keeps_rates: bool) -> None:
    """Put back what an optimizer kept, if it is the same one; groups, options and the like are today's."""
    prepare(net)
    if state["optimizer"] != signature:
        return
    moments = state["moments"]
    named = enumerate(_optimized_names(net))
    indexed = {index: copy.deepcopy(moments[name]) for index, name in named if name in moments}
    net.optimizer_.load_state_dict({"state": indexed, "param_groups": net.optimizer_.state_dict()["param_groups"]})
    if keeps_rates and state["rates"] is not None:
        prepare(net, state["rates"])
        net.paused_rates_ = state["rates"]


def loss_state(net: Net) -> State | None:
    """Parameters and buffers of a loss that has some, with its class."""
    loss = _uncompiled(net.criterion_).loss
    values = loss.state_dict() if hasattr(loss, "state_dict") else {}
    return {"loss": _class_name(loss), "values": dict(values)} if values else None


def load_loss_state(net: Net, state: Mapping[str, Any] | None) -> None:
    """Put back what a loss has learned, if it is the same one."""
    loss = _uncompiled(net.criterion_).loss
    if state is None or state["loss"] != _class_name(loss):
        return
    shapes = {name: value.shape for name, value in loss.state_dict().items()}
    if shapes == {name: value.shape for name, value in state["values"].items()}:
        loss.load_state_dict(state["values"])


def _optimized_names(net: Net) -> list[str]:
    """Names of the parameters in the optimizer's order, which depends on its groups."""
    modules = (_uncompiled(net.module_), _uncompiled(net.criterion_))
    names = {parameter: name for module in modules for name, parameter in module.named_parameters()}
    return [names[parameter] for group in net.optimizer_.param_groups for parameter in group["params"]]


def _uncompiled(module: Any) -> Any:
    return getattr(module, "_orig_mod", module)


def _class_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
