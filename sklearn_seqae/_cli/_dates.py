"""Dates as people write them, told from each other only where there is one way to read them."""

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from sklearn_seqae._cli._messages import InputError

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["looks_like_clock", "looks_like_date", "read_dates"]

_DATE = re.compile(r"\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}")
_ORDERS = {".": ["%d.%m.%Y"], "/": ["%d/%m/%Y", "%m/%d/%Y"], "-": ["%d-%m-%Y", "%m-%d-%Y"]}
_CLOCKS = ["", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p"]


def looks_like_clock(cell: str) -> bool:
    """Whether a cell is a time of day."""
    return re.fullmatch(r"\s*\d{1,2}[:.]\d\d([:.]\d\d([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?\s*", cell) is not None


def looks_like_date(cell: str) -> bool:
    """Whether a cell begins with a date of three numbers."""
    return _DATE.match(cell) is not None


def read_dates(column: "Series[Any]", time_format: str | None, what: str) -> "Series[Any]":
    """The dates that a column of texts holds, NaT where a cell is none.

    Dates that begin with the year are read as ISO 8601 has them, with their offset from UTC where they have one.

    Parameters
    ----------
    column : Series
        The texts.
    time_format : str or None
        How they are written, as `datetime.strptime` has it; None finds out.
    what : str
        What the column is called, for messages.

    Raises
    ------
    InputError
        If day and month could be told either way, or the format is none.
    """
    import pandas

    if time_format is not None:
        try:
            return pandas.to_datetime(column, format=time_format, errors="coerce")
        except ValueError as error:
            raise InputError(f"--time-format {time_format}: {error}") from error
    first = next(iter(column.dropna()), "")
    formats = _fitting(str(first))
    if not formats:
        dates = pandas.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
        has_offset = re.search(r"\d:?\d\d.*(Z|[-+]\d\d:?\d\d)\s*$", str(first))
        return dates if has_offset else dates.dt.tz_localize(None)
    readings = [pandas.to_datetime(column, format=each, errors="coerce") for each in formats]
    n_unread = [int(reading.isna().sum()) for reading in readings]
    best = [number for number, n in enumerate(n_unread) if n == min(n_unread)]
    if len(best) > 1:
        either = " or ".join(f'--time-format "{formats[number]}"' for number in best)
        raise InputError(f"{what} holds dates such as {first}, which do not tell day from month: say {either}")
    return readings[best[0]]


def _fitting(cell: str) -> list[str]:
    """Formats, day or month first, that a cell might be of."""
    match = _DATE.match(cell)
    if match is None or re.match(r"\s*\d{4}", cell):
        return []
    mark = match.group(1)
    clock = cell.strip()[len(match.group().strip()) :]
    shape = re.sub(r"\d+", "0", re.sub(r"[ap]\.?m\.?", "AM", clock, flags=re.IGNORECASE))
    shapes = {re.sub("%p", "AM", re.sub(r"%[HIMSf]", "0", each)): each for each in _CLOCKS}
    return [order + each for order, each in product(_ORDERS[mark], [shapes[shape]])] if shape in shapes else []
