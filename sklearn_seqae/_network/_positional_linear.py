"""A linear map for each position of a sequence."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_seqae._compute._precision import in_float32

__all__ = ["PositionalLinear"]


class PositionalLinear(nn.Module):
    """A linear map for each position: the first step meets the first weights, and so on.

    Where it is read by a sum over all positions, it is one linear map from a whole sequence, and the way back one
    linear map to a whole sequence: the two halves of a principal component analysis. Behind the last position, the
    output is zero.

    Parameters
    ----------
    n_positions, in_features, out_features : int
        Number of positions, and features per step before and after.
    gain : float, default=1.0
        Multiplies the weights. Adam moves every weight at the same pace: the more of them are summed up, the slower
        each should go, so a sum over n features wants 1 / n.
    device : str, default="cpu"
        Where the parameters are; on "meta" they have shapes alone.

    Shape
    -----
    Input: (B, P, in_features), with any number of steps. Output: (B, P, out_features).
    """

    def __init__(
        self, n_positions: int, in_features: int, out_features: int, *, gain: float = 1.0, device: str = "cpu"
    ) -> None:
        super().__init__()
        self.gain = gain
        self.weight = nn.Parameter(
            torch.empty(n_positions, in_features, out_features, dtype=torch.float32, device=device)
        )
        self.bias = nn.Parameter(torch.empty(n_positions, out_features, dtype=torch.float32, device=device))

    @in_float32
    def forward(self, x: Tensor) -> Tensor:
        n = min(x.shape[1], len(self.weight))
        by_position = x[:, :n].transpose(0, 1)  # (n, B, in)
        y = torch.baddbmm(self.bias[:n, None], by_position, self.weight[:n], alpha=self.gain).transpose(0, 1)
        return F.pad(y, (0, 0, 0, x.shape[1] - n)) if n < x.shape[1] else y

    def extra_repr(self) -> str:
        n_positions, in_features, out_features = self.weight.shape
        return f"{n_positions=}, {in_features=}, {out_features=}"
