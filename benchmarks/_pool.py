"""Many calls in a few processes, of one thread each, that stay for the next."""

import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import torch
from _quality import Task
from threadpoolctl import threadpool_limits

__all__ = ["one_thread", "run"]


def one_thread() -> None:
    """Have torch and the BLAS libraries use one thread in this process."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def run(tasks: Sequence[tuple[Any, Task]], n_jobs: int) -> dict[Any, list[Any]]:
    """Call all, `n_jobs` at once with one thread each: results by key, in the order of the tasks."""
    results: dict[Any, list[Any]] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=one_thread) as pool:
        waiting = [(key, task, pool.submit(task.function, *task.arguments)) for key, task in tasks]
        for key, task, future in waiting:
            print(f"{task.label}: {future.result()}", file=sys.stderr, flush=True)
            results.setdefault(key, []).append(future.result())
    return results
