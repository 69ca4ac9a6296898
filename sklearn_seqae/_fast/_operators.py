"""Operators of torch that it does not document, and may change."""

from typing import Any

import torch

__all__ = ["is_known"]


def is_known(operator: str, arguments: str) -> bool:
    """Whether torch has an operator of this name, with arguments of these names, separated by spaces, in this order."""
    found: Any = getattr(torch.ops.aten, operator, None)
    return found is not None and " ".join(argument.name for argument in found.default._schema.arguments) == arguments
