"""Seconds per epoch of training, and sequences encoded per second, of one network in several libraries.

The network is the usual one: LSTM(k), its last hidden state repeated at each step, LSTM(k), a linear layer; it is
trained with Adam at 1e-3 on standardised waves. `LSTMAutoencoder` is told to be just that: patches of one step, no
regularisation, no schedule. Its rivals are a tight torch loop (one tensor, `randperm`, no `DataLoader`) with torch's
default number of threads and with one, skorch as it comes, and Keras 3 on JAX and on TensorFlow, where interpreters
that have them are given. The contestants take turns, each measurement in a process of its own, since an allocator that
one has warmed up would speed up the next; figures are medians over the rounds.

A process fits three times: one epoch to warm up, two epochs, and many more. Seconds per epoch are what the last fit
took longer than the second, over the epochs it had more; what a fit costs besides its epochs is told apart.

    python benchmarks/speed.py --quick
    python benchmarks/speed.py --keras-jax jax/bin/python --keras-tensorflow tensorflow/bin/python --write
    python benchmarks/speed.py --device cuda
"""

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from _arguments import Arguments
from _isolation import isolated, peak_megabytes
from _report import environment, publish, table
from _rivals import UsualAutoencoder, finish_imports, fit_loop, fit_skorch, run_keras
from numpy.typing import NDArray

# The estimator and skorch are imported where they are used: a rival's memory should not hold them.

LEARNING_RATE = 1e-3
ENCODING_BATCH = 512
ENCODING_CALLS = 5
OURS = "`LSTMAutoencoder`"
# Keras's backends, and what they are called.
BACKENDS = {"jax": "JAX", "tensorflow": "TensorFlow"}

# The estimator's parameters that make it the usual network, trained as the others train it.
SAME_WORK: dict[str, Any] = {
    "hidden_layer_sizes": (),
    "decoder": "repeat",
    "output_layer": "linear",
    "patch_len": 1,
    "linear_path": False,
    "input_noise": 0.0,
    "mixup": 0.0,
    "time_shift": 0.0,
    "weight_decay": 0.0,
    "max_grad_norm": None,
    "learning_rate": LEARNING_RATE,
    "learning_rate_schedule": "constant",
    "n_iter_no_change": 10**9,
}

Float32 = NDArray[np.float32]
Figures = dict[str, float]


class Shape(NamedTuple):
    """Data, network and batch; how many epochs are timed; the goal for the estimator's time over the loop's."""

    name: str
    n_sequences: int
    n_timesteps: int
    n_channels: int
    latent_dim: int
    batch_size: int
    n_epochs: int
    goal: float

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return -(-self.n_sequences // self.batch_size)


SHAPES = (
    Shape("tiny", 5000, 10, 1, 8, 32, n_epochs=20, goal=0.9),
    Shape("small", 2000, 50, 1, 16, 32, n_epochs=30, goal=0.95),
    Shape("mid", 2000, 100, 8, 64, 64, n_epochs=8, goal=0.55),
    Shape("long", 512, 500, 3, 32, 32, n_epochs=12, goal=0.6),
)


class Plan(NamedTuple):
    """How much is measured."""

    shapes: tuple[Shape, ...]
    n_rounds: dict[str, int]
    n_encoded: int


FULL = Plan(SHAPES, n_rounds={"train": 5, "encode": 3}, n_encoded=20_000)
QUICK = Plan((SHAPES[2]._replace(n_sequences=512),), n_rounds={"train": 2, "encode": 1}, n_encoded=2_000)


class Job(NamedTuple):
    """One measurement: a shape, the file that holds its data, the seed of the weights and of the order, a device."""

    shape: Shape
    data: str
    seed: int
    device: str


class Result(NamedTuple):
    """Figures of a contestant at a shape, one dictionary for each round."""

    shape: Shape
    contestant: str
    rounds: list[Figures]

    def values(self, figure: str) -> list[float]:
        """A figure in all rounds; empty where the contestant has none of that name."""
        return [figures[figure] for figures in self.rounds if figure in figures]

    def median(self, figure: str) -> float:
        """Median of a figure over the rounds."""
        return statistics.median(self.values(figure))


# In the measuring process


def save_waves(folder: str, shapes: Sequence[Shape], n_encoded: int) -> None:
    """Make the data of all shapes, for training and for encoding."""
    for shape in shapes:
        for task, n in (("train", shape.n_sequences), ("encode", n_encoded)):
            np.save(data_path(folder, shape, task), waves(n, shape.n_timesteps, shape.n_channels))


def data_path(folder: str, shape: Shape, task: str) -> str:
    """The file that holds a shape's data."""
    return str(Path(folder) / f"{shape.name}-{task}.npy")


def waves(n_sequences: int, n_timesteps: int, n_channels: int) -> Float32:
    """Sums of two sinusoids and a little noise, standardised by channel: (n, T, C)."""
    generator = np.random.default_rng(0)
    cycles, phase, height = generator.uniform((0.5, 0.0, 0.5), (3.0, 1.0, 1.0), (2, n_sequences, 1, n_channels, 3)).T
    moment = np.linspace(0, 1, n_timesteps)[:, None, None]
    # The transposed parameters are (C, 1, n, 2), and the sum over the last axis (C, T, n).
    x = (height * np.sin(2 * np.pi * (cycles * moment + phase))).sum(axis=-1).transpose(2, 1, 0)
    x = x + 0.1 * generator.standard_normal(x.shape)
    return ((x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))).astype(np.float32)


