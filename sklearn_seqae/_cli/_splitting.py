"""Sequences to train on, and sequences to score that share nothing with them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from sklearn_seqae._cli._arranged import Windows

__all__ = ["Rows", "Split", "split_rows", "split_windows"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Rows to train on, none for a model that is fitted, and rows to score: the same where nothing is held out."""

    training: Rows
    scored: Rows
    held_out: bool

    @property
    def kind(self) -> str:
        """What the scored sequences are."""
        if self.held_out:
            return "held-out"
        return "training" if len(self.training) else "given"


def split_rows(n: int, test_size: float, seed: int) -> Split:
    """Hold a share of n sequences out, drawn at random; 0 holds none out.

    Raises
    ------
    ValueError
        If no sequence would be left to train on.
    """
    everything = np.arange(n)
    if test_size == 0:
        return Split(everything, everything, held_out=False)
    training, scored = train_test_split(everything, test_size=test_size, random_state=seed)
    return Split(np.sort(training), np.sort(scored), held_out=True)


def split_windows(windows: Windows, test_size: float) -> Split:
    """Hold a share of the windows of each series out, the last ones; those that overlap them are not trained on.

    Raises
    ------
    ValueError
        If no window would be left to train on, or none held out.
    """
    everything = np.arange(len(windows.starts))
    if test_size == 0:
        return Split(everything, everything, held_out=False)
    training, scored = [], []
    for number in np.unique(windows.series):
        rows = np.flatnonzero(windows.series == number)
        n_training = len(rows) - round(test_size * len(rows))
        held_out = rows[n_training:]
        first_held_out = windows.starts[held_out].min(initial=np.iinfo(np.int64).max)
        before = windows.starts[rows[:n_training]] <= first_held_out - windows.width
        training.append(rows[:n_training][before])
        scored.append(held_out)
    split = Split(np.concatenate(training), np.concatenate(scored), held_out=True)
    if not len(split.training) or not len(split.scored):
        raise ValueError(f"{len(everything)} windows cannot be split: too few, or too much overlap")
    return split
