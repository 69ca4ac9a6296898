"""Layers of the network in ONNX.

Shapes: P steps, B sequences, F features, H hidden size, K components of the code, C channels; steps first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._export._graph import Graph

__all__ = ["array", "linear", "lstm", "positional_linear", "recurrent_layer"]

# torch has the gates input, forget, cell, output; ONNX has input, output, forget, cell.
_GATES = (0, 3, 1, 2)


def array(tensor: Tensor) -> NDArray[np.float32]:
    """A parameter as an array."""
    values: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return values


def linear(graph: Graph, layer: Any, x: str) -> str:
    """`torch.nn.Linear`: (..., F) -> (..., H)."""
    return graph.op(
        "Add", graph.op("MatMul", x, graph.constant(array(layer.weight).T)), graph.constant(array(layer.bias))
    )


def lstm(
    graph: Graph, layers: list[Any], x: str, lengths: str = "", state: tuple[str, str] = ("", "")
) -> tuple[str, str]:
    """LSTMs in one direction or two: outputs (P, D, B, H) and last hidden states (D, B, H).

    `lengths` (B,) are of 32 bits; the states to start from are (D, B, H).
    """
    weights = [graph.constant(np.stack([_gates(getattr(layer, name)) for layer in layers])) for name in _WEIGHTS]
    biases = [np.concatenate([_gates(layer.bias_ih_l0), _gates(layer.bias_hh_l0)]) for layer in layers]
    inputs = [x, *weights, graph.constant(np.stack(biases)), lengths, *state]
    while not inputs[-1]:
        inputs.pop()
    outputs, last = graph.op(
        "LSTM",
        *inputs,
        n_outputs=2,
        hidden_size=layers[0].hidden_size,
        direction="forward" if len(layers) == 1 else "bidirectional",
    )
    return outputs, last


_WEIGHTS = ("weight_ih_l0", "weight_hh_l0")


def _gates(parameter: Tensor) -> NDArray[np.float32]:
    parts = np.split(array(parameter), 4)
    return np.concatenate([parts[gate] for gate in _GATES])


def recurrent_layer(graph: Graph, layer: Any, x: str, lengths: str) -> tuple[str, str]:
    """`RecurrentLayer`: (P, B, F), (B,) -> (P, B, H) and (B, H), directions put together."""
    directions = [each for each in (layer.forward_lstm, layer.backward_lstm) if each is not None]
    outputs, last = lstm(graph, directions, x, lengths)
    if layer.merge_mode == "sum" or len(directions) == 1:
        axes = graph.whole(1), graph.whole(0)
        return tuple(
            graph.op("ReduceSum", of, axis, keepdims=0) for of, axis in zip((outputs, last), axes, strict=True)
        )
    width = graph.whole(0, 0, layer.output_size)
    together = graph.op("Reshape", graph.op("Transpose", outputs, perm=[0, 2, 1, 3]), width)
    return together, graph.op("Reshape", graph.op("Transpose", last, perm=[1, 0, 2]), graph.whole(0, layer.output_size))


def positional_linear(graph: Graph, layer: Any, x: str) -> str:
    """`PositionalLinear`: (P, B, F) -> (P, B, H), zero behind the last position that has weights."""
    n_steps = graph.size(x, 0)
    n_known = graph.op("Min", n_steps, graph.whole(len(layer.weight)))

    def known(values: str) -> str:
        return graph.op("Slice", values, graph.whole(0), n_known, graph.whole(0))

    weight, bias = graph.constant(layer.gain * array(layer.weight)), graph.constant(array(layer.bias)[:, None])
    y = graph.op("Add", graph.op("MatMul", known(x), known(weight)), known(bias))
    return graph.padded(y, graph.op("Sub", n_steps, n_known), n_axes=3, axis=0)
