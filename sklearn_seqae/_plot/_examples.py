"""Which sequences to show: read, ranked by the error of their reconstruction, picked and named."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import mean_by_sequence

__all__ = ["name_rows", "pick_rows", "read_pair", "read_row", "squared_errors", "title_rows", "unit_of_errors"]

Array = NDArray[Any]


def read_pair(X: Any, X_reconstructed: Any, n_channels: int) -> tuple[Sequences, Sequences]:
    """Sequences and reconstructions through the package's door, compared with each other."""
    originals = validate_sequences(BaseEstimator(), X, n_channels=n_channels)
    try:
        reconstructions = validate_sequences(BaseEstimator(), X_reconstructed, n_channels=n_channels)
    except (TypeError, ValueError) as error:
        raise type(error)(f"X_reconstructed cannot be read as sequences: {error}") from error
    if len(originals) != len(reconstructions):
        raise ValueError(
            f"X holds {len(originals)} sequences, X_reconstructed {len(reconstructions)}: pass one reconstruction for "
            "each."
        )
    shapes = [
        np.column_stack([each.sizes, np.full(len(each), each.n_channels)]) for each in (originals, reconstructions)
    ]
    for i in np.flatnonzero((shapes[0] != shapes[1]).any(axis=1))[:1]:
        (steps, width), (other_steps, other_width) = shapes[0][i], shapes[1][i]
        raise ValueError(
            f"Sequence {i} of X has {steps} steps of {width} channels, its reconstruction {other_steps} of "
            f"{other_width}: pass reconstructions of the same shape."
        )
    return originals, reconstructions


def squared_errors(originals: Sequences, reconstructions: Sequences, unit: Array) -> Array:
    """Mean squared error of each sequence over what is in both; NaN where nothing is.

    Each channel's errors are in units of `unit` (n_channels,).
    """
    squares = np.square((originals.steps.astype(np.float64) - reconstructions.steps) / unit)
    return mean_by_sequence(squares, originals.starts)


def unit_of_errors(scale: Array) -> Array:
    """What to count errors in, of the channels' standard deviations: these, or for one channel the units of X."""
    return scale if len(scale) > 1 else np.ones(1)


def read_row(sequences: Sequences, row: int) -> Array:
    """A copy of one sequence, padding included: (n_timesteps_i, n_channels)."""
    start = sequences.starts[row]
    return sequences.steps[start : start + sequences.sizes[row]].copy()


def pick_rows(errors: Array, n_sequences: int, indices: ArrayLike | None) -> Array:
    """Positions of the sequences to draw."""
    n = len(errors)
    if indices is None:
        if not isinstance(n_sequences, Integral) or n_sequences < 1:
            raise ValueError(f"n_sequences must be an integer of at least 1, got {n_sequences!r}.")
        places = np.linspace(0, n - 1, min(int(n_sequences), n)).round().astype(int)
        return np.argsort(errors, kind="stable")[places]
    rows = np.atleast_1d(np.asarray(indices))
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise ValueError(f"indices must be positions of sequences, such as [0, 3], got {indices!r}.")
    for row in rows[(rows < -n) | (rows >= n)]:
        raise ValueError(f"indices holds {row}, but X has {n} sequences: pass positions from 0 to {n - 1}.")
    return rows % n


def name_rows(X: Any, rows: Array, n: int, given: Any) -> list[str]:
    """What the titles call the sequences."""
    if given is not None and len(given) != n:
        raise ValueError(f"sequence_names has {len(given)} entries, but X has {n} sequences: pass one for each.")
    if given is None and hasattr(X, "iloc"):  # pandas
        given = X.index
    names = rows if given is None else [list(given)[row] for row in rows]
    return [name if isinstance(name, str) else f"sequence {name}" for name in names]


def title_rows(names: list[str], errors: Array, n_channels: int, *, ranked: bool) -> list[str]:
    """A title for each sequence, in lines of its own its place among the others, its name and its error."""
    unit = " SD" if n_channels > 1 else ""
    said = [f"RMSE {np.sqrt(error):.2g}{unit}" if np.isfinite(error) else "no error known" for error in errors]
    ranks = _ranks(len(names)) if ranked else [""] * len(names)
    return [f"{rank}{name}\n{error}" for rank, name, error in zip(ranks, names, said, strict=True)]


def _ranks(n: int) -> list[str]:
    """What is said of each of `n` sequences in the order of their errors."""
    ranks = [""] * n
    if n > 1:
        ranks[0], ranks[-1] = "best\n", "worst\n"
    if n > 1 and n % 2:
        ranks[n // 2] = "median\n"
    return ranks
