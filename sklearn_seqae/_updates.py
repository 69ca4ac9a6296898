"""Steps of torch's AdamW, without its bookkeeping."""

from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

__all__ = ["Updates"]

_Lists = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


class Updates:
    """The steps of an optimizer, whose parameters and states are gathered once.

    `AdamW.step` gathers them anew each time and looks for hooks and profilers, which takes a tenth of a training step
    of a very small network. Here torch's functional AdamW gets them; what comes out is the same to the last bit.

    Parameters
    ----------
    optimizer : torch.optim.AdamW
        Fused, without hooks; its groups may change their rates from step to step.
    """

    def __init__(self, optimizer: torch.optim.AdamW) -> None:
        self.optimizer = optimizer
        self._gathered: list[_Lists] = []

    def step(self) -> None:
        """What ``optimizer.step()`` does."""
        gradients: list[list[Any]] = [[p.grad for p in lists[0]] for lists in self._gathered]
        if not gradients or any(gradient is None for group in gradients for gradient in group):
            self.optimizer.step()  # makes the states, and knows what to do where there is no gradient
            self._gathered = self._gather()
            return
        with torch.no_grad():
            for group, lists, grads in zip(self.optimizer.param_groups, self._gathered, gradients, strict=True):
                _step(group, grads, *lists)

    def _gather(self) -> list[_Lists]:
        """Of each group, parameters, both moments and numbers of steps; nothing while a parameter has no moments."""
        state = self.optimizer.state
        groups: list[list[Tensor]] = [group["params"] for group in self.optimizer.param_groups]
        if any(parameter not in state for parameters in groups for parameter in parameters):
            return []

        def states(parameters: list[Tensor], name: str) -> list[Tensor]:
            return [state[parameter][name] for parameter in parameters]

        return [(ps, states(ps, "exp_avg"), states(ps, "exp_avg_sq"), states(ps, "step")) for ps in groups]


def _step(
    group: dict[str, Any],
    gradients: list[Tensor],
    parameters: list[Tensor],
    means: list[Tensor],
    squares: list[Tensor],
    steps: list[Tensor],
) -> None:
    beta1, beta2 = group["betas"]
    adamw(
        parameters,
        gradients,
        means,
        squares,
        [],
        steps,
        fused=True,
        amsgrad=False,
        beta1=beta1,
        beta2=beta2,
        **{name: group[name] for name in ("lr", "weight_decay", "eps", "maximize")},
    )
