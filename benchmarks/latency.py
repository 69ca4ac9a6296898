"""How long one sequence takes: `transform` and scores of a single one, beside the network's own forward pass.

A service gets its sequences one by one. A default autoencoder, and a detector with one, are fitted for a moment (the
speed does not depend on what was learned), and called a thousand times in a row with one sequence of 100 steps, as each
container that they take. After each call comes the network's own pass on a ready tensor, so that what else the machine
does meets both alike; a call's time above the pass is what reading, checking and handing back take. scikit-learn's PCA
tells what it takes there.

Then the same beside another Python thread, which only waits, where torch may use all processors; and a fresh process,
up to the first code of a saved model.

Where the machine has other things to do, `--clock cpu` counts the process's own time. `--old` measures another checkout
of the package beside.

    python benchmarks/latency.py --quick
    python benchmarks/latency.py --write
"""

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _isolation import isolated
from _report import environment, publish, table
from numpy.typing import NDArray

# The estimators, and torch, are imported in the processes.

N_TIMESTEPS = 100
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}

# A process of its own prints its seconds so far after each of these.
FIRST_RESULT = {
    "`import torch, sklearn.pipeline`": "import torch, sklearn.pipeline",
    "and the saved model": "import pickle; model = pickle.load(open(path, 'rb'))",
    "and its first code": "import numpy; model.transform(numpy.zeros((1, n_timesteps)))",
}

Call = Callable[[], Any]


class Latency(NamedTuple):
    """Milliseconds of calls of a method, and of the network's own passes in between."""

    method: str
    container: str
    calls: NDArray[np.float64]
    passes: NDArray[np.float64]


def containers() -> dict[str, Callable[[NDArray[np.float32]], Any]]:
    """How sequences (n, T) are handed over."""
    import pandas as pd

    names = [f"step {i}" for i in range(N_TIMESTEPS)]
    return {
        "2-D array": lambda X: X,
        "3-D array": lambda X: X[:, :, np.newaxis],
        "list of arrays": list,
        "DataFrame": lambda X: pd.DataFrame(X, columns=names),
    }


def make_calls(container: str) -> dict[str, tuple[Call, Call | None]]:
    """Calls with one sequence, by method, and the network's own pass of each, if there is one."""
    import torch
    from sklearn.decomposition import PCA

    from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector

    warnings.simplefilter("ignore")  # two epochs learn next to nothing
    sequences = np.random.default_rng(0).normal(size=(64, N_TIMESTEPS)).astype(np.float32)
    hand_over = containers()[container]
    X, one = hand_over(sequences), hand_over(sequences[:1])
    autoencoder = LSTMAutoencoder(max_epochs=2, random_state=0).fit(X)
    detector = LSTMOutlierDetector(LSTMAutoencoder(max_epochs=2), cv=2, random_state=0).fit(X)
    module, judge = autoencoder.module_, detector.autoencoder_.module_
    x, codes = torch.from_numpy(sequences[:1, :, np.newaxis]), autoencoder.transform(one)
    calls: dict[str, tuple[Call, Call | None]] = {
        "transform": (lambda: autoencoder.transform(one), lambda: module.encode(x)),
        "the detector's score_samples": (lambda: detector.score_samples(one), lambda: judge(x)),
    }
    if container == "2-D array":
        code = torch.from_numpy(codes)
        calls["reconstruct"] = lambda: autoencoder.reconstruct(one), lambda: module(x)
        calls["inverse_transform"] = lambda: autoencoder.inverse_transform(codes), lambda: module.decode(code, 100)
    if container in ("2-D array", "DataFrame"):
        pca = PCA(8).fit(X)
        calls["PCA's transform"] = lambda: pca.transform(one), None
    return calls


def latencies(container: str, n_calls: int, clock: str) -> list[Latency]:
    """Times of all methods in this process."""
    return [
        Latency(method, container, *take_turns(call, own_pass or (lambda: None), n_calls, CLOCKS[clock]))
        for method, (call, own_pass) in make_calls(container).items()
    ]


