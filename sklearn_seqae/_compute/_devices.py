"""Where to compute."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["memory_given_back", "resolve_device"]


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


@contextmanager
def memory_given_back(device: str) -> Iterator[None]:
    """Give a GPU's memory back afterwards, which torch would keep for the next time: other processes may want it."""
    try:
        yield
    finally:
        if torch.device(device).type == "cuda":
            torch.cuda.empty_cache()
