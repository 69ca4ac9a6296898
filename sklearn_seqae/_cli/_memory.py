"""A limit for what a file says it holds: a few bytes can stand for any number of numbers."""

from pathlib import Path

from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._data._memory import memory_limit

__all__ = ["check_size", "most_bytes"]

# The numbers are held several times over: as read, in float32, and in the parts that are trained on and scored.
_SHARE = 4
# Where the system does not tell its memory.
_USUAL_LIMIT = 2 * 2**30


def most_bytes(gib: float | None = None) -> int:
    """Most bytes that a file's numbers may fill: so many GiB, or a quarter of the memory there is."""
    if gib is not None:
        return int(gib * 2**30)
    memory = memory_limit()
    return _USUAL_LIMIT if memory is None else memory // _SHARE


def check_size(path: Path, n_bytes: int, gib: float | None) -> None:
    """Refuse a file whose numbers would fill more than the limit, before they are read."""
    limit = most_bytes(gib)
    if n_bytes > limit:
        raise InputError(
            f"{path}: its numbers would fill {n_bytes / 2**30:.3g} GiB, more than the limit of {limit / 2**30:.3g}; if "
            f"it is meant to hold so many, allow it with --memory {n_bytes / 2**30 + 0.01:.2f}"
        )