def take_turns(
    call: Call, own_pass: Call, n_calls: int, clock: Callable[[], float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Milliseconds of a call and of the network's pass, by turns; a tenth as many before warm up."""
    import torch

    n_before = n_calls // 10
    times = np.empty((n_before + n_calls, 2))
    for row in times:
        start = clock()
        call()
        between = clock()
        with torch.inference_mode():
            own_pass()
        row[:] = between - start, clock() - between
    calls, passes = 1e3 * times[n_before:].T
    return calls, passes


def beside_others(n_threads: int, n_calls: int, clock: str) -> list[Latency]:
    """Times of `n_calls` while as many Python threads, this one included, are alive."""
    never = Event()
    for _ in range(n_threads - 1):
        Thread(target=never.wait, daemon=True).start()
    return [
        Latency(method, "2-D array", *take_turns(call, lambda: None, n_calls, CLOCKS[clock]))
        for method, (call, own_pass) in make_calls("2-D array").items()
        if own_pass
    ]


def first_result(folder: str, clock: str, checkout: Path | None) -> list[float]:
    """Seconds of a fresh process after each of its lines."""
    path = Path(folder) / "model.pickle"
    if not path.exists():
        isolated(save_model, path)
    reader = {"wall": f"time.time() - {time.time()}", "cpu": "time.process_time()"}[clock]
    lines = [f"{line}; print({reader})" for line in FIRST_RESULT.values()]
    code = "\n".join(["import time", f"path, n_timesteps = {str(path)!r}, {N_TIMESTEPS}", *lines])
    search_path = {"PYTHONPATH": str(checkout)} if checkout else {}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=os.environ | search_path,
    )
    return [float(seconds) for seconds in done.stdout.split()]


def save_model(path: Path) -> None:
    """Fit for a moment, and save."""
    from sklearn_seqae import LSTMAutoencoder

    warnings.simplefilter("ignore")
    X = np.random.default_rng(0).normal(size=(64, N_TIMESTEPS))
    path.write_bytes(pickle.dumps(LSTMAutoencoder(max_epochs=2, random_state=0).fit(X)))


# The report


def latency_table(measured: Sequence[Latency]) -> str:
    """Medians, 99th percentiles, and what is above the network."""
    header = ["method", "one sequence as", "median, ms", "99th percentile", "over the median"]
    return table([*header, "network's own pass, ms", "above it, ms"], map(latency_row, measured))


def latency_row(measured: Latency) -> list[str]:
    """A method with a container."""
    median, slow = np.percentile(measured.calls, [50, 99])
    cells = [measured.method, measured.container]
    cells += [f"{median:.2f}", f"{slow:.2f}", f"{slow / median:.2f}"]
    own = float(np.median(measured.passes))
    return [*cells, f"{own:.2f}", f"{median - own:.2f}"] if own > 0.05 else [*cells, "", ""]  # nothing takes as long


def threads_table(measured: dict[str, list[Latency]]) -> str:
    """Medians and 99th percentiles by what is set and alive."""
    methods = [latency.method for latency in next(iter(measured.values()))]
    rows = []
    for setting, figures in measured.items():
        percentiles = [np.percentile(latency.calls, [50, 99]) for latency in figures]
        rows.append([setting, *(f"{median:.2f} ({slow:.2f})" for median, slow in percentiles)])
    return table(["threads", *(f"{method}, ms" for method in methods)], rows)


def first_result_table(state: str, rounds: Sequence[Sequence[float]]) -> str:
    """Seconds until each line is done, and of it alone: medians over the rounds."""
    until = np.array(rounds)
    alone = np.diff(until, prepend=0.0)
    rows = zip(FIRST_RESULT, np.median(until, axis=0), np.median(alone, axis=0), strict=True)
    header = [f"a fresh process{state}", "seconds until then", "seconds of it alone"]
    return table(header, [[line, f"{so_far:.2f}", f"{own:.3f}"] for line, so_far, own in rows])


def section(parsed: argparse.Namespace) -> str:
    """Measure the package, and by turns with it another state of it."""
    states = {"": None} | ({", old": parsed.old.resolve()} if parsed.old else {})
    n_cores = os.cpu_count() or 1
    settings = {"1": (1, 1), f"{n_cores}": (n_cores, 1), f"{n_cores}, 4 alive": (n_cores, 4)}
    measured, by_setting = [], {}
    rounds: dict[str, list[list[float]]] = {state: [] for state in states}
    for container in containers():
        for state, checkout in states.items():
            found = isolated(latencies, container, parsed.calls, parsed.clock, checkout=checkout).value
            measured += [latency._replace(method=f"{latency.method}{state}") for latency in found]
    for setting, (n_threads, n_alive) in settings.items():
        for state, checkout in states.items():
            arguments = n_alive, parsed.calls, parsed.clock
            found = isolated(beside_others, *arguments, threads=n_threads, checkout=checkout).value
            by_setting[f"{setting}{state}"] = found
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(parsed.rounds):
            for state, checkout in states.items():
                rounds[state].append(first_result(folder, parsed.clock, checkout))
    parts = [
        f"One sequence of {N_TIMESTEPS} steps, {parsed.calls:,} calls in a row, the network's own pass after each; one "
        "thread.",
        latency_table(measured),
        "Medians (99th percentiles) by torch's number of threads, and by how many Python threads are alive.",
        threads_table(by_setting),
        f"Medians of {parsed.rounds} processes.",
        *(first_result_table(state, of_state) for state, of_state in rounds.items()),
    ]
    return "\n\n".join(parts)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = Arguments(__doc__, quick="few calls and processes", write="the tables")
    options.add_number("--calls", 1000, "calls in a row", quick=200)
    options.add_rounds(5, quick=1)
    options.add("--clock", choices=CLOCKS, default="wall", help="what is counted (default: wall)")
    options.add_old()
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    publish("latency", f"{section(parsed)}\n\n{environment(note=f'{parsed.clock} time')}", write=parsed.write)


if __name__ == "__main__":
    main()
