"""Principal components of sequences, from which a training starts."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits
from torch import Tensor

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._training._batching import shifted

__all__ = ["principal_components"]

# Sequences and values to find the components from; more would hardly change them.
_MOST_SEQUENCES = 2_000
_MOST_VALUES = 2**23
# Times that each sequence is drawn, if there is room, where some are shifted.
_DRAWS = 8
# Times that what is missing is drawn from the components.
_ROUNDS = 5


def principal_components(
    dataset: SequenceDataset,
    n_components: int,
    n_timesteps: int,
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    *,
    time_shift: float,
    seed: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, principal directions and deviations along them, of standardized sequences.

    What is missing, behind the end of a shorter sequence too, is drawn from the components of what is not.

    Parameters
    ----------
    dataset : SequenceDataset
        The sequences, of which some are drawn at random where there are very many.
    n_components : int
        How many components to find; there are fewer where sequences or values are.
    n_timesteps : int
        Steps to look at.
    mean, scale : ndarray of shape (n_channels,)
        Standardize each channel.
    time_shift : float
        Share of the sequences that are moved in time, as they are in training: the components of few sequences are
        then nearer to those of others like them.
    seed : int
        Seeds the draw, the shifts, and the solver.

    Returns
    -------
    mean : Tensor of shape (n_timesteps, n_channels)
    components : Tensor of shape (n_found, n_timesteps, n_channels)
    deviations : Tensor of shape (n_found,)
    """
    draw_seed, shift_seed, solver_seed = (int(state) for state in np.random.SeedSequence(seed).generate_state(3))
    sample = _sample(dataset, n_timesteps, time_shift, draw_seed, shift_seed)
    z = _standardized(sample, n_timesteps, mean, scale)  # (n, T, C)
    missing = np.isnan(z)
    step_mean = np.nansum(z, axis=0) / np.maximum(np.sum(~missing, axis=0), 1)
    table = np.where(missing, 0.0, z - step_mean).reshape(len(z), -1)
    n_found = min(n_components, len(table) - 1, table.shape[1]) if table.any() else 0
    if n_found == 0:
        components, deviations = np.empty((0, *step_mean.shape)), np.empty(0)
    else:
        with threadpool_limits(1, user_api="blas"):  # the last bits depend on the number of threads
            pca = _fit(table, _gaps(missing).reshape(len(z), -1), n_found, solver_seed)
        step_mean = step_mean + pca.mean_.reshape(step_mean.shape)
        components = pca.components_.reshape(-1, *step_mean.shape)
        deviations = np.sqrt(pca.explained_variance_)
    return _tensor(step_mean), _tensor(components), _tensor(deviations)


def _gaps(missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a sequence has no value, but others have (n, T, C): the rest of a last patch is no gap in any."""
    return missing & ~missing.all(axis=0)


def _fit(table: NDArray[np.float64], missing: NDArray[np.bool_], n_components: int, seed: int) -> PCA:
    """Principal components of a table (n, values), in which what is missing is written anew, in place.

    With means in their place, gaps would shrink variances. Drawn from the components themselves, a few times over,
    they hardly do (the imputation algorithm of Ilin and Raiko, 2010).
    """
    pca = PCA(n_components, random_state=seed).fit(table)
    for _ in range(_ROUNDS if missing.any() else 0):
        table[missing] = pca.inverse_transform(pca.transform(table))[missing]
        pca = PCA(n_components, random_state=seed).fit(table)
    return pca


def _tensor(array: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))


def _sample(
    dataset: SequenceDataset, n_timesteps: int, time_shift: float, draw_seed: int, shift_seed: int
) -> NDArray[np.float32]:
    """Sequences (n, T, C), drawn at random where they are too many, several times where some are shifted."""
    most = max(2, min(_MOST_SEQUENCES, _MOST_VALUES // (n_timesteps * dataset.steps.shape[1])))
    indices = dataset.draw(most, draw_seed)
    batch = dataset.batch(indices)
    if not time_shift:
        return batch["x"].numpy()
    generator = torch.Generator().manual_seed(shift_seed)
    n_draws = max(1, min(_DRAWS, most // len(indices)))
    return torch.cat([shifted(**batch, share=time_shift, generator=generator) for _ in range(n_draws)]).numpy()


def _standardized(
    x: NDArray[np.float32], n_timesteps: int, mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The first `n_timesteps` steps of x (n, T, C) in units of the channels' scale; NaN where x has none."""
    z = np.full((len(x), n_timesteps, x.shape[2]), np.nan)
    z[:, : x.shape[1]] = (x[:, :n_timesteps] - mean) / scale
    return z
