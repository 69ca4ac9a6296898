"""The collapse guard: whether the reconstructions say anything about their sequences.

The classic failure of sequence autoencoders is silent: every output is the mean, or one curve that fits all sequences
a little.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._passes import reconstruct

__all__ = ["find_collapse"]

# Sequences to look at, evenly spaced in the training data.
_N_SEQUENCES = 256
# Below these shares, a reconstruction says next to nothing.
_LOWEST_EXPLAINED = 0.02
_LOWEST_VARIATION = 0.02
# Sequences that differ by less than this share of their variance are alike.
_ALIKE = 0.01

_FEW_BATCHES = 100
_LOW_RATE = 1e-5
_HIGH_RATE = 0.02


def find_collapse(
    module: Any,
    dataset: SequenceDataset,
    mean: NDArray[np.float64],
    scale: NDArray[np.float64],
    training: Mapping[str, Any],
) -> str | None:
    """Look for a collapse on the training data.

    Parameters
    ----------
    module : SequenceAutoencoder
        The trained network.
    dataset : SequenceDataset
        What it was trained on.
    mean, scale : ndarray of shape (n_channels,)
        Of the channels; they are weighed in units of their scale.
    training : mapping
        "learning_rate", "n_epochs" and "n_batches", of which the likely cause is inferred.

    Returns
    -------
    str or None
        What is wrong, with the likely cause, or None.
    """
    explained, variation = _explained_shares(module, dataset.thin(_N_SEQUENCES), mean, scale)
    if explained < _LOWEST_EXPLAINED:
        problem = f"explains {explained:.1%} of the variance of the training data beyond the channel means"
    elif variation < _LOWEST_VARIATION:
        problem = "is almost the same curve for every training sequence"
    else:
        return None
    return f"The autoencoder has collapsed: its reconstruction {problem}. {_likely_cause(**training)}"


def _explained_shares(
    module: Any, dataset: SequenceDataset, mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[float, float]:
    """How much the reconstructions say.

    The first is the share of the variance about the channel means that they explain; the second their variance from
    sequence to sequence over that of the sequences, 1 where these are alike.
    """
    x = dataset.batch(np.arange(len(dataset)))["x"].numpy()  # (n, T, C)
    drawn = np.full_like(x, np.nan)
    drawn[np.arange(x.shape[1]) < dataset.lengths[:, None]] = reconstruct(module, dataset)
    drawn[np.isnan(x)] = np.nan
    x, drawn = (x - mean) / scale, (drawn - mean) / scale
    total = np.nansum(x**2)
    if total == 0:
        return 1.0, 1.0
    explained = 1 - np.nansum((x - drawn) ** 2) / total
    between = _variance_between(x)
    if between < _ALIKE * total / np.sum(~np.isnan(x)):
        return float(explained), 1.0
    return float(explained), _variance_between(drawn) / between


def _variance_between(x: NDArray[np.float64]) -> float:
    """Mean over steps and channels of the variance from sequence to sequence of x (n, T, C)."""
    count = np.sum(~np.isnan(x), axis=0)  # (T, C)
    mean = np.nansum(x, axis=0) / np.maximum(count, 1)
    return float(np.nansum((x - mean) ** 2) / count.sum())


def _likely_cause(learning_rate: float, n_epochs: int, n_batches: int) -> str:
    if learning_rate < _LOW_RATE:
        return f"learning_rate={learning_rate} is too low to learn anything; try 0.004."
    if n_batches < _FEW_BATCHES:
        return f"It has seen only {n_batches} batches in {n_epochs} epochs; raise max_epochs or lower batch_size."
    if learning_rate > _HIGH_RATE:
        return f"learning_rate={learning_rate} is high; try 0.004."
    return (
        "Try standardize=True, a larger latent_dim or patch_len, decoder='both', less input_noise and mixup; or the "
        "sequences may have nothing in common that a code could hold."
    )
