"""A network that needs no training, for tests of what is made of errors."""

from typing import Any

import torch
from torch import Tensor, nn


class Drawing(nn.Module):
    """Draws a share of each value, so that the rest of it is its error; codes are sums of what is drawn."""

    code_size = 1

    mean: Tensor

    def __init__(self, share: float, n_channels: int) -> None:
        super().__init__()
        self.share, self.n_channels = share, n_channels
        self.register_buffer("mean", torch.zeros(n_channels))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x (B, T, C) -> (B, T, C)."""
        return self.share * x.nan_to_num()

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """x (B, T, C) -> (B, 1)."""
        return self(x).sum(dim=(1, 2))[:, None]

    def encode_and_draw(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Both."""
        return self.encode(x), self(x)

    def multiply_adds(self, *_: Any) -> int:
        """Next to none."""
        return 0
