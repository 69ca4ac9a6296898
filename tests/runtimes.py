"""Networks of every kind, and batches, for whatever else than torch computes them."""

import itertools
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder

PATCH_LEN = 3
N_CHANNELS = 2
# Sequences and their steps: around the length of a patch, and far beyond.
SIZES = [*itertools.product((1, 2, 7), (1, PATCH_LEN - 1, PATCH_LEN, PATCH_LEN + 1, 25))]
NETWORKS: dict[str, dict[str, Any]] = {
    "default": {"linear_path": True},
    "copied": {"hidden_layer_sizes": (), "decoder": "repeat", "output_layer": None, "patch_len": 1},
    "state": {"hidden_layer_sizes": (), "decoder": "state", "linear_path": True},
    "stacked": {"hidden_layer_sizes": (5, 4), "linear_path": True},
    "both ways": {"bidirectional": True, "linear_path": True},
    "both ways, summed": {"bidirectional": True, "merge_mode": "sum", "hidden_layer_sizes": (4, 5)},
    "reversed": {"reverse_target": True, "linear_path": True},
    "reversed, both ways": {"reverse_target": True, "bidirectional": True, "patch_len": 1},
}


def arguments(**settings: Any) -> dict[str, Any]:
    """All arguments of a network, as an estimator keeps them."""
    usual: dict[str, Any] = {
        "n_channels": N_CHANNELS,
        "latent_dim": 3,
        "hidden_layer_sizes": (5,),
        "bidirectional": False,
        "merge_mode": "concat",
        "decoder": "both",
        "output_layer": "linear",
        "reverse_target": False,
        "patch_len": PATCH_LEN,
        "reference_timesteps": 7,
        "dropout": 0.0,
        "linear_path": False,
        "mean": [1.0, -2.0],
        "scale": [2.0, 0.5],
        "seed": 0,
    }
    return usual | settings


def network(**settings: Any) -> SequenceAutoencoder:
    """A network none of whose weights is zero."""
    module = SequenceAutoencoder(**arguments(**settings))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    if module.projection is not None:
        noise = torch.randn(module.code_size, module.code_size, generator=generator)
        module.projection.set(2 * torch.eye(module.code_size) + 0.3 * noise)
    return module.eval()


def batch(n: int, n_timesteps: int, n_channels: int = N_CHANNELS) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Sequences of all lengths up to the longest, with gaps, and NaN behind their ends."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, n_timesteps, n_channels)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    lengths = rng.integers(1, n_timesteps + 1, n)
    lengths[0] = n_timesteps
    x[np.arange(n_timesteps) >= lengths[:, None]] = np.nan
    return x, lengths
