"""Sequences for networks, and what is compared with them."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from sklearn_seqae._network._recurrent import LSTM

N_SEQUENCES, N_TIMESTEPS, N_CHANNELS = 4, 7, 2


def sequences(n: int = N_SEQUENCES, n_timesteps: int = N_TIMESTEPS, n_channels: int = N_CHANNELS) -> Tensor:
    generator = torch.Generator().manual_seed(n_timesteps)
    return torch.randn(n, n_timesteps, n_channels, generator=generator)


def padded(x: Tensor, lengths: Tensor, fill: float = float("nan")) -> Tensor:
    """x with `fill` behind each sequence's end."""
    behind_end = torch.arange(x.shape[1]) >= lengths[:, None]
    return x.masked_fill(behind_end[:, :, None], fill)


def assert_close(actual: Tensor, expected: Tensor, atol: float = 1e-6) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=atol)


def fill_parameters(module: nn.Module, seed: int = 0) -> None:
    """Layers are built unset; `SequenceAutoencoder` initialises them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-1, 1, generator=generator)


def reversed_naively(x: Tensor, lengths: list[int]) -> Tensor:
    result = x.clone()
    for i, length in enumerate(lengths):
        for step in range(length):
            result[i, step] = x[i, length - 1 - step]
    return result


@st.composite
def batches_with_lengths(draw: st.DrawFn) -> tuple[Tensor, list[int]]:
    n_timesteps = draw(st.integers(1, 9))
    lengths = draw(st.lists(st.integers(1, n_timesteps), min_size=1, max_size=5))
    return sequences(len(lengths), n_timesteps, draw(st.integers(1, 3))), lengths


def lstm_pair(input_size: int, hidden_size: int) -> tuple[LSTM, nn.LSTM]:
    """Ours and torch's, of equal parameters."""
    ours, torchs = LSTM(input_size, hidden_size), nn.LSTM(input_size, hidden_size, batch_first=True)
    fill_parameters(ours)
    torchs.load_state_dict(ours.state_dict())
    return ours, torchs


def results(lstm: Any, x: Tensor, state: Any) -> list[Tensor]:
    """Outputs, last hidden state, and the gradients of everything, for a loss that all of them matter to."""
    x = x.clone().requires_grad_()
    state = None if state is None else tuple(part.clone().requires_grad_() for part in state)
    if isinstance(lstm, LSTM):
        outputs, last = lstm(x, state)
    else:
        outputs, (last, _) = lstm(x, None if state is None else tuple(part[None] for part in state))
        last = last[0]
    loss = (outputs * torch.linspace(-1, 1, outputs.numel()).reshape(outputs.shape)).sum() + last.square().sum()
    return [outputs, last, *torch.autograd.grad(loss, [x, *(state or ()), *lstm.parameters()])]
