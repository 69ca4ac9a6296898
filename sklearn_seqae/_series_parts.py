"""What `LSTMSeriesOutlierDetector` learns from a part of the rows, and what it finds at the others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._series import Series
from sklearn_seqae._inference._linear_rival import errs_more_than_linear
from sklearn_seqae._inference._series_scores import SeriesScoring, Trace
from sklearn_seqae._inference._stretches import Fold, windows_of
from sklearn_seqae._template import fit_quietly

__all__ = ["Task", "default_autoencoder", "hold_out"]

Float64 = NDArray[np.float64]


# Components of a code for each channel, and at most.
_COMPONENTS, _MOST_COMPONENTS = 8, 32


def default_autoencoder(n_channels: int) -> LSTMAutoencoder:
    """What learns the windows where the user names nothing; codes are the wider, the more channels there are."""
    return LSTMAutoencoder(min(_COMPONENTS * n_channels, _MOST_COMPONENTS), time_shift=0)


class Task(NamedTuple):
    """What all folds have in common.

    Attributes
    ----------
    series : Series
        All rows.
    width : int
        Rows of a window.
    n_windows : int
        Most windows to train on.
    n_training : int
        Windows that the autoencoder of all rows is trained on.
    causal : bool
        How rows are judged.
    scale : ndarray of shape (n_channels,)
        Units of the channels' errors: those of the autoencoder of all rows.
    """

    series: Series
    width: int
    n_windows: int
    n_training: int
    causal: bool
    scale: Float64


class Part(NamedTuple):
    """What was found in a fold.

    Attributes
    ----------
    starts : list of int
        First row of each stretch held out.
    traces : list of Trace
        What is found there, smoothed.
    is_worse : bool
        Whether the autoencoder errs more on what is held out than principal components.
    """

    starts: list[int]
    traces: list[Trace]
    is_worse: bool


def hold_out(
    template: LSTMAutoencoder, task: Task, folds: Sequence[Fold], seeds: Sequence[int], n_jobs: int | None
) -> tuple[LSTMAutoencoder, Trace]:
    """Find the autoencoder that suits the series, and what it finds at rows that it was not trained on.

    Where it errs more on the rows that are held out than principal components do, in each fold, it learns noise by
    heart. If the length of its training is not given, it is then left as it starts, which is as principal components.

    Returns
    -------
    template : LSTMAutoencoder
        What to fit to all rows.
    found : Trace
        Smoothed, of all rows; NaN for those that are in no fold, or of which nothing is known.
    """
    parts = _judge_folds(template, task, folds, seeds, n_jobs)
    if parts and all(part.is_worse for part in parts) and _starts_as_principal_components(template):
        template = clone(template).set_params(max_epochs=1)
        parts = _judge_folds(template, task, folds, seeds, n_jobs)
    rows = Trace(*np.full((2, len(task.series.steps)), np.nan))
    for part in parts:
        for start, trace in zip(part.starts, part.traces, strict=True):
            for all_rows, found in zip(rows, trace, strict=True):
                all_rows[start : start + len(found)] = found
    return template, rows


def _starts_as_principal_components(template: LSTMAutoencoder) -> bool:
    return template.max_epochs == "auto" and template.linear_path and template.output_layer == "linear"


def _judge_folds(
    template: LSTMAutoencoder, task: Task, folds: Sequence[Fold], seeds: Sequence[int], n_jobs: int | None
) -> list[Part]:
    run = delayed(_judge_fold)
    parts = Parallel(n_jobs=n_jobs)(run(template, task, fold, seed) for fold, seed in zip(folds, seeds, strict=True))
    return [part for part in parts if part is not None]


def _judge_fold(template: LSTMAutoencoder, task: Task, fold: Fold, seed: int) -> Part | None:
    """What is found at each stretch held out, and whether the autoencoder errs more there than principal components.

    None where there is nothing to train on, but a gap.
    """
    windows, owner = windows_of(task.series, fold.training, task.n_windows, task.width, seed)
    if len(windows) == 0:
        return None
    autoencoder = fit_quietly(clone(template).set_params(random_state=seed), windows)
    scoring = SeriesScoring.of(autoencoder, windows, owner, task.width, task.causal)
    scoring = scoring.as_one_of(task.n_training, task.scale)
    traces = [scoring.smooth(scoring.trace(steps)) for steps in fold.held_out]
    for trace in traces if task.causal else []:
        trace.windows[: task.width - 1] = np.nan  # judged by shorter windows, as few rows are otherwise
    new = task.series.windows(fold.held_out.window_starts(task.width), task.width)
    is_worse = len(new) > 0 and errs_more_than_linear(
        autoencoder.module_, SequenceDataset.of(windows), SequenceDataset.of(new)
    )
    return Part(fold.held_out.starts.tolist(), traces, is_worse)
