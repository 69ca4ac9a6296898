"""How to train: plain values, as estimators hand them over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from sklearn_seqae._data._gaps import GapPatterns

__all__ = ["EpochListener", "Seeds", "TrainingSettings"]


class Seeds(NamedTuple):
    """Seeds of streams that have nothing to do with each other.

    Attributes
    ----------
    batches : int
        Of the order of the sequences, and of all by which they are varied.
    components : int
        Of the principal components from which a training starts.
    user : int
        Of torch's global generators, from which dropout draws, and what the user brings along.
    """

    batches: int
    components: int
    user: int


class EpochListener(Protocol):
    """Who wants to know of epochs."""

    def begin(self, n_epochs: int) -> None:
        """Called before the first, with how many there are at most."""

    def begin_epoch(self) -> None:
        """Called before each."""

    def end_epoch(self, module: Any) -> bool:
        """Called after each, with the network; whether the training should end with it."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; see the parameters of the same names in `LSTMAutoencoder`, and of `TrainingBatches` for `gaps`.

    `epochs` is told of each epoch.
    """

    loss: str | Callable[[Tensor, Tensor], Tensor]
    learning_rate: float
    learning_rate_schedule: str | None
    weight_decay: float
    max_grad_norm: float | None
    time_shift: float
    mixup: float
    blending: float
    input_noise: float
    batch_size: int
    max_epochs: int | str
    n_iter_no_change: int | str
    tol: float
    device: str
    callbacks: list[Any] | None
    net_params: Mapping[str, Any] | None
    verbose: int
    seeds: Seeds
    gaps: GapPatterns | None = None
    epochs: EpochListener | None = None
    precision: str = "float32"
