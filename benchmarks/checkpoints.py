"""What checkpoints cost, and whether fits that are killed again and again end as if nothing had happened.

- an epoch without `checkpoint_dir`, and the checkpoint after an epoch, for some networks, by the clock and in processor
  time: medians over rounds of fits, one after the other;
- fits in processes that are killed from outside (SIGKILL) at random times, and begun again until one ends: the losses
  and the codes against those of a fit that was left alone, and how many epochs were begun more than once.

    python benchmarks/checkpoints.py --write
    python benchmarks/checkpoints.py --quick
"""

import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from _arguments import Arguments
from _report import environment, publish, table
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._training._checkpoints import Checkpoint
from sklearn_seqae._training._epochs import KeepEpochs

# Sequences, steps and channels; parameters; epochs to time.
NETWORKS: dict[str, tuple[tuple[int, int, int], dict[str, Any], int]] = {
    "very small": ((64, 10, 1), {"latent_dim": 3, "hidden_layer_sizes": (5,)}, 200),
    "default, few sequences": ((64, 30, 1), {}, 200),
    "default, many sequences": ((2000, 30, 1), {}, 20),
    "wide, long sequences": ((500, 100, 8), {"latent_dim": 64, "hidden_layer_sizes": (256,)}, 5),
}
KINDS: list[dict[str, Any]] = [
    {},
    {"early_stopping": True},
    {"dropout": 0.2, "hidden_layer_sizes": (16, 16)},
    {"learning_rate_schedule": "constant"},
    {"net_params": {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}},
]


class Timed(NamedTuple):
    """Milliseconds by the clock and of the processor."""

    clock: float
    processor: float

    @classmethod
    def median(cls, times: Iterable["Timed"]) -> "Timed":
        """Of either."""
        return cls(*map(statistics.median, zip(*times, strict=True)))


