"""The period of a series: after how many rows it is most like itself."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._series import Series

__all__ = ["autocorrelations", "find_width"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# A window has about so many rows, and at least this share of the series where it holds several periods.
_USUAL_ROWS = 64
_MOST_SHARE = 16
# A period is at most so many rows, and is seen at least so many times.
_LONGEST = 512
_FEWEST_PERIODS = 3
# Rows that are looked at.
_MOST_ROWS = 200_000
# Peaks of the autocorrelation count from here, or from so many standard errors of noise; and from this share of the
# highest.
_LOWEST_PEAK = 0.1
_STANDARD_ERRORS = 3
_HIGH = 0.8
# A weak peak must have been seen so often, a peak from here on need not.
_STRONG_PEAK = 0.3
_FEWEST_WEAK_PERIODS = 8
_SHORTEST = 3
# Variance of less than this share of the largest square is what rounding makes of a constant.
_LEAST_VARIATION = 1e-12
_TINY = float(np.finfo(np.float64).tiny)


def find_width(series: Series) -> int:
    """Rows of a window that suits the longest of the series.

    It is the smallest multiple of the period that has 64 rows, or as many periods as fit into a sixteenth of the
    series, but one at least. The period is the lag of the first peak of the autocorrelation, averaged over the channels
    without their linear trends, that is nearly as high as its highest peak. Where there is none, the width is 64, or
    a sixteenth of the series; but where rows that follow each other are not even alike, a row is a window of its own.

    Parameters
    ----------
    series : Series
        The training data.

    Returns
    -------
    width : int
        From 1 to 512, and at most a third of the rows.
    """
    longest = int(series.sizes.argmax())
    start, size = int(series.starts[longest]), int(series.sizes[longest])
    steps = _without_trend(series.steps[start : start + min(size, _MOST_ROWS)])
    most_lags = min(size // _FEWEST_PERIODS, _LONGEST)
    correlation = _mean_correlation(steps, most_lags)
    period = _find_period(correlation, len(steps))
    if period:
        return period * max(1, min(-(-_USUAL_ROWS // period), size // _MOST_SHARE // period))
    if most_lags < 1 or correlation[1] < 2 / np.sqrt(len(steps)):
        return 1
    return max(1, min(_USUAL_ROWS, size // _MOST_SHARE))


def _find_period(correlation: Float64, n: int) -> int:
    """The lag of the peak that counts; 0 if there is none."""
    least = max(_LOWEST_PEAK, _STANDARD_ERRORS / np.sqrt(n))
    if len(correlation) <= _SHORTEST + 1:
        return 0
    lags = np.arange(_SHORTEST, len(correlation) - 1)
    height = correlation[lags]
    rise = height - np.minimum.accumulate(correlation)[lags]
    is_clear = (height >= _STRONG_PEAK) | ((height >= least) & (lags <= n // _FEWEST_WEAK_PERIODS))
    is_peak = (height >= correlation[lags - 1]) & (height > correlation[lags + 1]) & is_clear & (rise >= least)
    if not is_peak.any():
        return 0
    return int(lags[is_peak & (height >= _HIGH * height[is_peak].max())][0])


def _without_trend(steps: Float32) -> Float64:
    """Each channel less the straight line that comes nearest to it: same shape, NaN where it was."""
    time = np.linspace(-1, 1, len(steps))[:, np.newaxis]
    observed = ~np.isnan(steps)
    counts = np.maximum(observed.sum(axis=0), 1)
    values = np.where(observed, steps, 0).astype(np.float64)
    values -= np.where(observed, values.sum(axis=0) / counts, 0)
    times = np.where(observed, time - np.where(observed, time, 0).sum(axis=0) / counts, 0)
    slopes = (times * values).sum(axis=0) / np.maximum(np.square(times).sum(axis=0), _TINY)
    return np.where(observed, values - slopes * times, np.nan)


def _mean_correlation(steps: Float64, most_lags: int) -> Float64:
    """Autocorrelation averaged over the channels that vary; all 0 where none does."""
    correlations = autocorrelations(steps, most_lags)
    varying = correlations[:, correlations[0] > 0]
    return varying.mean(axis=1) if varying.size else np.zeros(len(correlations))


def autocorrelations(steps: Float32 | Float64, most_lags: int) -> Float64:
    """Autocorrelation of each channel at the lags 0, 1, ..., the usual, biased estimate: long lags have few pairs.

    Parameters
    ----------
    steps : ndarray of shape (n_timesteps, n_channels)
        NaN where nothing was observed, which counts as the mean.
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
    products = _products(deviations, most_lags)
    least = _LEAST_VARIATION * np.square(np.abs(values).max(axis=0)) * len(steps)
    correlations: Float64 = np.where(products[0] > least, products / np.maximum(products[0], _TINY), 0)
    return correlations


def _products(values: Float64, most_lags: int) -> Float64:
    """Sums of products of values that are 0, 1, ... rows apart: (n, C) -> (most_lags + 1, C)."""
    n = 2 ** int(np.ceil(np.log2(len(values) + most_lags + 1)))
    spectrum = np.abs(np.fft.rfft(values, n, axis=0)) ** 2
    return np.fft.irfft(spectrum, n, axis=0)[: most_lags + 1]
