"""`LossCurveDisplay`: how the loss fell while training."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._containers import read_floats
from sklearn_seqae._plot._display import AxesDisplay
from sklearn_seqae._plot._drawing import OKABE_ITO, draw_line, merge_style, span_decades
from sklearn_seqae._plot._time_axis import tidy_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["LossCurveDisplay"]

Float64 = NDArray[np.float64]
Style = Mapping[str, Any]

_SIZE = (5.0, 3.3)


class LossCurveDisplay(AxesDisplay):
    """Training and validation loss over the epochs, with the best epoch marked.

    Make it with :meth:`from_estimator` or :meth:`from_predictions`. The parameters are stored as attributes.

    Parameters
    ----------
    training_loss : array-like of shape (n_epochs,)
        Training loss of each epoch.
    validation_loss : array-like of shape (n_epochs,) or None, default=None
        Validation loss of each epoch, NaN where there is none.
    name : str or None, default=None
        What the legend calls the curves, to tell those of several displays apart.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.
    training_line_ : matplotlib Line2D
        The training loss.
    validation_line_ : matplotlib Line2D or None
        The validation loss.
    best_marker_ : matplotlib Line2D or None
        The mark of the epoch with the lowest validation loss, or without one, training loss; None where no loss is
        finite.

    Notes
    -----
    The training loss of :class:`LSTMAutoencoder` is measured while training, on mixed and noisy sequences, the
    validation loss on sequences as they are: the first may well lie above the second.

    Examples
    --------
    Two displays in the same axes:

    >>> import matplotlib.pyplot as plt
    >>> from sklearn_seqae import LossCurveDisplay
    >>> display = LossCurveDisplay([1.0, 0.4, 0.2], [0.9, 0.5, 0.6], name="wide").plot()
    >>> display.best_marker_.get_label()
    'wide, best: epoch 2'
    >>> narrow = LossCurveDisplay([1.0, 0.6, 0.5], [0.9, 0.7, 0.6], name="narrow").plot(ax=display.ax_)
    >>> plt.close(display.figure_)
    """

    training_line_: "Line2D"
    validation_line_: "Line2D | None"
    best_marker_: "Line2D | None"

    def __init__(
        self, training_loss: ArrayLike, validation_loss: ArrayLike | None = None, *, name: str | None = None
    ) -> None:
        self.training_loss = training_loss
        self.validation_loss = validation_loss
        self.name = name

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        log: bool | str = "auto",
        training_kwargs: Style | None = None,
        validation_kwargs: Style | None = None,
    ) -> "LossCurveDisplay":
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw, beside what is there; None makes a figure.
        name : str or None, default=None
            What the legend calls the curves; None stands for the display's own.
        log : bool or "auto", default="auto"
            Whether the loss has a logarithmic scale; "auto" where all losses are positive and the largest is at least
            ten times the smallest.
        training_kwargs, validation_kwargs : dict or None, default=None
            Properties of the lines. The validation loss has the colour of the training loss.

        Returns
        -------
        display : LossCurveDisplay
            The display, with what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If there are no losses, as many validation losses as training losses are not given, or ``log=True`` and
            one is not positive.
        """
        self._require_matplotlib("plot")
        training, validation = self._losses()
        log_scale = _use_log(log, training, validation)
        self._take_axes(ax, _SIZE)
        if ax is None:
            self.ax_.set_prop_cycle(color=OKABE_ITO)
        name = self.name if name is None else name
        self._draw(training, validation, "" if name is None else f"{name}, ", training_kwargs, validation_kwargs)
        self._dress(log_scale)
        return self

    def _losses(self) -> tuple[Float64, Float64]:
        """Both curves; the second is empty where there is none."""
        training = read_floats(self.training_loss, "training_loss")
        validation = read_floats([] if self.validation_loss is None else self.validation_loss, "validation_loss")
        if training.ndim != 1 or len(training) == 0:
            raise ValueError(f"training_loss has shape {training.shape}: pass one value for each epoch, at least one.")
        if validation.shape not in ((0,), training.shape):
            raise ValueError(
                f"validation_loss has shape {validation.shape}, training_loss {training.shape}: pass one value for "
                "each epoch, NaN for epochs without validation."
            )
        return training, validation

    def _draw(
        self,
        training: Float64,
        validation: Float64,
        prefix: str,
        training_kwargs: Style | None,
        validation_kwargs: Style | None,
    ) -> None:
        from matplotlib.lines import Line2D

        epochs = np.arange(1, len(training) + 1)
        several = len(validation) > 0
        style = {"label": f"{prefix}training", "linewidth": 1.5, "linestyle": (0, (3, 1)) if several else "-"}
        line = draw_line(self.ax_, epochs, training, **merge_style(Line2D, style, training_kwargs))
        self.training_line_, self.validation_line_ = line, None
        if several:
            style = {"label": f"{prefix}validation", "linewidth": 1.8, "color": line.get_color()}
            line = draw_line(self.ax_, epochs, validation, **merge_style(Line2D, style, validation_kwargs))
            self.validation_line_ = line
        self._mark_best(epochs, validation if several else training, line.get_color(), prefix)

    def _mark_best(self, epochs: NDArray[np.int64], losses: Float64, color: Any, prefix: str) -> None:
        """A ring around the lowest loss."""
        self.best_marker_ = None
        if not np.isfinite(losses).any():
            return
        best = int(np.nanargmin(np.where(np.isfinite(losses), losses, np.nan)))
        (self.best_marker_,) = self.ax_.plot(
            epochs[best],
            losses[best],
            linestyle="none",
            marker="o",
            markersize=7,
            markerfacecolor="white",
            markeredgewidth=1.5,
            color=self.training_line_.get_color()
            if self.validation_line_ is None
            else self.validation_line_.get_color(),
            label=f"{prefix}best: epoch {epochs[best]}",
        )

    def _dress(self, log_scale: bool) -> None:
        """Scale, labels and legend of the axes."""
        if log_scale:
            self.ax_.set_yscale("log")
        tidy_time(self.ax_, 6, counts_steps=True)
        self.ax_.set(xlabel="epoch", ylabel="loss")
        self.ax_.legend(loc="best", frameon=False)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, name: str | None = None, ax: "Axes | None" = None, **plot_kwargs: Any
    ) -> "LossCurveDisplay":
        """Draw the loss curves of a fitted estimator.

        Parameters
        ----------
        estimator : LSTMAutoencoder
            A fitted autoencoder, or any estimator with a `loss_curve_`.
        name : str or None, default=None
            What the legend calls the curves.
        ax, **plot_kwargs
            As in :meth:`plot`.

        Returns
        -------
        display : LossCurveDisplay
            The display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no loss curve.
        ImportError, ValueError
            As :meth:`plot`.
        """
        remedy = (
            "pass a fitted LSTMAutoencoder. Of a pipeline, pass the step, such as pipeline[-1]; of a search, "
            "best_estimator_; of a detector, autoencoder_."
        )
        cls._require(estimator, "loss_curve_", remedy)
        validation_loss = getattr(estimator, "validation_loss_curve_", None)
        return cls(estimator.loss_curve_, validation_loss, name=name).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        training_loss: ArrayLike,
        validation_loss: ArrayLike | None = None,
        *,
        name: str | None = None,
        ax: "Axes | None" = None,
        **plot_kwargs: Any,
    ) -> "LossCurveDisplay":
        """Draw losses that were recorded elsewhere, such as by a callback or in an earlier session.

        Parameters
        ----------
        training_loss : array-like of shape (n_epochs,)
            Training loss of each epoch.
        validation_loss : array-like of shape (n_epochs,) or None, default=None
            Validation loss of each epoch, NaN where there is none; None or empty where none has one.
        name, ax, **plot_kwargs
            As in :meth:`from_estimator`.

        Returns
        -------
        display : LossCurveDisplay
            The display.

        Raises
        ------
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require_matplotlib("from_predictions")
        return cls(training_loss, validation_loss, name=name).plot(ax, **plot_kwargs)


def _use_log(log: bool | str, training: Float64, validation: Float64) -> bool:
    """Whether the scale is logarithmic."""
    if isinstance(log, str):
        if log != "auto":
            raise ValueError(f'log must be True, False or "auto", got {log!r}.')
        return span_decades(training, validation)
    losses = np.append(training, validation)
    if log and (losses <= 0).any():
        raise ValueError(f"log=True needs positive losses, but the smallest is {np.nanmin(losses):g}: pass log=False.")
    return bool(log)
