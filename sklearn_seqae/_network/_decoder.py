"""The decoder: from a code to a sequence."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from sklearn_seqae._network._constants import N_FREQUENCIES
from sklearn_seqae._network._recurrent import LSTM

__all__ = ["DecoderInput", "Linear", "SequenceDecoder"]

DecoderInput = Literal["repeat", "state", "both"]


class SequenceDecoder(nn.Module):
    """Stacked LSTM layers that draw a sequence from a code.

    Parameters
    ----------
    code_size, output_size : int
        Width of the code, and of each step that is drawn.
    hidden_layer_sizes : sequence of int
        Widths of the LSTM layers below the output.
    code_input : {"repeat", "state", "both"}
        "repeat" feeds the code at every step, as Keras's RepeatVector does; "state" sets the layers' initial states
        from it and feeds sinusoids of the position (Vaswani et al., 2017); "both" does both.
    output_layer : {"linear", None}
        What makes the output: a linear layer, or a last LSTM layer of `output_size`, which cannot leave (-1, 1).
    reference_length : int
        Number of steps to which the sinusoids' periods relate.
    dropout : float
        Share of values that is dropped between layers while training.
    device : str, default="cpu"
        Where the parameters are; on "meta" they have shapes alone.

    Shape
    -----
    Input: (B, K), number of steps P. Output: (B, P, output_size).
    """

    def __init__(
        self,
        code_size: int,
        output_size: int,
        hidden_layer_sizes: Sequence[int],
        *,
        code_input: DecoderInput = "both",
        output_layer: Literal["linear"] | None = "linear",
        reference_length: int = 1,
        dropout: float = 0.0,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        self.repeats_code = code_input != "state"
        self.sets_state = code_input != "repeat"
        self.reference_length = reference_length
        sizes = [*hidden_layer_sizes]
        if output_layer is None:
            sizes.append(output_size)
        sizes = sizes or [code_size]
        input_size = code_size * self.repeats_code + 2 * N_FREQUENCIES * self.sets_state
        self.layers = nn.ModuleList(
            LSTM(below, size, device=device) for below, size in zip([input_size, *sizes[:-1]], sizes, strict=True)
        )
        self.initial_state = Linear(code_size, 2 * sum(sizes), device=device) if self.sets_state else None
        self.output_layer = Linear(sizes[-1], output_size, device=device) if output_layer == "linear" else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, code: Tensor, n_steps: int) -> Tensor:
        x = self._inputs(code, n_steps)
        states = self._initial_states(code)
        for depth, (layer, state) in enumerate(zip(self.layers, states, strict=True)):
            x, _ = layer(x if depth == 0 else self.dropout(x), state)
        return self.output_layer(x.transpose(0, 1)).transpose(0, 1)  # as the LSTM layers leave it, steps first

    def _inputs(self, code: Tensor, n_steps: int) -> Tensor:
        parts = []
        if self.repeats_code:
            parts.append(code.unsqueeze(1).expand(-1, n_steps, -1))  # (B, P, K)
        if self.sets_state:
            parts.append(self._positions(n_steps, code).expand(len(code), -1, -1))  # (B, P, 2 N_FREQUENCIES)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)

    def _positions(self, n_steps: int, like: Tensor) -> Tensor:
        """Sinusoids with periods of 2, 1, 1/2, 1/4 times the reference length: (P, 2 N_FREQUENCIES)."""
        step = torch.arange(n_steps, dtype=like.dtype, device=like.device)
        frequency = 2.0 ** torch.arange(N_FREQUENCIES, dtype=like.dtype, device=like.device)
        angle = step[:, None] * frequency * (math.pi / self.reference_length)
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def _initial_states(self, code: Tensor) -> list[tuple[Tensor, Tensor] | None]:
        if self.initial_state is None:
            return [None] * len(self.layers)  # torch's zeros
        sizes = [size for layer in self.layers for size in (layer.hidden_size, layer.hidden_size)]
        states = self.initial_state(code).split(sizes, dim=1)  # each (B, hidden_size)
        return [(h.contiguous(), c.contiguous()) for h, c in zip(states[::2], states[1::2], strict=True)]


class Linear(nn.Linear):
    """`torch.nn.Linear`, whose parameters are `initialize`'s to draw.

    Parameters
    ----------
    in_features, out_features : int
        Features before and after.
    device : str
        Where the parameters are; on "meta" they have shapes alone.
    """

    def __init__(self, in_features: int, out_features: int, *, device: str) -> None:
        super().__init__(in_features, out_features, dtype=torch.float32, device=device)

    def reset_parameters(self) -> None:
        """Leave the parameters as they are: torch would draw from its global generator."""
