"""Hundreds of fits and thousands of calls in one process, in threads, and in processes, none of which may leak or hang.

- fits and calls of `transform` one after the other: resident memory, open files and threads at the end, over what they
  were after the first tenth;
- eight threads on one fitted model: their codes, against those of one thread;
- fits in processes that are started by fork, spawn and forkserver, and by joblib's loky, with one thread of torch each,
  against a fit here.

    python benchmarks/soak.py --write
    python benchmarks/soak.py --quick
"""

import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _isolation import anonymous_megabytes, isolated
from _report import environment, publish, table
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

# The estimator is imported in the processes.

N_THREADS = 8
WAYS = ("fork", "spawn", "forkserver", "loky")
TIMEOUT = 120  # seconds after which a process is taken to hang


class Levels(NamedTuple):
    """What a process holds."""

    megabytes: float
    files: int
    threads: int


class Growth(NamedTuple):
    """What a process holds early on and at the end."""

    early: Levels
    late: Levels
    seconds: float


def levels() -> Levels:
    """What this process holds now (Linux)."""
    return Levels(anonymous_megabytes(), len(os.listdir("/proc/self/fd")), threading.active_count())


def sequences() -> NDArray[np.float64]:
    """Waves of 30 steps."""
    rng = np.random.default_rng(0)
    return np.sin(rng.uniform(0, 6, (100, 1)) + np.linspace(0, 6, 30)) + rng.normal(0, 0.1, (100, 30))


def small_model() -> Any:
    """An estimator that is fitted in a moment."""
    from sklearn_seqae import LSTMAutoencoder

    return LSTMAutoencoder(latent_dim=4, max_epochs=5, random_state=0)


def watched(what: str, n: int) -> Growth:
    """Do something n times."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, model = sequences(), small_model()
    if what != "fits":
        model.fit(X)
    start, early = time.perf_counter(), levels()
    for i in range(n):
        if i == n // 10:
            early = levels()
        if what == "fits":
            model.fit(X)
        else:
            model.transform(X[i % 100 : i % 100 + 1])
    return Growth(early, levels(), time.perf_counter() - start)


def in_threads(n_calls: int) -> float:
    """The largest difference of codes that threads get at once from those of one thread."""
    from sklearn_seqae import LSTMAutoencoder

    X = sequences()
    model = LSTMAutoencoder(latent_dim=4, max_epochs=20, random_state=0).fit(X)
    expected = model.transform(X)
    parts = [np.arange(i % 90, i % 90 + 1 + i % 10) for i in range(n_calls)]
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda rows: model.transform(X[rows]), parts))
    return max(float(np.abs(codes - expected[rows]).max()) for codes, rows in zip(found, parts, strict=True))


def codes_of_a_fit(_: int) -> NDArray[np.float32]:
    """A fit of one's own, in one thread: a forked process must not use torch's threads, which it has not."""
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    return small_model().fit_transform(sequences())


def in_processes(way: str) -> float:
    """The largest difference of codes that processes, started in some way, fit at once from those of this one."""
    expected = codes_of_a_fit(0)
    if way == "loky":
        fits = [delayed(small_model().fit_transform)(sequences()) for _ in range(4)]  # joblib sets the threads
        found = Parallel(2, backend=way, timeout=TIMEOUT)(fits)
        get_reusable_executor().shutdown()  # or this process, started by another, would wait for it at its end
    else:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(way)) as pool:
            found = list(pool.map(codes_of_a_fit, range(4), timeout=TIMEOUT))
    return max(float(np.abs(codes - expected).max()) for codes in found)


def growth_rows(n_fits: int, n_calls: int) -> Iterator[list[str]]:
    """Rows of the table of what grows."""
    for what, n in (("fits", n_fits), ("calls of transform", n_calls)):
        growth: Growth = isolated(watched, what, n, threads=2).value
        changes = [f"{late - early:+.1f}" for early, late in zip(growth.early, growth.late, strict=True)]
        yield [f"{n:,} {what}", f"{growth.seconds:.0f}", f"{growth.early.megabytes:.0f}", *changes]
        print(f"{n} {what}: {growth}", file=sys.stderr, flush=True)


def difference_rows(n_calls: int) -> Iterator[list[Any]]:
    """Rows of the table of what differs."""
    yield [f"{n_calls:,} calls in {N_THREADS} threads", f"{isolated(in_threads, n_calls, threads=2).value:.2g}"]
    for way in WAYS:
        yield [f"four fits in two processes, by {way}", f"{isolated(in_processes, way, threads=1).value:.2g}"]


def section(n_fits: int, n_calls: int) -> str:
    """The tables in Markdown."""
    growth = table(
        ["in one process", "seconds", "MB after a tenth", "MB more at the end", "open files more", "threads more"],
        growth_rows(n_fits, n_calls),
    )
    differences = table(["at once", "largest difference of codes"], difference_rows(n_calls // 10))
    return "\n\n".join([growth, differences, environment()])


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="20 fits and 1,000 calls", write="the tables")
    arguments.add_number("--fits", 200, "fits in one process", quick=20)
    arguments.add_number("--calls", 20_000, "calls of `transform` in one process", quick=1000)
    given = arguments.read()
    publish("soak", section(given.fits, given.calls), write=given.write)


if __name__ == "__main__":
    main()
