"""In what precision, and on which device, an epoch takes how long: from what width and batch on something else pays.

The same network is trained by turns in float32 and in bfloat16, on the CPU and, where there is one, on a GPU: seconds
of an epoch of the whole fit, over those of float32 on the CPU, the lowest of some rounds. Beside it the score on
sequences that were held out, which should be the same.

    python benchmarks/devices.py --write
    python benchmarks/devices.py --quick
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from _arguments import Arguments
from _report import environment, publish, table
from numpy.typing import NDArray
from scaling import synthetic
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMAutoencoder

Float32 = NDArray[np.float32]

# Sequences, steps and channels; epochs of a fit; the autoencoder's parameters.
Network = tuple[str, tuple[int, int, int], int, dict[str, Any]]
NETWORKS: tuple[Network, ...] = (
    ("the plain constructor", (2000, 100, 8), 10, {}),
    ("128 wide, patches of 1", (500, 100, 8), 2, {"patch_len": 1}),
    ("32 wide, patches of 1, 500 steps", (300, 500, 3), 2, {"patch_len": 1, "hidden_layer_sizes": (32,)}),
    ("256 wide", (2000, 100, 8), 5, {"hidden_layer_sizes": (256,)}),
    ("512 wide, batches of 256", (2000, 100, 8), 4, {"hidden_layer_sizes": (512,), "batch_size": 256}),
    (
        "512 wide, batches of 256, patches of 4",
        (1000, 100, 8),
        2,
        {"hidden_layer_sizes": (512,), "batch_size": 256, "patch_len": 4},
    ),
)
PRECISIONS = ("float32", "bfloat16")
N_HELD_OUT = 500
SEED = 0


class Epoch(NamedTuple):
    """Seconds of an epoch, and R² on what was held out."""

    seconds: float
    score: float


def ways() -> list[tuple[str, str]]:
    """Devices and precisions."""
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    return [(device, precision) for device in devices for precision in PRECISIONS]


def train(network: Network, way: tuple[str, str], X: Float32) -> Epoch:
    """Fit once."""
    _, (n_sequences, _, _), n_epochs, params = network
    device, precision = way
    autoencoder = LSTMAutoencoder(
        16, max_epochs=n_epochs, device=device, precision=precision, random_state=SEED, **params
    )
    start = time.perf_counter()
    autoencoder.fit(X[:n_sequences])
    return Epoch((time.perf_counter() - start) / n_epochs, autoencoder.score(X[n_sequences:]))


def rows(networks: Sequence[Network], n_rounds: int) -> Iterator[list[str]]:
    """A row of the table for each network and way."""
    for network in networks:
        name, (n_sequences, n_timesteps, n_channels), _, _ = network
        X = synthetic(n_sequences + N_HELD_OUT, n_timesteps, n_channels, SEED)
        measured = [[train(network, way, X) for way in ways()] for _ in range(n_rounds + 1)][1:]  # the first warms up
        seconds = np.min([[epoch.seconds for epoch in turn] for turn in measured], axis=0)
        for way, taken, epoch in zip(ways(), seconds, measured[0], strict=True):
            yield [name, *way, f"{taken:.3f}", f"{taken / seconds[0]:.2f}", f"{epoch.score:.4f}"]


def main() -> None:
    """Run the benchmark."""
    arguments = Arguments(__doc__, quick="one round of the first network", write="the table")
    arguments.add_rounds(3, quick=1)
    given = arguments.read()
    warnings.simplefilter("ignore", ConvergenceWarning)
    header = ["network", "device", "precision", "seconds of an epoch", "over float32 on the CPU", "held-out R²"]
    found = table(header, rows(NETWORKS[:1] if given.quick else NETWORKS, given.rounds))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    note = f"{gpu}; torch set to {torch.get_num_threads()} threads; {torch.backends.cpu.get_cpu_capability()}"
    publish("devices", f"{found}\n\n{environment(note=note)}", write=given.write)


if __name__ == "__main__":
    main()
