"""The projection behind the encoder's top layer: from its cells' output to the code, and back."""

import torch
from torch import Tensor, nn

__all__ = ["Projection"]


class Projection(nn.Module):
    """Expresses a hidden state in other proportions: a linear map that can be undone.

    With it the top layer is an LSTM with a projection (Sak, Senior and Beaufays, 2014), whose last hidden state is the
    projected one. There the recurrence reads the projected state; since the projection can be undone, that is a plain
    layer with recurrent weights of its own, which keeps the fast kernel.

    It is set, not trained: an autoencoder that went through it and back would learn the same.

    Parameters
    ----------
    size : int
        Width of the state, and of the code.
    device : str, default="cpu"
        Where the matrices are; on "meta" they have shapes alone.

    Attributes
    ----------
    weight, inverse : Tensor of shape (size, size)
        What a state, and a code, is multiplied by from the right; the identity at first.

    Shape
    -----
    Input: (B, size). Output: (B, size).
    """

    weight: Tensor
    inverse: Tensor

    def __init__(self, size: int, *, device: str = "cpu") -> None:
        super().__init__()
        for name in ("weight", "inverse"):
            matrix = torch.empty(size, size, dtype=torch.float32, device=device)
            # On "meta", an identity would have torch import SymPy, and a saved model would load half a second later.
            self.register_buffer(name, matrix if device == "meta" else matrix.zero_().fill_diagonal_(1.0))

    @torch.no_grad()
    def set(self, weight: Tensor) -> None:
        """Project by a regular matrix (size, size) from now on."""
        self.weight.copy_(weight)
        self.inverse.copy_(torch.linalg.inv(weight.double().cpu()))  # not every device has float64

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden @ self.weight

    def undo(self, code: Tensor) -> Tensor:
        """The hidden state of a code."""
        return code @ self.inverse

    def extra_repr(self) -> str:
        return f"size={len(self.weight)}"
