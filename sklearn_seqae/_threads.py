"""How many threads to compute with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["suitable_threads"]

# Multiply-adds in one pass of a batch below which a second thread gains little, and loses much beside a busy process.
_SMALL_WORK = 250_000_000


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
