"""What the decoder is fed."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._network._decoder import SequenceDecoder
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from tests.networks import N_CHANNELS, N_SEQUENCES, assert_close, sequences

LATENT_DIM = 3


def decoder_call(decoder: str, n_timesteps: int, reference: int) -> tuple[Tensor, Tensor, Any]:
    """The code, and what the decoder's first layer is called with."""
    module = SequenceAutoencoder(N_CHANNELS, LATENT_DIM, decoder=decoder, reference_timesteps=reference)  # type: ignore[arg-type]
    calls: list[tuple[Tensor, Any]] = []
    module.decoder.layers[0].register_forward_pre_hook(lambda layer, arguments: calls.append(arguments))
    code = module.encode(sequences())
    module.decode(code, n_timesteps)
    ((inputs, state),) = calls
    return code, inputs, state


def sinusoids(n_timesteps: int, reference: int) -> NDArray[np.float64]:
    step = np.arange(n_timesteps)
    angles = [2 * np.pi * step / (period * reference) for period in (2, 1, 1 / 2, 1 / 4)]
    return np.column_stack([np.sin(angle) for angle in angles] + [np.cos(angle) for angle in angles])


@pytest.mark.parametrize("decoder", ["repeat", "state", "both"])
def test_the_decoder_is_fed_the_code_the_position_or_both(decoder: str) -> None:
    n_timesteps, reference = 9, 6
    code, inputs, state = decoder_call(decoder, n_timesteps, reference)
    parts = []
    if decoder != "state":
        parts.append(np.repeat(code.detach().numpy()[:, None], n_timesteps, axis=1))
    if decoder != "repeat":
        parts.append(np.repeat(sinusoids(n_timesteps, reference)[None], N_SEQUENCES, axis=0))
    assert_allclose(inputs.detach().numpy(), np.concatenate(parts, axis=2), atol=1e-5)
    assert (state is None) == (decoder == "repeat")


def test_initial_states_are_a_linear_map_of_the_code_in_the_order_of_the_layers() -> None:
    decoder = SequenceDecoder(3, 2, (4, 5), code_input="state")
    states: list[Any] = []
    for layer in decoder.layers:
        layer.register_forward_pre_hook(lambda layer, arguments: states.append(arguments[1]))
    code = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.uniform_(-1, 1, generator=torch.Generator().manual_seed(1))
        decoder(code, 2)
        expected = code @ decoder.initial_state.weight.T + decoder.initial_state.bias  # type: ignore[union-attr]
    assert_close(torch.cat([part for state in states for part in state], dim=1), expected)
    assert [tuple(part.shape) for state in states for part in state] == [(6, 4)] * 2 + [(6, 5)] * 2


def test_the_position_does_not_depend_on_how_many_steps_are_drawn() -> None:
    module = SequenceAutoencoder(N_CHANNELS, LATENT_DIM, decoder="both", reference_timesteps=8)
    code = module.encode(sequences())
    assert_close(module.decode(code, 5), module.decode(code, 12)[:, :5])
