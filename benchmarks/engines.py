"""One search, and one fitted model applied to many sequences, on several engines, which must give the same answers.

The search is `GridSearchCV` over a pipeline with an autoencoder, by joblib's own processes, on a `dask.distributed`
cluster of two processes, and on Ray: the largest difference of a score from those without any. Codes and scores of
sequences are made by dask over the chunks of a Zarr array, by Ray Data and by Spark over batches: the largest
difference from those of one call. Seconds are those with the engine running; its start is counted apart. Engines that
are not installed are left out (`pip install dask[distributed] zarr "ray[data]" pyspark`; Spark needs Java).

    python benchmarks/engines.py --write
    python benchmarks/engines.py --quick
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from _arguments import Arguments
from _report import environment, publish, table
from numpy.typing import NDArray
from scaling import synthetic
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder

N_WORKERS = 2
N_STEPS, LATENT_DIM = 50, 8
BATCH = 1_000

Applied = tuple[NDArray[np.float32], NDArray[np.float64]]


class Engine(NamedTuple):
    """What starts an engine, what joblib calls it ("": nothing), and what applies a model to sequences there."""

    packages: tuple[str, ...]
    start: Callable[[ExitStack], Any]
    backend: str
    apply: Callable[[Any, LSTMAutoencoder, NDArray[np.float32]], Applied] | None


def start_nothing(stack: ExitStack) -> None:
    """Joblib starts its processes by itself."""


def start_dask(stack: ExitStack) -> Any:
    """A cluster of processes here."""
    import distributed

    dask: Any = distributed  # of which a part is typed
    cluster = stack.enter_context(dask.LocalCluster(n_workers=N_WORKERS, threads_per_worker=1, dashboard_address=None))
    return stack.enter_context(dask.Client(cluster))


def start_ray(stack: ExitStack) -> Any:
    """Ray here."""
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=N_WORKERS, include_dashboard=False, log_to_driver=False)
    stack.callback(ray.shutdown)
    register_ray()
    return ray


def start_spark(stack: ExitStack) -> Any:
    """Spark here, whose Python is this one."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder: Any = SparkSession.builder
    session = builder.master(f"local[{N_WORKERS}]").config("spark.ui.enabled", "false").getOrCreate()
    stack.callback(session.stop)
    return session


def apply_here(engine: Any, model: LSTMAutoencoder, X: NDArray[np.float32]) -> Applied:
    """In one call."""
    return model.transform(X), model.score_samples(X)


