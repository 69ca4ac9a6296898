"""Seconds per epoch of one fit in two processes that torchrun starts, beside one process with one thread and with two.

The shapes and the network are those of `speed.py`. All ways train on the same batches, and the losses of two processes
are compared with those of one. Each measurement is made by processes of their own, the ways take turns, and figures are
medians over the rounds. gloo connects the processes over the loopback interface.

A process fits three times: one epoch to warm up, two epochs, and many more. Seconds per epoch are what the last fit
took longer than the second, over the epochs it had more. Processor time is what a process computes while it waits
neither for others nor for a core, which on a busy machine it does.

    python benchmarks/data_parallel.py --write
    python benchmarks/data_parallel.py --quick
"""

import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _report import environment, publish, table

# torch and the estimator are imported in the processes.

FEW_EPOCHS = 2


class Shape(NamedTuple):
    """Data, and what differs from the usual network; how many epochs are timed."""

    name: str
    n_sequences: int
    n_timesteps: int
    n_channels: int
    params: dict[str, Any]
    n_epochs: int


SHAPES = (
    Shape("tiny", 5000, 10, 1, {"latent_dim": 8, "batch_size": 32}, 4),
    Shape("small", 2000, 50, 1, {"latent_dim": 16, "batch_size": 32}, 6),
    Shape("mid", 2000, 100, 8, {"latent_dim": 64, "batch_size": 64}, 3),
    Shape("long", 512, 500, 3, {"latent_dim": 32, "batch_size": 32}, 4),
)
WAYS = ("one thread", "two threads", "two processes")


def measure(shape: Shape) -> dict[str, Any]:
    """Seconds of an epoch, by the clock and of the processor, and the losses, in this process."""
    from speed import SAME_WORK, waves

    from sklearn_seqae import LSTMAutoencoder

    X = waves(shape.n_sequences, shape.n_timesteps, shape.n_channels)
    params = SAME_WORK | shape.params | {"n_iter_no_change": 1000, "random_state": 0}
    seconds, processor, losses = [], [], []
    for n_epochs in (1, FEW_EPOCHS, FEW_EPOCHS + shape.n_epochs):
        model = LSTMAutoencoder(**params, max_epochs=n_epochs, distributed=True)
        start, start_processor = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X)
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_processor)
        losses = model.loss_curve_.tolist()
    return {
        "epoch": (seconds[2] - seconds[1]) / shape.n_epochs,
        "processor": (processor[2] - processor[1]) / shape.n_epochs,
        "losses": losses,
    }


def run(way: str, shape: Shape) -> dict[str, Any]:
    """Measure in new processes, and read what the first one prints."""
    n_threads = 2 if way == "two threads" else 1
    command = [sys.executable]
    if way == "two processes":
        command += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--local-addr=127.0.0.1"]
    place = {"OMP_NUM_THREADS": str(n_threads)} | ({"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {})
    done = subprocess.run(
        [*command, __file__, "--shape", shape.name], env=os.environ | place, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{way}, {shape.name}: {done.stderr}")
    return json.loads(done.stdout)


def cells(shape: Shape, found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """A row of the table."""
    epoch, processor = (
        {way: statistics.median(each[name] for each in found[way]) for way in WAYS} for name in ("epoch", "processor")
    )
    alone, together = (np.array(found[way][0]["losses"]) for way in ("one thread", "two processes"))
    return [
        shape.name,
        *(f"{seconds:.3g}" for seconds in epoch.values()),
        f"{epoch['two processes'] / epoch['one thread']:.2f}",
        f"{processor['two processes'] / processor['one thread']:.2f}",
        f"{np.abs(alone - together).max():.1g}",
    ]


def section(shapes: tuple[Shape, ...], n_rounds: int) -> str:
    """The table in Markdown."""
    rows = []
    for shape in shapes:
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(n_rounds):
            for way in WAYS:
                found[way].append(run(way, shape))
        rows.append(cells(shape, found))
        print(rows[-1], file=sys.stderr, flush=True)
    header = [
        "",
        *(f"{way}, s an epoch" for way in WAYS),
        "two processes over one thread",
        "processor time of each of them over one's",
        "largest difference of losses",
    ]
    load = f"a load of {os.getloadavg()[0]:.0f} at the end, the processes' own included"
    return f"{table(header, rows)}\n\nMedians of {n_rounds} rounds, seconds by the clock.\n\n{environment(note=load)}"


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="two shapes, one round", write="the table")
    arguments.add_choice("--shapes", [shape.name for shape in SHAPES], quick=["small", "mid"])
    arguments.add_rounds(3, quick=1)
    arguments.add("--shape", help="measure this one here: what the processes are started with")
    given = arguments.read()
    if given.shape:
        found = measure(next(shape for shape in SHAPES if shape.name == given.shape))
        if int(os.environ.get("RANK", 0)) == 0:
            print(json.dumps(found))
        return
    publish(
        "data_parallel", section(tuple(s for s in SHAPES if s.name in given.shapes), given.rounds), write=given.write
    )


if __name__ == "__main__":
    main()
