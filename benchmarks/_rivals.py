"""The usual sequence autoencoder, as a user would write and train it in torch, and the way to its twin in Keras."""

import json
import math
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["UsualAutoencoder", "finish_imports", "fit_loop", "fit_skorch", "run_keras", "train_epoch"]

_KERAS_SCRIPT = Path(__file__).with_name("keras_rival.py")


class UsualAutoencoder(nn.Module):
    """LSTM(latent_dim), its last hidden state repeated at each step, LSTM(latent_dim), a linear layer."""

    def __init__(self, n_channels: int, latent_dim: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(n_channels, latent_dim, batch_first=True)
        self.decoder = nn.LSTM(latent_dim, latent_dim, batch_first=True)
        self.output = nn.Linear(latent_dim, n_channels)

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Codes (B, K) of sequences (B, T, C): the hidden state at the last step, of each its own where they differ."""
        outputs, (hidden, _) = self.encoder(x)
        if lengths is None:
            return hidden[-1]
        return outputs[torch.arange(len(x), device=x.device), lengths - 1]

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Reconstructions (B, T, C)."""
        code = self.encode(x, lengths)
        outputs, _ = self.decoder(code.unsqueeze(1).expand(-1, x.shape[1], -1))
        return self.output(outputs)


def train_epoch(
    module: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, batch_size: int, lengths: Tensor | None = None
) -> float:
    """One pass over the sequences in a new order; the mean loss of its batches.

    The loop is tight: batches are cut from one tensor, and nothing waits for a loss before the end of the epoch. Where
    `lengths` are given, x is padded, and only real steps count.
    """
    criterion = nn.MSELoss()
    losses = []
    for index in torch.split(torch.randperm(len(x), device=x.device), batch_size):
        batch = x[index]
        if lengths is None:
            loss = criterion(module(batch), batch)
        else:
            real = torch.arange(x.shape[1], device=x.device) < lengths[index, None]  # (B, T)
            loss = criterion(module(batch, lengths[index])[real], batch[real])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def fit_loop(
    x: Tensor, *, latent_dim: int, batch_size: int, learning_rate: float, n_epochs: int, seed: int, device: str = "cpu"
) -> tuple[UsualAutoencoder, float]:
    """Train the usual autoencoder in the tight loop; it, and the last epoch's mean loss."""
    torch.manual_seed(seed)
    x = x.to(device)
    module = UsualAutoencoder(x.shape[2], latent_dim).to(device)
    optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate)
    loss = math.nan
    for _ in range(n_epochs):
        loss = train_epoch(module, optimizer, x, batch_size)
    return module, loss


def fit_skorch(
    x: NDArray[np.float32],
    *,
    latent_dim: int,
    batch_size: int,
    learning_rate: float,
    n_epochs: int,
    seed: int,
    device: str = "cpu",
) -> float:
    """Train the usual autoencoder through skorch as it comes; the last epoch's mean loss."""
    from skorch import NeuralNetRegressor

    torch.manual_seed(seed)
    net = NeuralNetRegressor(
        UsualAutoencoder,
        module__n_channels=x.shape[2],
        module__latent_dim=latent_dim,
        optimizer=torch.optim.Adam,
        lr=learning_rate,
        batch_size=batch_size,
        max_epochs=n_epochs,
        iterator_train__shuffle=True,
        train_split=None,
        device=device,
        verbose=0,
    )
    return float(net.fit(x, x).history[-1, "train_loss"])


def finish_imports() -> None:
    """Have torch import what it puts off until the first optimizer is made, which takes seconds and much memory."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def run_keras(interpreter: str, arguments: Mapping[str, Any], threads: int | None = None) -> dict[str, Any]:
    """Have another interpreter, which has Keras, do a task of `keras_rival.py`.

    Parameters
    ----------
    interpreter : str
        Path of the interpreter.
    arguments : mapping
        Keyword arguments of the task; on the device "cpu", GPUs are hidden from it.
    threads : int or None
        Threads of JAX's pool; None leaves it to the library.
    """
    environment = dict(os.environ)
    if arguments["device"] == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    if threads is not None:
        environment["PJRT_NPROC"] = str(threads)
    command = [interpreter, str(_KERAS_SCRIPT), json.dumps(dict(arguments))]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with status {finished.returncode}:\n{finished.stderr}")
    return json.loads(finished.stdout.splitlines()[-1])
