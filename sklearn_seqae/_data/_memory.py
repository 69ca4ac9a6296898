"""The memory that this process may have, and what would not fit into it."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["memory_limit", "refuse_larger"]

# What a container may have, as Linux says within it: of control groups, version 2 and 1.
_OF_CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# A container in which this package runs has more, so that for so little its files need not be read.
_ALWAYS_GRANTED = 2**24


def memory_limit() -> int | None:
    """Bytes of the machine's memory, or fewer that a container is granted; None where nobody tells, as on Windows."""
    limit = _of_machine()
    if limit is None:
        return None
    for path in _OF_CONTAINER:
        with suppress(ValueError, OSError):  # "max" is no number
            limit = min(limit, int(path.read_text()))
    return limit


def _of_machine() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def refuse_larger(name: str, what: str, n_bytes: int) -> None:
    """Refuse to read more numbers than the memory holds: the system would end the process without a word."""
    memory = memory_limit() if n_bytes > _ALWAYS_GRANTED else _of_machine()
    if memory is not None and n_bytes > memory:
        raise MemoryError(
            f"{name} is {what}, which would be read into memory and take {n_bytes / 2**30:.3g} GiB, but there are "
            f"{memory / 2**30:.3g} on this machine, or in this container. Write it to a memory map of float32 in C "
            "order, a slice at a time, which stays on disk (numpy.lib.format.open_memmap), pass parts of it to "
            "partial_fit, or call a fitted model on parts."
        )
