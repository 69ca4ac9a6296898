"""Data-parallel training: each process takes its part of every batch, and all end with the same weights.

All draw the same batches from the same seeds, whole, and only then take their parts, so that the training is that of
one process, but for rounding. To vary sequences takes little time beside a step.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor

from sklearn_seqae._compute._processes import Processes
from sklearn_seqae._data._dataset import Batch
from sklearn_seqae._network._data_parallel import data_parallel
from sklearn_seqae._training._settings import TrainingSettings

__all__ = ["DataParallel", "settings_of_process"]


def settings_of_process(settings: TrainingSettings, processes: Processes | None) -> TrainingSettings:
    """How this process trains: on its device, and in silence unless it is the first.

    What draws from torch's generators, as dropout does, draws something else for each part of a batch.

    Raises
    ------
    ValueError
        If the batches are not the estimator's own, of which it is not known whether they are the same everywhere.
    """
    if processes is None:
        return settings
    for name in settings.net_params or {}:
        if name in ("iterator_train", "iterator_valid"):
            raise ValueError(
                f"net_params must not set {name!r} where distributed=True: each process takes its part of batches that "
                "all have drawn alike."
            )
    return replace(
        settings,
        device=processes.device,
        verbose=settings.verbose if processes.is_first else 0,
        seeds=settings.seeds._replace(user=settings.seeds.user + processes.rank),
    )


class DataParallel:
    """The part that this process has in a training.

    Every loss that it returns is that of the whole batch, so that whoever judges by losses judges alike everywhere.

    Parameters
    ----------
    processes : Processes
        Who trains together.

    Attributes
    ----------
    ends : bool
        Whether all have agreed that the training ends here.
    interrupts : bool
        Whether Ctrl-C ends it.
    """

    ends = interrupts = False

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self._n_observed = self._n_own = 0
        self._trained: list[bool] = []
        self._module: Any = None

    def parts(self, batches: Iterable[tuple[Batch, Tensor]]) -> "_Parts":
        """This process's part of each batch."""
        return _Parts(self, batches)

    def take(self, batch: Batch, target: Tensor) -> tuple[Batch, Tensor]:
        """This process's rows of a batch (B, ...), of target (B, T, C); where nothing is observed in them, another row,
        which does not count: all take part in every step.
        """
        n_observed = (~torch.isnan(target)).flatten(1).sum(dim=1)  # (B,)
        rows = self.processes.part(len(target))
        self._n_own, self._n_observed = int(n_observed[rows].sum()), int(n_observed.sum())
        if self._n_own == 0:
            row = int(n_observed.argmax())
            rows = slice(row, row + 1)
        return {name: value[rows] for name, value in batch.items()}, target[rows]

    def train_step(self, net: NeuralNet, part: tuple[Batch, Tensor]) -> dict[str, Any]:
        """Set the gradients of the whole batch; the number of its observed values weighs it, as in one process."""
        net._set_training(True)
        loss, prediction = self._computing(net)(*part)
        weight = self._n_own / net.values_per_batch_
        (self.processes.size * weight * loss).backward()  # whose mean over the processes is taken
        return self._step(net, "train", loss, prediction)

    def validation_step(self, net: NeuralNet, part: tuple[Batch, Tensor]) -> dict[str, Any]:
        """The loss of the whole batch."""
        net._set_training(False)
        with torch.no_grad():
            loss, prediction = net.compute_loss(*part)
        return self._step(net, "valid", loss, prediction)

    def _step(self, net: NeuralNet, prefix: str, loss: Tensor, prediction: Tensor) -> dict[str, Any]:
        net.history.record_batch(f"{prefix}_n_observed", self._n_observed)
        own = loss.item() * self._n_own / self._n_observed if self._n_own else 0.0
        whole, *flags = self.processes.sum(own if self._n_observed else math.nan, *self._flags(net))
        self._decide(flags)
        return {"loss": torch.tensor(whole, dtype=loss.dtype, device="cpu"), "y_pred": prediction}

    def agree(self, net: NeuralNet) -> None:
        """End the training everywhere where it is to end anywhere."""
        self._decide(self.processes.sum(*self._flags(net)))

    def _flags(self, net: NeuralNet) -> tuple[bool, bool]:
        return net.finished_, net.interrupted_ or self.processes.is_interrupted()

    def _decide(self, flags: list[float]) -> None:
        finishes, self.interrupts = (flag > 0 for flag in flags)
        self.ends = finishes or self.interrupts

    def _computing(self, net: NeuralNet) -> Any:
        """The network and its loss, joined anew where a callback has frozen parameters, or set them free."""
        trained = [parameter.requires_grad for _, parameter in net.learnable_]
        if trained != self._trained:
            self._module = None  # two would both wait for gradients
            self._module = data_parallel(
                net.module_,
                net.criterion_,
                net.compute_loss,
                device=self.processes.device,
                group=self.processes.group,
            )
            self._trained = trained
        self.processes.share(_buffers(net.criterion_.loss))
        return self._module

    def close(self) -> None:
        """Let go of the connections."""
        self._module = None


def _buffers(loss: Any) -> list[Tensor]:
    """What a loss keeps besides its parameters, such as a running mean: the first process's counts."""
    return list(loss.buffers()) if hasattr(loss, "buffers") else []


class _Parts:
    """This process's part of each batch."""

    def __init__(self, parallel: DataParallel, batches: Iterable[tuple[Batch, Tensor]]) -> None:
        self.parallel = parallel
        self.batches = batches

    def __iter__(self) -> Iterator[tuple[Batch, Tensor]]:
        for batch, target in self.batches:
            yield self.parallel.take(batch, target)
