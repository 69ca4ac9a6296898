"""What is unusual in long series: rows in, the detector fitted to them, a score for each row out."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._arguments import Options
from sklearn_seqae._cli._arranging import describe_steps
from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._reading import read
from sklearn_seqae._cli._series import Series, read_series, series_name
from sklearn_seqae._cli._sheet import Sheet
from sklearn_seqae._cli._tables import make_table
from sklearn_seqae._series import LSTMSeriesOutlierDetector
from sklearn_seqae._series_parts import default_autoencoder

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Detection", "Rows", "detect", "fit_detector", "load_rows", "training_rows"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Long series as a file holds them.

    Attributes
    ----------
    path : Path
        The file.
    series : list of Series
        At least one.
    channels : list of str or None
        Names of the channels, where they have any.
    names : str or None
        What tells series apart, if anything does.
    times : str or None
        What tells the time of rows, if anything does.
    how : str
        What was taken for what in the file.
    """

    path: Path
    series: Sequence[Series]
    channels: Sequence[str] | None
    names: str | None
    times: str | None
    how: str

    @property
    def n_rows(self) -> int:
        return sum(len(each.values) for each in self.series)

    @property
    def n_channels(self) -> int:
        return int(self.series[0].values.shape[1])

    def frames(self, n_rows: Sequence[int] | None = None) -> Any:
        """The series, or so many of the first rows of each, as the detector takes them."""
        most = [None] * len(self.series) if n_rows is None else n_rows
        found = [self.frame(each, n) for each, n in zip(self.series, most, strict=True)]
        return found[0] if len(found) == 1 else found

    def frame(self, series: Series, n_rows: int | None = None) -> "Array | DataFrame":
        """A series, or so many of its first rows, under the names of its channels, with its dates."""
        if self.channels is None:
            return series.values[:n_rows]
        import pandas

        index = None if series.clock is None else pandas.Index(series.clock[:n_rows], name=self.times)
        return pandas.DataFrame(series.values[:n_rows], columns=list(self.channels), index=index)


@dataclass(frozen=True)
class Detection:
    """What a run has come to.

    Attributes
    ----------
    rows : Rows
        What was judged.
    n_training : sequence of int or None
        How many of the first rows of each series the detector was fitted to; None for one that was fitted before.
    detector : LSTMSeriesOutlierDetector
        Fitted.
    scores : list of ndarray of shape (n_timesteps,)
        For each series, the higher, the more unusual; NaN where there is nothing to judge by.
    errors : list of ndarray of shape (n_timesteps, n_channels)
        The same for each channel.
    seconds : float
        What the fit took.
    """

    rows: Rows
    n_training: Sequence[int] | None
    detector: LSTMSeriesOutlierDetector
    scores: Sequence[Array]
    errors: Sequence[Array]
    seconds: float

    @property
    def threshold(self) -> float:
        return -float(self.detector.offset_)


def load_rows(path: Path, options: DataOptions, detector: LSTMSeriesOutlierDetector | None = None) -> Rows:
    """The series of a file; columns of tables are those that a detector to be applied knows by name.

    Raises
    ------
    InputError
        If there is no telling what the columns are, or the series have no values.
    """
    data = read(path, options)
    if isinstance(data, Sheet):
        table = make_table(data, _with_known_values(options, data, detector), path)
        channels = [str(name) for name in table.values.columns] if table.named else None
        times = None if table.times is None else table.time_name
        series = read_series(table, path, sort=options.sort)
        return Rows(path, series, channels, series_name(table), times, describe_steps(table))
    return Rows(path, read_series(data, path), None, series_name(data), None, "")


def _with_known_values(options: DataOptions, sheet: Sheet, detector: Any) -> DataOptions:
    names = getattr(detector, "feature_names_in_", None)
    if options.values or names is None or not {*names} <= {column.name for column in sheet.columns}:
        return options
    return replace(options, values=tuple(names))


def fit_detector(rows: Rows, n_training: Sequence[int], options: Options) -> Detection:
    """Fit a detector to the rows that are to be learned from, and judge all rows.

    Raises
    ------
    InputError
        If the rows cannot be learned from.
    KeyboardInterrupt
        After Ctrl-C, with what that means.
    """
    detector = LSTMSeriesOutlierDetector(
        default_autoencoder(rows.n_channels),
        width=options.reading.width or "auto",
        false_alarm_rate=options.false_alarm_rate,
        random_state=options.random_state,
    ).set_params(
        autoencoder__max_epochs=options.max_epochs or "auto",
        autoencoder__device=options.device,
        autoencoder__verbose=int(not options.quiet and sys.stderr.isatty()),
    )
    if options.latent_dim is not None:
        detector.set_params(autoencoder__latent_dim=options.latent_dim)
    start = time.perf_counter()
    try:
        detector.fit(rows.frames(n_training))
    except ValueError as error:
        raise InputError(f"{rows.path}: {_in_words_of_options(one_line(error))}") from error
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt("the model is unfinished, and nothing is written") from interrupt
    return detect(rows, detector, n_training, time.perf_counter() - start)


def _in_words_of_options(message: str) -> str:
    """What the detector says, with a remedy that can be typed."""
    found, _, remedy = message.partition(" Pass ")
    return f"{found} Take a smaller --width, or learn from more rows." if "width" in remedy else message


def training_rows(rows: Rows, options: Options) -> list[int]:
    """How many of the first rows of each series to learn from.

    Raises
    ------
    InputError
        If there are not so many, or they are too few.
    """
    lengths, width = [len(each.values) for each in rows.series], options.reading.width
    if options.train is None:
        n_training = lengths
    elif options.train < 1:
        n_training = [round(options.train * length) for length in lengths]
    elif options.train > max(lengths):
        raise InputError(f"--train {options.train:g} is more than the {max(lengths)} rows of {rows.path}")
    else:
        n_training = [min(int(options.train), length) for length in lengths]
    if max(n_training) == 0:
        raise InputError(
            f"--train {options.train:g} of the {max(lengths)} rows of {rows.path} leaves none to learn from"
        )
    if width is not None and width > max(n_training):
        raise InputError(
            f"--width {width} is longer than the series: {rows.path} has {max(n_training)} rows to learn from; take a "
            "window that fits in several times"
        )
    return n_training


def detect(
    rows: Rows, detector: LSTMSeriesOutlierDetector, n_training: Sequence[int] | None = None, seconds: float = 0.0
) -> Detection:
    """Judge all rows by a fitted detector; if it has learned from all, each by what was fitted without it.

    Raises
    ------
    InputError
        If it was fitted to other channels.
    """
    frames = rows.frames()
    try:
        scores, errors = detector.score_samples(frames), detector.score_timesteps(frames)
    except ValueError as error:
        raise InputError(f"{rows.path}: {one_line(error)}") from error
    if len(rows.series) == 1:
        scores, errors = [scores], [errors]
    scores = [-each for each in scores]
    if n_training is not None and sum(n_training) == rows.n_rows:
        held_out = np.split(-detector.held_out_scores_, np.cumsum(n_training)[:-1])
        for each, found in zip(scores, held_out, strict=True):
            known = np.flatnonzero(~np.isnan(found))
            each[known] = found[known]
    return Detection(rows, n_training, detector, scores, errors, seconds)
