"""The encoder: from a sequence to its code."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

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

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        linear = None if self.linear_path is None else self.linear_path(x)  # (B, P, K)
        for depth, layer in enumerate(self.layers):
            if depth > 0:
                x = self.dropout(x)
            if linear is not None and depth == len(self.layers) - 1:
                x = torch.cat([x, linear], dim=2)
            x, last = layer(x, lengths)
        return last
