"""Codes for many sequences: their speed and memory for any `batch_size`, and data that does not fit into memory.

Encoding: sequences per second of `transform`, for estimators that were fitted with small and large `batch_size`, and of
a torch loop that calls the same encoder, in inference mode, on slices of some sizes, of which the fastest is the best
batch size. Peak memory is what the call adds to that before it. Each measurement has a process of its own, and the
contestants take turns; within a process, the median of three calls counts, after one that does not.

Streaming: `fit` for one epoch, and `transform`, of a float32 memory map of 4.2 GB, and the same of scikit-learn's
IncrementalPCA, whose batches are read by a loop. Memory is sampled throughout, and counted from what the imports took.
The anonymous part is the process's own. The rest of what is resident is pages of the mapped file, which the estimator
gives back as it goes; otherwise the system drops them when it needs the room.

    python benchmarks/memory.py --scratch /var/tmp --write
    python benchmarks/memory.py --quick
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import torch
from _arguments import Arguments
from _isolation import anonymous_megabytes, isolated, warm_up
from _report import environment, publish, table
from numpy.typing import NDArray
from scaling import synthetic, two_digits
from sklearn.decomposition import IncrementalPCA
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMAutoencoder

Float32 = NDArray[np.float32]
Way = Literal["transform", "loop"]

THREADS = 2
LATENT_DIM = 8
SECONDS_BETWEEN_SAMPLES = 0.02
N_ENCODINGS = 3
N_FITTED = 256
SETTINGS: dict[str, dict[str, Any]] = {
    "the plain constructor": {},
    "`patch_len=1, hidden_layer_sizes=()`": {"patch_len": 1, "hidden_layer_sizes": ()},
}

# The memory map.
N_TIMESTEPS, N_CHANNELS = 100, 3
N_WRITTEN_AT_ONCE = 50_000
STREAMED_BATCH = 4096
WANTED_MEGABYTES = 1_000


class Shape(NamedTuple):
    """Of an array of sequences."""

    n_sequences: int
    n_timesteps: int
    n_channels: int


class Job(NamedTuple):
    """One way to encode sequences; `batch_size` is the estimator's parameter, or the size of the loop's slices."""

    shape: Shape
    network: str
    way: Way
    batch_size: int


class Encoding(NamedTuple):
    """Seconds of encoding all, and megabytes that it added at its peak."""

    seconds: float
    megabytes: float


class Streaming(NamedTuple):
    """Seconds of a pass over the memory map, and peaks of memory above the imports."""

    seconds: float
    anonymous_megabytes: float
    resident_megabytes: float


@dataclass(frozen=True)
class Plan:
    """What to measure, and how often."""

    shapes: tuple[Shape, ...]
    networks: tuple[str, ...]
    batch_sizes: tuple[int, ...]
    slices: tuple[int, ...]
    n_rounds: int
    n_mapped: int

    def jobs(self) -> list[Job]:
        """All ways to encode."""
        ways: tuple[tuple[Way, tuple[int, ...]], ...] = (("transform", self.batch_sizes), ("loop", self.slices))
        return [
            Job(shape, network, way, size)
            for shape in self.shapes
            for network in self.networks
            for way, batch_sizes in ways
            for size in batch_sizes
        ]


FULL = Plan(
    shapes=(Shape(100_000, 100, 1), Shape(100_000, 50, 3)),
    networks=tuple(SETTINGS),
    batch_sizes=(1, 32, 1024),
    slices=(32, 256, 512, 1024, 4096),
    n_rounds=3,
    n_mapped=3_500_000,
)
QUICK = Plan(
    shapes=(Shape(20_000, 100, 1),),
    networks=("the plain constructor",),
    batch_sizes=(1, 1024),
    slices=(1024,),
    n_rounds=1,
    n_mapped=100_000,
)


class MemorySampler:
    """Peaks of this process's memory above that at its entrance, sampled in a thread (Linux)."""

    def __enter__(self) -> Self:
        self._ended = Event()
        self._start = self._peak = np.array(_megabytes())
        self._thread = Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        self._sample()

    @property
    def anonymous(self) -> float:
        """Megabytes of the process's own."""
        return float(self._peak[0] - self._start[0])

    @property
    def resident(self) -> float:
        """Megabytes with the pages of mapped files."""
        return float(self._peak[1] - self._start[1])

    def _run(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_SAMPLES):
            self._sample()

    def _sample(self) -> None:
        self._peak = np.maximum(self._peak, _megabytes())


def _megabytes() -> tuple[float, float]:
    """Anonymous and all resident memory."""
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return anonymous_megabytes(), resident_pages * resource.getpagesize() / 2**20


