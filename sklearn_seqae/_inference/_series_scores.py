"""How unusual rows of a series are, by the windows that they are in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._neighbours import Memory
from sklearn_seqae._inference._passes import decode, encode, encode_and_reconstruct
from sklearn_seqae._inference._rows import RowMeans

__all__ = ["SeriesScoring"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Windows that are looked at at once have about so many values.
_VALUES_AT_ONCE = 4_000_000
# Training windows that a window is compared with, more than one since it may have been trained on itself.
_N_NEIGHBOURS = 5


@dataclass(frozen=True)
class SeriesScoring:
    """Scores by a network and what it was trained on.

    Attributes
    ----------
    module : SequenceAutoencoder
        The network.
    scale : ndarray of shape (n_channels,)
        Units of the channels' errors.
    memory : Memory
        Codes of training windows.
    width : int
        Rows of a window.
    causal : bool
        Whether a row is judged by the window that ends with it alone, or by all that it is in.
    """

    module: Any
    scale: Float64
    memory: Memory
    width: int
    causal: bool

    @classmethod
    def of(cls, autoencoder: Any, windows: Sequences, width: int, causal: bool) -> "SeriesScoring":
        codes = encode(autoencoder.module_, SequenceDataset.of(windows))
        return cls(autoencoder.module_, autoencoder.channel_scale_, Memory.of(codes), width, causal)

    def of_rows(self, steps: Float32, first: int = 0) -> Float64:
        """How unusual each row of one series is, from row `first` on: (n_timesteps, n_channels) -> (n_scored,).

        NaN where no window has a value.
        """
        return self._by_row(steps, lambda scores, _: scores[:, np.newaxis, np.newaxis], 1, first)[:, 0]

    def of_values(self, steps: Float32) -> Float64:
        """Squared errors of each value, in standard units: same shape; NaN where nothing was observed."""
        values = self._by_row(steps, lambda _, errors: np.square(errors), steps.shape[1])
        values[np.isnan(steps)] = np.nan
        return values

    def replay(self) -> Float32:
        """Windows drawn from the remembered codes: (n_codes, width, n_channels)."""
        codes = self.memory.points.astype(np.float32)
        lengths = np.full(len(codes), self.width)
        return decode(self.module, codes, lengths).reshape(len(lengths), self.width, -1)

    def _by_row(self, steps: Float32, choose: Any, n_values: int, first: int = 0) -> Float64:
        if self.causal:
            return self._by_last_row(steps, choose, n_values, first)
        width = min(self.width, len(steps))
        means = RowMeans(len(steps), width, n_values)
        for starts in self._batches(len(steps) - width + 1):
            means.add(int(starts[0]), choose(*self._judge(steps, starts, np.full(len(starts), width))))
        return means.means()[first:]

    def _by_last_row(self, steps: Float32, choose: Any, n_values: int, first: int) -> Float64:
        found = np.empty((len(steps) - first, n_values))
        for places in self._batches(len(found)):
            rows = first + places
            lengths = np.minimum(rows + 1, self.width)
            values = choose(*self._judge(steps, rows + 1 - lengths, lengths))
            found[places] = values[np.arange(len(rows)), np.minimum(lengths, values.shape[1]) - 1]
        return found

    def _batches(self, n: int) -> Iterator[Int64]:
        size = max(1, _VALUES_AT_ONCE // (self.width * len(self.scale)))
        for first in range(0, n, size):
            yield np.arange(first, min(first + size, n))

    def _judge(self, steps: Float32, starts: Int64, lengths: Int64) -> tuple[Float64, Float32]:
        """Scores of windows, and errors of their values in standard units: (B,), (B, width, n_channels)."""
        dataset = SequenceDataset(steps, starts, lengths)
        codes, drawn = encode_and_reconstruct(self.module, dataset)
        original = dataset.batch(np.arange(len(starts)))["x"].numpy()
        errors = np.full(original.shape, np.nan, dtype=np.float32)
        errors[np.arange(original.shape[1]) < lengths[:, np.newaxis]] = drawn
        errors = (errors - original) / self.scale.astype(np.float32)
        n_values = lengths * len(self.scale)
        observed = ~np.isnan(errors)
        counts = observed.sum(axis=(1, 2))
        residual = np.where(observed, errors, 0).astype(np.float64)
        residual = np.square(residual).sum(axis=(1, 2)) / np.maximum(counts, 1)
        distance = np.square(self.memory.distances(codes, _N_NEIGHBOURS)) / n_values
        scores = np.where(counts > 0, distance + residual, np.nan)
        return scores, errors
