"""What the displays have in common: they ask for matplotlib and a fitted estimator, and find axes to draw in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._plot._channels import channel_labels, pick_channels
from sklearn_seqae._plot._drawing import tidy_values
from sklearn_seqae._plot._panels import Panels, make_panels
from sklearn_seqae._plot._time_axis import tidy_time, times_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["AxesDisplay", "Display", "PanelDisplay", "View"]

Array = NDArray[Any]


class Display:
    """A picture that keeps what it shows, and can be drawn again.

    Subclasses have ``from_estimator`` and ``from_predictions``, which draw at once, and ``plot``.
    """

    figure_: "Figure"

    @classmethod
    def _require_matplotlib(cls, method: str) -> None:
        """Say how to get matplotlib where it is missing, before anything is computed."""
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise ImportError(f"{cls.__name__}.{method} needs matplotlib: pip install matplotlib") from error

    @classmethod
    def _require(cls, estimator: Any, attribute: str, remedy: str) -> None:
        """Ask for matplotlib, and for a fitted estimator that has what is to be drawn."""
        cls._require_matplotlib("from_estimator")
        check_is_fitted(estimator)
        if not hasattr(estimator, attribute):
            raise TypeError(f"{type(estimator).__name__} has no `{attribute}`: {remedy}")


class AxesDisplay(Display):
    """A display in axes of its own or given ones."""

    ax_: "Axes"

    def _take_axes(self, ax: "Axes | None", size: tuple[float, float]) -> None:
        """Take the given axes, or make some in a figure of this width and height in inches."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.figure(figsize=size, layout="constrained").add_subplot()
        self.ax_ = ax
        self.figure_ = self.ax_.figure  # type: ignore[assignment]
        self.ax_.spines[["top", "right"]].set_visible(False)


@dataclass(frozen=True)
class View:
    """Which channels of sequences are drawn, over what times, and what the axes say.

    Attributes
    ----------
    channels : list of int
        Positions of the channels.
    ylabels : list of str
        A label for each of them.
    times : ndarray of shape (n_timesteps,)
        Where steps are.
    xlabel : str
        What the time axis shows.
    counts_steps : bool
        Whether it counts steps.
    """

    channels: list[int]
    ylabels: list[str]
    times: Array
    xlabel: str
    counts_steps: bool


class PanelDisplay(Display):
    """A display of channels over time, each in axes of its own."""

    ax_: Array
    bounding_ax_: "Axes | None"
    channel_names: Sequence[str] | None

    def _view(
        self,
        n_channels: int,
        n_timesteps: int,
        *,
        channels: Sequence[int | str] | None,
        units: str | Sequence[str] | None,
        time: Any,
        xlabel: str | None,
    ) -> View:
        """Read the arguments of ``plot`` that all displays of channels have."""
        names = self._names()
        picked = pick_channels(channels, names, n_channels)
        labels = channel_labels(names, units, n_channels)
        xlabel = xlabel or ("time step" if time is None else "time")
        return View(picked, [labels[each] for each in picked], times_of(time, n_timesteps), xlabel, time is None)

    def _names(self) -> Sequence[str] | None:
        return self.channel_names

    def _take_panels(
        self, ax: Any, shape: tuple[int, int], *, size: tuple[float, float], labels: Sequence[str], title_lines: int = 0
    ) -> Panels:
        """Take the given axes, divide the one given, or make some in a figure of this size, as `make_panels` does."""
        panels = make_panels(ax, *shape, size=size, labels=labels, title_lines=title_lines)
        self.ax_, self.bounding_ax_, self.figure_ = panels.axes, panels.bounding_ax, panels.figure
        return panels

    def _dress(self, ylabels: Sequence[str], view: View, n_ticks: int) -> None:
        """Label the rows and the time axis, and thin out ticks and frames."""
        axes = self.ax_.reshape(len(ylabels), -1)
        for axis in axes.ravel():
            axis.spines[["top", "right"]].set_visible(False)
            tidy_values(axis)
            tidy_time(axis, n_ticks, view.counts_steps)
        for axis, label in zip(axes[:, 0], ylabels, strict=True):
            axis.set_ylabel(label)
        for axis in axes[-1]:
            axis.set_xlabel(view.xlabel)
        self.figure_.align_ylabels(list(axes[:, 0]))
