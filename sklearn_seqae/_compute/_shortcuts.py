"""The door to `_fast`: its short cuts, or where the room is not there, nothing in their stead.

What stands on private ground of torch and of the C library is reached through here alone, so that `_fast` can be
deleted. A short cut that is not there, or does not fit, gives None: whoever asks takes torch's documented way then.
"""

from typing import Any

import torch

__all__ = ["AdamW", "Halves", "Updates", "keep_freed_memory", "run_lstm"]


def _not_there(*args: Any) -> None:
    """In place of a function of `_fast`."""


try:
    from sklearn_seqae._fast._halves import Halves
    from sklearn_seqae._fast._lstm import run_lstm
    from sklearn_seqae._fast._memory import keep_freed_memory
    from sklearn_seqae._fast._optimizer import AdamW
    from sklearn_seqae._fast._updates import Updates
except ModuleNotFoundError as error:
    if not str(error.name).startswith("sklearn_seqae._fast"):
        raise
    Halves = Updates = None  # type: ignore[assignment, misc]
    AdamW = torch.optim.AdamW  # type: ignore[assignment, misc]
    run_lstm = keep_freed_memory = _not_there  # type: ignore[assignment]
