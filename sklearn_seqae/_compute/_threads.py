"""How torch computes: with how many threads."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, RLock, active_count
from typing import TypeVar

import torch

__all__ = ["parallel_map", "suitable_threads", "usable_threads"]

# Multiply-adds in one pass of a batch below which a second thread gains little, and loses much beside a busy process.
_SMALL_WORK = 200_000_000

# Calls at once: each has a workspace, of some 100 MB for a wide network.
_MOST_CALLS = 8

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def suitable_threads(multiply_adds: int, *, brief: bool = False) -> Iterator[None]:
    """Compute small work with one thread, other work with as many as torch is set to, in the calling thread alone.

    Sums in another order differ in their last bits. With one thread, the result is the same for any `n_jobs`, which
    sets the number of threads in joblib's workers.

    Parameters
    ----------
    multiply_adds : int
        The work.
    brief : bool, default=False
        Whether it takes a moment, in which nobody's code runs that might start a thread.
    """
    with _set_threads(_usable_threads() if multiply_adds > _SMALL_WORK else 1, brief=brief):
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
    n_threads = _usable_threads()
    n_calls = min(n_calls, n_threads)
    n_threads_each = n_threads // n_calls if multiply_adds > _SMALL_WORK else 1
    with _set_threads(n_threads_each):
        if n_calls == 1:
            yield map
            return
        with ThreadPoolExecutor(n_calls, initializer=_meet_torch, initargs=(n_threads_each,)) as pool:
            all_are_there = Barrier(n_calls)
            with _new_threads.lock:
                for _ in pool.map(lambda _: all_are_there.wait(), range(n_calls)):
                    pass
                _new_threads.have(n_threads)
            yield pool.map


@contextmanager
def usable_threads() -> Iterator[None]:
    """Compute with the threads that torch is set to; in a fork of a process, with one."""
    with _set_threads(_usable_threads()):
        yield


def _usable_threads() -> int:
    """Torch's number of threads; one in a fork, which OpenMP's threads have not come along to: it would wait for them
    for ever, if the process that was forked had computed with several.
    """
    return 1 if _new_threads.is_forked else _number_of_threads()


def _number_of_threads() -> int:
    """Torch's number of threads in the calling one, which may meet torch here: so not while others set it."""
    with _new_threads.lock:
        return torch.get_num_threads()


@contextmanager
def _set_threads(n_threads: int, *, brief: bool = False) -> Iterator[None]:
    before = _number_of_threads()
    if before == n_threads:
        yield
        return
    with _new_threads.lock:
        torch.set_num_threads(n_threads)
        if not (brief and _new_threads.cannot_come()):
            _new_threads.have(before)
    if torch.get_num_threads() != n_threads:  # torch that is built without OpenMP has one number for all threads
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _meet_torch(n_threads: int) -> None:
    """Give a new thread this number; it takes another one over when it first asks or computes, so it asks before."""
    torch.get_num_threads()
    torch.set_num_threads(n_threads)


class _NewThreads:
    """Threads that have yet to meet torch, and the number of threads that torch gives them.

    `torch.set_num_threads` sets both that and the calling thread's own, so that a thread that first uses torch while
    another computes with few would have few for good. Here the caller is a thread that does nothing else; to start one
    for each call takes three times as long, and at times far longer. (OpenMP's own setting, which threadpoolctl
    reaches, is the calling thread's alone, but does not bind MKL.)

    Attributes
    ----------
    lock : RLock
        To be held from a change of the calling thread's number until theirs is set back, and while torch is met.
    is_forked : bool
        Whether this process is a fork of one that knew this.
    """

    def __init__(self) -> None:
        self.start_anew(is_forked=False)

    def start_anew(self, *, is_forked: bool) -> None:
        """Begin again, in a fork of the process, which has none of its threads."""
        self.is_forked = is_forked
        self.lock = RLock()  # a signal may come while it is held, and its handler compute
        self._caller = ThreadPoolExecutor(1, thread_name_prefix=__name__)
        self._n_callers = 0

    def have(self, n_threads: int) -> None:
        """Set their number, and nobody else's."""
        self._n_callers = 1
        self._caller.submit(torch.set_num_threads, n_threads).result()

    def cannot_come(self) -> bool:
        """Whether there is no thread but the calling one, and the one that sets the number."""
        return active_count() <= 1 + self._n_callers


_new_threads = _NewThreads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=functools.partial(_new_threads.start_anew, is_forked=True))
