"""Processes that compute together, of which this is one: what they tell each other, by torch's process groups.

A process knows of the others by torchrun, in environment variables, or by a group that the program has made before.
"""

import gc
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._compute._devices import device_of_process
from sklearn_seqae._compute._signals import noted_interrupts

__all__ = ["Processes", "join"]

# Numbers that differ by less than this share are taken to be equal: processors round differently.
_ROUNDING = 1e-4

_n_groups = count()


class Processes:
    """All processes, which make the same calls of these methods in the same order.

    Parameters
    ----------
    device : str or torch.device
        Where to compute; "cuda" is the GPU of the process's number on its machine.

    Attributes
    ----------
    group : ProcessGroup or None
        Torch's group of them, which carries nobody else's messages; None once this process has left.
    rank : int
        The number of this process, from 0.
    size : int
        How many there are.
    device : str
        Where this one computes.
    is_interrupted : callable
        Whether Ctrl-C has reached this one.
    """

    def __init__(self, device: str | torch.device) -> None:
        self.group: Any = _make_group(device)
        self.rank: int = dist.get_rank(self.group)
        self.size: int = dist.get_world_size(self.group)
        self.is_interrupted: Callable[[], bool] = bool
        try:
            self.device = device_of_process(device)
        except ValueError:
            self.leave()
            raise

    def leave(self) -> None:
        """Let go of the connections; once nobody holds them, those who still wait for this process fail."""
        dist.destroy_process_group(self.group)
        self.group = None

    @property
    def is_first(self) -> bool:
        """Whether it is this process that speaks for all."""
        return self.rank == 0

    def sum(self, *values: float) -> list[float]:
        """The sum over all processes of each value."""
        total = torch.tensor(values, dtype=torch.float64, device="cpu")
        dist.all_reduce(total, group=self.group)
        return total.tolist()

    def any(self, *flags: bool) -> list[bool]:
        """Of each flag, whether it is set in any process."""
        return [total > 0 for total in self.sum(*flags)]

    def first(self, value: Any) -> Any:
        """The first process's value, which torch pickles."""
        shared = [value]
        dist.broadcast_object_list(shared, 0, group=self.group, device=torch.device("cpu"))
        return shared[0]

    def share(self, state: Any) -> None:
        """Give all tensors of nested mappings and lists the first process's values, in place."""
        if isinstance(state, Tensor):
            dist.broadcast(state.detach(), 0, group=self.group)
        elif isinstance(state, Mapping | list):
            for item in state.values() if isinstance(state, Mapping) else state:
                self.share(item)

    def part(self, n: int) -> slice:
        """Which of n rows are this process's: numbers of rows differ by one at most."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def different(
        self, described: Mapping[str, str], numbers: Mapping[str, NDArray[np.float64]]
    ) -> dict[int, list[str]]:
        """What is not as it is in the first process, by rank.

        Parameters
        ----------
        described : mapping of str
            What is to be equal.
        numbers : mapping of ndarray
            What is to be equal but for rounding; looked at where all of `described` is equal, on which shapes depend.

        Returns
        -------
        dict of list of str
            Names, of processes in which anything differs; the same in all of them.
        """
        digests = self._gather(torch.tensor([_digest(text) for text in described.values()], device="cpu"))
        found = _names(described, [(digest != digests[0]).tolist() for digest in digests])
        if found:
            return found
        unequal = []
        for values in numbers.values():
            gathered = self._gather(torch.from_numpy(values))
            unequal.append([not torch.allclose(v, gathered[0], _ROUNDING, 0, equal_nan=True) for v in gathered])
        return _names(numbers, list(zip(*unequal, strict=True)))

    def _gather(self, own: Tensor) -> list[Tensor]:
        gathered = [torch.empty_like(own) for _ in range(self.size)]
        dist.all_gather(gathered, own, group=self.group)
        return gathered


def _names(names: Mapping[str, Any], unequal: Sequence[Sequence[bool]]) -> dict[int, list[str]]:
    """By rank, names of what is unequal there."""
    found = {rank: [n for n, differs in zip(names, row, strict=True) if differs] for rank, row in enumerate(unequal)}
    return {rank: differing for rank, differing in found.items() if differing}


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)


@contextmanager
def join(wanted: bool, device: str | torch.device) -> Iterator[Processes | None]:
    """Compute together with the other processes, if there are any.

    Until the end, this process warns only if it is the first, and notes a first Ctrl-C instead of being interrupted: a
    process that left alone would leave the others waiting. Where it leaves by an error, they fail too.

    Parameters
    ----------
    wanted : bool
        Whether to look for others at all.
    device : str or torch.device
        Where to compute, see `Processes`.

    Yields
    ------
    Processes or None
        None where there is this process alone.

    Raises
    ------
    ValueError
        If there are others, but this build of torch knows no process groups, or the device cannot be used.
    """
    if not wanted or _world_size() == 1:
        yield None
        return
    processes = Processes(device)
    try:
        on_gpu = torch.device(processes.device).type == "cuda"
        with (
            torch.cuda.device(processes.device) if on_gpu else nullcontext(),
            noted_interrupts() as processes.is_interrupted,
            warnings.catch_warnings(),
        ):
            if not processes.is_first:
                warnings.simplefilter("ignore")
            yield processes
    except BaseException as error:
        if isinstance(error, RuntimeError):  # torch's own of connections say nothing of what is at their other end
            error.add_note(f"Process {processes.rank} of {processes.size}; if another one has failed, see its error.")
        processes.leave()
        gc.collect()  # what is part of a cycle would hold the connections open, and let the others wait
        raise
    processes.leave()


def _world_size() -> int:
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size()
    return int(os.environ.get("WORLD_SIZE", 1))


def _make_group(device: str | torch.device) -> Any:
    """A group of all processes: one beside the program's, or the first.

    gloo carries numbers on the CPU, also beside gradients on GPUs, which nccl carries. The addresses of a first group
    stand in a store that all first groups of a process share, so that each needs a place of its own there.
    """
    if not dist.is_available():
        raise ValueError("distributed=True needs torch.distributed, which this build of torch does not have.")
    from torch.distributed.rendezvous import rendezvous  # cannot be imported where there are no groups

    has_gpus = str(device) != "cpu" and torch.cuda.is_available() and dist.is_nccl_available()
    backend = "cpu:gloo,cuda:nccl" if has_gpus else "gloo"
    own_addresses = None if dist.is_initialized() else next(rendezvous("env://"))
    # DistributedDataParallel imports it; when it does so first, what it holds is never let go, the group among it.
    import_module("torch._dynamo")
    if own_addresses is None:
        return dist.new_group(backend=backend)
    store, rank, size = own_addresses
    store = dist.PrefixStore(f"{__name__}/{next(_n_groups)}", store)  # type: ignore[attr-defined]
    dist.init_process_group(backend, store=store, rank=rank, world_size=size)
    return dist.group.WORLD