class Stopwatch:
    """Times what is done within it."""

    def __enter__(self) -> "Stopwatch":
        self.start = Timed(time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        now = Timed(time.perf_counter(), time.process_time())
        self.time = Timed(*(1000 * (end - start) for start, end in zip(self.start, now, strict=True)))


def note(path: str, mark: bytes) -> None:
    """Append a mark to a file."""
    with open(path, "ab") as file:
        file.write(mark)


class BeginsOfEpochs(Callback):  # type: ignore[misc]
    """Notes in a file that an epoch begins."""

    def __init__(self, path: str) -> None:
        self.path = path

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """One byte an epoch, whatever happens next."""
        note(self.path, b".")


def walks(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Random walks."""
    return np.random.default_rng(0).normal(size=shape).cumsum(axis=1).astype(np.float32)


def model(name: str, **others: Any) -> LSTMAutoencoder:
    """With a fixed number of epochs."""
    _, params, n_epochs = NETWORKS[name]
    return LSTMAutoencoder(
        **{"max_epochs": n_epochs, "learning_rate_schedule": None, "random_state": 0, **params, **others}
    )


def time_epoch(name: str) -> Timed:
    """A fit, over its number of epochs."""
    shape, _, n_epochs = NETWORKS[name]
    X = walks(shape)
    with Stopwatch() as watch:
        model(name).fit(X)
    return Timed(*(milliseconds / n_epochs for milliseconds in watch.time))


def time_checkpoints(name: str) -> tuple[list[Timed], float]:
    """Each checkpoint of a fit, and the size of one in kB."""
    found: list[Timed] = []
    write = KeepEpochs.on_epoch_end
    sizes = [0]
    folder = tempfile.mkdtemp()

    def timed(keeper: Any, *args: Any, **kwargs: Any) -> None:
        with Stopwatch() as watch:
            write(keeper, *args, **kwargs)
        found.append(watch.time)
        sizes[0] = sum(path.stat().st_size for path in Path(folder).glob("*.safetensors"))

    KeepEpochs.on_epoch_end = timed  # type: ignore[assignment, method-assign]
    try:
        model(name, checkpoint_dir=folder).fit(walks(NETWORKS[name][0]))
    finally:
        KeepEpochs.on_epoch_end = write  # type: ignore[method-assign]
    return found, sizes[0] / 1000


def cost_rows(rounds: int) -> Iterator[list[Any]]:
    """Rows of the table of what a checkpoint costs."""
    for name in NETWORKS:
        model(name, max_epochs=1).fit(walks(NETWORKS[name][0]))  # warm
        epochs, checkpoints = [], []
        for _ in range(rounds):
            epochs.append(time_epoch(name))
            times, kilobytes = time_checkpoints(name)
            checkpoints += times
        epoch, checkpoint = Timed.median(epochs), Timed.median(checkpoints)
        times_shown = [f"{ms:.1f}" for ms in (*epoch, *checkpoint)]
        yield [name, f"{kilobytes:,.0f}", *times_shown, f"{checkpoint.processor / epoch.processor:.0%}"]
        print(name, epoch, checkpoint, file=sys.stderr, flush=True)


def fit_and_tell(X: Any, params: dict[str, Any], log: str, result: str) -> None:
    """Fit, and write down what came out."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    remove = Checkpoint.remove

    def remove_and_tell(checkpoint: Checkpoint) -> None:
        remove(checkpoint)
        note(log, b"E")  # a kill from here on, before the result is there, costs the whole fit

    Checkpoint.remove = remove_and_tell  # type: ignore[assignment, method-assign]
    fitted = LSTMAutoencoder(**params).fit(X)
    Checkpoint.remove = remove  # type: ignore[method-assign]
    with open(f"{result}.part", "wb") as file:
        np.savez(file, losses=fitted.loss_curve_, codes=fitted.transform(X))
    os.replace(f"{result}.part", result)


class Outcome(NamedTuple):
    """What came of a fit that was killed again and again."""

    n_kills: int
    is_equal: bool
    n_epochs: int
    n_lost: int


def kill_until_done(i: int, rng: np.random.Generator) -> Outcome:
    """One fit, from its first begin to its end; every second one on sequences of unequal length."""
    folder = tempfile.mkdtemp()
    log, result = os.path.join(folder, "log"), os.path.join(folder, "result.npz")
    array = walks((60, 20, 1))
    X = [row[: 10 + j % 11] for j, row in enumerate(array)] if i % 2 else array
    params = {"latent_dim": 4, "max_epochs": 60, "batch_size": 20, "random_state": i} | KINDS[i % len(KINDS)]
    start = time.perf_counter()
    fit_and_tell(X, params, log, result)
    seconds = time.perf_counter() - start
    with np.load(result) as file:
        expected = dict(file)
    os.unlink(result)
    params |= {"checkpoint_dir": os.path.join(folder, "checkpoints"), "callbacks": [BeginsOfEpochs(log)]}
    n_kills = 0
    while True:
        process = multiprocessing.get_context("fork").Process(target=fit_and_tell, args=(X, params, log, result))
        process.start()
        process.join(rng.uniform(0.02, 0.5 * seconds + 0.1))
        if process.exitcode is None:
            process.kill()
            process.join()
        if process.exitcode == 0:
            break
        n_kills += 1
    with np.load(result) as file:
        is_equal = all(np.array_equal(file[name], values) for name, values in expected.items())
    is_equal &= os.listdir(params["checkpoint_dir"]) == []
    marks = Path(log).read_bytes()
    n_epochs = len(expected["losses"])
    outcome = Outcome(n_kills, is_equal, n_epochs, marks.count(b".") - n_epochs * marks.count(b"E"))
    shutil.rmtree(folder)
    return outcome


def kill_rows(n_fits: int) -> Iterator[list[Any]]:
    """The row of the table of fits that are killed."""
    rng = np.random.default_rng(0)
    outcomes = []
    for i in range(n_fits):
        outcomes.append(kill_until_done(i, rng))
        print(outcomes[-1], file=sys.stderr, flush=True)
    kills, equal, epochs, lost = map(sum, zip(*outcomes, strict=True))
    yield [n_fits, kills, f"{equal} of {n_fits}", epochs, lost, f"{lost / kills:.2f}"]


def section(rounds: int, n_fits: int) -> str:
    """The tables in Markdown."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    costs = table(
        ["network", "kB", "ms an epoch", "of the processor", "ms a checkpoint", "of the processor", "share of it"],
        cost_rows(rounds),
    )
    kills = table(
        ["fits", "kills", "equal to the last bit", "epochs", "epochs begun again", "for each kill"],
        kill_rows(n_fits),
    )
    return "\n\n".join([costs, kills, environment(note="with one thread")])


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="one round, and 3 fits that are killed", write="the tables")
    arguments.add_rounds(3, quick=1)
    arguments.add_number("--fits", 30, "fits that are killed", quick=3)
    given = arguments.read()
    publish("checkpoints", section(given.rounds, given.fits), write=given.write)


if __name__ == "__main__":
    main()
