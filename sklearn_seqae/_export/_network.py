"""The network in ONNX: encoder, decoder, and both.

Shapes: B sequences, T time steps, C channels, P patches of p steps, K components of the code.
"""

import math
from typing import Any

import numpy as np

from sklearn_seqae._export._graph import Graph
from sklearn_seqae._export._layers import array, linear, lstm, positional_linear, recurrent_layer
from sklearn_seqae._network._constants import N_FREQUENCIES, STATE_SCALE

__all__ = ["decode", "encode", "observed_lengths", "read", "unproject"]

_FLOAT, _INT32, _INT64 = 1, 6, 7  # of onnx.TensorProto


def observed_lengths(graph: Graph, x: str) -> str:
    """Time steps up to the last that has a value: (B, T, C) -> (B,)."""
    there = graph.op("Not", graph.op("IsNaN", x))
    any_channel = graph.op("ReduceMax", graph.op("Cast", there, to=_INT64), graph.whole(2), keepdims=0)  # (B, T)
    count = graph.op("Add", _steps(graph, graph.size(x, 1)), graph.constant(1, np.int64))  # 1, ..., T
    return graph.op("ReduceMax", graph.op("Mul", any_channel, count), graph.whole(1), keepdims=0)


def _steps(graph: Graph, n_steps: str) -> str:
    """0, ..., n - 1 of a vector of one, n."""
    end = graph.op("Squeeze", n_steps, graph.whole(0))
    return graph.op("Range", graph.constant(0, np.int64), end, graph.constant(1, np.int64))


def _n_patches(graph: Graph, module: Any, n_steps: str) -> str:
    """Numbers of patches of numbers of steps."""
    if module.patch_len == 1:
        return n_steps
    rounded = graph.op("Add", n_steps, graph.constant(module.patch_len - 1, np.int64))
    return graph.op("Div", rounded, graph.constant(module.patch_len, np.int64))


def read(graph: Graph, module: Any, x: str, lengths: str) -> str:
    """The encoder's last hidden state, before the projection: (B, T, C), (B,) -> (B, K)."""
    z = graph.op("Div", graph.op("Sub", x, graph.constant(array(module.mean))), graph.constant(array(module.scale)))
    steps = _steps(graph, graph.size(x, 1))
    behind = graph.op("GreaterOrEqual", steps, graph.op("Unsqueeze", lengths, graph.whole(1)))  # (B, T)
    nothing = graph.op("Or", graph.op("IsNaN", z), graph.op("Unsqueeze", behind, graph.whole(2)))
    z = graph.op("Where", nothing, graph.constant(0.0), z)
    patches = graph.op("Transpose", _patches(graph, module, z), perm=[1, 0, 2])  # (P, B, p C)
    n_patches = graph.op("Cast", _n_patches(graph, module, lengths), to=_INT32)
    encoder = module.encoder
    linear_path = None if encoder.linear_path is None else positional_linear(graph, encoder.linear_path, patches)
    hidden, last = patches, ""
    for depth, layer in enumerate(encoder.layers):
        if linear_path is not None and depth == len(encoder.layers) - 1:
            hidden = graph.op("Concat", hidden, linear_path, axis=2)
        hidden, last = recurrent_layer(graph, layer, hidden, n_patches)
    return last


def _patches(graph: Graph, module: Any, z: str) -> str:
    """(B, T, C) -> (B, P, p C), with zeros behind the end."""
    if module.patch_len == 1:
        return z
    n_steps = graph.size(z, 1)
    room = graph.op("Mul", _n_patches(graph, module, n_steps), graph.whole(module.patch_len))
    z = graph.padded(z, graph.op("Sub", room, n_steps), n_axes=3, axis=1)
    return graph.op("Reshape", z, graph.whole(0, -1, module.patch_len * module.n_channels))


def unproject(graph: Graph, module: Any, code: str) -> str:
    """The hidden state of a code."""
    if module.projection is None:
        return code
    return graph.op("MatMul", code, graph.constant(array(module.projection.inverse)))


