"""The net: skorch's loop over epochs and batches, with the ends and the weights that a training here has.

skorch runs the steps; what happens around them (schedule, stopping, progress) is a callback of a few lines each.
"""

from collections.abc import Mapping, Sequence
from operator import length_hint
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer, PrintLog
from skorch.history import History

from sklearn_seqae._compute._precision import autocast
from sklearn_seqae._compute._shortcuts import AdamW, Halves, Updates
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._training._batching import TrainingBatches, count_observed
from sklearn_seqae._training._callbacks import EpochLoss
from sklearn_seqae._training._data_parallel import DataParallel
from sklearn_seqae._training._interruption import is_raised_on_purpose
from sklearn_seqae._training._rates import go_on

__all__ = ["Net"]


class _History(History):
    """skorch's history, without a copy of all epochs for a look at one: 2000 epochs of one small batch took a tenth
    longer with it.
    """

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, int):
            return list.__getitem__(self, i)
        if isinstance(i, tuple) and isinstance(i[0], int):
            return History([list.__getitem__(self, i[0])])[(0, *i[1:])]
        return super().__getitem__(i)


class _Finished(Exception):
    """The training has reached its end."""


class Net(NeuralNet):
    """skorch's net, told when to end by a flag that callbacks set, after all of them have seen the epoch.

    Each observed value has the same say: the loss of a batch is the mean over its observed values, and its gradient is
    weighted by how many there are, so that neither a short sequence nor one with gaps counts for more than it tells.
    """

    precision_ = "float32"
    finished_ = False
    interrupted_ = False
    epochs_done_ = 0  # of this training, by a process that was killed
    epochs_left_: int | None = None  # None for all
    paused_rates_: Mapping[str, Any] | None = None
    halves_: "Halves | None" = None
    updates_: "Updates | None" = None
    parallel_: DataParallel | None = None

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        callbacks = [("train_loss", EpochLoss("train_loss", on_train=True)), ("valid_loss", EpochLoss("valid_loss"))]
        if self.verbose:  # the table is costly to make even where it is not printed
            callbacks += [("epoch_timer", EpochTimer()), ("print_log", PrintLog())]
        return callbacks

    def initialize_history(self) -> "Net":
        self.history_ = _History()
        return self

    def continue_history(self, rows: Sequence[dict[str, Any]]) -> None:
        """Go on from epochs of earlier trainings, as skorch's own net does: callbacks see all of them."""
        self.history_ = _History([*rows[:-1], *map(dict, rows[-1:])])  # what is recorded now changes the last one

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        iterator = super().get_iterator(dataset, training=training)
        if training:
            self.batches_ = iterator  # for the schedule
            self._weigh(dataset, length_hint(iterator, 1))
        return iterator if self.parallel_ is None else self.parallel_.parts(iterator)

    def _weigh(self, dataset: SequenceDataset, n_batches: int) -> None:
        """Find out how many values a batch has on average, and whether each has all."""
        n_observed = count_observed(dataset)
        self.values_per_batch_ = n_observed / n_batches
        n_values = len(dataset) * (dataset.equal_length or 0) * dataset.steps.shape[1]
        is_ours = isinstance(self.batches_, TrainingBatches) and self.batches_.gaps is None
        self.is_complete_ = n_observed == n_values and is_ours

    def infer(self, x: Any, **fit_params: Any) -> torch.Tensor:
        """The module's prediction in standard units, in which the criterion compares it."""
        with autocast(self.precision_ if self.module_.training else "float32", self.device):
            prediction: torch.Tensor = super().infer(x, standardized=True, **fit_params)
        return prediction.float()

    def _set_training(self, training: bool = True) -> None:
        if self.module_.training != training:  # walking through all modules takes a while
            super()._set_training(training)

    def compute_loss(self, x: Any, target: torch.Tensor, **fit_params: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of a batch, and the prediction."""
        prediction = self.infer(x, **fit_params)
        return self.get_loss(prediction, target, X=x, training=True), prediction

    def validation_step(self, batch: Any, **fit_params: Any) -> Any:
        if self.parallel_ is not None:
            return self.parallel_.validation_step(self, batch)
        _, target = batch
        self.history.record_batch("valid_n_observed", int((~torch.isnan(target)).sum()))
        return super().validation_step(batch, **fit_params)

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        if self.parallel_ is not None:
            return self.parallel_.train_step(self, batch)
        x, target = batch
        n_observed = target.numel() if self.is_complete_ else int((~torch.isnan(target)).sum())
        self.history.record_batch("train_n_observed", n_observed)
        weight = n_observed / self.values_per_batch_
        self._set_training(True)
        if self.halves_ is not None and self.halves_.pay(self.module_, *target.shape[:2]):
            loss, prediction = self.halves_.backward(x, target, [p for _, p in self.learnable_], weight)
        else:
            loss, prediction = self.compute_loss(x, target, **fit_params)
            (loss if weight == 1 else weight * loss).backward()  # given a gradient, torch would import SymPy
        return {"loss": loss, "y_pred": prediction}

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        """One step; AdamW, the default, needs neither skorch's closure nor torch's bookkeeping around `zero_grad`."""
        if type(self.optimizer_) not in (AdamW, torch.optim.AdamW):
            return super().train_step(batch, **fit_params)
        for _, parameter in self.learnable_:
            parameter.grad = None
        step = self.train_step_single(batch, **fit_params)
        self.notify("on_grad_computed", named_parameters=self.learnable_, batch=batch, training=True)
        (self.updates_ or self.optimizer_).step()
        return step

    def notify(self, method_name: str, **kwargs: Any) -> None:
        try:
            super().notify(method_name, **kwargs)
        except KeyboardInterrupt as interrupt:
            self.interrupted_ |= not is_raised_on_purpose(interrupt)  # or it is a callback's way to end the training
            self.finished_ = True
        if method_name != "on_train_end" and self._ends(method_name):
            raise _Finished

    def _ends(self, method_name: str) -> bool:
        """Whether the training ends here; several processes end it together, an epoch's end or a step later."""
        if self.parallel_ is None:
            return self.finished_
        if method_name in ("on_train_begin", "on_epoch_end"):
            self.parallel_.agree(self)
        return self.parallel_.ends

    def fit_loop(self, *args: Any, **kwargs: Any) -> "Net":
        if self.paused_rates_ is not None:
            go_on(self, self.paused_rates_)
        self.learnable_ = list(self.get_all_learnable_params())  # the walk through all modules takes a while
        try:
            super().fit_loop(*args, **{"epochs": self.epochs_left_} | kwargs)
        except _Finished:
            pass
        except KeyboardInterrupt:
            self.interrupted_ = True
        return self

    def partial_fit(self, *args: Any, **kwargs: Any) -> "Net":
        """Train; an interrupt or a callback may end it before the first batch too.

        Several processes are interrupted together. A second Ctrl-C, which one does not wait with, is raised.
        """
        try:
            super().partial_fit(*args, **kwargs)
        except _Finished:
            pass
        except KeyboardInterrupt:
            self.interrupted_ = True
        if self.parallel_ is not None:
            if self.interrupted_ and not self.parallel_.ends:
                raise KeyboardInterrupt
            self.interrupted_ = self.parallel_.interrupts
        return self
