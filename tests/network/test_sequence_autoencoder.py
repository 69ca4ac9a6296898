"""Invariants of every network that the options can make, and one worked out by hand."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_seqae._network._encoder import SequenceEncoder
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from tests.networks import (
    N_CHANNELS,
    N_SEQUENCES,
    N_TIMESTEPS,
    assert_close,
    batches_with_lengths,
    fill_parameters,
    padded,
    reversed_naively,
    sequences,
)

LATENT_DIM = 3


@dataclass(frozen=True)
class Options:
    """One of the networks; its `repr` is the test's name."""

    decoder: str
    output_layer: str | None
    direction: str
    patch_len: int
    reverse_target: bool
    hidden_layer_sizes: tuple[int, ...]

    def __str__(self) -> str:
        words = [
            self.decoder,
            self.output_layer or "lstm",
            self.direction,
            f"patch{self.patch_len}",
            "reversed" if self.reverse_target else "forward",
            "x".join(map(str, self.hidden_layer_sizes)) or "flat",
        ]
        return "-".join(words)

    def build(self, **changes: Any) -> SequenceAutoencoder:
        params: dict[str, Any] = {
            "n_channels": N_CHANNELS,
            "latent_dim": LATENT_DIM,
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "bidirectional": self.direction != "one-way",
            "merge_mode": "sum" if self.direction == "sum" else "concat",
            "decoder": self.decoder,
            "output_layer": self.output_layer,
            "reverse_target": self.reverse_target,
            "patch_len": self.patch_len,
            "reference_timesteps": N_TIMESTEPS,
            "mean": [1.0, -2.0],
            "scale": [0.5, 3.0],
        }
        return SequenceAutoencoder(**(params | changes))


GRID = [
    Options(*values)
    for values in product(
        ("repeat", "state", "both"),
        ("linear", None),
        ("one-way", "sum", "concat"),
        (1, 3),
        (False, True),
        ((), (6, 5)),
    )
]
every_network = pytest.mark.parametrize("options", GRID, ids=str)
# 7 has no factor in common with the grid's sizes: all options are met, in many combinations.
some_networks = pytest.mark.parametrize("options", GRID[::7], ids=str)


# Invariants of every network


@every_network
def test_the_output_is_shaped_as_the_input_and_the_code_as_wide_as_it_says(options: Options) -> None:
    module = options.build()
    x = sequences()
    code = module.encode(x)
    assert code.shape == (N_SEQUENCES, LATENT_DIM * (2 if options.direction == "concat" else 1))
    assert code.shape[1] == module.code_size
    assert module(x).shape == x.shape
    for n_timesteps in (1, 2, 3, 10):
        assert module.decode(code, n_timesteps).shape == (N_SEQUENCES, n_timesteps, N_CHANNELS)
        assert module(x[:, :n_timesteps]).shape == (N_SEQUENCES, min(n_timesteps, N_TIMESTEPS), N_CHANNELS)


@some_networks
def test_the_decoder_mirrors_the_encoder(options: Options) -> None:
    module = options.build()
    decoder_layers: Any = module.decoder.layers
    mirrored = list(options.hidden_layer_sizes[::-1])
    if options.output_layer is None:
        mirrored.append(options.patch_len * N_CHANNELS)
    assert [layer.hidden_size for layer in decoder_layers] == (mirrored or [module.code_size])


@every_network
def test_each_parameter_gets_a_gradient(options: Options) -> None:
    module = options.build()
    module(sequences()).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


@every_network
def test_train_equals_eval_without_dropout(options: Options) -> None:
    module = options.build()
    x = sequences()
    assert torch.equal(module.train()(x), module.eval()(x))


@some_networks
def test_dropout_acts_between_layers_while_training_only(options: Options) -> None:
    module = options.build(dropout=0.5)
    x = sequences()
    assert torch.equal(module.eval()(x), options.build()(x))
    n_layers = max(len(module.encoder.layers), len(module.decoder.layers))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module.train()
        assert torch.equal(module(x), module(x)) == (n_layers == 1)


