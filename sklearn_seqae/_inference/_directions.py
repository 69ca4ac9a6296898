"""Which directions of codes have been seen to vary, rather than to drift."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._period import autocorrelations

__all__ = ["effective_sizes"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def effective_sizes(codes: Float32, owner: Int64) -> Float64:
    """How many independent values each component of successive codes amounts to.

    It is the number of codes over the integrated autocorrelation time, ``1 + 2 * sum of the autocorrelation``, up to
    its first value that is not positive (Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7, 1992).

    Parameters
    ----------
    codes : ndarray of shape (n_codes, n_components)
        In the order of time, evenly spaced, nearly.
    owner : ndarray of shape (n_codes,)
        Number of the series that each is from, ascending.

    Returns
    -------
    sizes : ndarray of shape (n_components,)
        From 1, for what only drifts, to `n_codes`; `n_codes` for a component that is constant.
    """
    borders = [0, *(np.flatnonzero(np.diff(owner)) + 1), len(codes)]
    most_lags = max(1, max(b - a for a, b in pairwise(borders)) // 2)
    gap = np.full((most_lags, codes.shape[1]), np.nan, dtype=codes.dtype)  # pairs across borders do not count
    apart = np.concatenate([part for a, b in pairwise(borders) for part in (codes[a:b], gap)][:-1])
    correlations = autocorrelations(apart, min(most_lags, len(apart) - 1))[1:]
    until_zero = np.cumprod(correlations > 0, axis=0)  # 1 at each lag before the first that is not positive
    times = 1 + 2 * np.sum(until_zero * correlations, axis=0)
    sizes: Float64 = len(codes) / times
    return sizes
