"""Tables of numbers, with what names their sequences and time steps."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._roles import find_roles
from sklearn_seqae._cli._sheet import Column, Sheet

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Table", "make_table"]


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Attributes
    ----------
    values : DataFrame
        Numbers in float64.
    named : bool
        Whether its columns have names.
    by_step : bool
        Whether a row is a time step, rather than a sequence.
    ids : ndarray of shape (n_rows,) or None
        What names the sequence of each row, of any type.
    id_name : str
        The name of that.
    times : Series or None
        The time of each row: numbers or dates.
    times_as_told : ndarray of shape (n_rows,)
        The same as the file has it, or the number of the row.
    time_name, time_word : str
        The name of that, and what to type for it behind an option.
    place : callable
        Says where a row, counted from 0, stands in the file.
    remark : str
        What was found of how the file is written, where that is unusual.
    """

    values: "DataFrame"
    named: bool
    by_step: bool
    ids: NDArray[Any] | None
    id_name: str
    times: "Series[Any] | None"
    times_as_told: NDArray[Any]
    time_name: str
    time_word: str
    place: Callable[[int], str]
    remark: str = ""


def make_table(sheet: Sheet, options: DataOptions, path: Path) -> Table:
    """Tell the columns of numbers from those that name sequences and times.

    Raises
    ------
    InputError
        If a column is not what it is said to be, or what it is remains open.
    """
    import pandas

    roles = find_roles(sheet, options, path)
    names, times = roles.id, roles.time
    if times is not None:
        _check_times(times, sheet, path)
    frame = pandas.DataFrame(np.stack([each.numbers for each in roles.values], axis=1))
    frame.columns = pandas.Index([each.name for each in roles.values])
    return Table(
        values=frame,
        named=sheet.named,
        by_step=roles.by_step,
        ids=None if roles.id_position is None else sheet.as_text(roles.id_position).to_numpy(dtype=object),
        id_name=_name(names, sheet, "id"),
        times=None if times is None else times.times,
        times_as_told=np.arange(len(sheet)) if times is None else times.cells.to_numpy(dtype=object),
        time_name=_name(times, sheet, "time"),
        time_word="" if times is None else times.word,
        place=sheet.place,
        remark=sheet.remark,
    )


def _name(column: Column | None, sheet: Sheet, otherwise: str) -> str:
    """What a column is called in what is written."""
    has_name = column is not None and sheet.named and not (column.is_label and column.name == "index")
    return column.name if column is not None and has_name else otherwise


def _check_times(column: Column, sheet: Sheet, path: Path) -> None:
    unread = np.flatnonzero(column.times.isna())
    if len(unread):
        row = int(unread[0])
        raise InputError(
            f"{path}: the time column {column.name!r} holds {str(column.cells.iloc[row])[:40]!r} in "
            f"{sheet.place(row)}, which is neither a number nor a date such as 2020-12-31 23:59; say how dates "
            "are written with "
            f"--time-format; or, if the rows are in order, leave the column out with --drop {column.word} --in-order"
        )
