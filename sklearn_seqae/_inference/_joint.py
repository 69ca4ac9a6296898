"""The joint score: how a sequence is drawn, how far from known ones that is, and how it behaves."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import mean_by_sequence
from sklearn_seqae._inference._behaviour import Behaviour, describe
from sklearn_seqae._inference._errors import batches_of_rows, codes_and_errors
from sklearn_seqae._inference._neighbours import Memory
from sklearn_seqae._inference._passes import encode

__all__ = ["Known", "Measures", "Spread", "held_out_joint_scores"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Codes whose distances are averaged: a single one may be odd, and is that of the sequence itself where it was trained
# on.
_N_NEIGHBOURS = 3
# Codes that are kept: to look through them takes less time than to draw a sequence.
_MOST_CODES = 500
# Distances below are float32's rounding.
_LEAST_DISTANCE = 1e-7
# What is taken for the standard deviation of a distance's logarithm, like so many distances, before any is seen.
_USUAL_DEVIATION, _USUAL_COUNT = 0.3, 2


@dataclass(frozen=True)
class Measures:
    """How far sequences are from what is known.

    Attributes
    ----------
    absolute, squared : ndarray of shape (n_sequences,)
        Mean absolute and mean squared error of the reconstruction in standard units.
    code : ndarray of shape (n_sequences,)
        Distance of the code from known ones, as the root of a mean over the values drawn.
    behaviour : ndarray of shape (n_sequences,)
        Distance of the behaviour from known ones.
    """

    absolute: Float64
    squared: Float64
    code: Float64
    behaviour: Float64

    @classmethod
    def joined(cls, parts: "list[Measures]") -> "Measures":
        """Several, end to end."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def rescaled(self, factor: float, spacing: float) -> "Measures":
        """As of a network whose errors, and whose distances between known codes, are larger by these factors."""
        absolute, squared = factor * self.absolute, factor**2 * self.squared
        return replace(self, absolute=absolute, squared=squared, code=spacing * self.code)

    def logarithms(self) -> Float64:
        """Logarithms of the error, of the distance from known reconstructions, and of the behaviour's: (n, 3).

        What is drawn of a sequence is perpendicular to what is left of it, nearly, so that the squares of the
        reconstruction's distance and of the error add up.
        """
        from_known = np.sqrt(self.squared + np.square(self.code))
        return np.log(np.maximum(np.stack([self.absolute, from_known, self.behaviour], axis=1), _LEAST_DISTANCE))


@dataclass(frozen=True)
class Known:
    """What sequences are compared with, besides how well they are drawn.

    Attributes
    ----------
    codes : Memory
        Codes of training sequences.
    behaviour : Behaviour
        Their behaviour.
    mean, scale : ndarray of shape (n_channels,)
        Their channels' means and standard deviations.
    """

    codes: Memory
    behaviour: Behaviour
    mean: Float64
    scale: Float64

    @classmethod
    def of(cls, module: Any, sequences: Sequences, mean: Float64, scale: Float64) -> "Known":
        """What a network was trained on, with its channels' means and standard deviations."""
        dataset = SequenceDataset.of(sequences)
        return cls(
            Memory.of(encode(module, dataset), _MOST_CODES), Behaviour.of(describe(dataset, mean, scale)), mean, scale
        )

    @property
    def spacing(self) -> float:
        """Median distance of a known code to the others nearest to it; 0 where there is none."""
        if len(self.codes.points) < 2:
            return 0.0
        return float(np.median(self.codes.distances_between(_N_NEIGHBOURS)))

    def measure(self, module: Any, sequences: Sequences) -> Measures:
        """Compare sequences with it, of which few are drawn at once."""
        rows = np.arange(len(sequences))
        return Measures.joined(
            [self._measure(module, sequences.take(some)) for some in batches_of_rows(sequences, rows)]
        )

    def _measure(self, module: Any, sequences: Sequences) -> Measures:
        codes, errors = codes_and_errors(module, sequences, np.arange(len(sequences)), self.scale)
        lengths = sequences.lengths
        starts = np.cumsum(lengths) - lengths
        absolute, squared = mean_by_sequence(np.abs(errors), starts), mean_by_sequence(np.square(errors), starts)
        code = self.codes.distances(codes, _N_NEIGHBOURS) / np.sqrt(lengths * sequences.n_channels)
        described = describe(SequenceDataset.of(sequences), self.mean, self.scale)
        return Measures(absolute, squared, code, self.behaviour.distances(described))


@dataclass(frozen=True)
class Spread:
    """How the logarithms of distances of new normal sequences are distributed.

    Attributes
    ----------
    location, scale : ndarray of shape (3,)
        Means and standard deviations.
    """

    location: Float64
    scale: Float64

    @classmethod
    def of(cls, logarithms: Float64) -> "Spread":
        """Estimate it from logarithms (n_sequences, 3) of sequences that were not trained on."""
        n, location = len(logarithms), logarithms.mean(axis=0)
        return cls(location, _deviation(np.square(logarithms - location).sum(axis=0), n))

    def scores(self, logarithms: Float64) -> Float64:
        """Joint scores, at most 0: (n_sequences, 3) -> (n_sequences,).

        The probability of one as far away or further is taken of each distance. Of those by error and from known
        reconstructions, which have much in common, the smaller counts; its logarithm and the behaviour's are added, as
        Fisher (1932) joins tests.
        """
        by_error, from_known, by_behaviour = log_ndtr((self.location - logarithms) / self.scale).T
        return np.minimum(by_error, from_known) + by_behaviour


def held_out_joint_scores(logarithms: Float64) -> Float64:
    """Joint scores of sequences (n_sequences, 3), each by how the distances of all others are spread.

    A single one has no others, and is judged as if it were usual.
    """
    n = len(logarithms)
    deviations = logarithms - logarithms.mean(axis=0)
    # Without a value, the mean of the others is so much further away, and their squared deviations sum up to less.
    n_others = max(1, n - 1)
    location = logarithms - deviations * n / n_others
    squares = np.square(deviations).sum(axis=0) - np.square(deviations) * n / n_others
    return Spread(location, _deviation(np.maximum(squares, 0.0), n_others)).scores(logarithms)


def _deviation(squares: Float64, n: int) -> Float64:
    """Standard deviation of n values, of which the squared deviations sum up to `squares`."""
    return np.sqrt((squares + _USUAL_COUNT * _USUAL_DEVIATION**2) / (n + _USUAL_COUNT))
