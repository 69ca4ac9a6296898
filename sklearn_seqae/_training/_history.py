"""The history of a training: numbers of each epoch, as rows to look at, as curves to draw, as columns to save."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "Row", "completed_epochs", "curve", "to_columns", "to_rows"]

# What was recorded of an epoch.
Row = dict[str, Any]


def completed_epochs(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The numbers in rows of skorch's history, as plain Python; an epoch that was interrupted has no loss."""
    return [
        {name: _plain(value) for name, value in row.items() if _is_number(value)} for row in rows if "train_loss" in row
    ]


def curve(rows: Iterable[Mapping[str, Any]], name: str) -> NDArray[np.float32]:
    """A value of each epoch, NaN where there is none."""
    return np.array([row.get(name, np.nan) for row in rows], dtype=np.float32)


class Columns:
    """Of each name, its values, and in which rows they are: thousands of rows are slow to save one by one."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._columns: dict[str, tuple[list[Any], list[int]]] = {}
        self.n_rows = 0
        for row in rows:
            self.append(row)

    def append(self, row: Row) -> None:
        """One more row."""
        for name, value in row.items():
            values, there = self._columns.setdefault(name, ([], []))
            values.append(value)
            there.append(self.n_rows)
        self.n_rows += 1

    def arrays(self) -> dict[str, dict[str, Any]]:
        """The values, and the rows, None for all of them."""
        return {
            name: {"values": np.array(values), "rows": None if len(there) == self.n_rows else np.array(there)}
            for name, (values, there) in self._columns.items()
        }


def to_columns(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """All rows, to be saved."""
    return Columns(rows).arrays()


def to_rows(columns: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Undo `to_columns`."""
    rows: list[Row] = [{} for _ in columns["train_loss"]["values"]] if columns else []  # which each epoch has
    for name, column in columns.items():
        there = range(len(rows)) if column["rows"] is None else column["rows"].tolist()
        for i, value in zip(there, column["values"].tolist(), strict=True):
            rows[i][name] = value
    return rows


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or getattr(value, "ndim", None) == 0


def _plain(value: Any) -> int | float:
    number: int | float = value.item() if hasattr(value, "item") else value
    return number
