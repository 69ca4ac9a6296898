"""How much of each proposal for a missing value to take, by how far away what is known is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DistanceWeights"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Weights have a knot at each distance 2 ** i, up to where all but this share of the distances are.
_FAR_SHARE = 0.005
# Penalties of a weight and of its change from knot to knot, in units of what one sequence tells of it.
_SHRINKAGE, _SMOOTHNESS = 0.02, 0.2
# Penalty of a channel's own weight, in units of what all sequences tell of it over the root of their number.
_CHANNEL_SHRINKAGE = 0.2
# Rounds in which errors are weighed anew, and the error, in usual ones, below which they count as squares.
_ROUNDS = 3
_SMALL_ERROR = 0.2
# Smallest usual error, in standard units: about what float32 makes of a constant.
_LEAST_ERROR = 1e-6
# Smaller roughnesses and errors, in standard units and in usual errors, count as these; and so does a variance.
_LEAST_ROUGHNESS, _LEAST_RATIO, _LEAST_VARIANCE = 1e-3, 1e-2, 1e-6


@dataclass(frozen=True)
class DistanceWeights:
    """A line plus weighted deviations of other proposals from it.

    Attributes
    ----------
    weights : ndarray of shape (n_others, n_knots)
        At least 0, of each of the proposals behind the first, the line; linear between knots, which are at the
        distances 1, 2, 4, ..., and the last one at infinity.
    channel_weights : ndarray of shape (n_channels,)
        At least 0, by which those of all proposals are multiplied.
    deviations : ndarray of shape (n_channels, n_knots)
        Root mean square of the held-out errors, of a sequence of roughness 1.
    exponent : float
        By which power of the roughness they grow, from 0 to 1.
    """

    weights: Float64
    channel_weights: Float64
    deviations: Float64
    exponent: float

    @classmethod
    def fit(
        cls,
        values: Float32,
        distance: Float32,
        channel: Int64,
        roughness: Float32,
        truth: Float32,
        *,
        n_sequences: int,
        n_channels: int,
    ) -> "DistanceWeights":
        """Learn them from proposals for values that are known.

        Weights are at least 0 and have a ridge penalty towards the line, the heavier the fewer sequences there are:
        where the others add nothing, the line stays. A channel in which they are worth more or less than in others has
        a weight of its own, near 1 where there are few sequences. Large errors count by their size, not their square
        (iteratively reweighted), lest few wild sequences decide for all.

        Parameters
        ----------
        values, distance, channel, roughness
            As `Proposals` has them.
        truth : ndarray of shape (n_missing,)
            What the values are.
        n_sequences, n_channels : int
            Number of sequences they come from, and of channels.
        """
        knots = _knots(distance, _count_knots(distance))
        target = (truth - values[:, 0]).astype(np.float64)
        others = (values[:, 1:] - values[:, :1]).astype(np.float64)
        weights = _fit_weights(others, knots, target, n_sequences)
        change = _mix(others, knots, weights)
        channel_weights = _fit_channels(change, target, channel, n_sequences, n_channels)
        errors = target - channel_weights[channel] * change
        exponent = _exponent(errors / np.maximum(knots @ _by_knot(errors, knots), _LEAST_ERROR), roughness)
        errors = errors / _grown(roughness, exponent)
        deviations = _by_knot(errors, knots)
        ratios = np.square(errors / np.maximum(knots @ deviations, _LEAST_ERROR))
        counts = np.bincount(channel, minlength=n_channels)
        factors = np.sqrt((np.bincount(channel, ratios, n_channels) + 1) / (counts + 1))  # 1 where nothing is known
        return cls(weights, channel_weights, np.outer(factors, deviations), exponent)

    def combine(self, values: Float32, distance: Float32, channel: Int64) -> Float64:
        """Fills (n_missing,) from proposals (n_missing, 1 + n_others)."""
        others = (values[:, 1:] - values[:, :1]).astype(np.float64)
        change = _mix(others, _knots(distance, self.deviations.shape[1]), self.weights)
        return values[:, 0] + self.channel_weights[channel] * change

    def deviation(self, distance: Float32, channel: Int64, roughness: Float32) -> Float64:
        """Standard deviations (n_missing,) of the fills' errors."""
        usual = np.sum(_knots(distance, self.deviations.shape[1]) * self.deviations[channel], axis=1)
        return usual * _grown(roughness, self.exponent)


