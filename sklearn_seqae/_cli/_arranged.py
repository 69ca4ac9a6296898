"""Sequences as the estimators take them, with what they are called and where they were cut from."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Arranged", "Windows", "take"]

Array = NDArray[Any]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Where windows come from.

    Attributes
    ----------
    series : ndarray of shape (n_windows,)
        The number of the series that each is cut from.
    starts : ndarray of shape (n_windows,)
        Its first step in the series.
    width : int
        Its steps.
    """

    series: Rows
    starts: Rows
    width: int


@dataclass(frozen=True)
class Arranged:
    """Sequences as the estimators take them.

    Attributes
    ----------
    X : DataFrame, ndarray or list of ndarray
        The sequences.
    labels : dict of str to list of length n_sequences
        What says which sequence each is, by the name of a column beside the codes.
    windows : Windows or None
        Where they were cut from long series.
    how : str
        What was taken for what in the file; empty where there was no choice.
    """

    X: "DataFrame | Array | list[Array]"
    labels: dict[str, list[Any]] = field(default_factory=dict)
    windows: Windows | None = None
    how: str = ""

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: Rows) -> "Arranged":
        """Some of the sequences."""
        labels = {name: [values[row] for row in rows] for name, values in self.labels.items()}
        windows = self.windows and replace(
            self.windows, series=self.windows.series[rows], starts=self.windows.starts[rows]
        )
        return Arranged(take(self.X, rows), labels, windows, self.how)


def take(X: Any, rows: Rows) -> Any:
    """Some sequences of a table, an array or a list."""
    if isinstance(X, list):
        return [X[row] for row in rows]
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