@every_network
def test_neither_padding_nor_neighbours_change_code_or_output(options: Options) -> None:
    module = options.build().eval()
    lengths = torch.tensor([5, 7, 1, 3])
    x = padded(sequences(), lengths)
    longer = torch.cat([x, torch.full((N_SEQUENCES, 4, N_CHANNELS), torch.nan)], dim=1)
    for batch in (x, longer):
        codes, outputs = module.encode(batch, lengths), module(batch, lengths)
        assert outputs.shape == batch.shape
        for i, length in enumerate(lengths):
            alone = x[i : i + 1, :length]
            assert_close(codes[i : i + 1], module.encode(alone))
            assert_close(outputs[i : i + 1, :length], module(alone))
            states = module.hidden_states(alone)
            assert states.shape[2] == module.state_size
            assert_close(module.hidden_states(batch, lengths)[i : i + 1, : states.shape[1]], states)


@some_networks
def test_lengths_that_are_all_equal_are_as_none(options: Options) -> None:
    module = options.build().eval()
    x = sequences()
    assert_close(module(x, torch.full((N_SEQUENCES,), N_TIMESTEPS)), module(x))


@some_networks
def test_a_missing_value_reads_as_the_channel_mean(options: Options) -> None:
    module = options.build().eval()
    missing = sequences()
    filled = missing.clone()
    missing[0, 2, 1] = torch.nan
    filled[0, 2, 1] = module.mean[1]
    assert torch.equal(module(missing), module(filled))


@some_networks
def test_scaling_the_data_scales_the_output(options: Options) -> None:
    x = sequences()
    usual = options.build()
    wider = options.build(mean=[100.0 + 1, -200.0 - 2], scale=[5.0, 30.0])
    shifted = (x - usual.mean) * 10 + wider.mean
    assert_close(wider.encode(shifted), usual.encode(x), atol=1e-5)
    assert_close((wider(shifted) - wider.mean) / 10 + usual.mean, usual(x), atol=1e-4)


