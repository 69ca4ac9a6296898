"""A table as a file holds it, before anyone has said what its columns are."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._columns import find_columns
from sklearn_seqae._cli._dates import looks_like_date, read_dates
from sklearn_seqae._cli._layout import is_number, line_of
from sklearn_seqae._cli._memory import check_size
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._text import read_column_as_text, read_text

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Column", "Sheet", "read_parquet_sheet", "read_text_sheet"]

# What the names of the rows are called where they have no name of their own.
_LABELS = "index"


class Column:
    """A column, with what its cells are.

    Parameters
    ----------
    name : str
        Its name, or its position.
    cells : Series
        What it holds.
    path : Path
        The file, for messages.
    options : DataOptions
        How dates are written.
    is_label : bool
        Whether it holds the rows' names, and so no values.
    word : str or None
        What to type for it behind an option; None is its name.
    """

    def __init__(
        self,
        name: str,
        cells: "Series[Any]",
        path: Path,
        options: DataOptions,
        *,
        is_label: bool = False,
        word: str | None = None,
    ) -> None:
        self.path, self.word = path, shlex.quote(name) if word is None else word
        self.name, self.cells, self.is_label = name, cells.reset_index(drop=True), is_label
        self.options = options

    @cached_property
    def kind(self) -> str:
        """One of "numbers", "dates", "texts", or "mixed" where only some cells are numbers or dates."""
        import pandas

        if pandas.api.types.is_datetime64_any_dtype(self.cells):
            return "dates"
        if pandas.api.types.is_numeric_dtype(self.cells) or not self.cells.notna().any():
            return "numbers"
        filled = self.cells.dropna().map(str)
        if looks_like_date(filled.iloc[0]):
            return "dates" if self.times.notna().all() else "mixed"
        return "mixed" if any(map(is_number, filled)) else "texts"

    @property
    def odd_cell(self) -> int:
        """The first row that makes it no column of numbers or, where it begins with a date, of dates."""
        filled = np.flatnonzero(self.cells.notna())
        first = int(filled[0])
        if looks_like_date(str(self.cells.iloc[first])):
            return int(next(iter(filled[self.times.iloc[filled].isna()]), first))
        return int(next((row for row in filled if not is_number(str(self.cells.iloc[row]))), first))

    @cached_property
    def times(self) -> "Series[Any]":
        """Numbers or dates that can be sorted and subtracted; missing where a cell is neither."""
        import pandas

        if pandas.api.types.is_numeric_dtype(self.cells) or pandas.api.types.is_datetime64_any_dtype(self.cells):
            return self.cells
        return read_dates(self.cells, self.options.time_format, f"{self.path}: column {self.name!r}")

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The cells of a column of numbers, in float64; NaN where they stand for a missing value."""
        numbers = self.cells.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isin(numbers, self.options.missing), np.nan, numbers) if self.options.missing else numbers

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """A number for each cell, the same for the same; -1 where it is missing."""
        import pandas

        return pandas.factorize(self.cells)[0]

    @property
    def n_names(self) -> int:
        """How many cells differ."""
        return int(self.codes.max(initial=-1)) + 1

    @property
    def is_distinct(self) -> bool:
        """Whether no cell is like another."""
        return self.n_names == len(self.codes)

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        return self.kind == "numbers" and bool(np.all(self.numbers == np.floor(self.numbers)))

    @property
    def rises(self) -> bool:
        """Whether each number or date is above the last."""
        if self.kind not in ("numbers", "dates") or len(self.cells) < 3:
            return False
        return bool(self.times.is_monotonic_increasing and self.times.is_unique and self.times.notna().all())

    @property
    def is_even(self) -> bool:
        """Whether it rises by the same each time."""
        if self.kind != "numbers" or not self.rises:
            return False
        steps = np.diff(self.numbers)
        return bool(np.ptp(steps) <= 1e-6 * np.abs(steps).max())


@dataclass(frozen=True)
class Sheet:
    """A table as a file holds it.

    Attributes
    ----------
    columns : sequence of Column
        Last, if the rows have names that say more than their order, these.
    named : bool
        Whether columns have names of their own.
    place : callable
        Says where a row, counted from 0, stands in the file.
    as_text : callable
        The cells of a column, by position, as the file writes them: 007 rather than 7.
    remark : str
        What was found of how the file is written, where that is unusual.
    """

    columns: Sequence[Column]
    named: bool
    place: Callable[[int], str]
    as_text: Callable[[int], "Series[Any]"]
    remark: str = ""

    def __len__(self) -> int:
        return len(self.columns[0].cells)

    def join(self, positions: Sequence[int]) -> "Sheet":
        """With one column more that holds the texts of some, a space between them."""
        cells = self.columns[positions[0]].cells.map(str)
        for position in positions[1:]:
            cells = cells + " " + self.columns[position].cells.map(str)
        name = " ".join(self.columns[position].name for position in positions)
        first = self.columns[0]
        word = " --drop ".join(self.columns[position].word for position in positions)
        joined = Column(name, cells, first.path, first.options, is_label=True, word=word)
        return replace(self, columns=[*self.columns, joined])

    def find(self, option: str, column: str) -> list[int]:
        """Positions of the columns that an option names."""
        names = [each.name for each in self.columns if not each.is_label]
        if column not in names:
            labels = [place for place, each in enumerate(self.columns) if each.is_label and each.name == column]
            if labels:
                return labels
        return find_columns(names, option, column)


def read_text_sheet(path: Path, options: DataOptions) -> Sheet:
    """Read a text file."""
    table, layout = read_text(path, options)
    columns = _columns(table, path, options)
    n_before = int(layout.named and not layout.names[0] and len(layout.names) > 1)

    def place(row: int) -> str:
        return f"line {line_of(path, layout, row)}"

    def as_text(position: int) -> "Series[Any]":
        where = 0 if columns[position].is_label else n_before + position
        return read_column_as_text(path, layout, where)

    return Sheet(columns, layout.named, place, as_text, "decimal commas" if layout.decimal == "," else "")


def read_parquet_sheet(path: Path, options: DataOptions) -> Sheet:
    """Read a .parquet file."""
    import pandas
    from pyarrow.parquet import read_metadata

    metadata = read_metadata(path)
    check_size(path, metadata.num_rows * metadata.num_columns * 8, options.memory)
    columns = _columns(pandas.read_parquet(path), path, options)
    if not columns or not len(columns[0].cells):
        raise InputError(f"{path}: holds no value")
    return Sheet(columns, True, "row {}".format, lambda position: columns[position].cells)


def _columns(table: "DataFrame", path: Path, options: DataOptions) -> list[Column]:
    """The columns of a table, and the names of its rows if they say more than their order does."""
    if table.index.nlevels > 1:
        table = table.reset_index()
    columns = [Column(str(name), table.iloc[:, place], path, options) for place, name in enumerate(table.columns)]
    labels = table.index
    if np.array_equal(labels.to_numpy(dtype=object), np.arange(len(table))):
        return columns
    name = _LABELS if labels.name is None else str(labels.name)
    return [*columns, Column(name, labels.to_series(), path, options, is_label=True)]
