"""`ReconstructionDisplay`: sequences beside what the autoencoder makes of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import channel_statistics
from sklearn_seqae._plot._display import PanelDisplay, View
from sklearn_seqae._plot._examples import (
    name_rows,
    pick_rows,
    read_pair,
    read_row,
    squared_errors,
    title_rows,
    unit_of_errors,
)
from sklearn_seqae._plot._overlay import (
    AFTER,
    FILLED,
    check_shapes,
    draw_overlay,
    is_filled,
    length_of,
    overlay_styles,
    shade_ends,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist

__all__ = ["ReconstructionDisplay", "reconstruction_size"]

Array = NDArray[Any]
Style = Mapping[str, Any]


def reconstruction_size(n_channels: int, n_sequences: int) -> tuple[float, float]:
    """Width and height in inches of a picture of so many rows and columns; four columns are as wide as a page."""
    return max(4.2, 1.5 * n_sequences + 0.5), 1.25 * n_channels + 1.45


class ReconstructionDisplay(PanelDisplay):
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
        self._require_matplotlib("plot")
        check_shapes(self.original, self.reconstruction)
        n_timesteps, n_channels = max(len(sequence) for sequence in self.original), self.original[0].shape[1]
        view = self._view(n_channels, n_timesteps, channels=channels, units=units, time=time, xlabel=xlabel)
        shape = len(view.channels), len(self.original)
        n_lines = max((title.count("\n") + 1 for title in self.titles or []), default=0)
        size, texts = reconstruction_size(*shape), self._legend_texts(view.channels)
        panels = self._take_panels(ax, shape, size=size, labels=texts, title_lines=n_lines)
        self._draw_panels(view, *overlay_styles(original_kwargs, reconstruction_kwargs))
        self._dress(view.ylabels, view, n_ticks=4)
        for axis, title in zip(self.ax_[0], self.titles or [""] * shape[1], strict=True):
            axis.set_title(title, fontsize="medium")
        lengths = [length_of(sequence) for sequence in self.original]
        panels.add_legend(self._legend_handles(shade_ends(self.ax_, view.times, lengths)))
        return self

    def _draw_panels(self, view: View, style: Style, reconstruction_style: Style) -> None:
        names = ("original_lines_", "reconstruction_lines_", "filled_lines_", "error_areas_")
        drawn = np.empty((len(names), *self.ax_.shape), dtype=object)
        for place, axis in np.ndenumerate(self.ax_):
            channel, sequence = view.channels[place[0]], place[1]
            values = self.original[sequence][:, channel], self.reconstruction[sequence][:, channel]
            artists = draw_overlay(axis, view.times[: len(values[0])], *values, style, reconstruction_style)
            for kind, artist in enumerate(artists):
                drawn[(kind, *place)] = artist
        for name, of_kind in zip(names, drawn, strict=True):
            setattr(self, name, of_kind)

    def _legend_texts(self, rows: list[int]) -> list[str]:
        """What the legend will say, which decides how much room it is given."""
        texts = ["original", "reconstruction", "error"]
        lengths = [length_of(sequence) for sequence in self.original]
        if any(is_filled(*pair)[:, rows].any() for pair in zip(self.original, self.reconstruction, strict=True)):
            texts.append(FILLED)
        if min(lengths) < max(len(sequence) for sequence in self.original):
            texts.append(AFTER)
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
            Names of all channels; None takes the column names of DataFrames in a list.
        ax, **plot_kwargs
            As in :meth:`plot`.

        Returns
        -------
        display : ReconstructionDisplay
            The display. Titles give the root mean squared error (RMSE) of each sequence: of one channel in the units of
            X, of several in standard deviations (SD) of the training data's channels, as the ranks go by.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator does not reconstruct.
        ImportError, ValueError
            As :meth:`plot`.
        """
        remedy = (
            "pass an LSTMAutoencoder. Of a pipeline, pass the last step, pipeline[-1], and what reaches it, "
            "pipeline[:-1].transform(X)."
        )
        cls._require(estimator, "reconstruct", remedy)
        sequences = validate_sequences(estimator, X, fitted=estimator._layout)
        errors = np.zeros(len(sequences)) if indices is not None else -estimator.score_samples(sequences)
        rows = pick_rows(errors, n_sequences, indices)
        some = sequences.take(rows).end_to_end()
        pair = read_pair(some, estimator.reconstruct(some), estimator.n_channels_in_)
        unit = unit_of_errors(estimator.channel_scale_)
        names = name_rows(X, rows, len(errors), sequence_names)
        titles = title_rows(names, squared_errors(*pair, unit), len(unit), ranked=indices is None)
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
            The display, as of :meth:`from_estimator`; standard deviations are those of X.

        Raises
        ------
        ImportError, ValueError
            As :meth:`plot`.
        """
        cls._require_matplotlib("from_predictions")
        pair = read_pair(X, X_reconstructed, n_channels)
        unit = unit_of_errors(channel_statistics(pair[0])[1])
        errors = squared_errors(*pair, unit)
        rows = pick_rows(errors, n_sequences, indices)
        names = name_rows(X, rows, len(errors), sequence_names)
        titles = title_rows(names, errors[rows], len(unit), ranked=indices is None)
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
        if channel_names is None and originals.container == "list" and originals.feature_names is not None:
            channel_names = originals.feature_names.tolist()
        return cls(drawn[0], drawn[1], titles=titles, channel_names=channel_names)
