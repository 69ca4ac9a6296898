"""Time of a training step with each short cut of `_fast` and without it, for shapes from tiny to long.

Each variant (all short cuts, all but one, none) has a process of its own, since memory that one of them has taught the
C library to keep would serve the next. They take turns, so that what else the machine does meets all alike; figures
are medians over the rounds. A time is that of a long fit minus a fit of one epoch, over the steps it had more.

Where the machine has other things to do, `--clock cpu` counts the process's own time; it says nothing of "halves",
which shorten the wait, not the work.

    python benchmarks/shortcuts.py
    python benchmarks/shortcuts.py --rounds 15 --shapes tiny default --clock cpu
"""

import argparse
import multiprocessing
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
from _report import environment, table

# The estimator is imported in the processes, once the short cuts that they are to do without are gone.

# Short cuts, by the names that the door to `_fast` gives them.
SHORTCUTS = {"lstm": "run_lstm", "updates": "Updates", "halves": "Halves", "memory": "keep_freed_memory"}
VARIANTS = {"all": [], **{name: [name] for name in SHORTCUTS}, "none": list(SHORTCUTS)}
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}

# The usual network, without what the default constructor adds to it.
PLAIN: dict[str, Any] = {
    "hidden_layer_sizes": (),
    "decoder": "repeat",
    "patch_len": 1,
    "linear_path": False,
    "input_noise": 0.0,
    "mixup": 0.0,
    "time_shift": 0.0,
    "max_grad_norm": None,
}


class Shape(NamedTuple):
    """Data, network and batch, and the epochs of the long fit."""

    n_sequences: int
    n_timesteps: int
    n_channels: int
    latent_dim: int
    batch_size: int
    n_epochs: int
    params: dict[str, Any]

    @property
    def n_steps(self) -> int:
        """Batches in an epoch."""
        return -(-self.n_sequences // self.batch_size)


SHAPES = {
    "tiny": Shape(5000, 10, 1, 8, 32, 5, PLAIN),
    "small": Shape(2000, 50, 1, 16, 32, 9, PLAIN),
    "mid": Shape(2000, 100, 8, 64, 64, 2, PLAIN),
    "long": Shape(512, 500, 3, 32, 32, 3, PLAIN),
    "default": Shape(1792, 64, 1, 8, 64, 8, {}),  # as many values as scikit-learn's digits
}


def leave_out(names: list[str]) -> None:
    """Let this process do without these short cuts."""
    from sklearn_seqae._compute import _shortcuts

    warnings.simplefilter("ignore")
    for name in names:
        attribute = SHORTCUTS[name]
        instead = _shortcuts._not_there if attribute.islower() else None
        setattr(_shortcuts, attribute, instead)


def seconds_per_step(shape: Shape, clock: str) -> float:
    """Time of a training step in this process."""
    from sklearn_seqae import LSTMAutoencoder

    X = np.random.default_rng(0).normal(size=(shape.n_sequences, shape.n_timesteps, shape.n_channels))

    def seconds(n_epochs: int) -> float:
        estimator = LSTMAutoencoder(
            shape.latent_dim,
            batch_size=shape.batch_size,
            max_epochs=n_epochs,
            learning_rate_schedule="constant",
            n_iter_no_change=10**6,
            random_state=0,
            **shape.params,
        )
        start = CLOCKS[clock]()
        estimator.fit(X)
        return CLOCKS[clock]() - start

    return (seconds(1 + shape.n_epochs) - seconds(1)) / (shape.n_epochs * shape.n_steps)


def measure(name: str, processes: dict[str, ProcessPoolExecutor], n_rounds: int, clock: str) -> dict[str, list[float]]:
    """Seconds a step at a shape, by variant: one figure a round."""
    times: dict[str, list[float]] = {variant: [] for variant in processes}
    for i in range(n_rounds + 1):
        for variant, process in processes.items():
            seconds = process.submit(seconds_per_step, SHAPES[name], clock).result()
            if i:  # the first round warms up
                times[variant].append(seconds)
    return times


def row(name: str, times: dict[str, list[float]]) -> list[str]:
    """The time with all short cuts, and what share it is of that without some."""
    cells = [name, f"{1000 * statistics.median(times['all']):.2f}"]
    for variant in list(VARIANTS)[1:]:
        ratios = [with_all / without for with_all, without in zip(times["all"], times[variant], strict=True)]
        cells.append(f"{statistics.median(ratios):.2f}")
    print(*cells, file=sys.stderr, flush=True)
    return cells


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parsed = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        processes = {
            variant: stack.enter_context(
                ProcessPoolExecutor(1, mp_context=context, initializer=leave_out, initargs=(left_out,))
            )
            for variant, left_out in VARIANTS.items()
        }
        rows = [row(name, measure(name, processes, parsed.rounds, parsed.clock)) for name in parsed.shapes]
    header = ["shape", "ms a step", *(f"over that without {name}" for name in SHORTCUTS), "over that without any"]
    print(table(header, rows))
    print(environment(note=f"{parsed.clock} time, medians of {parsed.rounds} rounds"))


if __name__ == "__main__":
    main()
