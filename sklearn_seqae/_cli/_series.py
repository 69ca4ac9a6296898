"""Rows that are time steps: put together by name, in the order of their times, and cut into windows."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._arranged import Arranged, Windows
from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._tables import Table
from sklearn_seqae._windows import sliding_windows

if TYPE_CHECKING:
    import pandas

__all__ = ["Series", "cut", "read_series", "series_name"]

Array = NDArray[Any]
Rows = NDArray[np.int64]

# Steps in time that differ by more than this share are uneven.
_UNEVEN = 0.01


@dataclass(frozen=True)
class Series:
    """A series, or a sequence: the values (n_steps, n_channels), its name, and the time of each step, as it is told."""

    values: Array
    name: Any
    times: Sequence[Any]


def read_series(data: Table | Array | list[Array], path: Path) -> list[Series]:
    """The series that a file holds: one, one for each name of a table, or one for each array.

    Raises
    ------
    InputError
        If a row has no name, or a time comes twice in a series.
    """
    if isinstance(data, Table):
        return _by_name(data, path)
    single = isinstance(data, np.ndarray) and data.ndim < 3
    arrays = [data] if single else data
    return [Series(np.asarray(values), number, range(len(values))) for number, values in enumerate(arrays)]


def series_name(data: Table | Array | list[Array]) -> str | None:
    """The name of what tells series apart, if there are several."""
    if isinstance(data, Table):
        return None if data.ids is None else data.id_name
    return None if isinstance(data, np.ndarray) and data.ndim < 3 else "series"


def _by_name(table: Table, path: Path) -> list[Series]:
    """The rows of each name, names in the order of their first rows, rows in that of their times or of the file."""
    import pandas

    ids = np.zeros(len(table.values)) if table.ids is None else table.ids
    codes, names = pandas.factorize(ids)
    if (codes < 0).any():
        raise InputError(f"{path}: has no name in column {table.id_name!r} in {table.place(int(np.argmin(codes)))}")
    parts = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    values = table.values.to_numpy()
    if table.times is None:
        return [Series(values[rows], names[codes[rows[0]]], range(len(rows))) for rows in parts]
    ordered = [_in_time(table, rows, path) for rows in parts]
    steps = [table.times.iloc[rows].diff().iloc[1:] for rows in ordered if len(rows) > 1]
    if steps:
        _warn_of_uneven_steps(steps, path)
    return [Series(values[rows], names[codes[rows[0]]], list(table.times_as_told[rows])) for rows in ordered]


def _in_time(table: Table, rows: Rows, path: Path) -> Rows:
    """Rows of a series in the order of their times, of which none comes twice."""
    assert table.times is not None
    times = table.times.iloc[rows].sort_values(kind="stable")
    again = np.flatnonzero(times.duplicated())
    if len(again):
        place = table.place(int(times.index[again[0]]))
        raise InputError(
            f"{path}: the time {times.iloc[again[0]]} comes twice in the same series, again in {place}; name several "
            "series with --id COLUMN; or, if rows are in order, leave the times out with --drop, and give --width"
        )
    return times.index.to_numpy()


def _warn_of_uneven_steps(steps: "Sequence[pandas.Series[Any]]", path: Path) -> None:
    """Warn where the differences of successive times are not all about the same."""
    shortest, longest = min(step.min() for step in steps), max(step.max() for step in steps)
    if longest - shortest > _UNEVEN * longest:
        warnings.warn(
            f"{path}: times are {shortest} to {longest} apart, but are read as if they were even.", stacklevel=2
        )


def cut(series: list[Series], name: str | None, width: int, stride: int | None, path: Path) -> Arranged:
    """Windows of each series; those of a series that is shorter are padded.

    Parameters
    ----------
    series : list of Series
        The series.
    name : str or None
        What to call the column of their names; None leaves it out.
    width, stride : int
        As `sliding_windows` has them; None is half the width.
    path : Path
        The file, for messages.
    """
    stride = stride or max(1, width // 2)
    lengths = np.array([len(each.values) for each in series], dtype=np.int64)
    owner = np.repeat(np.arange(len(series)), lengths)
    try:
        steps = np.concatenate([each.values for each in series])
        groups = owner if len(series) > 1 else None
        windows = sliding_windows(steps, width, stride, groups=groups)
        first = sliding_windows(np.arange(len(steps)), width, stride, groups=groups)[:, 0, 0].astype(np.int64)
    except ValueError as error:
        raise InputError(f"{path}: {one_line(error)}") from error
    starts = first - (np.cumsum(lengths) - lengths)[owner[first]]
    labels = {} if name is None else {name: [series[number].name for number in owner[first]]}
    labels["start"] = [series[number].times[start] for number, start in zip(owner[first], starts, strict=True)]
    return Arranged(windows, labels, Windows(owner[first], starts, width))