def apply_by_dask(engine: Any, model: LSTMAutoencoder, X: NDArray[np.float32]) -> Applied:
    """Over a Zarr array whose chunks split sequences."""
    import dask.array as da

    arrays: Any = da  # of which a part is typed
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "X.zarr"))
        arrays.from_array(X, chunks=(BATCH, N_STEPS // 2)).to_zarr(path)
        chunked = arrays.from_zarr(path).rechunk({1: -1})
        codes = chunked.map_blocks(model.transform, dtype=np.float32, chunks=(chunked.chunks[0], LATENT_DIM))
        scores = chunked.map_blocks(model.score_samples, dtype=np.float64, drop_axis=1)
        return codes.compute(), scores.compute()


def apply_by_ray(ray: Any, model: LSTMAutoencoder, X: NDArray[np.float32]) -> Applied:
    """Over a data set of Ray Data."""
    from ray import data

    def judge(batch: dict[str, Any]) -> dict[str, Any]:
        return {"i": batch["i"], "code": model.transform(batch["x"]), "score": model.score_samples(batch["x"])}

    blocks = [{"i": np.arange(i, min(i + BATCH, len(X))), "x": X[i : i + BATCH]} for i in range(0, len(X), BATCH)]
    rows = data.from_blocks([_arrow(block) for block in blocks]).map_batches(judge, batch_size=BATCH).take_all()
    rows.sort(key=lambda row: row["i"])  # Ray Data keeps no order
    return np.stack([row["code"] for row in rows]), np.array([row["score"] for row in rows])


def _arrow(block: dict[str, Any]) -> Any:
    """A block of Ray Data's."""
    from ray.data.block import BlockAccessor

    return BlockAccessor.batch_to_arrow_block(block)


def apply_by_spark(session: Any, model: LSTMAutoencoder, X: NDArray[np.float32]) -> Applied:
    """Over a Spark frame of lists."""
    import pandas as pd

    def judge(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            x = np.stack(list(frame["x"]))
            scores = model.score_samples(x)
            yield pd.DataFrame({"i": frame["i"], "code": list(model.transform(x)), "score": scores})

    frame = session.createDataFrame(pd.DataFrame({"i": range(len(X)), "x": X.tolist()}))
    found = frame.mapInPandas(judge, "i long, code array<float>, score double").toPandas().sort_values("i")
    return np.stack(list(found["code"])), found["score"].to_numpy()


ENGINES: dict[str, Engine] = {
    "none": Engine((), start_nothing, "", apply_here),
    "joblib's loky": Engine((), start_nothing, "loky", None),
    "dask": Engine(("distributed", "zarr"), start_dask, "dask", apply_by_dask),
    "Ray": Engine(("ray",), start_ray, "ray", apply_by_ray),
    "Spark": Engine(("pyspark",), start_spark, "", apply_by_spark),
}


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Append the seconds that the body takes."""
    start = time.perf_counter()
    yield
    times.append(time.perf_counter() - start)


def search(backend: str, X: NDArray[np.float32], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Scores of all folds."""
    autoencoder = LSTMAutoencoder(hidden_layer_sizes=(32,), max_epochs=10, random_state=0)
    pipeline = make_pipeline(StandardScaler(), autoencoder, LogisticRegression(max_iter=1000))
    grid = GridSearchCV(pipeline, {"lstmautoencoder__latent_dim": [2, 4, 8]}, cv=4, refit=False)
    if not backend:
        grid.fit(X, labels)
    else:
        options = {} if backend == "dask" else {"n_jobs": N_WORKERS}
        with joblib.parallel_config(backend, **options):
            grid.fit(X, labels)
    return np.stack([grid.cv_results_[f"split{i}_test_score"] for i in range(4)])


def rows(given: argparse.Namespace) -> Iterator[list[str]]:
    """What each engine took, and how far its answers are from those without one."""
    X = synthetic(max(given.sequences, given.searched), N_STEPS)[:, :, 0]
    few, labels = X[: given.searched], X[: given.searched, -1] > 0
    model = LSTMAutoencoder(LATENT_DIM, max_epochs=10, random_state=0).fit(few)
    X = X[: given.sequences]
    found, applied = search("", few, labels), apply_here(None, model, X)
    for name, engine in ENGINES.items():
        if any(importlib.util.find_spec(package) is None for package in engine.packages):
            continue
        times: list[float] = []
        cells = ["", "", "", ""]
        with ExitStack() as stack:
            with timed(times):
                started = engine.start(stack)
            if engine.backend or name == "none":
                with timed(times):
                    difference = np.abs(search(engine.backend, few, labels) - found).max()
                cells[:2] = [f"{times[-1]:.1f}", f"{difference:.2g}"]
            if engine.apply is not None:
                with timed(times):
                    codes, scores = engine.apply(started, model, X)
                difference = max(np.abs(codes - applied[0]).max(), np.abs(scores - applied[1]).max())
                cells[2:] = [f"{times[-1]:.1f}", f"{difference:.2g}"]
        yield [name, f"{times[0]:.1f}" if engine.packages else "", *cells]


def section(given: argparse.Namespace) -> str:
    """The report in Markdown."""
    header = ["engine", "start, s", "search, s", "scores differ by", "codes and scores, s", "they differ by"]
    packages = [package for engine in ENGINES.values() for package in engine.packages]
    return "\n\n".join(
        [
            f"A search over three widths and four folds of {given.searched:,} sequences, and a model applied to "
            f"{given.sequences:,}, of {N_STEPS} steps, with {N_WORKERS} workers of one thread. What is small takes "
            "longer on a cluster than without: the workers import torch, and Ray Data and Spark start processes.",
            table(header, rows(given)),
            environment([f"{package} {version(package)}" for package in packages if importlib.util.find_spec(package)]),
        ]
    )


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="a tenth of the sequences", write="the table")
    arguments.add_number("--searched", 1_000, "sequences of the search", quick=100)
    arguments.add_number("--sequences", 50_000, "sequences that the model is applied to", quick=5_000)
    given = arguments.read()
    warnings.simplefilter("ignore")  # of the engines' own
    publish("engines", section(given), write=given.write)


if __name__ == "__main__":
    main()
