"""The network that fills gaps: straight lines, and what LSTM layers know better.

Shapes: B sequences in a batch, T time steps, C channels, P patches of `patch_len` steps. NaN is what is to be filled,
or padding.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_seqae._compute._threads import suitable_threads
from sklearn_seqae._network._decoder import Linear
from sklearn_seqae._network._initial_values import initialize
from sklearn_seqae._network._interpolation import Neighbours, find_neighbours, line
from sklearn_seqae._network._recurrent import RecurrentLayer

__all__ = ["GapFiller"]

# Of each value: the line's, whether it is missing, how near the left and the right neighbour are.
_FEATURES = 4


class GapFiller(nn.Module):
    """A denoising autoencoder without a bottleneck (Vincent et al., 2008), whose noise are gaps.

    LSTM layers read, in both directions, the sequence with its gaps filled by straight lines, and beside each value
    whether it is missing and how far its neighbours are. A linear layer adds to the lines. It starts with zeros: the
    untrained network is linear interpolation, and training has only to learn what a line does not know.

    Parameters
    ----------
    n_channels : int
        Channels per time step.
    hidden_layer_sizes : sequence of int
        Widths of the LSTM layers, for each direction.
    patch_len : int
        Time steps that make one step of the LSTM layers.
    mean, scale : sequence of float or None
        Per channel, subtracted from and divided out of what is read; what is drawn is put back.
    seed : int
        Seeds the initial parameters.
    device : {"cpu", "meta"}
        Where the network is built; on "meta" its parameters have shapes alone, and take no memory.

    Shape
    -----
    Input: (B, T, C), NaN where nothing was observed; lengths (B,), or None where every sequence has T steps.
    Output: (B, T, C), in the units of the input, or with ``standardized=True`` as training compares it. What it says
    of observed values means nothing.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        n_channels: int,
        hidden_layer_sizes: Sequence[int] = (64,),
        *,
        patch_len: int = 1,
        mean: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.patch_len = patch_len
        kind: dict[str, Any] = {"dtype": torch.float32, "device": device}
        self.register_buffer("mean", torch.tensor([0.0] * n_channels if mean is None else mean, **kind))
        self.register_buffer("scale", torch.tensor([1.0] * n_channels if scale is None else scale, **kind))
        n_features = size = patch_len * n_channels * _FEATURES
        self.layers = nn.ModuleList()
        for hidden_size in hidden_layer_sizes:
            layer = RecurrentLayer(size, hidden_size, bidirectional=True, device=device)
            self.layers.append(layer)
            size = layer.output_size
        self.output_layer = Linear(n_features + size, patch_len * n_channels, device=device)
        self._n_weights = sum(parameter.numel() for parameter in self.parameters())
        if device != "meta":
            with suitable_threads(0, brief=True):  # an orthogonal matrix's last bits depend on the number of threads
                initialize(self, torch.Generator("cpu").manual_seed(seed))
            nn.init.zeros_(self.output_layer.weight)

    def forward(self, x: Tensor, lengths: Tensor | None = None, *, standardized: bool = False) -> Tensor:
        z = (x - self.mean) / self.scale
        missing = torch.isnan(z)
        neighbours = find_neighbours(~missing)
        straight = line(torch.nan_to_num(z), neighbours)
        features = _features(straight, missing, neighbours)
        if lengths is not None:
            behind_end = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
            features = torch.where(behind_end[:, :, None], 0.0, features)
        z = straight + self._bend(features, lengths)
        return z if standardized else z * self.scale + self.mean

    def _bend(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        """What to add to the lines: (B, T, C * 4) -> (B, T, C)."""
        n_timesteps = features.shape[1]
        missing_steps = -n_timesteps % self.patch_len
        if missing_steps:
            features = F.pad(features, (0, 0, 0, missing_steps))
        patches = hidden = features.reshape(len(features), -1, self.patch_len * features.shape[2])
        n_patches = None if lengths is None else -(-lengths // self.patch_len)
        for layer in self.layers:
            hidden, _ = layer(hidden, n_patches)
        bend: Tensor = self.output_layer(torch.cat([patches, hidden], dim=2))
        return bend.reshape(len(features), -1, self.n_channels)[:, :n_timesteps]

    def multiply_adds(self, n_sequences: int, n_timesteps: int) -> int:
        """Pairs of a multiplication and an addition in one pass of a batch, nearly."""
        return n_sequences * self._n_weights * -(-n_timesteps // self.patch_len)

    def extra_repr(self) -> str:
        return f"n_channels={self.n_channels}, patch_len={self.patch_len}"


def _features(straight: Tensor, missing: Tensor, neighbours: Neighbours) -> Tensor:
    """(B, T, C) -> (B, T, C * 4)."""
    nearness = [torch.where(missing, 1 / steps.clamp(min=1), 0.0) for steps in (neighbours.before, neighbours.after)]
    return torch.cat([straight, missing.to(straight.dtype), *nearness], dim=2)
