"""`ReconstructionDisplay`: sequences beside what the autoencoder makes of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._plot._drawing import (
    DARK,
    RASTERIZE_FROM,
    VERMILION,
    channel_labels,
    draw_line,
    merge_style,
    on_axis,
    pick_channels,
    require_matplotlib,
    tidy_time,
    tidy_values,
    times_of,
)
from sklearn_seqae._plot._examples import name_ranks, name_rows, pick_rows, read_pair, read_row, squared_errors
from sklearn_seqae._plot._panels import make_panels

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ReconstructionDisplay", "reconstruction_size"]

Array = NDArray[Any]
Style = Mapping[str, Any]

_FILLED = "filled in"
_AFTER = "after the end"


def reconstruction_size(n_channels: int, n_sequences: int) -> tuple[float, float]:
    """Width and height in inches of a picture of so many rows and columns; four columns are as wide as a page."""
    return max(4.2, 1.5 * n_sequences + 0.5), 1.25 * n_channels + 1.3


class ReconstructionDisplay:
    """Sequences and their reconstructions over time: a column for each sequence, a row for each channel.

    The error between the two is shaded. Where a value is missing, the sequence has a gap and the reconstruction is
    dashed; the grey area begins where a sequence ends.

    Make it with :meth:`from_estimator` or :meth:`from_predictions`, which pick sequences from the best reconstructed
    to the worst. The parameters are stored as attributes.

    Parameters
    ----------
    original : list of ndarray of shape (n_timesteps_i, n_channels)
        The sequences to draw. NaN behind the last value of a sequence is padding, NaN elsewhere a missing value.
    reconstruction : list of ndarray of shape (n_timesteps_i, n_channels)
        What was made of them.
    titles : list of str or None, default=None
        A title for each sequence.
    channel_names : list of str or None, default=None
        Names of all channels.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : ndarray of matplotlib Axes of shape (n_channels_drawn, n_sequences)
        The axes.
    bounding_ax_ : matplotlib Axes or None
        The axes within whose bounds the others are; None where axes were given one by one.
    original_lines_, reconstruction_lines_ : ndarray of matplotlib Line2D of shape (n_channels_drawn, n_sequences)
        The lines of observed values, and of their reconstructions.
    filled_lines_ : ndarray of matplotlib Line2D or None, of shape (n_channels_drawn, n_sequences)
        The dashed lines; None where nothing is missing.
    error_areas_ : ndarray of matplotlib PolyCollection of shape (n_channels_drawn, n_sequences)
        The areas between sequence and reconstruction.

    See Also
    --------
    LatentDisplay : The codes of sequences in the plane.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder
    >>> from sklearn_seqae import ReconstructionDisplay
    >>> phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(50, 1))
    >>> X = np.sin(phase + np.linspace(0, 2 * np.pi, 20))
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, max_epochs=50, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(autoencoder, X, time=0.5, xlabel="time (s)", units="mV")
    >>> display.ax_.shape
    (1, 4)
    >>> display.ax_[0, 0].get_ylabel()
    'value (mV)'
    >>> plt.close(display.figure_)
    """

    ax_: Array
    bounding_ax_: "Axes | None"
    figure_: "Figure"
    original_lines_: Array
    reconstruction_lines_: Array
    filled_lines_: Array
    error_areas_: Array

    def __init__(
        self,
        original: Sequence[Array],
        reconstruction: Sequence[Array],
        *,
        titles: Sequence[str] | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> None:
        self.original = original
        self.reconstruction = reconstruction
        self.titles = titles
        self.channel_names = channel_names

    def plot(
        self,
        ax: Any = None,
        *,
        channels: Sequence[int | str] | None = None,
        units: str | Sequence[str] | None = None,
        time: Any = None,
        xlabel: str | None = None,
        original_kwargs: Style | None = None,
        reconstruction_kwargs: Style | None = None,
    ) -> "ReconstructionDisplay":
        """Draw the sequences.

        Parameters
        ----------
        ax : matplotlib Axes, array-like of Axes, or None, default=None
            One Axes is divided; of several there must be one for each channel and sequence, row by row. None makes a
            figure.
        channels : sequence of int or str, or None, default=None
            Positions or names of the channels to draw; None stands for the first four.
        units : str, sequence of str, or None, default=None
            Unit of all channels, or of each.
        time : float, array-like of shape (n_timesteps,), or None, default=None
            The time between steps, or the time of each step, dates also. None counts steps.
        xlabel : str or None, default=None
            What the time axis shows, with its unit. None is "time step", or "time" where `time` is given.
        original_kwargs, reconstruction_kwargs : dict or None, default=None
            Properties of the lines.

        Returns
        -------
        display : ReconstructionDisplay
            The display, with what was drawn as attributes.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If an argument does not fit the sequences.
        """
        require_matplotlib(f"{type(self).__name__}.plot")
        self._check()
        n_channels = self.original[0].shape[1]
        rows = pick_channels(channels, self.channel_names, n_channels)
        labels = channel_labels(self.channel_names, units, n_channels)
        times = times_of(time, max(len(sequence) for sequence in self.original))
        shape = (len(rows), len(self.original))
        size, texts = reconstruction_size(*shape), self._legend_texts(rows)
        panels = make_panels(ax, *shape, size=size, labels=texts, title_lines=2 if self.titles else 0)
        self.ax_, self.bounding_ax_, self.figure_ = panels.axes, panels.bounding_ax, panels.figure
        self._draw_panels(rows, times, *_styles(original_kwargs, reconstruction_kwargs))
        self._label([labels[row] for row in rows], xlabel or ("time step" if time is None else "time"), time is None)
        ends = self._shade_ends(times)
        panels.add_legend(self._legend_handles(ends))
        return self

    def _check(self) -> None:
        if len(self.original) == 0 or len(self.original) != len(self.reconstruction):
            raise ValueError(
                f"There are {len(self.original)} sequences and {len(self.reconstruction)} reconstructions: pass as "
                "many, at least one."
            )
        n_channels = self.original[0].shape[1]
        for i, (original, reconstruction) in enumerate(zip(self.original, self.reconstruction, strict=True)):
            if original.shape != reconstruction.shape or original.shape[1] != n_channels:
                raise ValueError(
                    f"Sequence {i} has the shape {original.shape}, its reconstruction {reconstruction.shape}: both "
                    f"must be (n_timesteps, {n_channels})."
                )

    def _draw_panels(self, rows: list[int], times: Array, style: Style, reconstruction_style: Style) -> None:
        names = ("original_lines_", "reconstruction_lines_", "filled_lines_", "error_areas_")
        drawn = np.empty((len(names), *self.ax_.shape), dtype=object)
        for place, axis in np.ndenumerate(self.ax_):
            channel, sequence = rows[place[0]], place[1]
            values = self.original[sequence][:, channel], self.reconstruction[sequence][:, channel]
            artists = _draw_channel(axis, times[: len(values[0])], *values, style, reconstruction_style)
            for kind, artist in enumerate(artists):
                drawn[(kind, *place)] = artist
        for name, of_kind in zip(names, drawn, strict=True):
            setattr(self, name, of_kind)

    def _label(self, labels: list[str], xlabel: str, counts_steps: bool) -> None:
        for axis in self.ax_.ravel():
            axis.spines[["top", "right"]].set_visible(False)
            tidy_values(axis)
            tidy_time(axis, 4, counts_steps)
        for axis, title in zip(self.ax_[0], self.titles or [""] * len(self.original), strict=True):
            axis.set_title(title, fontsize="medium")
        for axis, label in zip(self.ax_[:, 0], labels, strict=True):
            axis.set_ylabel(label)
        for axis in self.ax_[-1]:
            axis.set_xlabel(xlabel)
        self.figure_.align_ylabels(list(self.ax_[:, 0]))

    def _shade_ends(self, times: Array) -> "list[Artist]":
        """Grey from half a step behind the end of each sequence that is shorter than the longest; the areas."""
        areas: list[Artist] = []
        limits = [axis.get_xlim() for axis in self.ax_.ravel()]
        lengths = np.tile([_length(sequence) for sequence in self.original], len(self.ax_))
        for axis, (left, right), length in zip(self.ax_.ravel(), limits, lengths, strict=True):
            if length < len(times):
                last, following = on_axis(axis, times[length - 1 : length + 1])
                areas.append(axis.axvspan((last + following) / 2, right, color="0.92", linewidth=0, zorder=0))
                areas[-1].set_label(_AFTER)
            axis.set_xlim(left, right)
        return areas

    def _legend_texts(self, rows: list[int]) -> list[str]:
        """What the legend will say, which decides how much room it is given."""
        texts = ["original", "reconstruction", "error"]
        lengths = [_length(sequence) for sequence in self.original]
        if any(_to_fill(*pair)[:, rows].any() for pair in zip(self.original, self.reconstruction, strict=True)):
            texts.append(_FILLED)
        if min(lengths) < max(len(sequence) for sequence in self.original):
            texts.append(_AFTER)
        return texts

    def _legend_handles(self, ends: "list[Artist]") -> "list[Artist]":
        filled = [line for line in self.filled_lines_.ravel() if line is not None]
        first = [self.original_lines_[0, 0], self.reconstruction_lines_[0, 0], self.error_areas_[0, 0]]
        return first + filled[:1] + ends[:1]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        n_sequences: int = 4,
        indices: ArrayLike | None = None,
        sequence_names: ArrayLike | None = None,
        channel_names: Sequence[str] | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "ReconstructionDisplay":
        """Reconstruct sequences and draw some of them, from the best reconstructed to the worst.

        Parameters
        ----------
        estimator : LSTMAutoencoder
            A fitted autoencoder.
        X : array-like or list of array-likes
            Sequences like those of the fit.
        n_sequences : int, default=4
            How many sequences to draw: the best, the worst, and others at equal distances in rank between them.
        indices : array-like of int or None, default=None
            Which sequences to draw, in this order, instead; negative ones count from the end.
        sequence_names : array-like of shape (n_sequences,) or None, default=None
            What the titles call the sequences, numbers as "sequence 7". None takes the index of a pandas DataFrame or
            Series, or counts from 0.
        channel_names : list of str or None, default=None
            Names of all channels.
        ax : matplotlib Axes, array-like of Axes, or None, default=None
            Where to draw, as in :meth:`plot`.
        **plot_kwargs : dict
            Further arguments of :meth:`plot`: `channels`, `units`, `time`, `xlabel` and the properties of the lines.

        Returns
        -------
        display : ReconstructionDisplay
            The display. Titles give the root mean squared error (RMSE) of each sequence, in the units of X.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator does not reconstruct.
        ValueError
            If an argument does not fit X.
        """
        require_matplotlib(f"{cls.__name__}.from_estimator")
        if not hasattr(estimator, "reconstruct"):
            raise TypeError(
                f"{type(estimator).__name__} has no method `reconstruct`: pass an LSTMAutoencoder. Of a pipeline, pass "
                "the last step, pipeline[-1], and what reaches it, pipeline[:-1].transform(X)."
            )
        check_is_fitted(estimator)
        errors = np.zeros(len(X)) if indices is not None else -estimator.score_samples(X)
        rows = pick_rows(errors, n_sequences, indices)
        some = _safe_indexing(X, rows)
        pair = read_pair(some, estimator.reconstruct(some), estimator.n_channels_in_)
        titles = _titles(name_rows(X, rows, len(errors), sequence_names), squared_errors(*pair), indices is None)
        return cls._of(*pair, np.arange(len(rows)), titles, channel_names).plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        X_reconstructed: Any,
        *,
        n_channels: int = 1,
        n_sequences: int = 4,
        indices: ArrayLike | None = None,
        sequence_names: ArrayLike | None = None,
        channel_names: Sequence[str] | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> "ReconstructionDisplay":
        """Draw some sequences and their given reconstructions, from the best reconstructed to the worst.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, in any form that :meth:`LSTMAutoencoder.fit` takes.
        X_reconstructed : array-like or list of array-likes
            A reconstruction of each, of the same length: what :meth:`LSTMAutoencoder.reconstruct` returns, or another
            model.
        n_channels : int, default=1
            Channels per time step of a 2-D X.
        n_sequences, indices, sequence_names, channel_names, ax, **plot_kwargs
            As in :meth:`from_estimator`.

        Returns
        -------
        display : ReconstructionDisplay
            The display. Titles give the root mean squared error (RMSE) of each sequence, in the units of X.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If an argument cannot be read, or does not fit the others.
        """
        require_matplotlib(f"{cls.__name__}.from_predictions")
        pair = read_pair(X, X_reconstructed, n_channels)
        errors = squared_errors(*pair)
        rows = pick_rows(errors, n_sequences, indices)
        titles = _titles(name_rows(X, rows, len(errors), sequence_names), errors[rows], indices is None)
        return cls._of(*pair, rows, titles, channel_names).plot(ax, **plot_kwargs)

    @classmethod
    def _of(
        cls,
        originals: Sequences,
        reconstructions: Sequences,
        rows: Array,
        titles: list[str],
        channel_names: Sequence[str] | None,
    ) -> "ReconstructionDisplay":
        """A display of some rows, with copies of their data."""
        drawn = [[read_row(sequences, row) for row in rows] for sequences in (originals, reconstructions)]
        return cls(drawn[0], drawn[1], titles=titles, channel_names=channel_names)


def _titles(names: list[str], errors: Array, ranked: bool) -> list[str]:
    """Two lines for each sequence: its name, and its place among the others with the error."""
    said = [f"RMSE {np.sqrt(error):.2g}" if np.isfinite(error) else "no error known" for error in errors]
    ranks = name_ranks(len(names)) if ranked else [""] * len(names)
    return [f"{name}\n{rank}{error}" for name, rank, error in zip(names, ranks, said, strict=True)]


# Drawing


def _styles(original: Style | None, reconstruction: Style | None) -> tuple[dict[str, Any], dict[str, Any]]:
    from matplotlib.lines import Line2D

    return (
        merge_style(Line2D, {"color": DARK, "linewidth": 1.5, "label": "original"}, original),
        merge_style(Line2D, {"color": VERMILION, "linewidth": 1.2, "label": "reconstruction"}, reconstruction),
    )


def _draw_channel(
    axis: "Axes", times: Array, original: Array, reconstruction: Array, style: Style, reconstruction_style: Style
) -> "tuple[Artist, Artist, Artist | None, Artist]":
    """One channel of one sequence: its line, that of the reconstruction, the dashed one, and the error."""
    line = draw_line(axis, times, original, **style)
    missing = np.isnan(original)
    drawn = draw_line(axis, times, np.where(missing, np.nan, reconstruction), **reconstruction_style)
    color = drawn.get_color()
    filled = None
    if _to_fill(original, reconstruction).any():
        # Dashes reach to the neighbours on either side of a gap.
        around = missing | np.append(missing[1:], False) | np.append(False, missing[:-1])
        dashed = dict(reconstruction_style) | {"linestyle": (0, (1.5, 1)), "label": _FILLED}
        filled = draw_line(axis, times, np.where(around, reconstruction, np.nan), **dashed)
    rasterized = len(times) >= RASTERIZE_FROM
    area = axis.fill_between(
        times, original, reconstruction, color=color, alpha=0.25, linewidth=0, label="error", rasterized=rasterized
    )
    return line, drawn, filled, area


def _to_fill(original: Array, reconstruction: Array) -> Array:
    """Where there is a reconstruction of a value that is missing."""
    return np.isnan(original) & ~np.isnan(reconstruction)


def _length(sequence: Array) -> int:
    """Steps up to the last one with a value."""
    observed = np.flatnonzero(~np.isnan(sequence).all(axis=1))
    return int(observed[-1]) + 1 if len(observed) else len(sequence)
