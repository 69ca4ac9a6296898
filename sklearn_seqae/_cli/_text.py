"""Text files: the tables that they hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_seqae._cli._layout import Layout, find_layout
from sklearn_seqae._cli._memory import check_size
from sklearn_seqae._cli._options import DataOptions

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["read_column_as_text", "read_text"]


def read_text(path: Path, options: DataOptions) -> "tuple[DataFrame, Layout]":
    """The table that a text file holds, and how it stands there.

    Raises
    ------
    InputError
        If the file is empty, not text, or larger than the limit.
    """
    import pandas

    layout = find_layout(path, options)
    check_size(path, layout.n_rows * len(layout.names) * 8, options.memory)
    table = pandas.read_csv(path, **_how(layout), low_memory=False)
    table.columns = pandas.Index(layout.names)
    if layout.named:
        table = _without_row_labels(_without_empty_ends(table))
    return table, layout


def read_column_as_text(path: Path, layout: Layout, column: int) -> "Series[Any]":
    """The cells of one column as the file writes them."""
    import pandas

    return pandas.read_csv(path, **_how(layout), usecols=[column], dtype="str")[column]


def _how(layout: Layout) -> dict[str, Any]:
    """What pandas has to be told."""
    return {
        "sep": layout.separator,
        "decimal": layout.decimal,
        "header": None,
        "names": list(range(len(layout.names))),
        "index_col": False,
        "skiprows": layout.n_skipped,
        "encoding": layout.encoding,
    }


def _without_empty_ends(table: "DataFrame") -> "DataFrame":
    """Without columns at the end that have neither a name nor a value: separators that end each line."""
    width = table.shape[1]
    while width > 1 and not table.columns[width - 1] and table.iloc[:, width - 1].isna().all():
        width -= 1
    return table.iloc[:, :width]


def _without_row_labels(table: "DataFrame") -> "DataFrame":
    """With a first column that has no name as row labels, as pandas writes them."""
    if table.shape[1] < 2 or table.columns[0]:
        return table
    return table.iloc[:, 1:].set_axis(table.iloc[:, 0].to_list())
