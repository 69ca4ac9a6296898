"""scikit-learn's callbacks: a fit is a task, and each of its epochs a task within it.

They came with scikit-learn 1.9. Before it, estimators have no `set_callbacks`, and nothing happens here.
"""

from collections.abc import Callable
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """The method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "FitTasks", "with_callbacks"]


class FitTasks:
    """Tells scikit-learn's callbacks of a fit and its epochs.

    Parameters
    ----------
    estimator : LSTMAutoencoder
        What is fitted, in a method that `with_callbacks` decorates.
    X, y : object
        What it is fitted to.
    attributes : callable
        From a network in training to the fitted attributes that the estimator would have, were it stopped here. Called
        only where a callback wants to look at a fitted estimator.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, attributes: Callable[[Any], dict[str, Any]]) -> None:
        self._data = {"estimator": estimator, "X": X, "y": y}
        self._attributes = attributes

    @classmethod
    def of(cls, estimator: Any, *arguments: Any) -> "FitTasks | None":
        """The tasks, where the estimator has callbacks, its own or those of what it is part of."""
        if hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx"):
            return cls(estimator, *arguments)
        return None

    def begin(self, n_epochs: int) -> None:
        """Tell of the fit, and of how many epochs it has at most."""
        self._fit = self._data["estimator"]._init_callback_context(max_subtasks=n_epochs)
        self._fit.call_on_fit_task_begin(**self._data)

    def begin_epoch(self) -> None:
        """Tell of a new epoch."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._data)

    def end_epoch(self, module: Any) -> bool:
        """Tell of the end of an epoch; whether the training should end with it."""
        return self._end(self._epoch, lambda: self._attributes(module))

    def end(self) -> None:
        """Tell of the end of the fit, after which the estimator itself has all attributes."""
        self._end(self._fit, dict)

    def _end(self, task: Any, attributes: Callable[[], dict[str, Any]]) -> bool:
        stop: bool = task.call_on_fit_task_end(**self._data, reconstruction_attributes=attributes)
        return stop
