"""Rows that are time steps: put together by name, in the order of their times."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._tables import Table

if TYPE_CHECKING:
    import pandas

__all__ = ["Series", "read_series", "series_name"]

Array = NDArray[Any]
Rows = NDArray[np.int64]

# Steps in time that differ by more than this share are uneven.
_UNEVEN = 0.01


@dataclass(frozen=True)
class Series:
    """A series, or a sequence.

    Attributes
    ----------
    values : ndarray of shape (n_steps, n_channels)
        What was measured.
    name : object
        Which series it is.
    times : sequence of length n_steps
        The time of each step, as the file tells it, or its number.
    rows : ndarray of shape (n_steps,)
        Which rows of the file they are.
    clock : Series or None
        The same times as numbers or dates.
    """

    values: Array
    name: Any
    times: Sequence[Any]
    rows: Rows
    clock: "pandas.Series[Any] | None" = None


def read_series(data: Table | Array | list[Array], path: Path, *, sort: bool = False) -> list[Series]:
    """The series that a file holds: one, one for each name of a table, or one for each array.

    Parameters
    ----------
    data : Table, ndarray or list of ndarray
        What it holds.
    path : Path
        The file, for messages.
    sort : bool, default=False
        Whether to put rows in the order of their times.

    Raises
    ------
    InputError
        If a row has no name, or a time comes twice in a series, or after a later one and is not to be put in order.
    """
    if isinstance(data, Table):
        series = _by_name(data, path, sort)
        _check_channels(series, [f"column {name!r}" for name in data.values.columns], path, "leave it out with --drop")
        return series
    single = isinstance(data, np.ndarray) and data.ndim < 3
    arrays = [data] if single else data
    series = []
    for number, values in enumerate(arrays):
        values = np.asarray(values, dtype=np.float64)
        values = values[:, np.newaxis] if values.ndim == 1 else values
        series.append(Series(values, number, range(len(values)), np.arange(len(values))))
    _check_channels(series, [f"channel {place}" for place in range(series[0].values.shape[1])], path, "leave it out")
    return series


def _check_channels(series: list[Series], names: Sequence[str], path: Path, remedy: str) -> None:
    """Refuse channels without a value, and series that never change; warn of single channels that do not."""
    n_channels = {each.values.shape[1] for each in series}
    if len(n_channels) > 1:
        raise InputError(
            f"{path}: its series have {min(n_channels)} to {max(n_channels)} channels, not the same number"
        )
    if not names or not sum(each.values.size for each in series):
        raise InputError(f"{path}: holds no value")
    low = np.nanmin([np.nanmin(each.values, axis=0, initial=np.inf) for each in series], axis=0)
    high = np.nanmax([np.nanmax(each.values, axis=0, initial=-np.inf) for each in series], axis=0)
    constant = low >= high
    for name, lowest, highest in zip(names, low, high, strict=False):
        if lowest > highest:
            raise InputError(f"{path}: {name} holds no value; {remedy}")
    if constant.all():
        raise InputError(f"{path}: {names[0]} is {low[0]:g} in every row, so there is nothing to learn")
    for number in map(int, np.flatnonzero(constant)):
        warnings.warn(
            f"{path}: {names[number]} is {low[number]:g} in every row, so it tells nothing; {remedy}.", stacklevel=2
        )


def series_name(data: Table | Array | list[Array]) -> str | None:
    """The name of what tells series apart, if anything does."""
    if isinstance(data, Table):
        return None if data.ids is None else data.id_name
    return None if isinstance(data, np.ndarray) and data.ndim < 3 else "series"


def _by_name(table: Table, path: Path, sort: bool) -> list[Series]:
    """The rows of each name, names in the order of their first rows, rows in that of the file or of their times."""
    import pandas

    ids = np.zeros(len(table.values)) if table.ids is None else table.ids
    codes, names = pandas.factorize(ids)
    if (codes < 0).any():
        raise InputError(f"{path}: has no name in column {table.id_name!r} in {table.place(int(np.argmin(codes)))}")
    parts = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    values = table.values.to_numpy()
    if table.times is None:
        return [Series(values[rows], names[codes[rows[0]]], range(len(rows)), rows) for rows in parts]
    parts = [_in_time(table, rows, path, sort) for rows in parts]
    _warn_of_uneven_steps(table, parts, path)
    return [
        Series(values[rows], names[codes[rows[0]]], list(table.times_as_told[rows]), rows, table.times.iloc[rows])
        for rows in parts
    ]


def _in_time(table: Table, rows: Rows, path: Path, sort: bool) -> Rows:
    """Rows of a series, whose times rise; in the order of their times, if they are to be sorted."""
    assert table.times is not None
    times = table.times.iloc[rows]
    if sort:
        times = times.sort_values(kind="stable")
        rows = times.index.to_numpy()
    remedy = f"or, if rows are in order, leave the times out with --drop {table.time_word} --in-order"
    falls = np.flatnonzero(times.to_numpy()[1:] < times.to_numpy()[:-1])
    if len(falls):
        before, after = rows[falls[0]], rows[falls[0] + 1]
        raise InputError(
            f"{path}: the time {table.times_as_told[after]} in {table.place(int(after))} comes after "
            f"{table.times_as_told[before]} in {table.place(int(before))}; put rows in the order of their times with "
            f"--sort; {remedy}"
        )
    again = np.flatnonzero(times.duplicated())
    if len(again):
        first, second = rows[again[0] - 1], rows[again[0]]
        raise InputError(
            f"{path}: the time {table.times_as_told[second]} comes twice in the same series, in "
            f"{table.place(int(first))} and {table.place(int(second))}; take one of the rows out of the file, or name "
            f"several series with --id COLUMN; {remedy}"
        )
    return rows


def _warn_of_uneven_steps(table: Table, parts: Sequence[Rows], path: Path) -> None:
    """Warn where the differences of successive times are not all about the same."""
    assert table.times is not None
    steps = [(table.times.iloc[rows].diff().iloc[1:], rows) for rows in parts if len(rows) > 1]
    if not steps:
        return
    shortest, longest = min(step.min() for step, _ in steps), max(step.max() for step, _ in steps)
    if longest - shortest > _UNEVEN * longest:
        step, rows = next((step, rows) for step, rows in steps if step.max() == longest)
        after = int(rows[int(np.argmax(step.to_numpy())) + 1])
        apart = f"{_as_text(shortest)} to {_as_text(longest)} apart, longest before {table.place(after)}"
        warnings.warn(
            f"{path}: times are {apart}, but are read as if they were even; put rows without values where some are "
            "missing.",
            stacklevel=2,
        )


def _as_text(step: Any) -> str:
    """A step in time: a number, or days, hours, minutes and seconds."""
    return str(step).removeprefix("0 days ") if hasattr(step, "components") else f"{float(step):g}"