def train_estimator(job: Job) -> Figures:
    """Time the estimator's training."""
    fit = estimator_fit(job)
    imports_megabytes = megabytes_of_imports()
    x = np.load(job.data)
    figures = time_fits(lambda n_epochs: float(fit(x, n_epochs).loss_curve_[-1]), job)
    return figures | memory(imports_megabytes, job.device)


def encode_estimator(job: Job) -> Figures:
    """Time `transform`."""
    fit = estimator_fit(job)
    imports_megabytes = megabytes_of_imports()
    x = np.load(job.data)
    model = fit(x[: job.shape.n_sequences], 1)
    return time_encoding(lambda: model.transform(x), job, len(x)) | memory(imports_megabytes, job.device)


def estimator_fit(job: Job) -> Callable[[Float32, int], Any]:
    """What fits the estimator to data for a number of epochs, and makes sure that it is the rivals' network."""
    from sklearn.exceptions import ConvergenceWarning

    from sklearn_seqae import LSTMAutoencoder

    warnings.simplefilter("ignore", ConvergenceWarning)  # few epochs do not converge
    shape = job.shape
    wanted = n_parameters(UsualAutoencoder(shape.n_channels, shape.latent_dim))

    def fit(x: Float32, n_epochs: int) -> Any:
        model = LSTMAutoencoder(
            shape.latent_dim,
            **SAME_WORK,
            batch_size=shape.batch_size,
            max_epochs=n_epochs,
            device=job.device,
            random_state=job.seed,
        ).fit(x)
        if n_parameters(model.module_) != wanted:
            raise RuntimeError(f"The estimator's network has {n_parameters(model.module_)} parameters, not {wanted}.")
        return model

    return fit


def n_parameters(module: torch.nn.Module) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in module.parameters())


def train_loop(job: Job) -> Figures:
    """Time the tight loop's training."""
    imports_megabytes = megabytes_of_imports()
    x = torch.from_numpy(np.load(job.data))
    figures = time_fits(lambda n_epochs: fit_loop(x, **network(job), n_epochs=n_epochs)[1], job)
    return figures | memory(imports_megabytes, job.device)


def encode_loop(job: Job) -> Figures:
    """Time a loop over batches of a set size without gradients."""
    imports_megabytes = megabytes_of_imports()
    x = torch.from_numpy(np.load(job.data))
    module, _ = fit_loop(x[: job.shape.n_sequences], **network(job), n_epochs=1)

    @torch.no_grad()
    def encode() -> Float32:
        batches = torch.split(x, ENCODING_BATCH)
        return torch.cat([module.encode(batch.to(job.device)).cpu() for batch in batches]).numpy()

    return time_encoding(encode, job, len(x)) | memory(imports_megabytes, job.device)


