"""The forward pass in NumPy: torch's numbers, for every network; and nothing from weights that do not fit."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqae._network._persistence import to_arrays
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._numpy._forward_pass import ForwardPass
from tests.runtimes import NETWORKS, SIZES, arguments, batch, network


@st.composite
def settings_of_networks(draw: st.DrawFn) -> dict[str, Any]:
    n_channels = draw(st.integers(1, 3))
    output_layer = draw(st.sampled_from(["linear", None]))
    return {
        "n_channels": n_channels,
        "latent_dim": draw(st.integers(1, 4)),
        "hidden_layer_sizes": tuple(draw(st.lists(st.integers(1, 5), max_size=2))),
        "bidirectional": draw(st.booleans()),
        "merge_mode": draw(st.sampled_from(["sum", "concat"])),
        "decoder": draw(st.sampled_from(["repeat", "state", "both"])),
        "output_layer": output_layer,
        "reverse_target": draw(st.booleans()),
        "patch_len": draw(st.integers(1, 4)),
        "reference_timesteps": draw(st.integers(1, 12)),
        "linear_path": output_layer == "linear" and draw(st.booleans()),
        "mean": [1.0, -20.0, 300.0][:n_channels],
        "scale": [0.5, 2.0, 100.0][:n_channels],
    }


def in_numpy(module: SequenceAutoencoder, **settings: Any) -> ForwardPass:
    return ForwardPass(arguments(**settings), to_arrays(module.state_dict()))


def assert_close(found: Any, expected: torch.Tensor, real: Any = ...) -> None:
    """Equal to 1e-5 of the largest value."""
    wanted = expected.numpy()[real]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[real], wanted, rtol=0, atol=1e-5 * max(1.0, np.abs(wanted).max()))


def compare(module: SequenceAutoencoder, ours: ForwardPass, n: int, n_timesteps: int, *, padded: bool) -> None:
    """Codes, reconstructions and drawn sequences of a batch."""
    x, lengths = batch(n, n_timesteps, module.n_channels)
    real: Any = np.arange(n_timesteps) < lengths[:, None] if padded else ...
    known = lengths if padded else None
    with torch.inference_mode():
        tensors = torch.from_numpy(x), torch.from_numpy(lengths) if padded else None
        codes = module.encode(*tensors)
        assert_close(ours.encode(x, known), codes)
        assert_close(ours(x, known), module(*tensors), real)
        drawn = module.decode(codes, n_timesteps, tensors[1])
        assert_close(ours.decode(codes.numpy(), n_timesteps, known), drawn, real)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_numbers_as_torch(name: str) -> None:
    module = network(**NETWORKS[name])
    ours = in_numpy(module, **NETWORKS[name])
    for n, n_timesteps in SIZES:
        for padded in (True, False):
            compare(module, ours, n, n_timesteps, padded=padded)


@given(settings_of_networks(), st.sampled_from([1, 2, 7]), st.integers(1, 15), st.booleans())
def test_the_same_numbers_as_torch_for_any_network(
    settings: dict[str, Any], n: int, n_timesteps: int, padded: bool
) -> None:
    module = network(**settings)
    compare(module, in_numpy(module, **settings), n, n_timesteps, padded=padded)


def test_an_lstm_by_hand() -> None:
    """One layer of one cell whose gates are known: sigmoid(0) = 1/2, and the bias of the cell's input is 1."""
    settings: dict[str, Any] = {
        "n_channels": 1,
        "latent_dim": 1,
        "hidden_layer_sizes": (),
        "patch_len": 1,
        "decoder": "repeat",
        "mean": [0.0],
        "scale": [1.0],
    }
    module = SequenceAutoencoder(**arguments(**settings))
    arrays = {name: np.zeros_like(array) for name, array in to_arrays(module.state_dict()).items()}
    arrays["scale"][:] = 1
    arrays["encoder.layers.0.forward_lstm.bias_ih_l0"][2] = 1
    codes = ForwardPass(arguments(**settings), arrays).encode(np.zeros((1, 2, 1), np.float32), None)
    first = 0.5 * np.tanh(1)
    np.testing.assert_allclose(codes, [[0.5 * np.tanh(0.5 * first + 0.5 * np.tanh(1))]], rtol=1e-6)


def test_what_is_too_large_for_float32_is_as_in_torch() -> None:
    settings: dict[str, Any] = {"scale": [1e-30, 1.0]}
    module = network(**settings)
    x = np.full((2, 4, 2), 1e30, np.float32)
    with torch.inference_mode():
        assert_close(in_numpy(module, **settings).encode(x, None), module.encode(torch.from_numpy(x)))


# Arguments and weights that do not fit


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"latent_dim": 0}, "its latent_dim is 0, no size of at least 1"),
        ({"latent_dim": True}, "its latent_dim is True, no size"),
        ({"patch_len": 10**400}, "its patch_len is 1000+, no size"),
        ({"n_channels": "x"}, "its n_channels is x, no size"),
        ({"hidden_layer_sizes": 5}, "its hidden_layer_sizes are 5, no sizes of layers"),
        ({"hidden_layer_sizes": (5, -1)}, "its hidden_layer_sizes is -1, no size"),
        ({"hidden_layer_sizes": (10**9,)}, "float32 of shape .*, where a network .* has float32 of shape"),
        ({"hidden_layer_sizes": (5,) * 10**5}, "has float32 of shape|are missing"),
        ({"patch_len": 10**9}, "has float32 of shape"),
        ({"merge_mode": "mean"}, "its merge_mode is mean, none of 'sum', 'concat'"),
        ({"bidirectional": 1}, "its bidirectional is 1, none of True, False"),
        ({"bidirectional": True}, "float32 of shape|'encoder.layers.0.backward_lstm.weight_ih_l0' are missing"),
        ({"linear_path": True}, "are missing|of shape"),
        ({"output_layer": None}, "are missing|too many"),
        ({"attention": True}, r"the unknown arguments \['attention'\]"),
    ],
    ids=range(15),
)
def test_other_arguments_are_refused(changed: dict[str, Any], reason: str) -> None:
    arrays = to_arrays(network().state_dict())
    with pytest.raises(ValueError, match=reason):
        ForwardPass(arguments(**changed), arrays)


def test_other_weights_are_refused() -> None:
    arrays = to_arrays(network().state_dict())
    for name, array in arrays.items():
        with pytest.raises(ValueError, match=f"its weights '{name}' are missing"):
            ForwardPass(arguments(), {other: value for other, value in arrays.items() if other != name})
        with pytest.raises(ValueError, match=f"'{name}' are float64 of shape .* has float32 of shape"):
            ForwardPass(arguments(), arrays | {name: array.astype(float)})
    with pytest.raises(ValueError, match=r"its weights \['more'\] are too many"):
        ForwardPass(arguments(), arrays | {"more": array})
