"""How torch computes: with how many threads, and with what memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["in_parallel", "keep_freed_memory", "suitable_threads"]

# Multiply-adds in one pass of a batch below which a second thread gains little, and loses much beside a busy process.
_SMALL_WORK = 200_000_000

_KEPT_BYTES = 31 * 2**20

# Calls at once: each has a workspace, of some 100 MB for a wide network.
_MOST_CALLS = 8


def keep_freed_memory() -> None:
    """Let the C library keep blocks of up to 31 MiB that are freed, rather than give them back to the kernel.

    A training step frees its workspaces and takes them again in the next one. glibc gives large blocks back at once,
    and the kernel must clear every page anew; a block of this size that is freed teaches glibc to keep blocks as
    large (the dynamic threshold of `mallopt(3)`, which goes up to 32 MiB). The process may hold up to 62 MiB of free
    memory for it, and other code computes as before. Other C libraries do not mind.
    """
    torch.empty(_KEPT_BYTES, dtype=torch.uint8)


@contextmanager
def suitable_threads(multiply_adds: int) -> Iterator[None]:
    """Compute small work with one thread, other work with as many as torch is set to; put the setting back.

    Sums in another order differ in their last bits. With one thread, the result is the same for any `n_jobs`, which
    sets the number of threads in joblib's workers.
    """
    n_threads = torch.get_num_threads()
    if n_threads == 1 or multiply_adds > _SMALL_WORK:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def in_parallel(function: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Call a function with each item, as many at once as torch has threads (at most 8), each with one thread.

    An LSTM's steps wait for each other, so that threads share a batch badly, and its last bits depend on how they
    share it. What each call computes here is the same for any number of threads.
    """
    n_calls = min(torch.get_num_threads(), _MOST_CALLS)
    if n_calls == 1:
        for item in items:
            function(item)
        return
    with (
        suitable_threads(0),
        ThreadPoolExecutor(n_calls, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        for _ in pool.map(function, items):  # raises what a call raises, and then drops the items that wait
            pass
