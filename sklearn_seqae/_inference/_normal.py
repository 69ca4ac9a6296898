"""Sequences as one normal distribution, and what it expects of missing values."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._network._interpolation import find_neighbours, line

__all__ = ["NormalSequences"]

Float64 = NDArray[np.float64]

# Sequences and values to estimate it from, and directions in which its variance differs.
_MOST_SEQUENCES = 2_000
_MOST_VALUES = 2**23
_MOST_DIRECTIONS = 64
# Times that what is missing is drawn anew.
_ROUNDS = 2
# Share of the sequences that must have a value at a step.
_FEWEST = 0.05
# Variance of all directions, as a share of the mean variance, where there would be none.
_LEAST_NOISE = 1e-4


@dataclass(frozen=True)
class NormalSequences:
    """The normal distribution of whole sequences in standard units, with a covariance of low rank plus noise.

    Attributes
    ----------
    mean : ndarray of shape (n_timesteps, n_channels)
        Of each value; NaN where so few sequences have one that nothing can be said.
    loadings : ndarray of shape (n_timesteps * n_channels, n_directions)
        The covariance is ``loadings @ loadings.T + noise * identity``.
    noise : float
        Variance in all directions.
    """

    mean: Float64
    loadings: Float64
    noise: float

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.loadings.ndim != 2 or len(self.loadings) != self.mean.size:
            raise ValueError(f"{self.loadings.shape=} does not fit {self.mean.shape=}")

    @classmethod
    def of(
        cls, dataset: SequenceDataset, n_timesteps: int, mean: Float64, scale: Float64, seed: int
    ) -> "NormalSequences":
        """Estimate it, the covariance shrunk after Ledoit and Wolf.

        What is missing is first on a straight line, then what the distribution itself expects, a few times over; the
        variance that it leaves is added to the noise.
        """
        z = _sample(dataset, n_timesteps, mean, scale, seed)  # (n, T, C)
        missing = torch.isnan(z)
        filled = torch.where(missing, line(torch.nan_to_num(z), find_neighbours(~missing)), z)
        table = filled.flatten(1).numpy().astype(np.float64)
        normal = cls._of_table(table, 0.0, z.shape[1:])
        gaps = missing.flatten(1).numpy()
        for _ in range(_ROUNDS if gaps.any() else 0):
            variance = normal._fill(table, gaps)
            normal = cls._of_table(table, variance / table.size, z.shape[1:])
        unseen = missing.sum(dim=0).numpy() > (1 - _FEWEST) * len(z)
        return replace(normal, mean=np.where(unseen, np.nan, normal.mean))

    @classmethod
    def _of_table(cls, table: Float64, variance: float, shape: torch.Size) -> "NormalSequences":
        from sklearn.covariance import ledoit_wolf_shrinkage  # only a fit waits for it

        mean = table.mean(axis=0)
        deviations = table - mean
        total = float(np.square(deviations).mean())
        shrinkage = ledoit_wolf_shrinkage(deviations, assume_centered=True) if total > 0 else 1.0
        _, singular, directions = np.linalg.svd(deviations, full_matrices=False)
        kept = min(_MOST_DIRECTIONS, int(np.sum(singular > 1e-6 * singular[0])))
        left_out = float(np.square(singular[kept:]).sum()) / table.size
        loadings = directions[:kept].T * (singular[:kept] * np.sqrt((1 - shrinkage) / len(table)))
        noise = shrinkage * total + (1 - shrinkage) * left_out + _LEAST_NOISE * total + variance
        return cls(mean.reshape(tuple(shape)), loadings, max(float(noise), float(np.finfo(np.float32).tiny)))

    def expect(self, z: Tensor) -> Tensor:
        """What is expected of each value, observed ones too, but for noise: (B, T, C) -> (B, T, C).

        NaN stands where nothing can be said. Where sequences go on for longer than it knows, the last step is expected
        again and again. For sequences without gaps, 0 stands everywhere.
        """
        n_timesteps = min(z.shape[1], len(self.mean))
        n_values = n_timesteps * z.shape[2]
        shorter = NormalSequences(self.mean[:n_timesteps], self.loadings[:n_values], self.noise)
        expected = torch.zeros_like(z)
        for row, x in zip(expected, z[:, :n_timesteps].flatten(1).numpy().astype(np.float64), strict=True):
            missing = np.isnan(x)
            if missing.any():
                scores, _ = shorter._posterior(x, missing)
                drawn = shorter.mean.ravel() + shorter.loadings @ scores
                row[:n_timesteps] = torch.from_numpy(drawn.astype(np.float32)).reshape(n_timesteps, -1)
                row[n_timesteps:] = row[n_timesteps - 1]
        return expected

    def _posterior(self, x: Float64, missing: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Mean and precision of the scores of a sequence (T * C,), from what is observed of it."""
        mean = self.mean.ravel()
        seen = ~(missing | np.isnan(mean))
        known = self.loadings[seen]
        precision = np.eye(known.shape[1]) + known.T @ known / self.noise
        return np.linalg.solve(precision, known.T @ (x[seen] - mean[seen]) / self.noise), precision

    def _fill(self, table: Float64, gaps: NDArray[np.bool_]) -> float:
        """Write what is expected into the gaps of a table (n, T * C); the sum of the variances that are left."""
        left = 0.0
        for row, missing in zip(table, gaps, strict=True):
            if missing.any():
                scores, precision = self._posterior(row, missing)
                unknown = self.loadings[missing]
                row[missing] = self.mean.ravel()[missing] + unknown @ scores
                left += float(np.sum(unknown.T * np.linalg.solve(precision, unknown.T))) + self.noise * missing.sum()
        return left


def _sample(dataset: SequenceDataset, n_timesteps: int, mean: Float64, scale: Float64, seed: int) -> Tensor:
    """Sequences (n, n_timesteps, C) in standard units, some drawn at random where they are too many."""
    n_values = n_timesteps * dataset.steps.shape[1]
    most = max(2, min(_MOST_SEQUENCES, _MOST_VALUES // n_values))
    x = dataset.batch(dataset.draw(most, seed))["x"][:, :n_timesteps]
    z = torch.full((len(x), n_timesteps, x.shape[2]), torch.nan, dtype=torch.float32)
    z[:, : x.shape[1]] = (x - torch.from_numpy(mean.astype(np.float32))) / torch.from_numpy(scale.astype(np.float32))
    return z
