"""One LSTM layer on oneDNN's kernel, without torch's detours around it."""

from typing import Any

import torch
from torch import Tensor

from sklearn_seqae._fast._operators import is_known

__all__ = ["run_lstm"]

# oneDNN's kernel of one layer, which torch.nn.LSTM calls on a CPU.
_KERNEL_IS_KNOWN = torch.backends.mkldnn.is_available() and is_known(  # type: ignore[no-untyped-call]
    "mkldnn_rnn_layer",
    "input weight0 weight1 weight2 weight3 hx_ cx_ reverse batch_sizes mode hidden_size num_layers has_biases "
    "bidirectional batch_first train",
)
_LSTM_MODE = 2


def run_lstm(lstm: Any, x: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor] | None:
    """What the layer makes of x, to the last bit; None where torch must go its own way.

    torch calls the kernel too, but stacks, splits and transposes around it. A training step of a very small network
    takes 0.93 of its time so, one of the default network 0.98 (processor time; torch 2.13 on an AMD EPYC with AVX-512).

    Parameters
    ----------
    lstm : torch.nn.LSTM
        One layer in one direction, batches first.
    x : Tensor of shape (B, T, input_size)
    state : tuple of Tensor or None
        Hidden and cell state at the start, (B, hidden_size) each; None for zeros.

    Returns
    -------
    outputs : Tensor of shape (B, T, hidden_size)
    last : Tensor of shape (B, hidden_size)
        The hidden state at the end.
    """
    if not _fits_kernel(lstm, x):
        return None
    if state is None:  # zeros, as torch's
        hidden = cell = x.new_zeros(len(x), lstm.hidden_size)
    else:
        hidden, cell = state
    input_weight, hidden_weight, input_bias, hidden_bias = lstm.all_weights[0]
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
        hidden_size=lstm.hidden_size,
        num_layers=1,
        has_biases=True,
        bidirectional=False,
        batch_first=False,
        train=torch.is_grad_enabled(),
    )
    return outputs.transpose(0, 1), last


def _fits_kernel(lstm: Any, x: Tensor) -> bool:
    return bool(
        _KERNEL_IS_KNOWN
        and not torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
        and x.device.type == "cpu"
        and x.dtype == lstm.weight_ih_l0.dtype == torch.float32
        and x.numel() > 0
        and torch.backends.mkldnn.enabled
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )
