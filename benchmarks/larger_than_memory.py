"""Data that do not fit into memory: how well is learned from files and in parts, and how much memory it takes.

Quality: held-out R² of `fit` in memory, and of the README's ways to learn from a float32 memory map, from a Zarr array
that is written to one, and in parts by `partial_fit`, each from the same sequences and for as many passes as `fit` has
made. Parts are tenths of the data, once of rows at random, once sorted, by class or so, such that none is like the
whole; for comparison also one after the other, at a constant rate, without a sample of all at the beginning. R² counts
channels in units of their standard deviation in all of the training data.

Memory: peaks of each way on more sequences, for one pass, above that before the call; the process's own, and with the
pages of mapped files.

    python benchmarks/larger_than_memory.py --write
    python benchmarks/larger_than_memory.py --quick
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
from _arguments import Arguments
from _growing_data import FAMILIES, Family, draw
from _isolation import isolated, warm_up
from _pool import run
from _quality import Task
from _report import environment, publish, table
from memory import MemorySampler
from numpy.typing import NDArray
from scaling import synthetic
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMAutoencoder

LATENT_DIM = 8
N_PARTS = 10
N_SAMPLED = 2_000
SORTED = ("digits, by class", *FAMILIES)
WANTED = 0.02
IN_MEMORY = "`fit` in memory"

# For memory.
N_TIMESTEPS = 100
MANY_SETTINGS: dict[str, Any] = {"max_epochs": 1, "batch_size": 1000}

Parts = Sequence[Any]

dask_array: Any = da  # of which a part is typed


class Peak(NamedTuple):
    """Megabytes that a way took at its peak, its own and with pages of files."""

    anonymous: float
    resident: float


def write_zarr(X: NDArray[Any], path: Path) -> Any:
    """X as a Zarr array that dask reads, in chunks of some rows and of half the time."""
    chunks = (-(-len(X) // N_PARTS), -(-X.shape[1] // 2), X.shape[2])
    dask_array.from_array(X, chunks=chunks).to_zarr(str(path))
    return dask_array.from_zarr(str(path))


def write_map(lazy: Any, path: Path) -> NDArray[np.float32]:
    """Whatever has slices, written to a memory map of float32."""
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=lazy.shape)
    step = -(-len(lazy) // N_PARTS)
    for start in range(0, len(lazy), step):
        mapped[start : start + step] = lazy[start : start + step]
    return mapped


def parts_of(lazy: Any) -> Parts:
    """Tenths of an array, none of them read."""
    step = -(-len(lazy) // N_PARTS)
    return [lazy[start : start + step] for start in range(0, len(lazy), step)]


def fit_in_parts(model: LSTMAutoencoder, parts: Parts, n_passes: int, seed: int) -> LSTMAutoencoder:
    """As the README has it: a sample of all first, another order in each pass, the last ones at a falling rate."""
    rng = np.random.default_rng(seed)
    n_each = N_SAMPLED // len(parts)
    sample = [part[np.sort(rng.permutation(len(part))[:n_each])] for part in parts]
    model.partial_fit(np.concatenate(sample))
    rate, noise = model.learning_rate, model.input_noise
    for n_left in range(n_passes, 0, -1):
        share = min(1, n_left / (0.4 * n_passes))
        model.set_params(learning_rate=share * rate, input_noise=share * noise)
        for i in rng.permutation(len(parts)):
            model.partial_fit(parts[i])
    return model


def fit_in_order(model: LSTMAutoencoder, parts: Parts, n_passes: int) -> LSTMAutoencoder:
    """One part after the other, at the same rate, as one would without knowing better."""
    for _ in range(n_passes):
        for part in parts:
            model.partial_fit(part)
    return model


def r2(model: LSTMAutoencoder, family: Family) -> float:
    """Share of the variance about the training means that is drawn, each channel in units of its deviation there."""
    mean, scale = family.train.mean(axis=(0, 1)), family.train.std(axis=(0, 1))
    errors = np.square((model.reconstruct(family.test) - family.test) / scale).sum()
    return float(1 - errors / np.square((family.test - mean) / scale).sum())


def qualities(name: str, n: int, seed: int) -> dict[str, float]:
    """Held-out R² of all ways to learn from a family."""
    family = draw(name, n, seed)
    X = family.train[np.random.default_rng(seed).permutation(len(family.train))]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of parts that are all alike
        at_random = write_zarr(X, Path(folder, "random.zarr"))
        ordered = write_zarr(family.train[np.argsort(family.key, kind="stable")], Path(folder, "sorted.zarr"))
        np.save(Path(folder, "X.npy"), X.astype(np.float32))
        made = LSTMAutoencoder(LATENT_DIM, random_state=seed)
        scores = {IN_MEMORY: r2(made.fit(X), family)}
        n_passes = made.n_iter_

        def new() -> LSTMAutoencoder:
            return LSTMAutoencoder(LATENT_DIM, random_state=seed)

        ways: dict[str, Callable[[], LSTMAutoencoder]] = {
            "`fit` on a memory map": lambda: new().fit(np.load(Path(folder, "X.npy"), mmap_mode="r")),
            "Zarr written to a memory map, `fit`": lambda: new().fit(write_map(at_random, Path(folder, "map.npy"))),
            "`partial_fit`, parts of rows at random": lambda: fit_in_parts(new(), parts_of(at_random), n_passes, seed),
            "`partial_fit`, sorted parts": lambda: fit_in_parts(new(), parts_of(ordered), n_passes, seed),
            "sorted parts in order, constant rate": lambda: fit_in_order(new(), parts_of(ordered), n_passes),
        }
        return scores | {way: r2(learn(), family) for way, learn in ways.items()}


def prepare(folder: Path, n: int) -> None:
    """Write many sequences as Zarr in float64, and as a memory map."""
    X = synthetic(n, N_TIMESTEPS).astype(np.float64)
    write_map(write_zarr(X, folder / "X.zarr"), folder / "X.npy")


def peak_in_memory(folder: Path) -> Peak:
    """Of a fit on the Zarr array."""
    return _peak(lambda model: model.fit(dask_array.from_zarr(str(folder / "X.zarr"))))


def peak_on_map(folder: Path) -> Peak:
    """Of a fit on a memory map that is there."""
    return _peak(lambda model: model.fit(np.load(folder / "X.npy", mmap_mode="r")))


def peak_through_map(folder: Path) -> Peak:
    """Of writing a memory map, and a fit on it."""
    return _peak(lambda model: model.fit(write_map(dask_array.from_zarr(str(folder / "X.zarr")), folder / "map.npy")))


def peak_in_parts(folder: Path) -> Peak:
    """Of a sample of all parts, and a pass over them."""
    return _peak(lambda model: fit_in_parts(model, parts_of(dask_array.from_zarr(str(folder / "X.zarr"))), 1, 0))


PEAKS: dict[str, Callable[[Path], Peak]] = {
    "`fit` on the Zarr array, which is read whole": peak_in_memory,
    "`fit` on a memory map": peak_on_map,
    "Zarr written to a memory map, `fit`": peak_through_map,
    "`partial_fit`, a pass over tenths of the Zarr array": peak_in_parts,
}


def _peak(learn: Callable[[LSTMAutoencoder], object]) -> Peak:
    """Of one way to learn, imports not counted."""
    warm_up()
    with MemorySampler() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        learn(LSTMAutoencoder(LATENT_DIM, random_state=0, **MANY_SETTINGS))
    return Peak(memory.anonymous, memory.resident)


def quality_table(names: Sequence[str], results: dict[str, list[dict[str, float]]]) -> str:
    """Means over seeds, and how much less than in memory each way has at worst."""
    rows = []
    for way in results[names[0]][0]:
        scores = {name: [scores[way] for scores in results[name]] for name in names}
        worst = max(s[IN_MEMORY] - s[way] for name in names for s in results[name])
        rows.append([way, *(f"{np.mean(scores[name]):.4f}" for name in names), f"{worst:.4f}"])
    return table(["held-out R²", *names, "less than in memory, at most"], rows)


def memory_table(n: int) -> str:
    """Peaks of all ways, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        isolated(prepare, folder, n)
        peaks = {way: isolated(measure, folder).value for way, measure in PEAKS.items()}
    rows = [[way, f"{peak.anonymous:.0f}", f"{peak.resident:.0f}"] for way, peak in peaks.items()]
    return table(["", "MB of its own", "MB resident, with pages of files"], rows)


