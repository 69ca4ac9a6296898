"""What is minimised: a loss over the observed values."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["MaskedLoss"]

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
}


class MaskedLoss(nn.Module):
    """Mean loss over the observed values of a standardized prediction.

    Parameters
    ----------
    loss : {"mse", "mae", "huber"} or callable
        A callable gets prediction and target, of equal shape, and returns a scalar tensor. Where values are missing,
        both are vectors of the observed values.
    mean, scale : sequence of float
        Per channel, as in `SequenceAutoencoder`; they standardize the target.

    Shape
    -----
    Input: prediction (B, T, C), standardized; target (B, T, C), in the data's units, with NaN where nothing was
    observed. Output: a scalar. For a part of a batch, the number of observed values of all of it makes the output the
    part's share of the mean; a callable cannot do that.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, loss: str | Callable[[Tensor, Tensor], Tensor], mean: Sequence[float], scale: Sequence[float]
    ) -> None:
        super().__init__()
        self.is_custom = not isinstance(loss, str)
        self.loss: Callable[..., Tensor] = _LOSSES[loss] if isinstance(loss, str) else loss
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32, device="cpu"))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32, device="cpu"))

    def forward(self, prediction: Tensor, target: Tensor, n_observed: Tensor | None = None) -> Tensor:
        if prediction.shape != target.shape:
            # Broadcasting would make the mean of the target the best prediction.
            raise ValueError(
                f"The module's output has shape {tuple(prediction.shape)}, but its target {tuple(target.shape)}; they "
                "must be equal."
            )
        target = (target - self.mean) / self.scale
        if math.isnan(target.sum()):  # one look at all of them, in the usual case that nothing is missing
            observed = ~torch.isnan(target)
            if self.is_custom:
                return self.loss(prediction[observed], target[observed])
            if n_observed is None:
                n_observed = observed.sum()
            # What is missing adds nothing to a sum; to leave it out, and to put gradients back, takes far longer.
            prediction, target = torch.where(observed, prediction, 0.0), torch.where(observed, target, 0.0)
        if n_observed is None:
            return self.loss(prediction, target)
        return self.loss(prediction, target, reduction="sum") / n_observed
