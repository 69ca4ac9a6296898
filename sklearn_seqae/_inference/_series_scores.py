"""How unusual rows of a series are, by the windows that they are in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._directions import effective_sizes
from sklearn_seqae._inference._errors import codes_and_errors
from sklearn_seqae._inference._neighbours import Memory
from sklearn_seqae._inference._passes import decode, encode
from sklearn_seqae._inference._rows import RowMeans, moving_mean

__all__ = ["SeriesScoring", "Trace"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

# Windows that are looked at at once have about so many values.
_VALUES_AT_ONCE = 4_000_000
# Rows that are judged at once.
_ROWS_AT_ONCE = 2**17
# Training windows that a window is compared with, more than one since it may have been trained on itself.
_N_NEIGHBOURS = 5
# A component of the code counts where training has so many independent values of it: of fewer, a further one is often
# beyond all of them, and most so where the process drifts.
_FEWEST_INDEPENDENT = 6
# Rows over which a row's own error is averaged, as a share of the width.
_OWN_SHARE = 8
# The unit of windows is what is usual at most for held-out rows; that of a row's own error, which speaks only beyond
# it, the largest, but at least a little.
_USUAL = 0.99
_LEAST_UNIT = 1e-4


class Trace(NamedTuple):
    """What scores are made of, row by row: how unusual the windows of a row are, and its own squared error."""

    windows: Float64
    own: Float64

    def __add__(self, other: "Trace") -> "Trace":  # type: ignore[override]
        """One behind the other."""
        return Trace(*(np.append(a, b) for a, b in zip(self, other, strict=True)))

    def from_row(self, first: int) -> "Trace":
        return Trace(self.windows[first:], self.own[first:])


@dataclass(frozen=True)
class SeriesScoring:
    """Scores by a network and what it was trained on.

    Attributes
    ----------
    module : SequenceAutoencoder
        The network.
    scale : ndarray of shape (n_channels,)
        Units of the channels' errors.
    codes : ndarray of shape (n_codes, n_components)
        Those of training windows.
    counts : ndarray of shape (n_components,), bool
        Components in which codes are compared.
    width : int
        Rows of a window.
    causal : bool
        Whether a row is judged by the windows that end with it or before, or by all that it is in.
    units : (float, float)
        What is usual at most for rows: smoothed traces of both kinds are divided by it.
    code_unit : float
        What codes are to be multiplied by to be in units of `scale`.
    n_neighbours : int
        Nearest codes that a code's distance is the mean of.
    """

    module: Any
    scale: Float64
    codes: Float32
    counts: Bool
    width: int
    causal: bool
    units: tuple[float, float] = (1.0, 1.0)
    code_unit: float = 1.0
    n_neighbours: int = _N_NEIGHBOURS

    @classmethod
    def of(cls, autoencoder: Any, windows: Sequences, owner: Int64, width: int, causal: bool) -> "SeriesScoring":
        """Remember training windows, in the order of time, each of the series that `owner` names."""
        codes = encode(autoencoder.module_, SequenceDataset.of(windows))
        counts = effective_sizes(codes, owner) >= _FEWEST_INDEPENDENT
        return cls(autoencoder.module_, autoencoder.channel_scale_, codes, counts, width, causal)

    def as_one_of(self, n_codes: int, scale: Float64) -> "SeriesScoring":
        """The same as part of one with so many codes and other units of errors.

        Among fewer codes the nearest are farther away, so that fewer of them count; distances of codes, which are in
        the units of all channels, are in the mean of the new ones.
        """
        factor = float(np.exp(np.mean(np.log(self.scale / scale))))
        n_neighbours = max(1, round(self.n_neighbours * min(1, len(self.codes) / n_codes)))
        return replace(self, scale=scale, code_unit=factor * self.code_unit, n_neighbours=n_neighbours)

    # Scores

    def trace(self, steps: Float32, first: int = 0) -> Trace:
        """What is found at the rows of one series, from row `first` on: (n_timesteps, n_channels) -> (n,) each.

        NaN where no window has a value, or the row itself has none.
        """
        found = self._by_row(
            steps, first, lambda scores, errors: (scores[:, None, None], _mean_squares(errors)), (1, 1)
        )
        return Trace(*(part[:, 0] for part in found))

    def smooth(self, trace: Trace) -> Trace:
        """Means over the rows around, which make of what is found at single rows what can be compared."""
        over_windows = moving_mean(trace.windows, self.width, behind=self.causal)
        over_windows[np.isnan(trace.windows)] = np.nan
        return Trace(over_windows, moving_mean(trace.own, max(1, round(self.width / _OWN_SHARE)), behind=self.causal))

    def join(self, smooth: Trace) -> Float64:
        """Scores of rows: how unusual their windows are, and how much their own error is beyond what is usual."""
        beyond: Float64 = np.fmax(smooth.own / self.units[1] - 1, 0)
        return smooth.windows / self.units[0] + beyond

    def of_rows(self, steps: Float32) -> Float64:
        """How unusual each row of one series is: (n_timesteps, n_channels) -> (n_timesteps,); NaN where unknown."""
        return self._in_parts(steps, lambda part: self.join(self.smooth(self.trace(part))))

    def calibrated(self, smooth: Trace) -> "SeriesScoring":
        """The same in units of what is usual for such rows."""
        windows, own = (part[~np.isnan(part)] for part in smooth)
        usual = float(np.quantile(windows, _USUAL)) if len(windows) else 0.0
        return replace(self, units=(max(usual, _LEAST_UNIT), float(own.max(initial=0)) + _LEAST_UNIT))

    def of_values(self, steps: Float32) -> Float64:
        """Squared errors of each value, in standard units: same shape; NaN where nothing was observed."""

        def judge(part: Float32) -> Float64:
            (values,) = self._by_row(part, 0, lambda _, errors: (np.square(errors),), (part.shape[1],))
            values[np.isnan(part)] = np.nan
            return values

        return self._in_parts(steps, judge)

    def _in_parts(self, steps: Float32, judge: Callable[[Float32], Float64]) -> Float64:
        """Judge a long series in parts, each with the rows around it that reach into it: memory is bounded."""
        around = 2 * self.width
        found = []
        for first in range(0, len(steps), _ROWS_AT_ONCE):
            start = max(0, first - around)
            judged = judge(steps[start : first + _ROWS_AT_ONCE + around])
            found.append(judged[first - start : first - start + _ROWS_AT_ONCE])
        return np.concatenate(found)

    def replay(self) -> Float32:
        """Windows drawn from the remembered codes: (n_codes, width, n_channels)."""
        lengths = np.full(len(self.codes), self.width)
        return decode(self.module, self.codes, lengths).reshape(len(lengths), self.width, -1)

    # Windows

    def _by_row(self, steps: Float32, first: int, choose: Any, n_values: tuple[int, ...]) -> list[Float64]:
        """What `choose` makes of windows' scores and errors, (B, width or 1, n_values) each, as means by row."""
        if self.causal:
            return self._by_last_row(steps, first, choose, n_values)
        width = min(self.width, len(steps))
        means = [RowMeans(len(steps), width, n) for n in n_values]
        for starts in self._batches(len(steps) - width + 1):
            for mean, values in zip(
                means, choose(*self._judge(steps, starts, np.full(len(starts), width))), strict=True
            ):
                mean.add(int(starts[0]), values)
        return [mean.means()[first:] for mean in means]

    def _by_last_row(self, steps: Float32, first: int, choose: Any, n_values: tuple[int, ...]) -> list[Float64]:
        """The same of the window that ends with each row, of which there is less at the beginning."""
        found = [np.empty((len(steps) - first, n)) for n in n_values]
        for places in self._batches(len(steps) - first):
            rows = first + places
            lengths = np.minimum(rows + 1, self.width)
            for part, values in zip(found, choose(*self._judge(steps, rows + 1 - lengths, lengths)), strict=True):
                part[places] = values[np.arange(len(rows)), np.minimum(lengths, values.shape[1]) - 1]
        return found

    def _batches(self, n: int) -> Iterator[Int64]:
        size = max(1, _VALUES_AT_ONCE // (self.width * len(self.scale)))
        for first in range(0, n, size):
            yield np.arange(first, min(first + size, n))

    def _judge(self, steps: Float32, starts: Int64, lengths: Int64) -> tuple[Float64, Float32]:
        """How unusual windows are, and errors of their values in standard units: (B,), (B, width, n_channels).

        Codes are in natural proportions, so that the squared distance of a code from those of training windows, and
        the sum of squared errors of the reconstruction, which is at right angles to it, nearly, add up. With several
        channels the distance counts for less: each of them may be anywhere in its range without the others.
        """
        windows = Sequences(steps, starts, lengths, lengths, "list")
        codes, found = codes_and_errors(self.module, windows, np.arange(len(starts)), self.scale)
        real = np.arange(lengths.max()) < lengths[:, np.newaxis]  # (B, width)
        errors = np.full((*real.shape, len(self.scale)), np.nan, dtype=np.float32)
        errors[real] = found
        observed = ~np.isnan(errors)
        n_observed = observed.sum(axis=(1, 2))
        n_values = self.width * len(self.scale)  # as many as complete windows have
        residual = np.square(np.where(observed, errors, 0), dtype=np.float64).sum(axis=(1, 2))
        distance = np.square(self.code_unit * self._distances(codes))
        scores = distance / len(self.scale) + residual * n_values / np.maximum(n_observed, 1)
        return np.where(n_observed > 0, scores, np.nan), errors

    def _distances(self, codes: Float32) -> Float64:
        """Mean distance to the nearest remembered codes, in the components that count: (B, K) -> (B,)."""
        if not self.counts.any():
            return np.zeros(len(codes))
        points = self.codes[:, self.counts].astype(np.float64)
        return Memory.of_points(points).distances(codes[:, self.counts], self.n_neighbours)


def _mean_squares(errors: Float32) -> Float64:
    """Of the channels, where some are observed: (B, T, C) -> (B, T, 1)."""
    observed = ~np.isnan(errors)
    counts = observed.sum(axis=2, keepdims=True)
    sums = np.square(np.where(observed, errors, 0), dtype=np.float64).sum(axis=2, keepdims=True)
    return np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