def train_skorch(job: Job) -> Figures:
    """Time the training through skorch."""
    import skorch  # noqa: F401, so that its memory counts as imports

    imports_megabytes = megabytes_of_imports()
    x = np.load(job.data)
    figures = time_fits(lambda n_epochs: fit_skorch(x, **network(job), n_epochs=n_epochs), job)
    return figures | memory(imports_megabytes, job.device)


def network(job: Job) -> dict[str, Any]:
    """What the rivals must know of the network and its training, besides the number of epochs."""
    return {
        "latent_dim": job.shape.latent_dim,
        "batch_size": job.shape.batch_size,
        "learning_rate": LEARNING_RATE,
        "seed": job.seed,
        "device": job.device,
    }


def time_fits(fit: Callable[[int], float], job: Job) -> Figures:
    """Seconds per epoch and of the rest of a fit, and the last loss, of a function of the number of epochs."""
    fit(1)
    short_seconds, _ = timed(lambda: fit(2), job.device)
    long_seconds, loss = timed(lambda: fit(2 + job.shape.n_epochs), job.device)
    seconds_per_epoch = (long_seconds - short_seconds) / job.shape.n_epochs
    return {
        "seconds_per_epoch": seconds_per_epoch,
        "fixed_seconds": short_seconds - 2 * seconds_per_epoch,
        "loss": loss,
    }


def time_encoding(encode: Callable[[], Float32], job: Job, n_sequences: int) -> Figures:
    """Sequences per second, the median of some calls after one to warm up."""
    encode()
    seconds = [timed(encode, job.device)[0] for _ in range(ENCODING_CALLS)]
    return {"sequences_per_second": n_sequences / statistics.median(seconds)}


def timed(function: Callable[[], Any], device: str) -> tuple[float, Any]:
    """Seconds that a call takes, the GPU's work included, and its result."""
    synchronize(device)
    start = time.perf_counter()
    value = function()
    synchronize(device)
    return time.perf_counter() - start, value


def synchronize(device: str) -> None:
    """Wait for a GPU."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def megabytes_of_imports() -> float:
    """Peak of memory when all is imported."""
    finish_imports()
    return peak_megabytes()


def memory(imports_megabytes: float, device: str) -> Figures:
    """Peaks of memory so far, and the one that the imports had left."""
    figures = {"imports_megabytes": imports_megabytes, "peak_megabytes": peak_megabytes()}
    if device != "cpu":
        figures["gpu_megabytes"] = torch.cuda.max_memory_allocated(device) / 2**20
    return figures


# In the process that sets the measurements


def make_contestants(task: str, keras: Mapping[str, str], device: str) -> dict[str, Callable[[Job], Figures]]:
    """Names of a task's contestants, and how each is measured."""
    estimator, loop = {"train": (train_estimator, train_loop), "encode": (encode_estimator, encode_loop)}[task]
    threads = torch.get_num_threads()
    contestants: dict[str, Callable[[Job], Figures]] = {
        OURS: partial(in_torch, estimator, threads),
        loop_name(threads): partial(in_torch, loop, threads),
    }
    if device == "cpu":
        contestants[loop_name(1)] = partial(in_torch, loop, 1)
    if task == "train":
        contestants["skorch"] = partial(in_torch, train_skorch, threads)
    for backend, interpreter in keras.items():
        contestants[f"Keras on {BACKENDS[backend]}"] = partial(in_keras, task, backend, interpreter)
    return contestants


def loop_name(threads: int) -> str:
    """What the loop is called."""
    return f"torch loop, {counted(threads, 'thread')}"


