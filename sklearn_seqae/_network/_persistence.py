"""A fitted network as plain Python and NumPy, and back.

Pickled so, a model that was fitted on a GPU loads where there is none, its size is that of the weights, and skops can
read it without running code.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sklearn_seqae._compute._devices import resolve_device
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder

__all__ = ["in_memory", "module_from_arrays", "to_arrays", "to_tensors"]


def in_memory(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with arrays in memory: those that joblib has mapped would keep the file open, and change with it."""
    return {name: np.array(value) if isinstance(value, np.memmap) else value for name, value in state.items()}


def module_from_arrays(
    params: Mapping[str, Any], weights: Mapping[str, Any], device: str, network: type = SequenceAutoencoder
) -> Any:
    """Build a network from its arguments and weights, on the device if there is such a one here.

    The network takes the weights as its own, and no memory besides: a file cannot ask for more than it holds.

    Raises
    ------
    ValueError
        If the weights are not those of a network with these arguments.
    """
    n_layers = len(params["hidden_layer_sizes"])
    if n_layers > len(weights):  # each has several, and even a layer without values takes memory
        raise ValueError(_damaged(f"its {n_layers} hidden layers have {len(weights)} arrays of weights"))
    try:
        module = network(**params, device="meta")
    except RuntimeError as error:  # sizes beyond all bounds
        raise ValueError(_damaged(f"there is no network of its sizes ({error})")) from error
    _compare_weights(weights, module.state_dict())
    module.load_state_dict(to_tensors(weights), assign=True)
    return module.eval().to(_available(device))


def _compare_weights(found: Mapping[str, Any], expected: Mapping[str, torch.Tensor]) -> None:
    """Refuse weights of other names, shapes or types than a network has."""
    if found.keys() != expected.keys():
        raise ValueError(_damaged(f"its weights {sorted(found.keys() ^ expected.keys())} are missing, or too many"))
    for name, tensor in expected.items():
        array = np.asarray(found[name])
        if array.shape != tuple(tensor.shape) or array.dtype != np.float32:
            raise ValueError(
                _damaged(
                    f"its weights {name!r} are {array.dtype} of shape {array.shape}, where a network of its arguments "
                    f"has float32 of shape {tuple(tensor.shape)}"
                )
            )


def _damaged(what: str) -> str:
    return f"This saved model cannot be read: {what}. The file is damaged, or was made by hand; save the model anew."


def to_arrays(value: Any) -> Any:
    """Tensors, also in nested mappings and lists, as NumPy arrays."""
    if isinstance(value, Mapping):
        return {key: to_arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_arrays(item) for item in value]
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def to_tensors(value: Any) -> Any:
    """Undo `to_arrays`; arrays are copied, since they may be read-only memory maps."""
    if isinstance(value, Mapping):
        return {key: to_tensors(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_tensors(item) for item in value]
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value


def _available(device: str) -> str:
    """The device that a model was trained on, or the CPU where there is no such device."""
    try:
        return resolve_device(device)
    except ValueError:
        return "cpu"
