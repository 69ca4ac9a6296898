"""The network that fills gaps: what it starts as, and what it must not look at."""

from typing import Any

import pytest
import torch
from torch import nn

from sklearn_seqae._network._gap_filler import GapFiller
from sklearn_seqae._network._interpolation import find_neighbours, line
from sklearn_seqae._network._persistence import module_from_arrays, to_arrays

ARGUMENTS: list[dict[str, Any]] = [
    {"n_channels": 1},
    {"n_channels": 3, "patch_len": 4},
    {"n_channels": 2, "hidden_layer_sizes": (5, 3), "patch_len": 3, "mean": [1.0, -2.0], "scale": [3.0, 0.5]},
    {"n_channels": 2, "hidden_layer_sizes": ()},
]
each_network = pytest.mark.parametrize("arguments", ARGUMENTS)


def with_gaps(n_channels: int, n_timesteps: int = 10, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(6, n_timesteps, n_channels, generator=generator)
    x[torch.rand(x.shape, generator=generator) < 0.4] = torch.nan
    x[:, 0] = 1.0
    return x


def trained(arguments: dict[str, Any]) -> GapFiller:
    """A network that is no longer the line."""
    network = GapFiller(**{"hidden_layer_sizes": (5,), **arguments})
    nn.init.normal_(network.output_layer.weight, generator=torch.Generator().manual_seed(1))
    return network.eval()


@each_network
def test_untrained_it_is_linear_interpolation(arguments: dict[str, Any]) -> None:
    x = with_gaps(arguments["n_channels"])
    network = GapFiller(**arguments)
    z = (x - network.mean) / network.scale
    straight = line(torch.nan_to_num(z), find_neighbours(~torch.isnan(z)))
    torch.testing.assert_close(network(x, standardized=True), straight)
    torch.testing.assert_close(network(x), straight * network.scale + network.mean)


@each_network
def test_each_parameter_gets_a_gradient(arguments: dict[str, Any]) -> None:
    network = trained(arguments).train()
    network(with_gaps(arguments["n_channels"])).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@each_network
def test_a_fill_does_not_depend_on_padding_or_on_other_sequences(arguments: dict[str, Any]) -> None:
    network, x = trained(arguments), with_gaps(arguments["n_channels"])
    lengths = torch.tensor([10, 7, 10, 3, 5, 1])
    for i, length in enumerate(lengths.tolist()):
        x[i, length:] = torch.nan
    together = network(x, lengths)
    for i, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(network(x[i : i + 1, :length])[0], together[i, :length])


@pytest.mark.parametrize("arguments", ARGUMENTS[:3])  # the last has no layer that reads
def test_it_reads_in_both_directions(arguments: dict[str, Any]) -> None:
    network, x = trained(arguments), with_gaps(arguments["n_channels"], n_timesteps=30)
    x[:, 14:16] = torch.nan
    for step in (0, 29):
        other = x.clone()
        other[:, step] = 5.0
        assert not torch.equal(network(other)[:, 14], network(x)[:, 14])


@each_network
def test_through_arrays_and_back(arguments: dict[str, Any]) -> None:
    network, x = trained(arguments), with_gaps(arguments["n_channels"])
    params = {"hidden_layer_sizes": (5,), **arguments}
    other = module_from_arrays(params, to_arrays(network.state_dict()), "cpu", GapFiller)
    assert isinstance(other, GapFiller)
    assert torch.equal(other(x), network(x))


def test_seeds_are_different_networks_and_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = (GapFiller(1, seed=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    name = "layers.0.forward_lstm.weight_ih_l0"
    assert torch.equal(first[name], again[name])
    assert not torch.equal(first[name], other[name])


def test_work_grows_with_batch_and_steps() -> None:
    network = GapFiller(2, (8,), patch_len=5)
    assert network.multiply_adds(6, 10) == 6 * network.multiply_adds(1, 10) == 12 * network.multiply_adds(1, 5)
    assert "patch_len=5" in repr(network)
