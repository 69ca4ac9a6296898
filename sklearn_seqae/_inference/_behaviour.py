"""How sequences behave, wherever in time: a few statistics of each, and how unusual these are."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sklearn_seqae._data._batches import batches_of_like_length
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._neighbours import Memory

__all__ = ["Behaviour", "describe"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# Steps over which values change. Over longer ones they say little that the deviation does not.
_LAGS = (1, 2, 4, 8, 16, 32)
# Added to deviations and changes, in standard units, before their logarithm: less than this is as good as none.
_LEAST_SIZE = 0.01
# Smallest standard deviation of a statistic over the sequences, in its own unit.
_LEAST_DEVIATION = 0.01
# Directions in which sequences are told from each other singly.
_MOST_DIRECTIONS = 64
# Normal sequences that are kept, and of these, whose distances are averaged: a single one may be odd.
_MOST_POINTS = 500
_N_NEIGHBOURS = 3
# Values that are looked at together, about.
_VALUES_AT_ONCE = 1_000_000


def describe(dataset: SequenceDataset, mean: Float64, scale: Float64) -> Float64:
    """Statistics of each sequence that stay nearly the same when it is moved in time.

    Parameters
    ----------
    dataset : SequenceDataset
        The sequences.
    mean, scale : ndarray of shape (n_channels,)
        What is subtracted from, and then divides, each channel.

    Returns
    -------
    statistics : ndarray of shape (n_sequences, 8 * n_channels)
        Of all channels the mean, then the logarithm of the standard deviation, then that of the root mean square of
        the changes over 1, 2, 4, 8, 16 and 32 steps (the logarithm of a variogram). NaN where there is no pair of
        observed values so far apart.
    """
    found = np.empty((len(dataset), (2 + len(_LAGS)) * dataset.steps.shape[1]))
    # In float32 all the way, which takes half the time.
    offset, unit = mean.astype(np.float32), scale.astype(np.float32)
    for indices in batches_of_like_length(dataset.lengths, len(dataset), _VALUES_AT_ONCE // dataset.steps.shape[1]):
        x = dataset.batch(indices)["x"].numpy()
        x -= offset
        x /= unit
        found[indices] = _statistics(x)
    return found


def _statistics(x: Float32) -> Float64:
    """(B, T, C) -> (B, 8 * C)."""
    x = np.ascontiguousarray(x.transpose(0, 2, 1))  # sums over what lies side by side are several times as fast
    has_gaps = bool(np.isnan(x).any())
    observed = ~np.isnan(x) if has_gaps else np.ones((1, 1, x.shape[2]), dtype=bool)
    counts = observed.sum(axis=2)
    means = _divide(np.sum(x, axis=2, where=observed, dtype=np.float64), counts)
    squares = [_mean_square(x - means[:, :, None].astype(np.float32), has_gaps)]
    squares += [_mean_square(x[:, :, lag:] - x[:, :, :-lag], has_gaps) for lag in _LAGS]
    return np.concatenate([means, *(np.log(np.sqrt(square) + _LEAST_SIZE) for square in squares)], axis=1)


def _mean_square(x: Float32, has_gaps: bool) -> Float64:
    """Over the observed steps, NaN where there are none: (B, C, T) -> (B, C)."""
    counts: Any = x.shape[2]
    if has_gaps:
        missing = np.isnan(x)
        x[missing] = 0
        counts = x.shape[2] - missing.sum(axis=2)
    return _divide(np.einsum("bct,bct->bc", x, x).astype(np.float64), counts)


def _divide(totals: Float64, counts: Any) -> Float64:
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


@dataclass(frozen=True)
class Behaviour:
    """What statistics of normal sequences are like.

    The distance between two sequences is a Mahalanobis distance, so that statistics which always go together count
    once. The covariance is shrunk (Ledoit and Wolf, 2004): it can be inverted however few the sequences are.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_statistics,)
        What is subtracted from, and then divides, each statistic.
    directions : ndarray of shape (n_statistics, n_directions)
        Orthogonal directions of the largest variance, each divided by the standard deviation along it.
    noise : ndarray of shape ()
        Standard deviation in all other directions.
    points : ndarray of shape (n_points, n_directions)
        Normal sequences, along these directions.
    unit : ndarray of shape ()
        Median distance of a point to the others nearest to it. In this unit, distances to the nearest of few sequences
        and of many are comparable.
    """

    mean: Float64
    scale: Float64
    directions: Float64
    noise: Float64
    points: Float64
    unit: Float64

    @classmethod
    def of(cls, statistics: Float64) -> "Behaviour":
        """Learn it from statistics (n_sequences, n_statistics)."""
        observed = ~np.isnan(statistics)
        counts = np.maximum(observed.sum(axis=0), 1)
        mean = np.sum(statistics, axis=0, where=observed) / counts
        squares = np.sum(np.square(statistics - mean), axis=0, where=observed) / counts
        scale = np.maximum(np.sqrt(squares), _LEAST_DEVIATION)
        deviations = np.where(observed, (statistics - mean) / scale, 0.0)
        with threadpool_limits(1, user_api="blas"):  # the last bits depend on the number of threads
            directions, noise = _shrunk(deviations)
            memory = Memory.of(deviations @ directions, _MOST_POINTS)
            behaviour = cls(mean, scale, directions, noise, memory.points, np.ones(()))
            return replace(behaviour, unit=behaviour._between(memory, deviations[memory.rows]))

    def _between(self, memory: Memory, deviations: Float64) -> Float64:
        """Median distance of a point to the others; 1 where there is none."""
        if len(memory.points) < 2:
            return np.ones(())
        distances = np.hypot(memory.distances_between(_N_NEIGHBOURS), self._outside(deviations, memory.points))
        median = np.median(distances)
        return np.asarray(median if median > 0 else 1.0)

    def _outside(self, deviations: Float64, along: Float64) -> Float64:
        """Length of what is outside of the directions."""
        squares = np.square(self.directions).sum(axis=0)
        return np.linalg.norm(deviations - along / squares @ self.directions.T, axis=1) / self.noise

    def arrays(self) -> dict[str, Float64]:
        """Its attributes by name, from which it can be made again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def distances(self, statistics: Float64) -> Float64:
        """Distance of each sequence to the normal ones nearest to it: (n_sequences, n_statistics) -> (n_sequences,).

        In units of `unit`. A missing statistic counts as average. What is outside of the directions is a distance from
        all normal sequences.
        """
        deviations = np.nan_to_num((statistics - self.mean) / self.scale, nan=0.0)
        along = deviations @ self.directions
        inside = Memory.of_points(self.points).distances(along, _N_NEIGHBOURS)
        return np.hypot(inside, self._outside(deviations, along)) / self.unit


def _shrunk(deviations: Float64) -> tuple[Float64, Float64]:
    """Directions, divided by their deviations, and the deviation in all others, of centred rows."""
    from sklearn.covariance import ledoit_wolf_shrinkage  # only a fit waits for it

    n, n_statistics = deviations.shape
    total = float(np.square(deviations).mean())
    shrinkage = float(ledoit_wolf_shrinkage(deviations, assume_centered=True)) if n > 1 and total > 0 else 1.0
    level = shrinkage * (total if total > 0 else 1.0)
    _, singular, directions = np.linalg.svd(deviations, full_matrices=False)
    kept = min(_MOST_DIRECTIONS, max(1, int(np.sum(singular > 1e-6 * singular[0]))))
    left_out = float(np.square(singular[kept:]).sum()) / (n * max(1, n_statistics - kept))
    noise = max(level + (1 - shrinkage) * left_out, _LEAST_DEVIATION**2)
    variances = (1 - shrinkage) * np.square(singular[:kept]) / n + noise
    return directions[:kept].T / np.sqrt(variances), np.asarray(np.sqrt(noise))
