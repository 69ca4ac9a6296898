"""The history of a training: numbers of each epoch, as rows to look at, as curves to draw, as columns to save."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Row", "completed_epochs", "curve", "to_columns", "to_rows"]

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


def to_columns(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Of each name, its values, and in which rows they are, None for all: thousands of rows are slow to save one by
    one.
    """
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        there = [i for i, row in enumerate(rows) if name in row]
        values = np.array([rows[i][name] for i in there])
        columns[name] = {"values": values, "rows": None if len(there) == len(rows) else np.array(there)}
    return columns


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
