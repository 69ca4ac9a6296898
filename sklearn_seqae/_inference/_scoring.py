"""How unusual errors are: by their size, or by how errors are distributed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._statistics import mean_by_sequence

__all__ = ["ErrorGaussian", "Scoring"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# The covariance is estimated on at most about so many steps, evenly spread.
_MOST_STEPS = 1_000_000
# Smallest standard deviation of an error, in standard units: about what float32 makes of a constant.
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True)
class ErrorGaussian:
    """Normal distribution of a step's absolute errors, as EncDec-AD has it (Malhotra et al., 2016).

    Attributes
    ----------
    location : ndarray of shape (n_channels,)
        Mean absolute error.
    covariance : ndarray of shape (n_channels, n_channels)
        Of the absolute errors, shrunk (Ledoit and Wolf, 2004) in units of the channels' own deviations, so that it
        can be inverted however few the errors are.
    """

    location: Float64
    covariance: Float64

    @classmethod
    def of(cls, parts: Iterable[Float32]) -> "ErrorGaussian":
        """Estimate it from errors in parts (n_steps, n_channels), of which NaN counts as average."""
        from sklearn.covariance import LedoitWolf  # only a fit waits for it

        parts = list(parts)
        stride = -(-sum(map(len, parts)) // _MOST_STEPS)
        absolute = np.abs(np.concatenate([errors[::stride] for errors in parts]), dtype=np.float64)
        observed = ~np.isnan(absolute)
        location = np.nansum(absolute, axis=0) / np.maximum(observed.sum(axis=0), 1)
        deviations = np.where(observed, absolute - location, 0.0)
        scale = np.maximum(np.sqrt(np.square(deviations).mean(axis=0)), _LEAST_DEVIATION)
        correlation = LedoitWolf(assume_centered=True).fit(deviations / scale).covariance_
        # A channel without any error has no variance to shrink towards the others' either.
        np.fill_diagonal(correlation, np.maximum(correlation.diagonal(), _LEAST_DEVIATION))
        return cls(location, correlation * np.outer(scale, scale))

    def squared_deviations(self, errors: Float32) -> Float64:
        """Squared deviations of absolute errors in units of their variance, channel by channel: same shape."""
        return np.square(np.abs(errors) - self.location) / self.covariance.diagonal()

    def squared_distances(self, errors: Float32) -> Float64:
        """Squared Mahalanobis distances of the absolute errors of each step: (n_steps, n_channels) -> (n_steps, 1).

        Where only some channels were observed, their joint distribution counts, and the distance is scaled up to the
        number of all; where none was, it is NaN.
        """
        deviations = np.abs(errors).astype(np.float64) - self.location
        observed = ~np.isnan(deviations)
        distances = np.full((len(errors), 1), np.nan)
        patterns, pattern_of = np.unique(observed, axis=0, return_inverse=True)
        for i, channels in enumerate(patterns):
            if channels.any():
                steps = pattern_of.ravel() == i
                part = deviations[np.ix_(steps, channels)]
                covariance = self.covariance[np.ix_(channels, channels)]
                squared = np.sum(part * np.linalg.solve(covariance, part.T).T, axis=1)
                distances[steps, 0] = squared * len(channels) / channels.sum()
        return distances


@dataclass(frozen=True)
class Scoring:
    """A way to say how unusual errors are.

    Attributes
    ----------
    name : {"mae", "mse", "mahalanobis"}
        By absolute errors, squared errors, or squared Mahalanobis distances of a step's absolute errors.
    gaussian : ErrorGaussian or None
        How absolute errors are distributed; needed for "mahalanobis" alone.
    """

    name: str
    gaussian: ErrorGaussian | None = None

    def of_values(self, errors: Float32) -> NDArray[Any]:
        """How unusual each single error is, others left aside: same shape; NaN where an error is."""
        if self.gaussian is not None:
            return self.gaussian.squared_deviations(errors)
        return np.square(errors) if self.name == "mse" else np.abs(errors)

    def of_sequences(self, errors: Float32, lengths: Int64) -> Float64:
        """Minus the mean over the steps of each sequence: errors (sum(lengths), n_channels) -> (n_sequences,)."""
        values = self.of_values(errors) if self.gaussian is None else self.gaussian.squared_distances(errors)
        return -mean_by_sequence(values, np.cumsum(lengths) - lengths)
