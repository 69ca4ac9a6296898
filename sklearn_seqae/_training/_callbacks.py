"""Callbacks of every training: the mean loss of an epoch, the end where it is not finite, the progress bar."""

import math
from typing import Any

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import Callback, PassthroughScoring

from sklearn_seqae._training._settings import EpochListener

__all__ = ["EpochLoss", "EpochTasks", "ProgressBar", "StopOnDivergence"]


class EpochLoss(PassthroughScoring):
    """The mean of the batches' losses, weighted by their observed values.

    skorch weighs by sequences. Where these are of unequal length, or values are missing, the mean would then depend
    on which of them meet in a batch, and so on the batch size.
    """

    def get_avg_score(self, history: Any) -> float:
        weight = "train_n_observed" if self.on_train else "valid_n_observed"
        weights, losses = zip(*history[-1, "batches", :, [weight, self.name]], strict=True)
        return float(np.average(losses, weights=weights))


class StopOnDivergence(Callback):
    """Raises where a loss is not finite."""

    def on_batch_end(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        loss = kwargs["loss"].item()
        if not math.isfinite(loss):
            raise ValueError(
                f"The {'training' if training else 'validation'} loss became {loss} in epoch {len(net.history)}. "
                f"Lower learning_rate (now {net.lr}), set max_grad_norm, keep standardize=True, or look for extreme "
                "values in X."
            )


class EpochTasks(Callback):
    """Tells a listener of each epoch, and ends the training where it says so."""

    def __init__(self, listener: EpochListener) -> None:
        self.listener = listener

    def on_train_begin(self, net: NeuralNet, *_: Any, **kwargs: Any) -> None:
        self.listener.begin(net.max_epochs - net.epochs_done_)

    def on_epoch_begin(self, net: NeuralNet, *_: Any, **kwargs: Any) -> None:
        self.listener.begin_epoch()

    def on_epoch_end(self, net: NeuralNet, *_: Any, **kwargs: Any) -> None:
        if self.listener.end_epoch(net.module_):
            net.finished_ = True


class ProgressBar(Callback):
    """One tqdm bar over all steps, with the last epoch's loss; in a notebook, a widget.

    skorch's bar is a new one for each epoch, erased at its end, and looks up the losses of every batch: a training of
    many short epochs flickers by, and takes longer.
    """

    n_steps = 0
    _bar: Any = None

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        from tqdm.auto import tqdm

        done = net.epochs_done_
        self._n_before = len(net.history) - done
        initial = self.n_steps * done // net.max_epochs
        self._bar = tqdm(total=self.n_steps, initial=initial, unit="step", desc=f"epoch {done + 1}/{net.max_epochs}")

    def on_batch_end(self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if training:
            self._bar.update()

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        losses = {
            name: net.history[-1].get(key) for name, key in (("loss", "train_loss"), ("validation", "valid_loss"))
        }
        self._bar.set_description(f"epoch {len(net.history) - self._n_before}/{net.max_epochs}", refresh=False)
        self._bar.set_postfix({name: f"{loss:.3g}" for name, loss in losses.items() if loss is not None}, refresh=False)

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self._bar.total = self._bar.n  # the end, though it came early

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
