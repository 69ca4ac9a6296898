"""A checkpoint: what a training that is killed goes on from, as data alone."""

import operator
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

import numpy as np
import torch

from sklearn_seqae._storage._formats import CHECKPOINT_FORMAT
from sklearn_seqae._storage._parts import PartsFolder
from sklearn_seqae._storage._reading import MISFITS
from sklearn_seqae._storage._slots import Slot, claim
from sklearn_seqae._storage._values import pack, unpack

__all__ = ["Checkpoint", "CheckpointElsewhere", "open_checkpoint"]

# Seconds between two checkpoints above which they are made safe from a power cut too, which takes a while.
_LONG = 1.0

State = dict[str, Any]


class Checkpoint:
    """The checkpoint of one training.

    Parameters
    ----------
    slot : Slot
        Where it is.
    seed : int
        Of the training, if it begins here.

    Attributes
    ----------
    seed : int
        Of the training, also where it goes on.

    Raises
    ------
    ValueError
        If there is one that cannot be read.
    """

    def __init__(self, slot: Slot, seed: int) -> None:
        self._slot = slot
        self._state = self._load()
        self.seed = seed if self._state is None else self._state["seed"]
        self._written = time.monotonic()

    def _load(self) -> State | None:
        found = self._slot.read()
        if found is None:
            return None
        packed, about = found
        form = about.get("checkpoint")
        if form != CHECKPOINT_FORMAT:
            why = f"it is of format {form}, but this version of sklearn_seqae goes on from format {CHECKPOINT_FORMAT}"
            raise ValueError(self._slot.unreadable(why))
        with self.explained():
            state: State = unpack(packed, _build)
            state["seed"] = operator.index(state["seed"])
            return state

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say of values that do not fit together where they come from."""
        try:
            yield
        except (*MISFITS, ValueError) as error:
            why = f"its values do not fit the training ({type(error).__name__}: {error})"
            raise ValueError(self._slot.unreadable(why)) from error

    def read(self) -> State | None:
        """What `write` was given last, by whoever was killed; None where a training begins."""
        return self._state

    def write(self, state: State) -> None:
        """Replace it in one step, whenever the process may be killed.

        Where epochs take long, it is also safe from a power cut, for which the disk has to be waited for. Otherwise a
        power cut may leave a damaged one, and says so when it is read.
        """
        packed = pack({**state, "seed": self.seed}, "checkpoint", _describe)
        self._slot.write(packed, {"checkpoint": CHECKPOINT_FORMAT}, durable=time.monotonic() - self._written > _LONG)
        self._written = time.monotonic()

    @property
    def parts(self) -> PartsFolder:
        """Where fits that are parts of this one have their checkpoints."""
        return PartsFolder.beside(self._slot.path)

    def remove(self) -> None:
        """Remove it, and those of its parts, when the fit has ended."""
        shutil.rmtree(self.parts, ignore_errors=True)
        self._slot.remove()


class CheckpointElsewhere(Checkpoint):
    """The checkpoint of a training in several processes, for those that do not keep it but go on from it.

    Parameters
    ----------
    state : dict or None
        What the process that keeps it has found.
    seed : int
        Of the training.
    """

    def __init__(self, state: State | None, seed: int) -> None:
        self._state = state
        self.seed = seed

    @contextmanager
    def explained(self) -> Iterator[None]:
        """The process that keeps it fails as well, and says where."""
        yield

    def write(self, state: State) -> None:
        """Who keeps it does so."""

    def remove(self) -> None:
        """Who keeps it does so."""


@contextmanager
def open_checkpoint(folder: str | PathLike[str], name: str, seed: int) -> Iterator[Checkpoint]:
    """The checkpoint of a training of this name; nobody else gets it meanwhile."""
    with claim(folder, name) as slot:
        yield Checkpoint(slot, seed)


def _describe(value: Any) -> tuple[str, State] | None:
    return ("tensor", {"values": value.detach().cpu().numpy()}) if isinstance(value, torch.Tensor) else None


def _build(name: str, state: State) -> Any:
    if name != "tensor":
        raise ValueError(f"it holds an object of the unknown class {name[:80]!r}")
    return torch.from_numpy(np.array(state["values"]))
