"""Where to compute."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["device_of_process", "memory_given_back", "resolve_device"]


def resolve_device(device: str | torch.device) -> str:
    """The name of a device, if torch has it; "auto" is a CUDA GPU if there is one.

    Raises
    ------
    ValueError
        If torch knows of no such device, or cannot compute on it here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device, dtype=torch.float32).item()  # "meta" has no values
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}. Take 'cpu', or 'auto'.") from error
    return str(device)


def device_of_process(device: str | torch.device) -> str:
    """As `resolve_device`, where each of several processes on a machine has a GPU of its own: "cuda" is the one of the
    process's number, as torchrun counts them, or else the one that the program has set.
    """
    name = resolve_device(device)
    if name != "cuda":
        return name
    return resolve_device(f"cuda:{os.environ.get('LOCAL_RANK', torch.cuda.current_device())}")


@contextmanager
def memory_given_back(device: str) -> Iterator[None]:
    """Give a GPU's memory back afterwards, which torch would keep for the next time: other processes may want it."""
    try:
        yield
    finally:
        if torch.device(device).type == "cuda":
            torch.cuda.empty_cache()
