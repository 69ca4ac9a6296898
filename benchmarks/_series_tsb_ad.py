"""Rivals for one channel as TSB-AD defines them, with windows of its period.

A window's score is that of the step in its centre, and all but one see the whole series that they judge.
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
from _series_data import tsb_period
from _series_rivals import Context
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

__all__ = ["MatrixProfile", "Polynomial", "SubPCA"]

Float64 = NDArray[np.float64]


class SubPCA:
    """Sub-PCA: distances of a window to all components, each over its share of the variance, summed.

    Each column of the table of windows is standardised; it is fitted to the whole series that it judges.
    """

    def fit(self, parts: Sequence[Float64], context: Context) -> None:
        pass  # nothing is learned beforehand

    def scores(self, series: Float64) -> Float64:
        values = series[:, 0]
        table = StandardScaler().fit_transform(sliding_window_view(values, tsb_period(values)))
        model = PCA().fit(table)
        shares = np.maximum(model.explained_variance_ratio_, np.finfo(float).tiny)
        return _centred(np.sum(cdist(table, model.components_) / shares, axis=1), len(values))


class Polynomial:
    """POLY: a polynomial through the surroundings of each stretch of a period, the stretch left out.

    A step's score is the distance between the spectra of the stretch and the polynomial, over the stretch's length,
    which is the root of the mean squared difference. The first 500 steps, or a tenth, have none.
    """

    POWER, N_PERIODS, LEAST = 4, 10, 100  # degree, and how much surrounds a stretch, in periods and at least in steps
    N_WITHOUT, SHARE_WITHOUT = 500, 0.1

    def fit(self, parts: Sequence[Float64], context: Context) -> None:
        pass  # nothing is learned beforehand

    def scores(self, series: Float64) -> Float64:
        values = series[:, 0]
        n, period = len(values), tsb_period(values)
        scores = np.zeros(n)
        first = math.ceil(min(self.N_WITHOUT, int(self.SHARE_WITHOUT * n)) / period) * period
        for start in range(first, n, period):
            stop = min(start + period, n)
            scores[start:stop] = self._distance(values, start, stop, period)
        return scores / np.ptp(values)

    def _distance(self, values: Float64, start: int, stop: int, period: int) -> float:
        n_around = min(max(self.N_PERIODS * period, self.LEAST), len(values))
        low = min(max(start - n_around // 2, 0), len(values) - n_around)
        around = np.setdiff1d(np.arange(low, low + n_around), np.arange(start, start + period))
        curve = np.polynomial.Polynomial.fit(around, values[around], self.POWER)
        return float(np.sqrt(np.mean((values[start:stop] - curve(np.arange(start, stop))) ** 2)))


class MatrixProfile:
    """stumpy's matrix profile: distance of a window, its level and scale taken out, to the most similar other.

    That is another window of the whole series, as TSB-AD has it, or with `training` one of the training part.
    """

    def __init__(self, training: bool) -> None:
        self._with_training = training

    def fit(self, parts: Sequence[Float64], context: Context) -> None:
        self._training = np.concatenate(parts)[:, 0]

    def scores(self, series: Float64) -> Float64:
        import numba  # type: ignore[import-not-found,import-untyped,unused-ignore]
        import stumpy  # type: ignore[import-not-found,unused-ignore]

        numba.set_num_threads(1)
        values = series[:, 0].astype(np.float64)
        period = tsb_period(values)
        others = {"T_B": self._training, "ignore_trivial": False} if self._with_training else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            profile = stumpy.stump(values, period, **others)[:, 0].astype(np.float64)
        return _centred(profile, len(values))


def _centred(scores: Float64, n_timesteps: int) -> Float64:
    """Scores of windows that start at each step, put at their centres; the first and the last go on to the ends."""
    n_missing = n_timesteps - len(scores)
    return np.pad(scores, (math.ceil(n_missing / 2), n_missing // 2), mode="edge")
