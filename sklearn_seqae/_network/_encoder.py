"""The encoder: from a sequence to its code."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_seqae._compute._precision import in_float32
from sklearn_seqae._network._positional_linear import PositionalLinear
from sklearn_seqae._network._recurrent import MergeMode, RecurrentLayer

__all__ = ["SequenceEncoder"]


class SequenceEncoder(nn.Module):
    """Stacked LSTM layers; the code is the last hidden state of the top one.

    With a linear path, the top layer also gets, at each step, what a linear map makes of the sequence's own step, so
    that its cells can add up principal components (`SequenceAutoencoder.start_from`).

    Parameters
    ----------
    input_size, latent_dim : int
        Features per step, and hidden size of the top layer.
    hidden_layer_sizes : sequence of int
        Widths of the layers below it.
    bidirectional, merge_mode
        As in `RecurrentLayer`.
    dropout : float
        Share of values that is dropped between layers while training.
    linear_positions : int
        Number of positions of the linear path; 0 for none.
    device : str, default="cpu"
        Where the parameters are; on "meta" they have shapes alone.

    Shape
    -----
    Input: (B, P, input_size), lengths (B,) or None.
    Output: (B, K), K = `code_size`: `latent_dim`, or twice that where two directions are concatenated.
    """

    def __init__(
        self,
        input_size: int,
        latent_dim: int,
        hidden_layer_sizes: Sequence[int] = (),
        *,
        bidirectional: bool = False,
        merge_mode: MergeMode = "concat",
        dropout: float = 0.0,
        linear_positions: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"bidirectional": bidirectional, "merge_mode": merge_mode, "device": device}
        self.code_size = latent_dim * (2 if bidirectional and merge_mode == "concat" else 1)
        self.layers = nn.ModuleList()
        size = input_size
        for hidden_size in hidden_layer_sizes:
            layer = RecurrentLayer(size, hidden_size, **options)
            self.layers.append(layer)
            size = layer.output_size
        self.linear_path = None
        if linear_positions:
            gain = 1 / (linear_positions * input_size)
            self.linear_path = PositionalLinear(linear_positions, input_size, self.code_size, gain=gain, device=device)
            size += self.code_size
        self.layers.append(RecurrentLayer(size, latent_dim, **options))
        self.dropout = nn.Dropout(dropout)

    @property
    def state_size(self) -> int:
        """Width of `hidden_states`."""
        layer: RecurrentLayer = self.layers[max(0, len(self.layers) - 2)]  # type: ignore[assignment]
        return layer.output_size

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self._read_hidden(x, self._run_hidden(x, lengths), lengths)[1]

    def hidden_states(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, P, input_size) -> (B, P, `state_size`): the states at each step of the hidden layer below the code.

        Where there is no hidden layer, those of the layer whose last state is the code.
        """
        hidden = self._run_hidden(x, lengths)
        return hidden if len(self.layers) > 1 else self._read_hidden(x, hidden, lengths)[0]

    def _run_hidden(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """What the top layer reads: the states of the hidden layers, or x itself where there is none."""
        for layer in self.layers[:-1]:
            x, _ = layer(x, lengths)
            x = self.dropout(x)
        return x

    @in_float32  # what becomes the code
    def _read_hidden(self, x: Tensor, hidden: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """All states of the top layer, (B, P, K), and the last one of each sequence, (B, K)."""
        if self.linear_path is not None:
            hidden = torch.cat([hidden, self.linear_path(x)], dim=2)
        states: tuple[Tensor, Tensor] = self.layers[-1](hidden, lengths)
        return states