def counted(n: int, noun: str) -> str:
    """A number of things."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def in_torch(function: Callable[[Job], Figures], threads: int, job: Job) -> Figures:
    """Measure in a fresh process."""
    return isolated(function, job, threads=threads).value


def in_keras(task: str, backend: str, interpreter: str, job: Job) -> Figures:
    """Measure with another interpreter."""
    of_task = {
        "train": {"batch_size": job.shape.batch_size, "n_epochs": job.shape.n_epochs},
        "encode": {"batch_size": ENCODING_BATCH, "n_calls": ENCODING_CALLS},
    }
    arguments = {
        "backend": backend,
        "device": job.device,
        "task": task,
        "seed": job.seed,
        "data": job.data,
        "latent_dim": job.shape.latent_dim,
    }
    return run_keras(interpreter, arguments | of_task[task])


def measure(task: str, plan: Plan, folder: str, keras: Mapping[str, str], device: str) -> list[Result]:
    """Let the contestants take turns, round for round."""
    contestants = make_contestants(task, keras, device)
    results = [Result(shape, contestant, []) for shape in plan.shapes for contestant in contestants]
    for seed in range(plan.n_rounds[task]):
        for shape, contestant, rounds in results:
            figures = contestants[contestant](Job(shape, data_path(folder, shape, task), seed, device))
            rounds.append(figures)
            text = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            print(f"{task}, round {seed + 1}, {shape.name}, {contestant}: {text}", file=sys.stderr, flush=True)
    return results


# The report


def training_table(results: Sequence[Result], device: str) -> str:
    """Times, ratios to the loop, losses and memory."""
    header = ["shape", "contestant", "ms a step (range)", "of the loop's time", "of the better loop's", "goal"]
    header += ["rest of a fit, ms", "compilation, s", "loss", *memory_header(device)]
    return table(header, [training_row(result, results, device) for result in results])


def training_row(result: Result, results: Sequence[Result], device: str) -> list[str]:
    """A contestant's row."""
    shape = result.shape
    steps_per_ms = [1e3 * value / shape.steps_per_epoch for value in result.values("seconds_per_epoch")]
    seconds = result.median("seconds_per_epoch")
    loops = [other.median("seconds_per_epoch") for other in loops_at(shape, results)]
    return [
        shape.name,
        result.contestant,
        with_range(steps_per_ms, ".3g"),
        f"{seconds / loops[0]:.2f}",
        f"{seconds / min(loops):.2f}",
        f"≤ {shape.goal}" if result.contestant == OURS else "",
        f"{1e3 * result.median('fixed_seconds'):.0f}",
        f"{result.median('compile_seconds'):.1f}" if result.values("compile_seconds") else "",
        f"{result.median('loss'):.3f}",
        *memory_cells(result, device),
    ]


def encoding_table(results: Sequence[Result], device: str) -> str:
    """Sequences per second, ratios to the loop, and memory."""
    header = ["shape", "contestant", "sequences/s (range)", "times the loop's", "times the better loop's"]
    return table([*header, *memory_header(device)], [encoding_row(result, results, device) for result in results])


def encoding_row(result: Result, results: Sequence[Result], device: str) -> list[str]:
    """A contestant's row."""
    rate = result.median("sequences_per_second")
    loops = [other.median("sequences_per_second") for other in loops_at(result.shape, results)]
    return [
        result.shape.name,
        result.contestant,
        with_range(result.values("sequences_per_second"), ",.0f"),
        f"{rate / loops[0]:.2f}",
        f"{rate / max(loops):.2f}",
        *memory_cells(result, device),
    ]


def loops_at(shape: Shape, results: Sequence[Result]) -> list[Result]:
    """The loops' results at a shape, that with the default number of threads first."""
    return [result for result in results if result.shape == shape and result.contestant.startswith("torch loop")]


