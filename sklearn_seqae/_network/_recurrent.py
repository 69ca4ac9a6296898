"""LSTM layers: on oneDNN's kernel, over padded batches, in one direction or both.

Shapes: B sequences in a batch, T time steps, F features of a step, H hidden size.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from sklearn_seqae._fast._operators import is_known

__all__ = ["LSTM", "MergeMode", "RecurrentLayer", "reverse_steps"]

MergeMode = Literal["sum", "concat"]

# oneDNN's kernel of one layer, which torch.nn.LSTM calls on a CPU.
_KERNEL_IS_KNOWN = torch.backends.mkldnn.is_available() and is_known(  # type: ignore[no-untyped-call]
    "mkldnn_rnn_layer",
    "input weight0 weight1 weight2 weight3 hx_ cx_ reverse batch_sizes mode hidden_size num_layers has_biases "
    "bidirectional batch_first train",
)
_LSTM_MODE = 2


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` of one layer in one direction, batches first, without its detours around oneDNN's kernel.

    What comes out is the same to the last bit. torch calls the kernel too, but stacks, splits and transposes around it,
    which is a twentieth of a training step of a very small network. Where the kernel cannot be used (on a GPU, in other
    precisions, while the network is traced), torch goes its own way.

    Parameters
    ----------
    input_size, hidden_size : int
        Features per step before and after.

    Shape
    -----
    Input: (B, T, input_size), and optionally hidden and cell state at the start, (B, hidden_size) each. Output: (B, T,
    hidden_size), and the hidden state at the end, (B, hidden_size).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        # The parameters are `initialize`'s to draw: torch would draw from its global generator.
        super().__init__(input_size, hidden_size, batch_first=True, device="meta")
        self.to_empty(device="cpu")

    def forward(  # type: ignore[override]
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if not self._fits_kernel(x):
            outputs, (last, _) = super().forward(x, None if state is None else (state[0][None], state[1][None]))
            return outputs, last[0]
        if state is None:  # zeros, as torch's
            hidden = cell = x.new_zeros(len(x), self.hidden_size)
        else:
            hidden, cell = state
        input_weight, hidden_weight, input_bias, hidden_bias = self.all_weights[0]
        outputs, last, _, _ = torch.mkldnn_rnn_layer(
            x.transpose(0, 1).contiguous(),  # (T, B, input_size)
            input_weight,
            hidden_weight,
            input_bias,
            hidden_bias,
            hidden,
            cell,
            reverse=False,
            batch_sizes=(),
            mode=_LSTM_MODE,
            hidden_size=self.hidden_size,
            num_layers=1,
            has_biases=True,
            bidirectional=False,
            batch_first=False,
            train=torch.is_grad_enabled(),
        )
        return outputs.transpose(0, 1), last

    def _fits_kernel(self, x: Tensor) -> bool:
        return bool(
            _KERNEL_IS_KNOWN
            and not torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
            and x.device.type == "cpu"
            and x.dtype == self.weight_ih_l0.dtype == torch.float32
            and x.numel() > 0
            and torch.backends.mkldnn.enabled
            and not torch.is_autocast_enabled("cpu")
            and not torch.compiler.is_compiling()
        )


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

    Shape
    -----
    Input: (B, T, input_size), lengths (B,) or None where every sequence has T steps.
    Output: (B, T, output_size) and the last hidden state (B, output_size); `output_size` is `hidden_size`, doubled by
    "concat".
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, bidirectional: bool = False, merge_mode: MergeMode = "concat"
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.merge_mode = merge_mode
        self.forward_lstm = LSTM(input_size, hidden_size)
        self.backward_lstm = LSTM(input_size, hidden_size) if bidirectional else None
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
