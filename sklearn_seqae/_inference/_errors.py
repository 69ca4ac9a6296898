"""Errors of reconstructions: of each step in standard units, and how they are distributed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._passes import reconstruct

__all__ = ["ErrorGaussian", "batches_of_rows", "standard_errors"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Errors of about so many values are held at once.
_VALUES_AT_ONCE = 4_000_000
# The covariance is estimated on at most so many steps, evenly spread.
_MOST_STEPS = 1_000_000
# Smallest standard deviation of an error, in standard units: about what float32 makes of a constant.
_LEAST_DEVIATION = 1e-6


def batches_of_rows(sequences: Sequences, rows: Int64) -> Iterator[Int64]:
    """The rows, in order, in batches of bounded numbers of values."""
    values = np.cumsum(sequences.lengths[rows]) * sequences.n_channels
    yield from np.split(rows, np.flatnonzero(np.diff(values // _VALUES_AT_ONCE)) + 1)


def standard_errors(module: Any, sequences: Sequences, rows: Int64, scale: Float64) -> Float32:
    """Reconstruction minus original of some sequences, end to end, in units of `scale`.

    Parameters
    ----------
    module : SequenceAutoencoder
        The network.
    sequences : Sequences
        The originals.
    rows : ndarray of shape (n_rows,)
        Which of them.
    scale : ndarray of shape (n_channels,)
        What to divide each channel's error by.

    Returns
    -------
    errors : ndarray of shape (sum(lengths[rows]), n_channels)
        NaN where nothing was observed.
    """
    starts, lengths = sequences.starts[rows], sequences.lengths[rows]
    reconstructed = reconstruct(module, SequenceDataset(sequences.steps, starts, lengths))
    step = np.arange(len(reconstructed)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    return (reconstructed - sequences.steps[step]) / scale.astype(np.float32)


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
    def of(cls, errors: Float32) -> "ErrorGaussian":
        """Estimate it from errors (n_steps, n_channels), of which NaN counts as average."""
        absolute = np.abs(errors[:: -(-len(errors) // _MOST_STEPS)].astype(np.float64))
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
