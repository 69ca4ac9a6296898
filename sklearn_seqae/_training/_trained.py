"""What a training goes on from, and what it leaves behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._training._history import Row

__all__ = ["Resume", "Trained"]


@dataclass(frozen=True)
class Resume:
    """Where an earlier training stopped: what `Trained` was, and all epochs so far."""

    module: SequenceAutoencoder
    optimizer_state: dict[str, Any]
    loss_state: dict[str, Any] | None
    history: Sequence[Row]


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind.

    Attributes
    ----------
    module : SequenceAutoencoder
        The trained network, in evaluation mode.
    optimizer_state : dict
        What the optimizer keeps for each parameter, by its name, to resume from.
    loss_state : dict or None
        What a loss with parameters has learned.
    history : list of dict
        The numbers that skorch and callbacks recorded of each completed epoch, of "train_loss" at least.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    module: SequenceAutoencoder
    optimizer_state: dict[str, Any]
    loss_state: dict[str, Any] | None
    history: list[Row]
    interrupted: bool
