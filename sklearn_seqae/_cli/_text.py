"""Text files: the tables that they hold."""

from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_seqae._cli._columns import find_columns
from sklearn_seqae._cli._layout import Layout, find_layout
from sklearn_seqae._cli._memory import check_size
from sklearn_seqae._cli._options import DataOptions

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["read_text"]


def read_text(path: Path, options: DataOptions) -> "tuple[DataFrame, Layout]":
    """The table that a text file holds, and how it stands there.

    Raises
    ------
    InputError
        If the file is empty, not text, or larger than the limit.
    """
    import pandas

    layout = find_layout(path, options)
    width = len(layout.names)
    check_size(path, layout.n_rows * width * 8, options.memory)
    table = pandas.read_csv(
        path,
        sep=layout.separator,
        decimal=layout.decimal,
        header=None,
        names=list(range(width)),
        dtype=dict.fromkeys(_columns_of_text(layout, options), "str"),
        index_col=False,
        skiprows=layout.n_skipped,
        encoding=layout.encoding,
        low_memory=False,
    )
    table.columns = pandas.Index(layout.names)
    if layout.named:
        table = _without_row_labels(_without_empty_ends(table))
    return table, layout


def _columns_of_text(layout: Layout, options: DataOptions) -> list[int]:
    """Those that name sequences, which 007 does, and 7 does not."""
    if options.id is None:
        return []
    first = int(_has_row_labels(layout.names))
    return [first + place for place in find_columns(layout.names[first:], "--id", options.id)]


def _without_empty_ends(table: "DataFrame") -> "DataFrame":
    """Without columns at the end that have neither a name nor a value: separators that end each line."""
    width = table.shape[1]
    while width > 1 and not table.columns[width - 1] and table.iloc[:, width - 1].isna().all():
        width -= 1
    return table.iloc[:, :width]


def _without_row_labels(table: "DataFrame") -> "DataFrame":
    """With a first column that has no name as row labels, as pandas writes them."""
    if not _has_row_labels(list(table.columns)):
        return table
    return table.iloc[:, 1:].set_axis(table.iloc[:, 0].to_list())


def _has_row_labels(names: list[str]) -> bool:
    return len(names) > 1 and not names[0]
