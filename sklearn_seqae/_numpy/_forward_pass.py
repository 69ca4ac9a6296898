"""The forward pass of `SequenceAutoencoder`.

Shapes: B sequences in a batch, T time steps, C channels, P patches of p steps, K components of the code. Between the
ends, steps come first.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._network._constants import N_FREQUENCIES, STATE_SCALE
from sklearn_seqae._numpy._recurrence import LSTM, RecurrentLayer, reverse_steps
from sklearn_seqae._numpy._saved_values import Geometry, SavedWeights

__all__ = ["ForwardPass"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class PositionalLinear:
    """A linear map for each position; zero behind the last one."""

    def __init__(self, weights: SavedWeights, name: str, shape: tuple[int, int, int], gain: float = 1.0) -> None:
        n_positions, _, out_features = shape
        self.weight = weights.take(f"{name}weight", *shape) * np.float32(gain)
        self.bias = weights.take(f"{name}bias", n_positions, out_features)[:, np.newaxis]

    def __call__(self, x: Float32, n_steps: int) -> Float32:
        """(P, B, F), or one step (B, F) for all -> (P, B, out_features)."""
        n = min(n_steps, len(self.weight))
        y = np.zeros((n_steps, x.shape[-2], self.weight.shape[2]), dtype=np.float32)
        np.matmul(x[:n] if x.ndim == 3 else x, self.weight[:n], out=y[:n])
        y[:n] += self.bias[:n]
        return y


class Encoder:
    """From patches to the top layer's last hidden state."""

    def __init__(self, weights: SavedWeights, geometry: Geometry) -> None:
        g = geometry
        options: dict[str, Any] = {"bidirectional": g.bidirectional, "merge_mode": g.merge_mode}
        size = g.n_features
        self.layers = []
        for depth, width in enumerate(g.hidden_layer_sizes):
            self.layers.append(RecurrentLayer(weights, f"encoder.layers.{depth}.", size, width, **options))
            size = width * g.n_directions_side_by_side
        self.linear_path = None
        if g.linear_path:
            shape, gain = (g.n_positions, g.n_features, g.code_size), 1 / (g.n_positions * g.n_features)
            self.linear_path = PositionalLinear(weights, "encoder.linear_path.", shape, gain)
            size += g.code_size
        self.top = RecurrentLayer(weights, f"encoder.layers.{len(self.layers)}.", size, g.latent_dim, **options)

    def __call__(self, x: Float32, lengths: Int64 | None) -> Float32:
        """(P, B, p * C) -> (B, K)."""
        hidden = x
        for layer in self.layers:
            hidden, _ = layer(hidden, lengths)
        if self.linear_path is not None:
            hidden = np.concatenate([hidden, self.linear_path(x, len(x))], axis=2)
        return self.top(hidden, lengths)[1]


class Decoder:
    """From a hidden state to patches."""

    def __init__(self, weights: SavedWeights, geometry: Geometry) -> None:
        g = geometry
        self.repeats_code, self.sets_state = g.decoder != "state", g.decoder != "repeat"
        self.reference_length = g.n_positions
        sizes = [*g.hidden_layer_sizes[::-1], *([g.n_features] if g.output_layer is None else [])] or [g.code_size]
        size = g.code_size * self.repeats_code + 2 * N_FREQUENCIES * self.sets_state
        self.layers = []
        for depth, width in enumerate(sizes):
            self.layers.append(LSTM(weights, f"decoder.layers.{depth}.", size, width))
            size = width
        if self.sets_state:
            self.initial_state = _take_linear(weights, "decoder.initial_state.", g.code_size, 2 * sum(sizes))
            self.borders = np.cumsum(np.repeat(sizes, 2))[:-1]
        self.output_layer = None
        if g.output_layer == "linear":
            self.output_layer = _take_linear(weights, "decoder.output_layer.", size, g.n_features)

    def __call__(self, code: Float32, n_steps: int) -> Float32:
        """(B, K) -> (P, B, p * C)."""
        x = self._inputs(code, n_steps)
        states: list[Any] = [None] * len(self.layers)
        if self.sets_state:
            weight, bias = self.initial_state
            parts = np.split(code @ weight + bias, self.borders, axis=1)
            states = [*zip(parts[::2], parts[1::2], strict=True)]
        for layer, state in zip(self.layers, states, strict=True):
            x = layer(x, state)
        if self.output_layer is None:
            return x
        weight, bias = self.output_layer
        return x @ weight + bias

    def _inputs(self, code: Float32, n_steps: int) -> Float32:
        """Code and sinusoids of the position, as far as they are fed."""
        parts = []
        if self.repeats_code:
            parts.append(np.broadcast_to(code, (n_steps, *code.shape)))
        if self.sets_state:
            frequency = np.float32(2.0) ** np.arange(N_FREQUENCIES, dtype=np.float32)
            angle = np.arange(n_steps, dtype=np.float32)[:, np.newaxis] * frequency
            angle *= np.float32(math.pi / self.reference_length)
            waves = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
            parts.append(np.broadcast_to(waves[:, np.newaxis], (n_steps, len(code), waves.shape[1])))
        return np.concatenate(parts, axis=2)


