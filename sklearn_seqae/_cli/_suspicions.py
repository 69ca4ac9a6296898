"""Tables that are probably not what they are taken for: a row for each sequence, each column a time step."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_seqae._cli._messages import InputError, count
from sklearn_seqae._cli._tables import Table

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["refuse_long_format", "refuse_steps", "warn_of_counting"]


def refuse_steps(table: Table, column: str, path: Path) -> None:
    """Refuse names that mostly repeat: their rows are steps, whose order should be told."""
    assert table.ids is not None
    n_names = len({*table.ids})
    if 2 * n_names <= len(table.ids):
        raise InputError(
            f"{path}: --id {column} has {count(n_names, 'name')} for {len(table.ids)} rows; if rows are time steps, "
            "name the column of their times with --time, or else leave this one out with --drop"
        )


def refuse_long_format(table: Table, path: Path) -> None:
    """Refuse a table whose first column repeats while its second counts up within it."""
    if table.values.shape[1] < 3:
        return
    ids, times = table.values.iloc[:, 0].to_numpy(), table.values.iloc[:, 1].to_numpy()
    same = ids[1:] == ids[:-1]
    n_names = len(np.unique(ids))
    contiguous = np.sum(~same) == n_names - 1
    if 1 < n_names <= len(ids) / 2 and contiguous and np.all(np.diff(times)[same] > 0) and np.any(np.diff(times) <= 0):
        first, second = table.values.columns[:2]
        raise InputError(
            f"{path}: looks like a row per time step, since column {str(first)!r} repeats while {str(second)!r} counts "
            f"up; if so, say --id {first} --time {second}, otherwise save the rows as .npy"
        )


def warn_of_counting(table: Table, path: Path) -> None:
    """Warn where the first column, but not the second, counts up."""
    if table.values.shape[1] > 1 and _counts_up(table.values.iloc[:, 0]) and not _counts_up(table.values.iloc[:, 1]):
        name = table.values.columns[0]
        warnings.warn(
            f"{path}: column {str(name)!r} counts up from row to row, so it may be no time step; say so: --id {name} "
            f"if it names the sequences, --time {name} if rows are time steps, --drop {name} to leave it out.",
            stacklevel=2,
        )


def _counts_up(column: "Series[Any]") -> bool:
    """Whether a column holds whole numbers, each larger than the last."""
    numbers = column.to_numpy()
    return len(numbers) > 2 and bool(np.all(numbers == np.floor(numbers)) and np.all(np.diff(numbers) > 0))
