"""How torch computes: with how many threads."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

__all__ = ["parallel_map", "suitable_threads"]

# Multiply-adds in one pass of a batch below which a second thread gains little, and loses much beside a busy process.
_SMALL_WORK = 200_000_000

# Calls at once: each has a workspace, of some 100 MB for a wide network.
_MOST_CALLS = 8

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def suitable_threads(multiply_adds: int) -> Iterator[None]:
    """Compute small work with one thread, other work with as many as torch is set to; put the setting back.

    Sums in another order differ in their last bits. With one thread, the result is the same for any `n_jobs`, which
    sets the number of threads in joblib's workers.
    """
    with _set_threads(torch.get_num_threads() if multiply_adds > _SMALL_WORK else 1):
        yield


@contextmanager
def parallel_map(
    n_calls: int = _MOST_CALLS, multiply_adds: int = 0
) -> Iterator[Callable[[Callable[[T], R], Iterable[T]], Iterator[R]]]:
    """A `map` that makes several calls at once, as many as torch has threads, and the threads shared among them.

    An LSTM's steps wait for each other, so that threads share a batch badly, and its last bits depend on how they
    share it. What small calls compute here is the same for any number of threads.

    Parameters
    ----------
    n_calls : int, default=8
        The most calls at once.
    multiply_adds : int, default=0
        Work of a call: a small one has one thread, another one its share of torch's threads.

    Yields
    ------
    callable
        Gives results in the order of the items, and raises what a call raises, after which it drops the items that
        wait. To be used, and its results to be read, within the context.
    """
    n_threads = torch.get_num_threads()
    n_calls = min(n_calls, n_threads)
    n_threads_each = n_threads // n_calls if multiply_adds > _SMALL_WORK else 1
    with _set_threads(n_threads_each):
        if n_calls == 1:
            yield map
            return
        with ThreadPoolExecutor(n_calls, initializer=torch.set_num_threads, initargs=(n_threads_each,)) as pool:
            yield pool.map


@contextmanager
def _set_threads(n_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if before == n_threads:
        yield
        return
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
