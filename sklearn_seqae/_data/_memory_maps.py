"""Memory-mapped files: what has been read of them does not stay in memory."""

import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PageLimit"]

# Bytes of a mapped file that may be resident before they are given back.
_KEPT_BYTES = 2**27
# Linux may map as much around each place that is read: a huge page.
_BYTES_AROUND = 2**21
# Of `numpy.memmap`: what is written goes to the file.
_SHARED_MODES = ("r", "r+", "w+")


class PageLimit:
    """Gives back the pages of a memory map once many have been read.

    The pages of a mapped file that a process has read count as its memory until the system needs the room. Here they
    are given back before (madvise(2), MADV_DONTNEED): they remain in the system's cache, and are mapped again when
    they are read again. Of a private mapping (``mode="c"``) that would undo what was written to it, so only arrays that
    look into a `numpy.memmap` of another mode are treated so.

    Parameters
    ----------
    array : ndarray
        Any array.
    """

    def __init__(self, array: Any) -> None:
        self._mapping = _shared_mapping(array)
        self._n_bytes = 0

    def __reduce__(self) -> Any:
        return PageLimit, (None,)  # a mapping cannot be pickled, and a copy is not one

    def count(self, n_bytes: int, n_places: int = 1) -> None:
        """Note that so much has been read, in so many places."""
        if self._mapping is None:
            return
        self._n_bytes += n_bytes + n_places * _BYTES_AROUND
        if self._n_bytes > _KEPT_BYTES:
            self._mapping.madvise(mmap.MADV_DONTNEED)
            self._n_bytes = 0

    def take(self, array: NDArray[Any], indices: NDArray[np.integer]) -> NDArray[Any]:
        """`array.take(indices, axis=0)`, of the array or a view of it, a few places at a time."""
        if self._mapping is None:
            return array.take(indices, axis=0)
        taken = np.empty((*indices.shape, *array.shape[1:]), array.dtype)
        n_places = max(1, _KEPT_BYTES // _BYTES_AROUND)
        for start in range(0, len(indices), n_places):
            piece = taken[start : start + n_places]
            array.take(indices[start : start + n_places], axis=0, out=piece)
            self.count(piece.nbytes, len(piece))
        return taken


def _shared_mapping(array: Any) -> mmap.mmap | None:
    """The mapping that an array looks into, unless what is written to it would be lost."""
    if sys.platform != "linux":
        return None
    is_shared_file = False
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            is_shared_file = array.mode in _SHARED_MODES
        array = array.base
    return array if is_shared_file and isinstance(array, mmap.mmap) else None
