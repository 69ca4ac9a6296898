"""Stretches of a series that are more unusual than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Unusual", "find_peaks", "find_unusual"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Unusual:
    """A stretch of time.

    Attributes
    ----------
    series : int
        The number of its series.
    first, peak, last : int
        Its first row, that with the highest score, and its last row.
    score : float
        The highest score.
    shares : ndarray of shape (n_channels,)
        What each channel has of its errors.
    """

    series: int
    first: int
    peak: int
    last: int
    score: float
    shares: Array


def find_unusual(scores: Sequence[Array], errors: Sequence[Array], threshold: float, gap: int) -> list[Unusual]:
    """Stretches with rows beyond a threshold, the most unusual first.

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_timesteps,)
        For each series, the higher, the more unusual; NaN where there is no score.
    errors : sequence of ndarray of shape (n_timesteps, n_channels)
        The same for each channel.
    threshold : float
        What is above is unusual.
    gap : int
        Rows that are no further apart belong together.

    Returns
    -------
    unusual : list of Unusual
        Each begins and ends with a row beyond the threshold.
    """
    found = []
    for number, (score, error) in enumerate(zip(scores, errors, strict=True)):
        beyond = np.flatnonzero(score > threshold)
        for rows in np.split(beyond, np.flatnonzero(np.diff(beyond) > gap) + 1):
            if len(rows):
                found.append(_stretch(number, int(rows[0]), int(rows[-1]), score, error))
    return sorted(found, key=lambda each: -each.score)


def find_peaks(scores: Sequence[Array], errors: Sequence[Array], most: int, gap: int) -> list[Unusual]:
    """The rows with the highest scores, and none within a gap of another, the most unusual first.

    Parameters
    ----------
    scores, errors
        As in `find_unusual`.
    most : int
        How many.
    gap : int
        Rows that are no further apart belong together.

    Returns
    -------
    peaks : list of Unusual
        Each of a single row.
    """
    found = []
    for number, (score, error) in enumerate(zip(scores, errors, strict=True)):
        left = np.where(np.isnan(score), -np.inf, score)
        for _ in range(most):
            peak = int(left.argmax())
            if left[peak] == -np.inf:
                break
            found.append(_stretch(number, peak, peak, score, error))
            left[max(0, peak - gap) : peak + gap + 1] = -np.inf
    return sorted(found, key=lambda each: -each.score)[:most]


def _stretch(series: int, first: int, last: int, score: Array, error: Array) -> Unusual:
    peak = first + int(np.nanargmax(score[first : last + 1]))
    sums = np.nansum(error[first : last + 1], axis=0)
    shares = sums / sums.sum() if sums.sum() > 0 else np.full(len(sums), 1 / len(sums))
    return Unusual(series, first, peak, last, float(score[peak]), shares)
