"""Calls in processes of their own, so that one measurement leaves nothing behind for the next."""

import importlib
import multiprocessing
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Measured", "anonymous_megabytes", "isolated", "peak_megabytes", "warm_up"]


class Measured(NamedTuple):
    """What a call returned, its seconds (imports not counted), and its peak of resident memory in megabytes."""

    value: Any
    seconds: float
    megabytes: float


def isolated(
    function: Callable[..., Any],
    *args: Any,
    threads: int = 1,
    checkout: Path | None = None,
    imported: Sequence[str] = (),
    **kwargs: Any,
) -> Measured:
    """Call a module-level function in a fresh process.

    Parameters
    ----------
    function : callable
        What to call, with the other arguments.
    threads : int
        What torch may use there, and the BLAS libraries, as a user would set it.
    checkout : Path or None
        A folder that holds another state of `sklearn_seqae`, to be used there: the script, and what it imports, must
        then import the package in functions alone, since a fresh process first imports the script.
    imported : sequence of str
        Modules to be there already, the same in all calls: the process is forked from one that has imported them, and
        done nothing else, which saves the seconds that this takes.
    """
    context = multiprocessing.get_context("forkserver" if imported else "spawn")
    if imported:
        context.set_forkserver_preload([*imported])
    with ProcessPoolExecutor(1, mp_context=context, initializer=_set_threads, initargs=(threads,)) as pool:
        return pool.submit(_measure, checkout, function, args, kwargs).result()


def warm_up() -> None:
    """Fit once, so that what is imported only then is not counted."""
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning

    from sklearn_seqae import LSTMAutoencoder

    X = np.random.default_rng(0).normal(size=(4, 10, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch on four sequences learns next to nothing
        LSTMAutoencoder(max_epochs=1, random_state=0).fit(X).transform(X)


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


def _measure(
    checkout: Path | None, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Measured:
    if checkout is not None:
        _import_from(checkout.resolve())
    start = time.perf_counter()
    value = function(*args, **kwargs)
    return Measured(value, time.perf_counter() - start, peak_megabytes())


def _import_from(checkout: Path) -> None:
    """Take the package from a folder, also where another state of it is installed; processes started here do so too."""
    sys.path.insert(0, str(checkout))
    found = Path(str(importlib.import_module("sklearn_seqae").__file__)).parent
    if found.parent != checkout:
        raise ImportError(
            f"sklearn_seqae was to come from {checkout}, but came from {found}. Name a folder that holds it, and let "
            "no module of the script import it before."
        )
