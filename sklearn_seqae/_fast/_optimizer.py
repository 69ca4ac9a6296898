"""torch's AdamW, without the import of torch's compiler."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import torch

__all__ = ["AdamW"]

_step: Any = unwrap(torch.optim.AdamW.step)


class AdamW(torch.optim.AdamW):
    """torch's AdamW, whose methods do not tell torch's compiler to leave them alone.

    To say so, torch wraps them in functions that import the compiler, SymPy and all else that goes with it, 800 modules
    in all, when they are first called. Nothing is compiled here, so the functions within do the same; without them, the
    first fit of a process takes 1.4 s less, as do those of the worker processes of a search (processor time; torch 2.13
    on an AMD EPYC).
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """What torch's own does; the closure computes with gradients."""
        return _step(self, closure)
