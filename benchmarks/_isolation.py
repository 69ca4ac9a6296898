"""Calls in processes of their own, so that one measurement leaves nothing behind for the next."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

__all__ = ["Measured", "anonymous_megabytes", "isolated", "peak_megabytes"]


class Measured(NamedTuple):
    """What a call returned, its seconds (imports not counted), and its peak of resident memory in megabytes."""

    value: Any
    seconds: float
    megabytes: float


def isolated(function: Callable[..., Any], *args: Any, threads: int = 1, **kwargs: Any) -> Measured:
    """Call a module-level function in a fresh process.

    `threads` is what torch may use there, and the BLAS libraries, as a user would set it.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_set_threads, initargs=(threads,)) as pool:
        return pool.submit(_measure, function, args, kwargs).result()


def peak_megabytes() -> float:
    """Peak of this process's resident memory so far.

    Linux starts `ru_maxrss` of a process at its parent's peak, so there the status file is asked.
    """
    if sys.platform == "linux":
        return _status_megabytes("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def anonymous_megabytes() -> float:
    """Resident memory of this process that is its own, not pages of a mapped file (Linux)."""
    return _status_megabytes("RssAnon")


def _status_megabytes(field: str) -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 2**10


def _set_threads(threads: int) -> None:
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)


def _measure(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measured:
    start = time.perf_counter()
    value = function(*args, **kwargs)
    return Measured(value, time.perf_counter() - start, peak_megabytes())
