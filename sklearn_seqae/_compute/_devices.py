"""Where to compute."""

import torch

__all__ = ["resolve_device"]


def resolve_device(device: str) -> str:
    """The device of this name, if torch has it; "auto" is a GPU if there is one.

    Raises
    ------
    ValueError
        If torch knows of no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}. Take 'cpu', or 'auto'.") from error
    return device