@some_networks
def test_a_seed_determines_the_network_and_leaves_the_global_generator_alone(options: Options) -> None:
    before = torch.get_rng_state()
    networks = [dict(options.build(seed=seed).named_parameters()) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    for name, parameter in networks[0].items():
        assert torch.equal(parameter, networks[1][name]), name
        assert name.rsplit(".", 1)[-1].startswith("bias") or not torch.equal(parameter, networks[2][name]), name


@some_networks
def test_reversing_the_target_turns_the_order_of_the_patches(options: Options) -> None:
    module = options.build()
    other = options.build(reverse_target=not options.reverse_target)
    n_patches = 4
    code = module.encode(sequences())

    def patches(autoencoder: SequenceAutoencoder) -> Tensor:
        x = autoencoder.decode(code, n_patches * options.patch_len)
        return x.reshape(len(code), n_patches, options.patch_len * N_CHANNELS)

    assert torch.equal(patches(module), patches(other).flip(1))


@some_networks
def test_the_code_and_nothing_else_reaches_the_decoder(options: Options) -> None:
    module = options.build().eval()
    x = sequences()
    codes = module.encode(x)
    assert torch.equal(module(x), module.decode(codes, N_TIMESTEPS))
    assert not torch.allclose(module.decode(codes.flip(0), N_TIMESTEPS), module(x), atol=1e-4)


@some_networks
def test_without_a_linear_layer_the_output_cannot_leave_minus_one_to_one(options: Options) -> None:
    module = options.build(mean=None, scale=None, output_layer=None)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(20)
        assert 0.5 < module(sequences()).abs().max() <= 1


# The code


def test_the_code_is_the_state_of_the_top_layer() -> None:
    encoder = SequenceEncoder(2, 3, (3, 3))
    fill_parameters(encoder)
    states: list[Tensor] = []
    for layer in encoder.layers:
        layer.register_forward_hook(lambda layer, arguments, result: states.append(result[1]))
    code = encoder(sequences())
    assert torch.equal(code, states[-1])
    assert not torch.allclose(code, states[0])


def test_hidden_states_are_those_of_the_layer_below_the_code_at_each_step() -> None:
    encoder = SequenceEncoder(2, 3, (3, 4), linear_positions=N_TIMESTEPS)
    fill_parameters(encoder)
    outputs: list[Tensor] = []
    for layer in encoder.layers:
        layer.register_forward_hook(lambda layer, arguments, result: outputs.append(result[0]))
    encoder(sequences())
    expected = outputs[-2]
    assert torch.equal(encoder.hidden_states(sequences()), expected)
    assert encoder.state_size == 4


@pytest.mark.parametrize("linear_positions", [0, N_TIMESTEPS])
def test_without_a_hidden_layer_they_are_those_that_end_in_the_code(linear_positions: int) -> None:
    encoder = SequenceEncoder(2, 3, linear_positions=linear_positions)
    fill_parameters(encoder)
    states = encoder.hidden_states(sequences())
    assert states.shape == (N_SEQUENCES, N_TIMESTEPS, encoder.state_size) == (N_SEQUENCES, N_TIMESTEPS, 3)
    assert_close(states[:, -1], encoder(sequences()))
    assert_close(states[:, 2], encoder(sequences()[:, :3]))


# Patches


def patches_of(x: NDArray[np.float32], patch_len: int) -> NDArray[np.float32]:
    """One row a patch: its first step's channels, its second's, ..., zeros behind the end. (P, patch_len * C)"""
    rows = []
    for start in range(0, len(x), patch_len):
        row = np.zeros((patch_len, x.shape[1]), dtype=np.float32)
        row[: len(x) - start] = x[start : start + patch_len]
        rows.append(row.ravel())
    return np.array(rows)


@given(n_timesteps=st.integers(1, 12), n_channels=st.integers(1, 3), patch_len=st.integers(1, 7))
def test_the_encoder_reads_patches_and_the_decoder_draws_as_many(
    n_timesteps: int, n_channels: int, patch_len: int
) -> None:
    module = SequenceAutoencoder(n_channels, LATENT_DIM, patch_len=patch_len)
    read: list[Tensor] = []
    drawn: list[Tensor] = []
    module.encoder.register_forward_pre_hook(lambda encoder, arguments: read.append(arguments[0]))
    module.decoder.register_forward_hook(lambda decoder, arguments, result: drawn.append(result))
    x = sequences(2, n_timesteps, n_channels)
    output = module(x)
    expected = np.array([patches_of(row, patch_len) for row in x.numpy()])
    assert_allclose(read[0].numpy(), expected)
    assert drawn[0].shape == expected.shape
    assert torch.equal(drawn[0].reshape(2, -1, n_channels)[:, :n_timesteps], output)


@given(batches_with_lengths(), st.integers(1, 5))
def test_a_sequence_that_ends_within_a_patch_is_filled_with_the_mean(
    batch: tuple[Tensor, list[int]], patch_len: int
) -> None:
    x, lengths = batch
    n_channels = x.shape[2]
    module = SequenceAutoencoder(n_channels, LATENT_DIM, patch_len=patch_len, mean=[2.0] * n_channels)
    codes = module.encode(padded(x, torch.tensor(lengths)), torch.tensor(lengths))
    for i, length in enumerate(lengths):
        whole = torch.full((1, -(-length // patch_len) * patch_len, n_channels), 2.0)
        whole[0, :length] = x[i, :length]
        assert_close(codes[i : i + 1], module.encode(whole))


@given(batches_with_lengths(), st.integers(1, 4))
def test_each_sequence_is_reversed_within_its_own_patches(batch: tuple[Tensor, list[int]], patch_len: int) -> None:
    x, lengths = batch
    n_channels, n_timesteps = x.shape[2], x.shape[1]
    module = SequenceAutoencoder(n_channels, LATENT_DIM, patch_len=patch_len, reverse_target=True)
    forward = SequenceAutoencoder(n_channels, LATENT_DIM, patch_len=patch_len)
    code = module.encode(x)
    n_patches = -(-n_timesteps // patch_len)
    patches = forward.decode(code, n_patches * patch_len).reshape(len(x), n_patches, -1)
    expected = reversed_naively(patches, [-(-length // patch_len) for length in lengths])
    output = module.decode(code, n_timesteps, torch.tensor(lengths))
    assert_close(output, expected.reshape(len(x), -1, n_channels)[:, :n_timesteps])


# A network worked out by hand


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


class Cell:
    """An LSTM cell of one unit, written down from its equations."""

    def __init__(self, input_weights: list[float], recurrent_weights: list[float], biases: list[float]) -> None:
        self.w, self.u, self.b = np.array(input_weights), np.array(recurrent_weights), np.array(biases)
        self.h = self.c = 0.0

    def step(self, x: float) -> float:
        """Gates in torch's order: input, forget, cell, output."""
        pre = self.w * x + self.u * self.h + self.b
        i, f, o = sigmoid(pre[[0, 1, 3]])
        g = np.tanh(pre[2])
        self.c = f * self.c + i * g
        self.h = o * np.tanh(self.c)
        return float(self.h)

    def write_to(self, lstm: nn.LSTM) -> None:
        parameters = {"weight_ih_l0": self.w[:, None], "weight_hh_l0": self.u[:, None], "bias_ih_l0": self.b}
        parameters["bias_hh_l0"] = np.zeros(4)
        lstm.load_state_dict({name: torch.tensor(values) for name, values in parameters.items()})


def test_a_network_worked_out_by_hand() -> None:
    encoder = Cell([1.0, 0.5, 2.0, -1.0], [0.3, -0.2, 0.1, 0.4], [0.0, 1.0, 0.0, 0.5])
    decoder = Cell([-1.0, 2.0, 1.5, 0.5], [0.2, 0.6, -0.7, 0.1], [0.1, 1.0, -0.2, 0.0])
    weight, bias, mean, scale = 3.0, -0.5, 1.0, 2.0
    module = SequenceAutoencoder(1, 1, decoder="repeat", mean=[mean], scale=[scale])
    encoder_layer: Any = module.encoder.layers[0]
    decoder_layer: Any = module.decoder.layers[0]
    output_layer: Any = module.decoder.output_layer
    encoder.write_to(encoder_layer.forward_lstm)
    decoder.write_to(decoder_layer)
    with torch.no_grad():
        output_layer.weight.fill_(weight)
        output_layer.bias.fill_(bias)

    code = [encoder.step((x - mean) / scale) for x in (2.0, 0.0)][-1]
    drawn = [(weight * decoder.step(code) + bias) * scale + mean for _ in range(2)]

    # The same once more on paper: the encoder reads 0.5 and -0.5.
    #   step 1: i = s(0.5) = 0.62246, g = tanh(1) = 0.76159, o = s(0) = 0.5; c = i g = 0.47406, h = o tanh(c) = 0.22073
    #   step 2: i = s(-0.43378) = 0.39322, f = s(0.70585) = 0.66952, g = tanh(-0.97793) = -0.75224,
    #           o = s(1.08829) = 0.74805; c = 0.02160, h = 0.01615
    assert code == pytest.approx(0.016151, abs=1e-5)
    x = torch.tensor([[[2.0], [0.0]]])
    assert module.encode(x).item() == pytest.approx(code, abs=1e-6)
    assert_allclose(module(x).detach().numpy().ravel(), drawn, atol=1e-6)


# Initialisation


def gates(module: nn.Module, kind: str) -> list[Tensor]:
    """Each gate's block of all LSTM parameters of a kind, by layer in the order input, forget, cell, output."""
    parameters = [p.detach() for name, p in module.named_parameters() if name.rsplit(".", 1)[-1].startswith(kind)]
    return [gate for parameter in parameters for gate in parameter.chunk(4)]


@some_networks
def test_recurrent_weights_are_orthogonal_and_forget_gates_open(options: Options) -> None:
    module = options.build(seed=7)
    for gate in gates(module, "weight_hh"):
        assert_close(gate @ gate.T, torch.eye(len(gate)), atol=1e-5)
    for position, gate in enumerate(gates(module, "bias_ih")):
        assert torch.equal(gate, torch.full_like(gate, float(position % 4 == 1)))
    for gate in gates(module, "bias_hh"):
        assert not gate.any()


def test_other_weights_are_glorots_gate_by_gate_and_biases_zero() -> None:
    module = SequenceAutoencoder(6, 40, hidden_layer_sizes=(50,), seed=7)
    linear = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
    for weight in gates(module, "weight_ih") + [layer.weight.detach() for layer in linear]:
        bound = (6 / sum(weight.shape)) ** 0.5
        assert 0.95 * bound < weight.abs().max() <= bound
        assert 0.9 * bound < 3**0.5 * weight.std() < 1.1 * bound
    assert len(linear) == 2
    assert not any(layer.bias.any() for layer in linear)


# Printing


@some_networks
def test_printing_a_network_tells_its_shape(options: Options) -> None:
    module = options.build()
    text = repr(module)
    assert f"n_channels={N_CHANNELS}, patch_len={options.patch_len}, reverse_target={options.reverse_target}" in text
    for size in options.hidden_layer_sizes:
        assert f", {size}, batch_first=True)" in text
    assert (f"out_features={N_CHANNELS * options.patch_len}, " in text) == (options.output_layer == "linear")
