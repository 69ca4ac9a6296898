"""From what a file holds to sequences: rows as they are, rows put together by name, or windows of long series."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._messages import InputError, count, one_line
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._tables import Table
from sklearn_seqae._windows import sliding_windows

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Arranged", "Windows", "arrange", "take"]

Array = NDArray[Any]
Rows = NDArray[np.int64]

# Steps in time that differ by more than this share are uneven.
_UNEVEN = 0.01


@dataclass(frozen=True)
class Windows:
    """Where windows come from.

    Attributes
    ----------
    series : ndarray of shape (n_windows,)
        The number of the series that each is cut from.
    starts : ndarray of shape (n_windows,)
        Its first step in the series.
    width : int
        Its steps.
    """

    series: Rows
    starts: Rows
    width: int


@dataclass(frozen=True)
class Arranged:
    """Sequences as the estimators take them.

    Attributes
    ----------
    X : DataFrame, ndarray or list of ndarray
        The sequences.
    labels : dict of str to list of length n_sequences
        What says which sequence each is, by the name of a column beside the codes.
    windows : Windows or None
        Where they were cut from long series.
    """

    X: "DataFrame | Array | list[Array]"
    labels: dict[str, list[Any]] = field(default_factory=dict)
    windows: Windows | None = None

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Rows) -> "Arranged":
        """Some of the sequences."""
        labels = {name: [values[row] for row in rows] for name, values in self.labels.items()}
        windows = self.windows and replace(
            self.windows, series=self.windows.series[rows], starts=self.windows.starts[rows]
        )
        return Arranged(take(self.X, rows), labels, windows)


@dataclass(frozen=True)
class _Series:
    """A series, or a sequence: the values (n_steps, n_channels), its name, and the time of each step, as it is told."""

    values: Array
    name: Any
    times: Sequence[Any]


def take(X: Any, rows: Rows) -> Any:
    """Some sequences of a table, an array or a list."""
    if isinstance(X, list):
        return [X[row] for row in rows]
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def arrange(data: Table | Array | list[Array], options: DataOptions, path: Path) -> Arranged:
    """Make sequences of what a file holds.

    Parameters
    ----------
    data : Table, ndarray or list of ndarray
        What it holds.
    options : DataOptions
        With a time column, the rows of a name are the steps of a sequence; with a width, series are cut into windows.
    path : Path
        The file, for messages.

    Returns
    -------
    Arranged
        With at least one sequence, none of them without any value.

    Raises
    ------
    InputError
        If there is no telling what the sequences are, or a sequence has no value.
    """
    if options.width is not None:
        arranged = _cut(_long_series(data, path), _series_name(data), options, path)
    elif not isinstance(data, Table):
        arranged = _as_they_are(data, path)
    elif options.time is not None:
        arranged = _put_together(data, path)
    else:
        arranged = _rows(data, options, path)
    place = data.place if isinstance(data, Table) and not options.by_step else "sequence {}".format
    return _with_values(arranged, options, path, place)


# A sequence for each row, array or first axis


def _as_they_are(data: Array | list[Array], path: Path) -> Arranged:
    if isinstance(data, np.ndarray) and data.ndim == 1:
        raise InputError(
            f"{path}: has shape {data.shape}, so it is one long series; cut it into windows with --width N"
        )
    return Arranged(data)


def _rows(table: Table, options: DataOptions, path: Path) -> Arranged:
    """A sequence for each row; refused or warned of where rows look like time steps or names like values."""
    if options.id is not None:
        _refuse_steps(table, options.id, path)
    else:
        _refuse_long_format(table, path)
        _warn_of_counting(table, path)
    labels = {} if table.ids is None else {table.id_name: list(table.ids)}
    return Arranged(table.values if table.named else table.values.to_numpy(), labels)


def _refuse_steps(table: Table, column: str, path: Path) -> None:
    """Refuse names that mostly repeat: their rows are steps, whose order should be told."""
    assert table.ids is not None
    n_names = len({*table.ids})
    if 2 * n_names <= len(table.ids):
        raise InputError(
            f"{path}: --id {column} has {count(n_names, 'name')} for {len(table.ids)} rows; if rows are time steps, "
            "name the column of their times with --time, or else leave this one out with --drop"
        )


def _refuse_long_format(table: Table, path: Path) -> None:
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


def _warn_of_counting(table: Table, path: Path) -> None:
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


# A sequence for several rows


def _put_together(table: Table, path: Path) -> Arranged:
    """A sequence for the rows of each name, in the order of their times."""
    if table.ids is None:
        raise InputError(
            f"{path}: with --time, rows are time steps: name the sequences with --id COLUMN, or cut one long series "
            "into windows with --width N"
        )
    sequences = _by_name(table, path)
    return Arranged([each.values for each in sequences], {table.id_name: [each.name for each in sequences]})


def _by_name(table: Table, path: Path) -> list[_Series]:
    """The rows of each name, names in the order of their first rows, rows in that of their times or of the file."""
    import pandas

    ids = np.zeros(len(table.values)) if table.ids is None else table.ids
    codes, names = pandas.factorize(ids)
    if (codes < 0).any():
        raise InputError(f"{path}: has no name in column {table.id_name!r} in {table.place(int(np.argmin(codes)))}")
    parts = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    values = table.values.to_numpy()
    if table.times is None:
        return [_Series(values[rows], names[codes[rows[0]]], range(len(rows))) for rows in parts]
    ordered = [_in_time(table, rows, path) for rows in parts]
    steps = [table.times.iloc[rows].diff().iloc[1:] for rows in ordered if len(rows) > 1]
    if steps:
        _warn_of_uneven_steps(steps, path)
    return [_Series(values[rows], names[codes[rows[0]]], list(table.times_as_told[rows])) for rows in ordered]


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


def _warn_of_uneven_steps(steps: "Sequence[Series[Any]]", path: Path) -> None:
    """Warn where the differences of successive times are not all about the same."""
    shortest, longest = min(step.min() for step in steps), max(step.max() for step in steps)
    if longest - shortest > _UNEVEN * longest:
        warnings.warn(
            f"{path}: times are {shortest} to {longest} apart, but are read as if they were even.", stacklevel=2
        )


# Windows


def _long_series(data: Table | Array | list[Array], path: Path) -> list[_Series]:
    if isinstance(data, Table):
        return _by_name(data, path)
    single = isinstance(data, np.ndarray) and data.ndim < 3
    arrays = [data] if single else data
    return [_Series(np.asarray(values), number, range(len(values))) for number, values in enumerate(arrays)]


def _series_name(data: Table | Array | list[Array]) -> str | None:
    """The name of what tells series apart, if there are several."""
    if isinstance(data, Table):
        return None if data.ids is None else data.id_name
    return None if isinstance(data, np.ndarray) and data.ndim < 3 else "series"


def _cut(series: list[_Series], name: str | None, options: DataOptions, path: Path) -> Arranged:
    """Windows of each series; those of a series that is shorter are padded."""
    assert options.width is not None
    width = options.width
    stride = options.stride or max(1, width // 2)
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


# What cannot be learned from


def _with_values(arranged: Arranged, options: DataOptions, path: Path, place: Any) -> Arranged:
    """The sequences that have a value; refuses others unless they are to be left out."""
    X = arranged.X
    if isinstance(X, list):
        empty = np.array([np.isnan(x).all() for x in X], dtype=bool)
    else:
        empty = np.isnan(np.asarray(X)).all(axis=tuple(range(1, np.ndim(X))))
    if empty.all():
        raise InputError(f"{path}: holds no value")
    if not empty.any():
        return arranged
    if not options.drop_empty:
        others = empty.sum() - 1
        which = f", as have {others} others; leave them" if others else "; leave it"
        raise InputError(f"{path}: has no value in {place(int(np.argmax(empty)))}{which} out with --drop-empty")
    return arranged.take(np.flatnonzero(~empty))
