"""The machine's memory, and what would not fit into it."""

import os

__all__ = ["physical_memory", "refuse_larger"]


def physical_memory() -> int | None:
    """Bytes of the machine's memory; None where the system does not tell, as Windows."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def refuse_larger(name: str, what: str, n_bytes: int) -> None:
    """Refuse to read more numbers than the memory holds: the system would end the process without a word."""
    memory = physical_memory()
    if memory is not None and n_bytes > memory:
        raise MemoryError(
            f"{name} is {what}, which would be read into memory and take {n_bytes / 2**30:.3g} GiB, but this machine "
            f"has {memory / 2**30:.3g}. Write it to a memory map of float32 in C order, a slice at a time, which stays "
            "on disk (numpy.lib.format.open_memmap), pass parts of it to partial_fit, or call a fitted model on parts."
        )
