"""How numbers stand in a text file: its separator, its decimal mark and its header.

`csv.Sniffer` and ``pandas.read_csv(sep=None)`` guess the separator from frequent characters, and so cut a file of a
single column at its digits, and one with decimal commas at these.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from sklearn_seqae._cli._encodings import advise_encoding
from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._options import DataOptions

__all__ = ["Layout", "find_layout", "is_number", "line_of"]

_SPACES = r"\s+"
_MISSING = {"", "na", "n/a", "#n/a", "<na>", "null", "none"}
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(e[-+]?\d+)?\s*", re.IGNORECASE)
# How many lines tell the separator.
_SAMPLE = 20

# A line without its end, and its number in the file from 1.
_Line = tuple[int, str]


@dataclass(frozen=True)
class Layout:
    """How the numbers stand in a text file.

    Attributes
    ----------
    separator, decimal, encoding : str
        As `pandas.read_csv` takes them.
    n_skipped : int
        Lines before the first row of numbers, blank ones included.
    names : list of str
        Of the columns.
    named : bool
        Whether they come from a header; otherwise they are numbers, as are those that a header leaves out.
    n_rows : int
        Number of rows.
    """

    separator: str
    decimal: str
    encoding: str
    n_skipped: int
    names: list[str]
    named: bool
    n_rows: int


def find_layout(path: Path, options: DataOptions) -> Layout:
    """Look through a text file for its separator, its header and the size of its table."""
    with _open(path, options.encoding) as file:
        lines = _filled(enumerate(file, 1), path)
        comments, head = _head(lines)
        if not head:
            raise InputError(f"{path}: is empty" if not comments else f"{path}: holds nothing but comments")
        separator = _find_separator([line for _, line in head])
        n_skipped, names = _find_header(comments, head, separator, options.header)
        data = [(number, line) for number, line in head if number > n_skipped]
        decimal, width, n_rows = _measure(chain(data, lines), separator, options.decimal)
        encoding = file.encoding
    if not n_rows:
        raise InputError(f"{path}: holds no data below its header")
    unnamed = [str(i) for i in range(len(names), width)]
    return Layout(separator, decimal, encoding, n_skipped, names + unnamed, bool(names), n_rows)


def line_of(path: Path, layout: Layout, row: int) -> int:
    """The line of the file, from 1, that holds a row of its table."""
    with _open(path, layout.encoding) as file:
        rows = (
            number
            for number, line in enumerate(file, 1)
            if number > layout.n_skipped and not _is_blank(line, layout.separator)
        )
        return next(islice(rows, row, None))


def _open(path: Path, encoding: str | None) -> TextIO:
    try:
        return path.open(encoding=encoding or "utf-8-sig", newline="")
    except LookupError as error:
        raise InputError(f"--encoding {encoding}: {one_line(error)}") from error


def _filled(lines: Iterable[_Line], path: Path) -> Iterator[_Line]:
    """Lines that are not blank."""
    for number, line in lines:
        if "\0" in line:  # which some versions of pandas read as a missing value
            raise InputError(f"{path}: holds a NUL character; {advise_encoding(path)}")
        if line.strip():
            yield number, line.rstrip("\r\n")


def _is_blank(line: str, separator: str) -> bool:
    """Whether pandas skips a line."""
    return not line.strip(" \t\r\n".replace(separator, ""))


def _head(lines: Iterator[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The comments that a file begins with, and the first lines behind them."""
    comments: list[_Line] = []
    for number, line in lines:
        if not line.lstrip().startswith("#"):
            return comments, [(number, line), *islice(lines, _SAMPLE - 1)]
        comments.append((number, line.lstrip("# \t")))
    return comments, []


def _find_separator(sample: list[str]) -> str:
    """A mark that stands outside quotes, in the first two lines if there is one."""
    plain = [re.sub(r'"[^"]*"', "", line) for line in sample]
    for lines in (plain[:2], plain):
        for mark in (";", "\t", ","):
            if any(mark in line for line in lines):
                return mark
    return _SPACES


def _find_header(
    comments: list[_Line], head: list[_Line], separator: str, header: bool | None
) -> tuple[int, list[str]]:
    """Number of lines up to the header or, without one, before the numbers; and the header's names."""
    number, first = head[0]
    cells = _cells(first, separator)
    if header is not False:
        # A comment just above the numbers that names each column, as NumPy writes it.
        commented = _cells(comments[-1][1], separator) if comments else []
        if len(commented) == len(cells) and not _looks_like_header(cells):
            return comments[-1][0], commented
        if header or _looks_like_header(cells):
            return number, cells
    return number - 1, []


def _measure(lines: Iterator[_Line], separator: str, decimal: str | None) -> tuple[str, int, int]:
    """The decimal mark of rows of numbers, cells of the longest of them, and how many they are."""
    width = n_rows = 0
    for _, line in lines:
        n_rows += 1
        quoted = '"' in line
        width = max(width, len(_cells(line, separator)) if quoted else _n_cells(line, separator))
        if decimal is None and "," in line and (quoted or separator != ","):
            decimal = "," if any(map(_DECIMAL_COMMA.fullmatch, _cells(line, separator))) else None
    return decimal or ".", width, n_rows


def _cells(line: str, separator: str) -> list[str]:
    cells = line.split() if separator == _SPACES else next(csv.reader([line], delimiter=separator))
    return [cell.strip() for cell in cells]


def _n_cells(line: str, separator: str) -> int:
    """Number of cells in a row without quotes."""
    return len(line.split()) if separator == _SPACES else line.count(separator) + 1


def _looks_like_header(cells: list[str]) -> bool:
    """Whether a first row is not all numbers, or counts 0, 1, 2, ... as pandas names columns without a name."""
    if not all(is_number(cell.replace(",", ".")) for cell in cells):
        return True
    filled = cells if cells[0] else cells[1:]
    return len(filled) > 2 and filled == [str(i) for i in range(len(filled))]


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number or a missing value."""
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return cell.strip().lower() in _MISSING
    return True
