"""What serving a saved autoencoder takes: with torch, with onnxruntime, with NumPy alone.

A default autoencoder is fitted for a moment (the speed does not depend on what was learned), saved and exported. Each
runtime has processes of its own, by turns, in which it encodes a single sequence of 100 steps again and again, and then
many at once; and fresh processes up to the first code. Each encodes the same data, and its codes are compared with
those of `LSTMAutoencoder.transform`. Megabytes are those of the installed files of a runtime's packages and of all
that these need, as they are installed here.

onnxruntime is called with an array that is ready for it. The other two take what a user has, and check it.

    python benchmarks/serving.py --quick
    python benchmarks/serving.py --write
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _arguments import Arguments
from _report import environment, publish, table
from packaging.requirements import Requirement

N_TIMESTEPS = 100
N_SEQUENCES = 10_000
THREAD_COUNTS = (1, 2)
CLOCKS = {"wall": "time.perf_counter", "cpu": "time.process_time"}


class Runtime(NamedTuple):
    """What to install, and lines that define `encode` for sequences (n, T)."""

    packages: tuple[str, ...]
    lines: str


RUNTIMES = {
    "`LSTMAutoencoder.transform`": Runtime(
        ("sklearn-seqae",),
        "from sklearn_seqae import load\nencode = load('model.safetensors').transform",
    ),
    "onnxruntime": Runtime(
        ("onnxruntime",),
        "import onnxruntime\n"
        "options = onnxruntime.SessionOptions()\n"
        "options.intra_op_num_threads = n_threads\n"
        "session = onnxruntime.InferenceSession('encoder.onnx', options)\n"
        "def encode(X):\n"
        "    inputs = {'X': X[:, :, np.newaxis], 'lengths': np.full(len(X), X.shape[1])}\n"
        "    return session.run(['codes'], inputs)[0]",
    ),
    "`load_numpy`": Runtime(
        ("numpy", "safetensors"),
        "from sklearn_seqae import load_numpy\nencode = load_numpy('model.safetensors').transform",
    ),
}

# A fresh process says how long it took to its first code; `begun` is when it was started.
FIRST_CODE = """
import time
import numpy as np
{lines}
encode(np.zeros((1, {n_timesteps}), np.float32))
print(time.time() - {begun})
"""
# A tenth as many calls before warm up.
MANY_CALLS = """
import json, time
import numpy as np
{lines}
X = np.load('X.npy')
def seconds(X, n):
    times = []
    for _ in range(n + -(-n // 10)):
        start = {clock}()
        encode(X)
        times.append({clock}() - start)
    return times[-n:]
np.save('codes.npy', encode(X))
print(json.dumps([seconds(X[:1], {n_calls}), seconds(X, 3)]))
"""


class Measured(NamedTuple):
    """Of one runtime: seconds of single calls and of calls with all sequences, by threads, and of fresh processes."""

    one: dict[int, list[float]]
    all_at_once: dict[int, list[float]]
    first: list[float]
    difference: list[float]


def prepare(folder: Path) -> None:
    """Fit, save and export; write the sequences, and the codes that are wanted."""
    from sklearn_seqae import LSTMAutoencoder, export_onnx, save

    warnings.simplefilter("ignore")  # two epochs learn next to nothing
    X = np.random.default_rng(0).normal(size=(N_SEQUENCES, N_TIMESTEPS)).cumsum(axis=1).astype(np.float32)
    autoencoder = LSTMAutoencoder(max_epochs=2, random_state=0).fit(X[:500])
    save(autoencoder, folder / "model.safetensors", optimizer=False)
    export_onnx(autoencoder, folder / "encoder.onnx")
    np.save(folder / "X.npy", X)
    np.save(folder / "wanted.npy", autoencoder.transform(X))


def run(code: str, folder: Path, n_threads: int) -> str:
    """What a fresh process prints."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return subprocess.run(
        [sys.executable, "-c", f"n_threads = {n_threads}\n{code}"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=folder,
        env=os.environ | dict.fromkeys(names, str(n_threads)),
    ).stdout


def measure(folder: Path, n_rounds: int, n_calls: int, clock: str) -> dict[str, Measured]:
    """All runtimes, by turns."""
    measured = {
        name: Measured({n: [] for n in THREAD_COUNTS}, {n: [] for n in THREAD_COUNTS}, [], []) for name in RUNTIMES
    }
    wanted = np.load(folder / "wanted.npy")
    for _ in range(n_rounds):
        for name, runtime in RUNTIMES.items():
            of_this = measured[name]
            first = FIRST_CODE.format(lines=runtime.lines, n_timesteps=N_TIMESTEPS, begun=time.time())
            of_this.first.append(float(run(first, folder, 1)))
            code = MANY_CALLS.format(lines=runtime.lines, n_calls=n_calls, clock=CLOCKS[clock])
            for n_threads in THREAD_COUNTS:
                one, all_at_once = json.loads(run(code, folder, n_threads))
                of_this.one[n_threads].extend(one)
                of_this.all_at_once[n_threads].extend(all_at_once)
            difference = np.abs(np.load(folder / "codes.npy") - wanted).max() / wanted.std()
            of_this.difference.append(float(difference))
    return measured


def megabytes(packages: Sequence[str]) -> float:
    """Size of the installed files of packages and of all that they need."""
    files = {file for name in needed(packages) for file in distribution(name).files or ()}
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file()) / 2**20


def needed(packages: Sequence[str]) -> set[str]:
    """Names of packages, and of all that they need."""
    found: set[str] = set()
    names = [*packages]
    while names:
        name = names.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            names += requirements(name)
    return found


def requirements(name: str) -> Iterator[str]:
    """What a package needs that is installed, extras apart."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            try:
                distribution(requirement.name)
            except PackageNotFoundError:
                continue
            yield requirement.name


def speed_table(measured: dict[str, Measured]) -> str:
    """Latency and throughput by runtime and threads."""
    header = ["runtime", "threads", "one sequence, µs: median", "99th percentile", f"of {N_SEQUENCES:,}, sequences/s"]
    rows = []
    for n_threads in THREAD_COUNTS:
        for name, found in measured.items():
            median, slow = 1e6 * np.percentile(found.one[n_threads], [50, 99])
            rate = N_SEQUENCES / np.median(found.all_at_once[n_threads])
            rows.append([name, n_threads, f"{median:.0f}", f"{slow:.0f}", f"{rate:,.0f}"])
    return table(header, rows)


def cost_table(measured: dict[str, Measured]) -> str:
    """Start, size and parity by runtime."""
    header = ["runtime", "fresh process up to its first code, s", "MB installed", "codes differ by, of their deviation"]
    rows = [
        [
            name,
            f"{np.median(found.first):.2f}",
            f"{megabytes(RUNTIMES[name].packages):.0f}",
            f"{max(found.difference):.0e}",
        ]
        for name, found in measured.items()
    ]
    return table(header, rows)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = Arguments(__doc__, quick="few calls and processes", write="the tables")
    options.add_number("--calls", 1000, "calls in a row", quick=200)
    options.add_rounds(5, quick=1)
    options.add("--clock", choices=CLOCKS, default="wall", help="what is counted of calls (default: wall)")
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        measured = measure(Path(folder), parsed.rounds, parsed.calls, parsed.clock)
    counts = f"{parsed.rounds} times {parsed.calls:,} calls with one sequence of {N_TIMESTEPS} steps"
    load = f"on which {os.getloadavg()[1]:.1f} processes wanted to run"
    parts = [f"{counts}, {parsed.clock} time.", speed_table(measured), cost_table(measured), environment(note=load)]
    publish("serving", "\n\n".join(parts), write=parsed.write)


if __name__ == "__main__":
    main()