def fitted(X: Float32, **settings: Any) -> LSTMAutoencoder:
    """An estimator after one epoch, which is enough to encode with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LSTMAutoencoder(LATENT_DIM, max_epochs=1, random_state=0, **settings).fit(X)


def encode(job: Job) -> Encoding:
    """Encode all sequences in the way wanted."""
    X = synthetic(*job.shape)
    batch_size = {"batch_size": job.batch_size} if job.way == "transform" else {}
    model = fitted(X[:N_FITTED], **SETTINGS[job.network], **batch_size)
    encode_all: Callable[[Float32], Float32] = model.transform
    if job.way == "loop":
        encode_all = SlicedEncoder(model, job.batch_size)
    with MemorySampler() as memory:
        encode_all(X)
    seconds = []
    for _ in range(N_ENCODINGS):
        start = time.perf_counter()
        encode_all(X)
        seconds.append(time.perf_counter() - start)
    return Encoding(float(np.median(seconds)), memory.anonymous)


@dataclass(frozen=True)
class SlicedEncoder:
    """A loop over slices of the sequences, which needs neither copies nor checks."""

    model: LSTMAutoencoder
    size: int

    @torch.inference_mode()
    def __call__(self, X: Float32) -> Float32:
        """Codes of all sequences (n, K)."""
        module = self.model.module_.eval()
        x = torch.from_numpy(X)
        codes = [module.encode(x[start : start + self.size]) for start in range(0, len(x), self.size)]
        return torch.cat(codes).numpy()


def write_map(path: Path, n_sequences: int) -> None:
    """Write a float32 array (n, T, C), piece by piece."""
    shape = (n_sequences, N_TIMESTEPS, N_CHANNELS)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for seed, start in enumerate(range(0, n_sequences, N_WRITTEN_AT_ONCE)):
        chunk = X[start : start + N_WRITTEN_AT_ONCE]
        chunk[:] = synthetic(len(chunk), N_TIMESTEPS, N_CHANNELS, seed)
    X.flush()


def stream_fit(path: Path) -> Streaming:
    """Train for one epoch on the memory map."""
    warm_up()
    with MemorySampler() as memory:
        X = np.load(path, mmap_mode="r")
        start = time.perf_counter()
        fitted(X)
        seconds = time.perf_counter() - start
    return Streaming(seconds, memory.anonymous, memory.resident)


def stream_transform(path: Path) -> Streaming:
    """Encode the memory map."""
    warm_up()
    with MemorySampler() as memory:
        X = np.load(path, mmap_mode="r")
        model = fitted(X[:N_FITTED])
        start = time.perf_counter()
        model.transform(X)
        seconds = time.perf_counter() - start
    return Streaming(seconds, memory.anonymous, memory.resident)


def stream_pca_fit(path: Path) -> Streaming:
    """Fit IncrementalPCA to the memory map."""
    with MemorySampler() as memory:
        start = time.perf_counter()
        pca = IncrementalPCA(LATENT_DIM)
        for rows in slices(path):
            pca.partial_fit(rows)
        seconds = time.perf_counter() - start
    return Streaming(seconds, memory.anonymous, memory.resident)


def stream_pca_transform(path: Path) -> Streaming:
    """Let IncrementalPCA encode the memory map."""
    with MemorySampler() as memory:
        pca = IncrementalPCA(LATENT_DIM).partial_fit(next(slices(path)))
        start = time.perf_counter()
        np.concatenate([pca.transform(rows) for rows in slices(path)])
        seconds = time.perf_counter() - start
    return Streaming(seconds, memory.anonymous, memory.resident)


def slices(path: Path) -> Iterator[Float32]:
    """Slices of the memory map as tables, all with more rows than components."""
    X = np.load(path, mmap_mode="r")
    X = X.reshape(len(X), -1)
    for start in range(0, len(X), STREAMED_BATCH):
        if len(X) - start >= LATENT_DIM:
            yield X[start : start + STREAMED_BATCH]


STREAMED: dict[str, Callable[[Path], Streaming]] = {
    "`fit`, 1 epoch": stream_fit,
    "`transform`": stream_transform,
    "IncrementalPCA: `partial_fit`": stream_pca_fit,
    "IncrementalPCA: `transform`": stream_pca_transform,
}


def measure_encoding(plan: Plan) -> dict[Job, Encoding]:
    """All ways to encode; medians over the rounds."""
    results: dict[Job, list[Encoding]] = {job: [] for job in plan.jobs()}
    for n_round in range(plan.n_rounds):
        for job, encodings in results.items():
            encodings.append(isolated(encode, job, threads=THREADS).value)
            progress(f"round {n_round + 1}/{plan.n_rounds} {job}: {encodings[-1]}")
    return {job: Encoding(*np.median(encodings, axis=0).tolist()) for job, encodings in results.items()}


def measure_streaming(scratch: Path, n_sequences: int) -> dict[str, Streaming]:
    """All passes over a memory map that is removed afterwards."""
    refuse_full_disk(scratch, map_bytes(n_sequences))
    results = {}
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "sequences.npy"
        isolated(write_map, path, n_sequences, threads=THREADS)
        progress(f"written: {path.stat().st_size / 1e9:.2f} GB")
        for name, stream in STREAMED.items():
            results[name] = isolated(stream, path, threads=THREADS).value
            progress(f"{name}: {results[name]}")
    return results


def map_bytes(n_sequences: int) -> int:
    """Size of the memory map."""
    return n_sequences * N_TIMESTEPS * N_CHANNELS * 4


def refuse_full_disk(scratch: Path, needed: int) -> None:
    """End with a message where the memory map would not fit, with a tenth of it to spare."""
    free = shutil.disk_usage(scratch).free
    if free < 1.1 * needed:
        raise SystemExit(
            f"{scratch} has {free / 1e9:.1f} GB free, but {1.1 * needed / 1e9:.1f} GB are needed: name another folder "
            "with --scratch, or use --quick."
        )


def progress(line: str) -> None:
    """Say what has been measured."""
    print(line, file=sys.stderr, flush=True)


def encoding_table(shape: Shape, network: str, results: dict[Job, Encoding]) -> str:
    """All ways to encode the same with the same network."""
    chosen = {job: result for job, result in results.items() if (job.shape, job.network) == (shape, network)}
    best = min(result.seconds for job, result in chosen.items() if job.way == "loop")
    header = ["", "seconds", "sequences/s", "seconds / the best loop's", "peak MB added"]
    return table(header, [encoding_row(job, result, best) for job, result in chosen.items()])


def encoding_row(job: Job, result: Encoding, best: float) -> list[str]:
    """The figures of one way to encode."""
    name = "`transform`, `batch_size={}`" if job.way == "transform" else "loop over slices of {:,}"
    return [
        name.format(job.batch_size),
        f"{result.seconds:.3g}",
        two_digits(job.shape.n_sequences / result.seconds),
        f"{result.seconds / best:.2f}",
        f"{result.megabytes:.0f}",
    ]


def streaming_table(results: dict[str, Streaming], n_sequences: int) -> str:
    """All passes over the memory map."""
    header = ["", "seconds", "sequences/s", "MB of its own", "MB resident, with pages of the file"]
    rows = [
        [
            name,
            f"{result.seconds:.1f}",
            two_digits(n_sequences / result.seconds),
            f"{result.anonymous_megabytes:,.0f}",
            f"{result.resident_megabytes:,.0f}",
        ]
        for name, result in results.items()
    ]
    return table(header, rows)


def section(plan: Plan, encodings: dict[Job, Encoding], streamings: dict[str, Streaming]) -> str:
    """The report in Markdown."""
    paragraphs = [
        f"Encoding with `latent_dim={LATENT_DIM}`, for any `batch_size` of the estimator, beside a torch loop that "
        f"calls the same encoder on slices of the array. Medians of {plan.n_rounds} round(s), each measurement in a "
        "process of its own; peak memory is what the call added, the codes included."
    ]
    for shape in plan.shapes:
        for network in plan.networks:
            title = f"{shape.n_sequences:,} sequences of {shape.n_timesteps} steps, channels: {shape.n_channels}"
            paragraphs += [f"{title}; {network}:", encoding_table(shape, network, encodings)]
    paragraphs += [
        f"A memory map of {map_bytes(plan.n_mapped) / 1e6:,.0f} MB, {plan.n_mapped:,} sequences of {N_TIMESTEPS} steps "
        f"and {N_CHANNELS} channels in float32; the plain constructor but for `max_epochs=1`, and slices of "
        f"{STREAMED_BATCH:,} for IncrementalPCA. Peaks of memory above the imports, sampled every "
        f"{1000 * SECONDS_BETWEEN_SAMPLES:.0f} ms, the codes included; wanted of the estimator are at most "
        f"{WANTED_MEGABYTES:,} MB resident. The file had just been written, and was read from the system's cache as "
        "far as that holds it. One pass each.",
        streaming_table(streamings, plan.n_mapped),
        environment(note=f"torch and BLAS set to {THREADS} threads"),
    ]
    return "\n\n".join(paragraphs)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = Arguments(__doc__, quick="20,000 sequences and a map of 120 MB: under a minute", write="the tables")
    options.add_rounds(FULL.n_rounds, quick=QUICK.n_rounds)
    scratch = "where to write the memory map, which is removed afterwards (default: the system's temporary folder)"
    options.add_path("--scratch", scratch, default=Path(tempfile.gettempdir()))
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    plan = replace(QUICK if parsed.quick else FULL, n_rounds=parsed.rounds)
    streamings = measure_streaming(parsed.scratch, plan.n_mapped)
    body = section(plan, measure_encoding(plan), streamings)
    publish("memory", body, write=parsed.write)


if __name__ == "__main__":
    main()
