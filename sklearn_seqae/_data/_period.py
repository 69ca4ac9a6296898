"""The period of a series: after how many rows it is most like itself."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._series import Series

__all__ = ["autocorrelations", "find_width"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# Rows of a window: of noise, where there is no period, and at most.
_NO_PERIOD = 32
_LONGEST = 512
# A training series has at least so many windows' rows.
_LEAST_WINDOWS = 6
# Rows that are looked at.
_MOST_ROWS = 200_000
# Variance of less than this share of the largest square is what rounding makes of a constant.
_LEAST_VARIATION = 1e-12
# A peak of the autocorrelation counts from here.
_STRONG = 0.3


def find_width(series: Series) -> int:
    """Rows of a window that suits the longest of the series.

    That is its period: the lag of the first local maximum of the autocorrelation, averaged over the channels, behind
    its first dip below zero, that is strong. Where there is none, but rows that follow each other are alike, it is 32;
    where they are not, as in noise, a row is a window of its own.

    Parameters
    ----------
    series : Series
        The training data.

    Returns
    -------
    width : int
        From 1 to 512, and at most a sixth of the rows.
    """
    longest = int(series.sizes.argmax())
    start, size = int(series.starts[longest]), int(series.sizes[longest])
    most = max(1, min(_LONGEST, size // _LEAST_WINDOWS))
    steps = series.steps[start : start + min(size, _MOST_ROWS)]
    correlation = _mean_correlation(steps, min(most + 1, len(steps) - 1))
    if len(correlation) < 2 or correlation[1] < 2 / np.sqrt(len(steps)):
        return 1
    return min(_first_strong_peak(correlation) or _NO_PERIOD, most)


def _mean_correlation(steps: Float32, most_lags: int) -> Float64:
    """Autocorrelation averaged over the channels that vary; all 0 where none does."""
    correlations = autocorrelations(steps, most_lags)
    varying = correlations[:, correlations[0] > 0]
    return varying.mean(axis=1) if varying.size else np.zeros(len(correlations))


def _first_strong_peak(correlation: Float64) -> int:
    """Its lag; 0 if there is none."""
    below = np.flatnonzero(correlation < 0)
    if len(below) == 0:
        return 0
    middle = correlation[1:-1]
    is_peak = (middle > correlation[:-2]) & (middle >= correlation[2:]) & (middle > _STRONG)
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[peaks > below[0]]
    return int(peaks[0]) if len(peaks) else 0


def autocorrelations(steps: Float32, most_lags: int) -> Float64:
    """Autocorrelation of each channel at the lags 0, 1, ..., over pairs of observed values.

    Parameters
    ----------
    steps : ndarray of shape (n_timesteps, n_channels)
        NaN where nothing was observed.
    most_lags : int
        The longest lag.

    Returns
    -------
    correlations : ndarray of shape (most_lags + 1, n_channels)
        1 at lag 0; all 0 for a channel that does not vary.
    """
    observed = ~np.isnan(steps)
    counts = np.maximum(observed.sum(axis=0), 1)
    values = np.where(observed, steps, 0).astype(np.float64)
    deviations = np.where(observed, values - values.sum(axis=0) / counts, 0)
    products, pairs = _products(deviations, most_lags), np.round(_products(observed.astype(np.float64), most_lags))
    covariances = products / np.maximum(pairs, 1)
    least = _LEAST_VARIATION * np.square(np.abs(values).max(axis=0))
    correlations: Float64 = np.where(
        covariances[0] > least, covariances / np.maximum(covariances[0], np.finfo(np.float64).tiny), 0
    )
    return correlations


def _products(values: Float64, most_lags: int) -> Float64:
    """Sums of products of values that are 0, 1, ... rows apart: (n, C) -> (most_lags + 1, C)."""
    n = 2 ** int(np.ceil(np.log2(len(values) + most_lags + 1)))
    spectrum = np.abs(np.fft.rfft(values, n, axis=0)) ** 2
    return np.fft.irfft(spectrum, n, axis=0)[: most_lags + 1]
