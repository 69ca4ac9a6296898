"""A network that several processes train together, each on its part of every batch."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["data_parallel"]

Compute = Callable[..., tuple[Tensor, Tensor]]


class _LossOfPart(nn.Module):
    """A function of parameters as a module of its own: what `DistributedDataParallel` wraps.

    Parameters
    ----------
    parameters : iterable of Parameter
        All that the function depends on.
    spare : sequence of Parameter
        Those among them of which it may depend on some only.
    compute : callable
        From the network's arguments and the target (B, T, C) to the loss, a scalar, and the prediction (B, T, C).
    """

    def __init__(self, parameters: Iterable[Tensor], spare: Sequence[Tensor], compute: Compute) -> None:
        super().__init__()
        self.learnable = nn.ParameterList(parameters)
        self.spare = spare
        self.compute = compute

    def forward(self, inputs: dict[str, Tensor], target: Tensor) -> tuple[Tensor, Tensor]:
        loss, prediction = self.compute(inputs, target)
        for parameter in self.spare:  # a gradient of zero where there would be none, which is waited for
            loss = loss + 0.0 * parameter.sum()
        return loss, prediction.detach()


def data_parallel(
    network: nn.Module, criterion: nn.Module, compute: Compute, *, device: str, group: Any
) -> DistributedDataParallel:
    """`compute` such that its gradients are the means over all processes of a group.

    At first, all take over the first one's parameters. Buffers are not shared, so that nothing but gradients is sent.

    Parameters
    ----------
    network, criterion : Module
        Those whose parameters are trained, as far as these need gradients now: a loss may have some too. On the device.
    compute : callable
        From the network's arguments and the target (B, T, C) to the loss, a scalar, and the prediction (B, T, C).
    device : str
        Where this process computes.
    group : ProcessGroup
        The processes.

    Returns
    -------
    DistributedDataParallel
        Computes the same, the prediction without a graph. Each process is to call it, and to go back through the loss,
        as often as the others.
    """
    spare = list(criterion.parameters())
    return DistributedDataParallel(
        _LossOfPart([*network.parameters(), *spare], spare, compute),
        device_ids=[torch.device(device)] if torch.device(device).type == "cuda" else None,
        process_group=group,
    )
