"""In how many bits to compute."""

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

import torch
from torch import Tensor

__all__ = ["autocast", "exact_float32", "in_float32"]


def autocast(precision: str, device: str) -> AbstractContextManager[Any]:
    """Mixed precision (Micikevicius et al., 2018) where `precision` is "bfloat16"; nothing where it is "float32"."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)


def in_float32(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A module's forward pass that mixed precision leaves alone: eight bits are too few for what goes through it."""

    @functools.wraps(forward)
    def wrapper(self: Any, *inputs: Tensor | None) -> Any:
        device = next(x.device.type for x in inputs if x is not None)
        if not torch.is_autocast_enabled(device):
            return forward(self, *inputs)
        with torch.autocast(device, enabled=False):
            return forward(self, *(x.float() if x is not None and x.is_floating_point() else x for x in inputs))

    return wrapper


@contextmanager
def exact_float32(device: str) -> Iterator[None]:
    """Keep cuDNN's LSTM from TF32, which has ten bits, and which it takes by itself on NVIDIA GPUs since Ampere.

    What is computed on a GPU is then what is computed elsewhere. The setting is the whole process's: it is put back
    when the last thread leaves.
    """
    if torch.device(device).type != "cuda":
        yield
        return
    _tf32.switch_off()
    try:
        yield
    finally:
        _tf32.put_back()


class _TF32:
    """cuDNN's use of TF32, and how many have asked to be without."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_without = 0
        self._before: Any = None

    def switch_off(self) -> None:
        """Be without it, until as many have put it back as have switched it off."""
        settings, name, off = _setting()
        with self._lock:
            if self._n_without == 0:
                self._before = getattr(settings, name)
                setattr(settings, name, off)
            self._n_without += 1

    def put_back(self) -> None:
        """Undo one `switch_off`."""
        settings, name, _ = _setting()
        with self._lock:
            self._n_without -= 1
            if self._n_without == 0:
                setattr(settings, name, self._before)


_tf32 = _TF32()


def _setting() -> tuple[Any, str, Any]:
    """Where torch has the setting, its name, and its value without TF32; the LSTM's own since torch 2.9."""
    lstm = getattr(torch.backends.cudnn, "rnn", None)
    return (torch.backends.cudnn, "allow_tf32", False) if lstm is None else (lstm, "fp32_precision", "ieee")