def with_range(values: Sequence[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def memory_header(device: str) -> list[str]:
    """Columns of memory."""
    return ["memory above the imports, MB", "imports, MB", *(["GPU memory, MB"] if device != "cpu" else [])]


def memory_cells(result: Result, device: str) -> list[str]:
    """Peak of memory above what the imports take, and that; the GPU's, where it is known."""
    imports = result.median("imports_megabytes")
    cells = [f"{result.median('peak_megabytes') - imports:.0f}", f"{imports:.0f}"]
    if device != "cpu":
        cells.append(f"{result.median('gpu_megabytes'):.0f}" if result.values("gpu_megabytes") else "")
    return cells


def shapes_sentence(shapes: Sequence[Shape]) -> str:
    """What the names of shapes stand for."""
    texts = [f"{shape.name} ({', '.join(map(str, shape[1:6]))})" for shape in shapes]
    return f"Shapes, as (sequences, steps, channels, latent_dim, batch size): {', '.join(texts)}."


def training_section(plan: Plan, folder: str, keras: Mapping[str, str], device: str) -> list[str]:
    """Measure training; what to say of it, and the table."""
    missing = [name for backend, name in BACKENDS.items() if backend not in keras]
    note = f" Not measured, since no interpreter was given: Keras on {' and on '.join(missing)}." if missing else ""
    epochs = ", ".join(f"{2 + shape.n_epochs} ({shape.name})" for shape in plan.shapes)
    return [
        f'{shapes_sentence(plan.shapes)} Medians of {counted(plan.n_rounds["train"], "round")}; "the loop" is '
        f"the torch loop with torch's default threads. Losses are means of the last epoch's batches after {epochs} "
        f"epochs, in units of the data's variance; initial weights are each library's own.{note}",
        training_table(measure("train", plan, folder, keras, device), device),
    ]


def encoding_section(plan: Plan, folder: str, keras: Mapping[str, str], device: str) -> list[str]:
    """Measure encoding; what to say of it, and the table."""
    return [
        f"Encoding {plan.n_encoded:,} sequences of the same shapes, medians of "
        f"{counted(plan.n_rounds['encode'], 'round')}: `transform`; the loop without gradients and "
        f"Keras's `predict`, in batches of {ENCODING_BATCH}.",
        encoding_table(measure("encode", plan, folder, keras, device), device),
    ]


SECTIONS = {"train": ("speed", training_section), "encode": ("encoding", encoding_section)}


def versions_and_hardware(keras: Mapping[str, str], device: str) -> str:
    """What it was measured with."""
    versions = [
        run_keras(path, {"backend": name, "device": device, "task": "describe"}) for name, path in keras.items()
    ]
    hardware = "" if device == "cpu" else f"computing on {torch.cuda.get_device_name(device)}"
    return environment([version["versions"] for version in versions], hardware)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    quick = "one shape, few sequences and rounds: under a minute without Keras"
    options = Arguments(__doc__, quick=quick, write="the tables")
    rounds = "how often each is measured (default: 5, encoding 3; with --quick 2 and 1)"
    options.add("--rounds", type=int, metavar="N", help=rounds)
    options.add_choice("--tasks", list(SECTIONS))
    options.add("--device", default="cpu", help="where to compute: cpu (default), cuda, cuda:1, ...")
    for backend, name in BACKENDS.items():
        options.add_keras(backend, name)
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    interpreters = {"jax": parsed.keras_jax, "tensorflow": parsed.keras_tensorflow}
    keras = {backend: interpreter for backend, interpreter in interpreters.items() if interpreter}
    plan = QUICK if parsed.quick else FULL
    if parsed.rounds:
        plan = plan._replace(n_rounds=dict.fromkeys(plan.n_rounds, parsed.rounds))
    made_by = versions_and_hardware(keras, parsed.device)
    with tempfile.TemporaryDirectory() as folder:
        isolated(save_waves, folder, plan.shapes, plan.n_encoded)
        for task in parsed.tasks:
            name, measured_section = SECTIONS[task]
            parts = measured_section(plan, folder, keras, parsed.device)
            body = "\n\n".join([*parts, made_by])
            publish(name if parsed.device == "cpu" else f"{name}-gpu", body, write=parsed.write)


if __name__ == "__main__":
    main()
