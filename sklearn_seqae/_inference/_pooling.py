"""Hidden states over time, summed up to a fixed number of features a sequence."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._passes import encode_timesteps, for_each_batch, on_device

__all__ = ["SUMMARIES", "choose_thresholds", "pool_states"]

Float32 = NDArray[np.float32]

# What is taken of each unit's states over time, besides the shares above thresholds, in the order of the features.
SUMMARIES = ("max", "min", "mean", "std")
# A state this far above a threshold, or more, is wholly above it, and as far below not at all. With a sharp edge a
# rounding error could decide; a blunt one would lose what tells sequences apart that are nearly at rest.
_EDGE = 1e-3
# States that thresholds are taken from, and steps of the sequences that they are drawn from, nearly.
_STATES = 4000
_STEPS = 100_000


def pool_states(module: Any, dataset: SequenceDataset, thresholds: Float32) -> Float32:
    """Summaries of the hidden states of each sequence over its steps.

    Parameters
    ----------
    module : SequenceAutoencoder
        The network.
    dataset : SequenceDataset
        The sequences.
    thresholds : ndarray of shape (n_thresholds, width)
        Thresholds for each unit of the hidden layer.

    Returns
    -------
    features : ndarray of shape (n_sequences, (4 + n_thresholds) * width)
        Of all units the maximum, then the minimum, the mean and the standard deviation, then the share of the steps
        above the first threshold, and so on.
    """
    features = np.empty((len(dataset), (len(SUMMARIES) + len(thresholds)) * module.state_size), dtype=np.float32)
    levels = torch.from_numpy(thresholds).to(module.mean.device)

    def pool_batch(indices: NDArray[np.int64]) -> None:
        batch = on_device(dataset.batch(indices), module)
        lengths = torch.from_numpy(-(-dataset.lengths[indices] // module.patch_len)).to(levels.device)
        features[indices] = _pool(module.hidden_states(**batch), lengths, levels).cpu().numpy()

    for_each_batch(pool_batch, module, dataset.lengths)
    return features


def _pool(states: Tensor, lengths: Tensor, thresholds: Tensor) -> Tensor:
    """(B, P, W), (B,), (Q, W) -> (B, (4 + Q) * W)."""
    real = torch.arange(states.shape[1], device=states.device) < lengths[:, None]  # (B, P)
    weights = (real / lengths[:, None])[:, None]  # (B, 1, P)

    def mean(values: Tensor) -> Tensor:
        return (weights @ values)[:, 0]

    behind_end = ~real[:, :, None]
    means = mean(states)
    summaries = [
        states.masked_fill(behind_end, -torch.inf).amax(dim=1),
        states.masked_fill(behind_end, torch.inf).amin(dim=1),
        means,
        mean((states - means[:, None]).square()).sqrt(),
    ]
    shares = [mean(((states - level) / (2 * _EDGE) + 0.5).clamp(0, 1)) for level in thresholds]
    return torch.cat([*summaries, *shares], dim=1)


def choose_thresholds(module: Any, dataset: SequenceDataset, n_thresholds: int, rng: np.random.RandomState) -> Float32:
    """Quantiles of each unit's states, evenly spaced: (n_thresholds, width).

    Of many sequences some are looked at, drawn at random, and of these some of the steps.
    """
    order = rng.permutation(len(dataset))
    n_sequences = max(1, int(np.searchsorted(np.cumsum(dataset.lengths[order]), _STEPS, side="right")))
    states, _ = encode_timesteps(module, dataset.subset(order[:n_sequences]))
    chosen = states[rng.permutation(len(states))[:_STATES]]
    levels = np.arange(1, n_thresholds + 1) / (n_thresholds + 1)
    return np.quantile(chosen, levels, axis=0).astype(np.float32)
