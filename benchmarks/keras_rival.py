"""The usual sequence autoencoder in Keras 3, for `speed.py` and `convergence.py`.

It runs in an interpreter of its own, which needs NumPy and Keras with JAX or TensorFlow. The argument is a JSON object
with the backend, the device, the task and the task's arguments; the result is the last line printed, JSON as well.

    python benchmarks/keras_rival.py '{"backend": "jax", "device": "cpu", "task": "train", "data": "x.npy",
        "latent_dim": 8, "batch_size": 32, "n_epochs": 5, "seed": 0}'
"""

import importlib
import json
import math
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Recorder"]

Float32 = NDArray[np.float32]

# Each point of a course comes when the count is higher by this share than at the last.
_SPACING = 0.05


class Recorder:
    """Records an error against the seconds since it was made, the time for looking at the error taken out.

    Parameters
    ----------
    error : callable
        Returns the error as it is now.

    Attributes
    ----------
    course : list of (seconds, error)
        In steps that grow with the count of calls.
    """

    def __init__(self, error: Callable[[], float]) -> None:
        self.error = error
        self.course: list[tuple[float, float]] = []
        self.count = 0
        self.next_count = 1
        self.paused = 0.0
        self.start = time.perf_counter()

    def tick(self) -> float:
        """Count one step or epoch, and look at the error if it is time to; seconds so far."""
        self.count += 1
        if self.count >= self.next_count:
            self.look()
            self.next_count = math.ceil((1 + _SPACING) * self.count)
        return self.seconds()

    def look(self) -> None:
        """Record the error as it is now."""
        now = time.perf_counter()
        self.course.append((now - self.start - self.paused, self.error()))
        self.paused += time.perf_counter() - now

    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self.start - self.paused


class Usual:
    """The usual autoencoder with its encoder, compiled with Adam, and able to start anew without compiling again."""

    def __init__(self, keras: Any, shape: tuple[int, ...], latent_dim: int, learning_rate: float = 1e-3) -> None:
        layers = keras.layers
        inputs = keras.Input(shape)
        code = layers.LSTM(latent_dim)(inputs)
        repeated = layers.RepeatVector(shape[0])(code)
        outputs = layers.Dense(shape[1])(layers.LSTM(latent_dim, return_sequences=True)(repeated))
        self.encoder = keras.Model(inputs, code)
        self.model = keras.Model(inputs, outputs)
        self.model.compile(keras.optimizers.Adam(learning_rate), "mse")
        self.model.optimizer.build(self.model.trainable_variables)
        self.initial_values = [np.array(variable) for variable in self._variables()]

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def start_anew(self) -> None:
        """Put weights and moments back to where they were at first."""
        for variable, value in zip(self._variables(), self.initial_values, strict=True):
            variable.assign(value)

    def fit(self, x: Float32, batch_size: int, n_epochs: int, callbacks: list[Any] | None = None) -> tuple[float, Any]:
        """Train on; the seconds and the last epoch's loss."""
        start = time.perf_counter()
        history = self.model.fit(
            x, x, batch_size=batch_size, epochs=n_epochs, shuffle=True, verbose=0, callbacks=callbacks
        )
        return time.perf_counter() - start, history.history["loss"][-1]


def train(keras: Any, data: str, latent_dim: int, batch_size: int, n_epochs: int) -> dict[str, Any]:
    """Seconds per epoch, from a short and a long fit after one that compiles."""
    x = np.load(data)
    usual = Usual(keras, x.shape[1:], latent_dim)
    first_seconds, _ = usual.fit(x, batch_size, 1)
    usual.start_anew()
    short_seconds, _ = usual.fit(x, batch_size, 2)
    usual.start_anew()
    long_seconds, loss = usual.fit(x, batch_size, 2 + n_epochs)
    seconds_per_epoch = (long_seconds - short_seconds) / n_epochs
    return {
        "seconds_per_epoch": seconds_per_epoch,
        "fixed_seconds": short_seconds - 2 * seconds_per_epoch,
        "compile_seconds": first_seconds - (short_seconds - seconds_per_epoch),
        "loss": float(loss),
    }


def encode(keras: Any, data: str, latent_dim: int, batch_size: int, n_calls: int) -> dict[str, Any]:
    """Sequences per second, the median of some calls after one that compiles."""
    x = np.load(data)
    encoder = Usual(keras, x.shape[1:], latent_dim).encoder
    seconds = []
    for _ in range(1 + n_calls):
        start = time.perf_counter()
        encoder.predict(x, batch_size=batch_size, verbose=0)
        seconds.append(time.perf_counter() - start)
    return {"sequences_per_second": len(x) / statistics.median(seconds[1:])}


def converge(
    keras: Any, data: str, latent_dim: int, batch_size: int, learning_rate: float, budget: float
) -> dict[str, Any]:
    """Held-out error against seconds of training, compilation left out, until the budget of seconds is spent."""
    arrays = np.load(data)
    x, held_out, weights = arrays["x"], arrays["held_out"], arrays["weights"]
    usual = Usual(keras, x.shape[1:], latent_dim, learning_rate)

    def error() -> float:
        prediction = usual.model.predict(held_out, batch_size=512, verbose=0)
        return float((np.square(prediction - held_out, dtype=np.float64) * weights).sum())

    def after_epoch(epoch: int, logs: dict[str, Any]) -> None:
        usual.model.stop_training = recorder.tick() >= budget

    usual.fit(x, batch_size, 1)
    error()  # compiles the prediction
    usual.start_anew()
    recorder = Recorder(error)
    usual.fit(x, batch_size, sys.maxsize, [keras.callbacks.LambdaCallback(on_epoch_end=after_epoch)])
    recorder.look()
    return {"course": recorder.course, "count": recorder.count}


def peak_megabytes() -> float:
    """Peak of this process's resident memory so far; not its parent's, which `getrusage` may give on Linux."""
    if sys.platform == "linux":
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def describe(keras: Any) -> dict[str, Any]:
    """Keras and its backend with their versions."""
    backend = keras.backend.backend()
    module: Any = importlib.import_module(backend)
    return {"versions": f"keras {keras.__version__} on {backend} {module.__version__}"}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "train": train,
    "encode": encode,
    "converge": converge,
    "describe": describe,
}


def main(backend: str, device: str, task: str, seed: int = 0, **arguments: Any) -> dict[str, Any]:
    """Do a task; its result, and what memory it took."""
    os.environ["KERAS_BACKEND"] = backend
    keras: Any = importlib.import_module("keras")
    kind = "cpu" if device == "cpu" else "gpu"
    if not keras.distribution.list_devices(kind):
        raise RuntimeError(f"Keras on {backend} sees no device of the kind {kind}.")
    imports_megabytes = peak_megabytes()
    keras.utils.set_random_seed(seed)
    result = TASKS[task](keras, **arguments)
    return result | {"imports_megabytes": imports_megabytes, "peak_megabytes": peak_megabytes()}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
