"""LSTM layers over padded batches, in one direction or both.

Shapes: B sequences in a batch, T time steps, F features of a step, H hidden size.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from sklearn_seqae._compute._shortcuts import run_lstm

__all__ = ["LSTM", "MergeMode", "RecurrentLayer", "reverse_steps"]

MergeMode = Literal["sum", "concat"]


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` of one layer in one direction, batches first, with or without a state to start from.

    Parameters
    ----------
    input_size, hidden_size : int
        Features per step before and after.
    device : str, default="cpu"
        Where the parameters are; on "meta" they have shapes alone.

    Shape
    -----
    Input: (B, T, input_size), and optionally hidden and cell state at the start, (B, hidden_size) each. Output: (B, T,
    hidden_size), and the hidden state at the end, (B, hidden_size).
    """

    def __init__(self, input_size: int, hidden_size: int, *, device: str = "cpu") -> None:
        super().__init__(input_size, hidden_size, batch_first=True, dtype=torch.float32, device=device)

    def reset_parameters(self) -> None:
        """Leave the parameters to `initialize`: torch would draw from its global generator."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Of a copy: on a GPU its weights are to lie end to end again, as cuDNN wants them."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.flatten_parameters()

    def forward(  # type: ignore[override]
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        result = run_lstm(self, x, state)
        if result is not None:
            return result
        # By its class's name: torch.compile of 2.15 fails on `super` here.
        outputs, (last, _) = nn.LSTM.forward(self, x, None if state is None else (state[0][None], state[1][None]))
        return outputs, last[0]


class RecurrentLayer(nn.Module):
    """One LSTM layer over a padded batch, in one direction or both.

    Packed sequences would be the usual way to pass lengths, at five times the cost on a CPU. Here the batch stays
    padded: the state is read at each sequence's last real step, and the reverse direction runs on sequences that were
    reversed within their own length, so that it starts at the last real step too.

    Parameters
    ----------
    input_size, hidden_size : int
        Features per step before and after, the latter for each direction.
    bidirectional : bool, default=False
        Whether a second LSTM reads the sequence backwards.
    merge_mode : {"sum", "concat"}, default="concat"
        How the directions' outputs are put together.
    device : str, default="cpu"
        Where the parameters are; on "meta" they have shapes alone.

    Shape
    -----
    Input: (B, T, input_size), lengths (B,) or None where every sequence has T steps.
    Output: (B, T, output_size) and the last hidden state (B, output_size); `output_size` is `hidden_size`, doubled by
    "concat".
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bidirectional: bool = False,
        merge_mode: MergeMode = "concat",
        device: str = "cpu",
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.merge_mode = merge_mode
        self.forward_lstm = LSTM(input_size, hidden_size, device=device)
        self.backward_lstm = LSTM(input_size, hidden_size, device=device) if bidirectional else None
        self.output_size = hidden_size * (2 if bidirectional and merge_mode == "concat" else 1)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, last = _run(self.forward_lstm, x, lengths)
        if self.backward_lstm is None:
            return outputs, last
        reverse_outputs, reverse_last = _run(self.backward_lstm, reverse_steps(x, lengths), lengths)
        reverse_outputs = reverse_steps(reverse_outputs, lengths)
        if self.merge_mode == "sum":
            return outputs + reverse_outputs, last + reverse_last
        return torch.cat([outputs, reverse_outputs], dim=2), torch.cat([last, reverse_last], dim=1)


def reverse_steps(x: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Reverse each sequence of (B, T, F) within its own length; padding stays behind."""
    if lengths is None:
        return x.flip(1)
    step = torch.arange(x.shape[1], device=x.device)
    last = lengths[:, None] - 1
    source = torch.where(step <= last, last - step, step)  # (B, T)
    return x.gather(1, source[:, :, None].expand_as(x))


def _run(lstm: LSTM, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Outputs (B, T, H) and the hidden state at each sequence's last real step (B, H)."""
    outputs, last = lstm(x)
    if lengths is None:
        return outputs, last
    return outputs, outputs[torch.arange(len(outputs), device=x.device), lengths - 1]
