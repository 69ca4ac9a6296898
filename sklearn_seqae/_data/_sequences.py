"""The one form of data: sequences laid end to end, and the way back to the user's container.

NaN is the only sign of "nothing here": behind a sequence's last step it is padding, elsewhere a missing value.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._memory_maps import PageLimit

__all__ = ["Container", "Layout", "Sequences", "restore"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# "table" is 2-D, one row per sequence; "array" is 3-D; "list" holds (T_i, c) arrays and "list_1d" (T_i * c,) arrays.
Container = Literal["table", "array", "list", "list_1d"]


class Layout(NamedTuple):
    """What sequences are compared with that come after a fit."""

    container: Container
    n_channels: int
    n_timesteps: int

    def sizes(self, lengths: Int64) -> Int64:
        """Time steps that the container has for drawn sequences of these lengths, as `restore` takes them."""
        if self.container.startswith("list"):
            return lengths
        return np.full(len(lengths), max(self.n_timesteps, int(lengths.max())), dtype=np.int64)


@dataclass(frozen=True)
class Sequences:
    """Sequences of one or more channels, laid end to end.

    Attributes
    ----------
    steps : ndarray of shape (total_steps, n_channels), float32
        All time steps, and after :meth:`take` also those of other sequences. A view on the user's memory where dtype
        and order allow; never written to.
    starts : ndarray of shape (n_sequences,), int64
        Row of `steps` where each sequence begins.
    lengths : ndarray of shape (n_sequences,), int64
        Number of time steps of each sequence, padding not counted.
    sizes : ndarray of shape (n_sequences,), int64
        Time steps of each sequence as it stands in `X`, padding included.
    container : {"table", "array", "list", "list_1d"}
        What `X` was, so that results can be handed back in kind.
    feature_names : ndarray of shape (n_features,), object, or None
        Names of the columns of a table, or of the channels of listed DataFrames.
    """

    steps: Float32
    starts: Int64
    lengths: Int64
    sizes: Int64
    container: Container
    feature_names: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def n_channels(self) -> int:
        return int(self.steps.shape[1])

    @property
    def n_features(self) -> int:
        """What scikit-learn counts as features: columns of a table, channels of others."""
        return self.n_channels * (self.n_timesteps if self.container == "table" else 1)

    @property
    def n_timesteps(self) -> int:
        """Time steps of `X`: of each row of a table or an array, of the longest sequence of a list."""
        return int(self.sizes.max())

    def take(self, rows: NDArray[np.integer]) -> "Sequences":
        """Some of the sequences, in the order of `rows`, on the same memory.

        Parameters
        ----------
        rows : ndarray of shape (n_taken,), int
            Positions of sequences; one may come more than once.

        Returns
        -------
        Sequences
            As if `X` had held these sequences alone.
        """
        return replace(self, starts=self.starts[rows], lengths=self.lengths[rows], sizes=self.sizes[rows])

    def end_to_end(self) -> "Sequences":
        """The same sequences on memory that holds no others: themselves if they have it so, else a copy."""
        starts = np.cumsum(self.sizes) - self.sizes
        if len(self.steps) == self.sizes.sum() and np.array_equal(starts, self.starts):
            return self
        rows = np.arange(self.sizes.sum()) + np.repeat(self.starts - starts, self.sizes)
        return replace(self, steps=PageLimit(self.steps).take(self.steps, rows), starts=starts)

    def restore(self, steps: Float32) -> Any:
        """Hand results for the steps of all sequences, end to end and without padding, back in the container of `X`."""
        return restore(steps, self.lengths, self.sizes, self.container)


def restore(steps: Float32, lengths: Int64, sizes: Int64, container: Container) -> Any:
    """Hand results back in the container that `X` came in.

    Parameters
    ----------
    steps : ndarray of shape (sum(lengths), n_channels)
        The results, end to end.
    lengths : ndarray of shape (n_sequences,)
        Time steps of each sequence.
    sizes : ndarray of shape (n_sequences,)
        Time steps that the container has for each sequence, the same for all in a table or an array; NaN fills what
        is behind a sequence's end.
    container : {"table", "array", "list", "list_1d"}
        What to build.

    Returns
    -------
    ndarray of shape (n_sequences, size * n_channels) or (n_sequences, size, n_channels), or list of ndarrays of \
            shape (sizes[i], n_channels) or (sizes[i] * n_channels,)
    """
    if not np.array_equal(lengths, sizes):
        owner = np.repeat(np.arange(len(sizes)), sizes)
        step = np.arange(len(owner)) - (np.cumsum(sizes) - sizes)[owner]
        padded = np.full((len(owner), steps.shape[1]), np.nan, dtype=steps.dtype)
        padded[step < lengths[owner]] = steps
        steps = padded
    n, n_channels = len(sizes), steps.shape[1]
    if container == "table":
        return steps.reshape(n, -1)
    if container == "array":
        return steps.reshape(n, -1, n_channels)
    parts = np.split(steps, np.cumsum(sizes)[:-1])
    return [part.reshape(-1) for part in parts] if container == "list_1d" else parts