def encode(graph: Graph, module: Any, x: str, lengths: str) -> str:
    """(B, T, C), (B,) -> (B, K)."""
    hidden = read(graph, module, x, lengths)
    if module.projection is None:
        return hidden
    return graph.op("MatMul", hidden, graph.constant(array(module.projection.weight)))


def decode(graph: Graph, module: Any, hidden: str, n_steps: str, lengths: str) -> str:
    """What a hidden state says: (B, K), (1,), (B,) -> (B, T, C), in the units of the data."""
    n_patches = _n_patches(graph, module, n_steps)
    everywhere = graph.shape(n_patches, graph.size(hidden, 0), graph.whole(module.code_size))
    scaled = hidden
    if module.linear_path is not None:
        scaled = graph.op("Div", hidden, graph.constant(STATE_SCALE))
    patches = _stacked(graph, module.decoder, scaled, n_patches, everywhere)  # (P, B, p C)
    if module.reverse_target:
        patches = graph.op("ReverseSequence", patches, _n_patches(graph, module, lengths), time_axis=0, batch_axis=1)
    if module.linear_path is not None:
        repeated = graph.op("Expand", hidden, everywhere)
        patches = graph.op("Add", patches, positional_linear(graph, module.linear_path, repeated))
    z = graph.op("Reshape", graph.op("Transpose", patches, perm=[1, 0, 2]), graph.whole(0, -1, module.n_channels))
    z = graph.op("Slice", z, graph.whole(0), n_steps, graph.whole(1))
    return graph.op("Add", graph.op("Mul", z, graph.constant(array(module.scale))), graph.constant(array(module.mean)))


def _stacked(graph: Graph, decoder: Any, code: str, n_patches: str, everywhere: str) -> str:
    """`SequenceDecoder`: (B, K) -> (P, B, p C)."""
    inputs = [graph.op("Expand", code, everywhere)] if decoder.repeats_code else []
    if decoder.sets_state:
        positions = _positions(graph, decoder, n_patches)  # (P, 1, features)
        n_features = graph.whole(2 * N_FREQUENCIES)
        inputs.append(graph.op("Expand", positions, graph.shape(n_patches, graph.size(code, 0), n_features)))
    x = inputs[0] if len(inputs) == 1 else graph.op("Concat", *inputs, axis=2)
    for layer, state in zip(decoder.layers, _initial_states(graph, decoder, code), strict=True):
        x, _ = lstm(graph, [layer], x, state=state)
        x = graph.op("Squeeze", x, graph.whole(1))
    return linear(graph, decoder.output_layer, x) if hasattr(decoder.output_layer, "weight") else x


def _positions(graph: Graph, decoder: Any, n_patches: str) -> str:
    """Sinusoids of the position: (P, 1, 2 N_FREQUENCIES)."""
    step = graph.op("Cast", _steps(graph, n_patches), to=_FLOAT)
    frequency = 2.0 ** np.arange(N_FREQUENCIES) * (math.pi / decoder.reference_length)
    angle = graph.op("Mul", graph.op("Unsqueeze", step, graph.whole(1, 2)), graph.constant(frequency))
    return graph.op("Concat", graph.op("Sin", angle), graph.op("Cos", angle), axis=2)


def _initial_states(graph: Graph, decoder: Any, code: str) -> list[tuple[str, str]]:
    """Hidden and cell state of each layer, (1, B, H) each."""
    if decoder.initial_state is None:
        return [("", "")] * len(decoder.layers)
    states = graph.op("Unsqueeze", linear(graph, decoder.initial_state, code), graph.whole(0))
    sizes = [size for layer in decoder.layers for size in (layer.hidden_size, layer.hidden_size)]
    parts = graph.op("Split", states, graph.whole(*sizes), axis=2, n_outputs=len(sizes))
    return list(zip(parts[::2], parts[1::2], strict=True))