def section(given: argparse.Namespace, results: dict[str, list[dict[str, float]]]) -> str:
    """The report in Markdown."""
    n, n_many = given.sequences, given.many
    return "\n\n".join(
        [
            f"The plain constructor with `latent_dim={LATENT_DIM}` on {n:,} sequences (1,347 of digits), in {N_PARTS} "
            f"parts, sorted where it says so as the columns do; means of {given.seeds} seed(s). Wanted are at most "
            f"{WANTED} less than in memory; the last row is there to show what the others avoid.",
            quality_table(given.families, results),
            f"Peaks of memory of one pass over {n_many:,} sequences of {N_TIMESTEPS} steps, which are "
            f"{n_many * N_TIMESTEPS * 4 / 2**20:.0f} MB in float32, and twice that in the Zarr array's float64.",
            memory_table(n_many),
            environment([f"{package} {version(package)}" for package in ("dask", "zarr")]),
        ]
    )


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="a few hundred sequences of one family, one seed", write="the tables")
    arguments.add_number("--sequences", 3_000, "sequences to learn from", quick=500)
    arguments.add_number("--many", 200_000, "sequences of which the memory is measured", quick=20_000)
    arguments.add_choice("--families", SORTED, quick=["shapes, by class"])
    arguments.add_seeds(3)
    arguments.add_jobs()
    given = arguments.read()
    tasks = [
        (name, Task(f"{name}, seed {seed}", qualities, (name, given.sequences, seed)))
        for seed in range(given.seeds)
        for name in given.families
    ]
    results = run(tasks, given.jobs)
    publish("larger_than_memory", section(given, results), write=given.write)


if __name__ == "__main__":
    main()