class ForwardPass:
    """A saved network, which only computes.

    Parameters
    ----------
    params : mapping
        Arguments of the network.
    arrays : mapping of str to ndarray
        Its weights, in torch's shapes.

    Raises
    ------
    ValueError
        If these are not the weights of a network with these arguments.
    """

    def __init__(self, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.geometry = g = Geometry.of(params)
        weights = SavedWeights(arrays)
        self.mean, self.scale = weights.take("mean", g.n_channels), weights.take("scale", g.n_channels)
        self.encoder = Encoder(weights, g)
        self.decoder = Decoder(weights, g)
        self.linear_path = self.projection = self.inverse = None
        if g.linear_path:
            self.projection = weights.take("projection.weight", g.code_size, g.code_size)
            self.inverse = weights.take("projection.inverse", g.code_size, g.code_size)
            self.linear_path = PositionalLinear(weights, "linear_path.", (g.n_positions, g.code_size, g.n_features))
        weights.refuse_left_over()

    def __call__(self, x: Float32, lengths: Int64 | None) -> Float32:
        """(B, T, C), NaN where nothing was observed, and lengths (B,) unless all are T -> (B, T, C)."""
        with _unbounded():
            return self._draw(self._read(x, lengths), x.shape[1], lengths)

    def encode(self, x: Float32, lengths: Int64 | None) -> Float32:
        """(B, T, C) -> (B, K)."""
        with _unbounded():
            hidden = self._read(x, lengths)
            return hidden if self.projection is None else hidden @ self.projection

    def decode(self, code: Float32, n_timesteps: int, lengths: Int64 | None) -> Float32:
        """(B, K) -> (B, n_timesteps, C)."""
        with _unbounded():
            return self._draw(code if self.inverse is None else code @ self.inverse, n_timesteps, lengths)

    def _read(self, x: Float32, lengths: Int64 | None) -> Float32:
        """The top layer's last hidden state, before the projection: (B, T, C) -> (B, K)."""
        n_sequences, n_timesteps, n_channels = x.shape
        z = np.zeros((n_sequences, self._count_patches(n_timesteps) * self.geometry.patch_len, n_channels), np.float32)
        read = np.divide(x - self.mean, self.scale, out=z[:, :n_timesteps])
        if not np.isfinite(read).all():
            np.nan_to_num(read, copy=False, nan=0.0)  # what is missing reads as the channel's mean
        patches = z.reshape(n_sequences, -1, self.geometry.n_features).swapaxes(0, 1)
        return self.encoder(np.ascontiguousarray(patches), None if lengths is None else self._count_patches(lengths))

    def _draw(self, hidden: Float32, n_timesteps: int, lengths: Int64 | None) -> Float32:
        """What such a hidden state says: (B, K) -> (B, n_timesteps, C)."""
        n_patches = self._count_patches(n_timesteps)
        patches = self.decoder(hidden if self.linear_path is None else hidden / np.float32(STATE_SCALE), n_patches)
        if self.geometry.reverse_target:
            patches = reverse_steps(patches, None if lengths is None else self._count_patches(lengths))
        if self.linear_path is not None:
            patches = patches + self.linear_path(hidden, n_patches)
        z = patches.swapaxes(0, 1).reshape(len(hidden), -1, self.geometry.n_channels)
        return z[:, :n_timesteps] * self.scale + self.mean

    def _count_patches(self, lengths: Any) -> Any:
        return -(-lengths // self.geometry.patch_len)


def _unbounded() -> "np.errstate":
    """What leaves the range of float32 becomes infinite without a warning, as in torch."""
    return np.errstate(over="ignore", invalid="ignore")


def _take_linear(weights: SavedWeights, name: str, in_features: int, out_features: int) -> tuple[Float32, Float32]:
    """A linear layer, as what to multiply by from the right, and what to add."""
    weight = weights.take(f"{name}weight", out_features, in_features)
    return np.ascontiguousarray(weight.T), weights.take(f"{name}bias", out_features)
