"""How to train: plain values, as estimators hand them over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from sklearn_seqae._data._gaps import GapPatterns

__all__ = ["Seeds", "TrainingSettings"]


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


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; see the parameters of the same names in `LSTMAutoencoder`, and of `TrainingBatches` for `gaps`."""

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
