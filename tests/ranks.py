"""What two processes do that train together, for `test_distributed`. Run as a program, it starts them and writes what
they found: most of the time goes into the import of torch, which they share by a fork.
"""

import contextlib
import io
import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo  # which changes the environment, and takes a while: here once for all
import torch.distributed as dist
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, Freezer
from torch import Tensor, nn

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
from tests.tiny import tiny, weights

N_RANKS = 2
KILLED_EPOCHS = 5
SECONDS = 120  # after which a process is taken to hang

RNG = np.random.default_rng(0)
X = np.sin(RNG.uniform(0, 6, (33, 1)) + np.linspace(0, 6, 12)) + RNG.normal(0, 0.3, (33, 12))


class LearnedScale(nn.Module):
    """A loss with a parameter that it uses, one that it does not, and something that it remembers."""

    largest: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.unused = nn.Parameter(torch.zeros(3))
        self.register_buffer("largest", torch.zeros(()))

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        self.largest = torch.maximum(self.largest, target.abs().max())
        return ((prediction - target).abs() * torch.exp(-self.log_scale) + self.log_scale).mean()


class Impatient(nn.Module):
    """A loss in which one presses Ctrl-C twice."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        if rank_here() == 1:
            press_ctrl_c()
            press_ctrl_c()
        return (prediction - target).abs().mean()


class On(Callback):
    """Does something at the end of a batch or of an epoch of one process."""

    def __init__(self, rank: int, epoch: int, what: Callable[[], None], each: str = "epoch") -> None:
        self.rank = rank
        self.epoch = epoch
        self.what = what
        self.each = each

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        self._act(net, "batch")

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        self._act(net, "epoch")

    def _act(self, net: Any, each: str) -> None:
        if each == self.each and len(net.history) == self.epoch and rank_here() == self.rank:
            self.what()


def rank_here() -> int:
    return int(os.environ.get("RANK", 0))


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def stop() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ArithmeticError("of this process alone")


failures: list[str] = []


def fail_once() -> None:
    if not failures:
        failures.append("here")
        fail()


# Of the last batch, of one sequence, the first process has nothing.
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "equal lengths": (X, {"batch_size": 16}),
    "unequal lengths": ([row[: 3 + i % 10] for i, row in enumerate(X)], {"batch_size": 16}),
    "gaps": (np.where(RNG.random(X.shape) < 0.3, np.nan, X), {"batch_size": 8}),
    "two channels": (X.reshape(33, 6, 2), {"bidirectional": True, "decoder": "state", "linear_path": False}),
    "no linear layer": (X, {"output_layer": None, "decoder": "repeat", "hidden_layer_sizes": (), "patch_len": 1}),
    "early stopping": (X, {"early_stopping": True, "max_epochs": 12, "learning_rate": 0.05}),
    "plateau": (X, {"n_iter_no_change": 2, "max_epochs": 30, "tol": 0.5}),
    "another optimizer": (X, {"net_params": {"optimizer": torch.optim.LBFGS}, "learning_rate": 0.1}),
    "a loss that learns": (X, {"loss": LearnedScale(), "mixup": 0}),
    "a part that is frozen": (X, {"callbacks": [Freezer("decoder.*")]}),
    "a callback stops": (X, {"callbacks": [On(0, 3, stop)], "max_epochs": 5}),
}


def outcome(autoencoder: LSTMAutoencoder, data: Any) -> dict[str, Any]:
    return {
        "losses": autoencoder.loss_curve_,
        "validation losses": autoencoder.validation_loss_curve_,
        "best loss": autoencoder.best_loss_,
        "interrupted": autoencoder.interrupted_,
        "weights": weights(autoencoder),
        "codes": autoencoder.transform(data),
    }


def fitted(name: str, **params: Any) -> dict[str, Any]:
    data, own = CASES[name]
    return outcome(tiny(**own, **params).fit(data), data)


def fitted_in_parts(**params: Any) -> dict[str, Any]:
    """Two parts, then all of it from there on."""
    autoencoder = tiny(warm_start=True, **params)
    for part in (X[:15], X[15:]):
        autoencoder.partial_fit(part)
    return outcome(autoencoder.fit(X), X)


def error_of(action: Callable[[], Any]) -> str:
    try:
        action()
    except (Exception, KeyboardInterrupt) as error:
        return f"{type(error).__name__}: {error} {getattr(error, '__notes__', '')}"
    return "none"


def surroundings() -> dict[str, Any]:
    """What a fit must leave as it is."""
    return {
        "handler": signal.getsignal(signal.SIGINT),
        "environment": dict(os.environ),
        "threads": torch.get_num_threads(),
        "torch's generator": torch.random.get_rng_state().tolist(),
        "NumPy's generator": str(np.random.get_state()),  # noqa: NPY002
        "filters": list(warnings.filters),
        "group": dist.is_initialized(),
    }


def words_of(**params: Any) -> tuple[str, int]:
    """What a fit prints, and how many warnings it gives."""
    with contextlib.redirect_stdout(io.StringIO()) as out, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tiny(distributed=True, verbose=2, **params).fit(X)
    return out.getvalue(), len(caught)


def beside_a_group() -> dict[str, Any]:
    """A fit, where the program has a group of its own."""
    dist.init_process_group("gloo")
    try:
        found = fitted("equal lengths", distributed=True)
        total = torch.ones(1)
        dist.all_reduce(total)
        return found | {"total": float(total)}
    finally:
        dist.destroy_process_group()


def killed_and_resumed(folder: Path, **params: Any) -> dict[str, Any]:
    """A fit that goes on after an error in one process, and what is in the folder in between and at the end."""
    params |= {"checkpoint_dir": folder, "callbacks": [On(1, 3, fail_once)], "max_epochs": KILLED_EPOCHS}
    error = error_of(lambda: fitted("equal lengths", **params))
    between = [path.suffix for path in folder.iterdir()]
    found = fitted("equal lengths", **params)
    return {**found, "error": error, "between": between, "left": len(list(folder.iterdir()))}


def work(device: str, folder: Path) -> dict[str, Any]:
    """All that a process does, in the same order as the other one."""
    rank = rank_here()
    together = {"distributed": True, "device": device}
    before = surroundings()
    found: dict[str, Any] = {name: fitted(name, **together) for name in CASES}
    found["in parts"] = fitted_in_parts(**together)
    found["any seed"] = fitted("equal lengths", random_state=None, **together)
    found["dropout"] = fitted("equal lengths", dropout=0.5, **together)
    found["Ctrl-C"] = fitted("equal lengths", max_epochs=9, callbacks=[On(1, 3, press_ctrl_c, "batch")], **together)
    found["stopped by one"] = fitted("equal lengths", max_epochs=9, callbacks=[On(1, 3, stop)], **together)
    found["changed"] = [name for name, value in surroundings().items() if value != before[name]]
    found["words"] = words_of(learning_rate=0.0, linear_path=False, device=device)
    found["beside a group"] = beside_a_group()
    found["errors"] = {
        "other rows": error_of(lambda: tiny(**together).fit(X[rank:])),
        "other order": error_of(lambda: tiny(**together).fit(X[:: 1 - 2 * rank])),
        "other parameters": error_of(lambda: tiny(**together | {"latent_dim": 2 + rank, "mixup": rank}).fit(X)),
        "own batches": error_of(lambda: tiny(**together, net_params={"iterator_train": list}).fit(X)),
        "unreadable": error_of(lambda: tiny(**together).fit(X if rank == 0 else X + np.inf)),
        "not finite": error_of(lambda: tiny(**together, learning_rate=1e30, max_grad_norm=None).fit(X)),
        "two Ctrl-C": error_of(lambda: tiny(**together, loss=Impatient()).fit(X)),
        "of one": error_of(lambda: tiny(**together, callbacks=[On(1, 1, fail)]).fit(X)),
    }
    found["killed"] = killed_and_resumed(folder, **together)
    detector = LSTMOutlierDetector(tiny(**together | {"random_state": None}), cv=2, random_state=0).fit(X)
    found["detector"] = detector.score_samples(X)
    return found


def run_rank(rank: int, device: str, folder: Path, connection: Connection) -> None:
    """Find the others as torchrun would have it."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(connection.recv()), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    os.environ.update(place, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(N_RANKS))
    if sys.platform == "linux":
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # whatever the machine's name stands for
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have it ignored in the background
    connection.send(work(device, folder))


def run(device: str, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What one process finds alone, and what each of two finds."""
    fork = multiprocessing.get_context("fork")
    connections, processes = [], []
    for rank in range(N_RANKS):
        here, there = fork.Pipe()
        processes.append(fork.Process(target=run_rank, args=(rank, device, folder, there), daemon=True))
        processes[-1].start()
        connections.append(here)
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # type: ignore[attr-defined]  # its threads come after the forks
    for connection in connections:
        connection.send(store.port)
    alone = {name: fitted(name) for name in CASES} | {"in parts": fitted_in_parts()}
    alone["killed"] = fitted("equal lengths", max_epochs=KILLED_EPOCHS)
    found = []
    for connection in connections:
        if not connection.poll(SECONDS):
            raise TimeoutError(f"a process said nothing for {SECONDS} seconds")
        found.append(connection.recv())
    for process in processes:
        process.join()
    return alone, found


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Training interrupted")
    results = run(sys.argv[1], Path(sys.argv[2]) / "checkpoints")
    (Path(sys.argv[2]) / "results.pickle").write_bytes(pickle.dumps(results))