def _count_knots(distance: Float32) -> int:
    finite = distance[np.isfinite(distance)]
    far = float(np.quantile(finite, 1 - _FAR_SHARE)) if len(finite) else 1.0
    return int(np.ceil(np.log2(max(far, 2.0)))) + 2


def _knots(distance: Float32, n_knots: int) -> Float64:
    """Share of each knot in a distance: (n,) -> (n, n_knots)."""
    place = np.clip(np.log2(np.maximum(distance, 1.0)), 0, n_knots - 2)
    place = np.where(np.isinf(distance), n_knots - 1, place)
    return np.maximum(0.0, 1 - np.abs(place[:, None] - np.arange(n_knots)))


def _mix(others: Float64, knots: Float64, weights: Float64) -> Float64:
    return np.einsum("nk,ni,ki->n", others, knots, weights)


def _by_knot(errors: Float64, knots: Float64) -> Float64:
    """Root mean square of errors near each knot; knots without any have that of the next one; 1 if there are none."""
    counts = knots.sum(axis=0)
    if not counts.any():
        return np.ones(len(counts))
    squares = knots.T @ np.square(errors)
    seen = counts > 0
    means = np.sqrt(squares[seen] / counts[seen])
    return np.interp(np.arange(len(counts)), np.flatnonzero(seen), means)


def _fit_channels(change: Float64, target: Float64, channel: Int64, n_sequences: int, n_channels: int) -> Float64:
    """By how much to multiply the change of each channel, at least 0: by ridge regression towards 1."""
    weights = np.ones(n_channels)
    for c in np.unique(channel):
        x, y = change[channel == c], target[channel == c]
        usual = max(float(np.sqrt(np.mean(np.square(y - x)))), _LEAST_ERROR)
        for _ in range(_ROUNDS):
            importance = 1 / np.maximum(np.abs(y - weights[c] * x) / usual, _SMALL_ERROR)
            size = float(np.sum(importance * x * x))
            ridge = _CHANNEL_SHRINKAGE * size / np.sqrt(n_sequences) + _LEAST_ERROR
            weights[c] = max(0.0, (float(np.sum(importance * x * y)) + ridge) / (size + ridge))
    return weights


def _exponent(ratios: Float64, roughness: Float32) -> float:
    """By which power of the roughness errors grow, given how many times the usual ones they are."""
    if len(ratios) == 0:
        return 0.0
    x = np.log(np.maximum(roughness, _LEAST_ROUGHNESS))
    y = np.log(np.maximum(np.abs(ratios), _LEAST_RATIO))
    return float(np.clip(np.mean((x - x.mean()) * (y - y.mean())) / max(np.var(x), _LEAST_VARIANCE), 0, 1))


def _grown(roughness: Float32, exponent: float) -> Float64:
    return np.maximum(roughness, _LEAST_ROUGHNESS).astype(np.float64) ** exponent


def _fit_weights(others: Float64, knots: Float64, target: Float64, n_sequences: int) -> Float64:
    """Weights (n_others, n_knots), at least 0, by ridge regression."""
    from scipy.optimize import nnls  # only a fit waits for it

    (n, n_others), n_knots = others.shape, knots.shape[1]
    if n * n_others == 0:
        return np.zeros((n_others, n_knots))
    usual = np.maximum(knots @ _by_knot(target, knots), _LEAST_ERROR)
    design = (others[:, :, None] * knots[:, None, :]).reshape(n, -1) / usual[:, None]
    y = target / usual
    steps = np.diff(np.eye(n_knots), axis=0)
    penalty = (_SHRINKAGE * np.eye(n_knots) + _SMOOTHNESS * steps.T @ steps) / n_sequences
    importance = np.ones(n)
    for _ in range(_ROUNDS + 1):
        gram = design.T @ (design * importance[:, None])
        blocks = gram.reshape(n_others, n_knots, n_others, n_knots)
        sizes = np.einsum("kiki->k", blocks) / n_knots
        ridge = np.einsum("k,kl,ij->kilj", sizes + _LEAST_ERROR, np.eye(n_others), penalty).reshape(gram.shape)
        root = np.linalg.cholesky(gram + ridge)
        weights, _ = nnls(root.T, np.linalg.solve(root, design.T @ (y * importance)))
        importance = 1 / np.maximum(np.abs(y - design @ weights), _SMALL_ERROR)
    return weights.reshape(n_others, n_knots)
