"""Tables: columns of numbers, and those that name sequences and time steps."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._columns import find_columns
from sklearn_seqae._cli._layout import is_number, line_of
from sklearn_seqae._cli._memory import check_size
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._text import read_text

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Table", "read_parquet_table", "read_text_table"]


_DATE = re.compile(r"\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}")


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Attributes
    ----------
    values : DataFrame
        Numbers in float64.
    named : bool
        Whether its columns have names.
    ids : ndarray of shape (n_rows,) or None
        What names the sequence of each row, of any type.
    id_name : str
        The name of that.
    times : Series or None
        The time of each row: numbers or dates.
    times_as_told : ndarray of shape (n_rows,)
        The same as the file has it.
    place : callable
        Says where a row, counted from 0, stands in the file.
    """

    values: "DataFrame"
    named: bool
    ids: NDArray[Any] | None
    id_name: str
    times: "Series[Any] | None"
    times_as_told: NDArray[Any]
    place: Callable[[int], str]


def read_text_table(path: Path, options: DataOptions) -> Table:
    """Read a text file; see `Table`."""
    table, layout = read_text(path, options)

    def place(row: int) -> str:
        return f"line {line_of(path, layout, row)}"

    return _select(table, path, options, place, named=layout.named)


def read_parquet_table(path: Path, options: DataOptions) -> Table:
    """Read a .parquet file; see `Table`."""
    import pandas
    from pyarrow.parquet import read_metadata

    metadata = read_metadata(path)
    check_size(path, metadata.num_rows * metadata.num_columns * 8, options.memory)
    return _select(pandas.read_parquet(path), path, options, "row {}".format)


def _select(
    table: "DataFrame", path: Path, options: DataOptions, place: Callable[[int], str], *, named: bool = True
) -> Table:
    """Tell the columns of numbers from those that the options name."""
    find = partial(find_columns, [str(name) for name in table.columns])
    dropped = {column for drop in options.drop for column in find("--drop", drop)}
    id_column = None if options.id is None else find("--id", options.id)[0]
    time_column = None if options.time is None else find("--time", options.time)[0]
    if time_column is not None and time_column == id_column:
        raise InputError(f"--id {options.id} and --time {options.time} are the same column")
    others = dropped | {column for column in (id_column, time_column) if column is not None}
    numbers = table.iloc[:, [column for column in range(table.shape[1]) if column not in others]]
    if not numbers.shape[1]:
        raise InputError(f"{path}: has no column left that could hold values")
    return Table(
        values=_numbers(numbers, path, place),
        named=named,
        ids=_row_labels(table) if id_column is None else table.iloc[:, id_column].to_numpy(dtype=object),
        id_name="id" if id_column is None or not named else str(table.columns[id_column]),
        times=None if time_column is None else _times(table.iloc[:, time_column], path, place),
        times_as_told=table.iloc[:, time_column or 0].to_numpy(),
        place=place,
    )


def _row_labels(table: "DataFrame") -> NDArray[Any] | None:
    """The table's own names of its rows, if they say more than their order does."""
    labels = table.index.to_numpy(dtype=object)
    return None if np.array_equal(labels, np.arange(len(table))) else labels


def _numbers(table: "DataFrame", path: Path, place: Callable[[int], str]) -> "DataFrame":
    """The table in float64, if it holds nothing but numbers and missing values."""
    import pandas

    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        if pandas.api.types.is_numeric_dtype(column) or not column.notna().any():
            continue
        texts = [(row, str(value)) for row, value in enumerate(column) if pandas.notna(value)]
        row, text = next(((row, text) for row, text in texts if not is_number(text)), texts[0])
        raise InputError(f"{path}: column {str(name)!r} holds {text[:40]!r} in {place(row)}, {_remedy(text, name)}")
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    return pandas.DataFrame(values, columns=table.columns)


def _remedy(text: str, name: Any) -> str:
    """What to do about a cell that is no number."""
    if _DATE.match(text):
        return (
            f"a date; if rows are time steps, say --time {name}, with --id COLUMN or --width N, or else leave the "
            f"column out with --drop {name}"
        )
    return (
        f"which is not a number; leave the cell empty, or the column out with --drop {name}, or say --id {name} if it "
        "names the sequences"
    )


def _times(column: "Series[Any]", path: Path, place: Callable[[int], str]) -> "Series[Any]":
    """Numbers or dates that can be sorted and subtracted."""
    import pandas

    times = column
    if not (pandas.api.types.is_numeric_dtype(times) or pandas.api.types.is_datetime64_any_dtype(times)):
        times = pandas.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    unread = np.flatnonzero(times.isna())
    if len(unread):
        row = int(unread[0])
        raise InputError(
            f"{path}: --time {column.name} holds {str(column.iloc[row])[:40]!r} in {place(row)}, which is neither a "
            "number nor a date such as 2020-12-31 23:59; if the rows are in order, --drop the column and give --width"
        )
    return times.reset_index(drop=True)
