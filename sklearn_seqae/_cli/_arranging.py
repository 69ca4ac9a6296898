"""From what a file holds to sequences: rows as they are, rows put together by name, or windows of long series."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._arranged import Arranged
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._series import cut, read_series, series_name
from sklearn_seqae._cli._suspicions import refuse_long_format, refuse_steps, warn_of_counting
from sklearn_seqae._cli._tables import Table

__all__ = ["arrange"]

Array = NDArray[Any]


def arrange(data: Table | Array | list[Array], options: DataOptions, path: Path) -> Arranged:
    """Make sequences of what a file holds.

    Parameters
    ----------
    data : Table, ndarray or list of ndarray
        What it holds.
    options : DataOptions
        With a time column, the rows of a name are the steps of a sequence; with a width, series are cut into windows.
    path : Path
        The file, for messages.

    Returns
    -------
    Arranged
        With at least one sequence, none of them without any value.

    Raises
    ------
    InputError
        If there is no telling what the sequences are, or a sequence has no value.
    """
    if options.width is not None:
        arranged = cut(read_series(data, path), series_name(data), options.width, options.stride, path)
    elif not isinstance(data, Table):
        arranged = _as_they_are(data, path)
    elif options.time is not None:
        arranged = _put_together(data, path)
    else:
        arranged = _rows(data, options, path)
    place = data.place if isinstance(data, Table) and not options.by_step else "sequence {}".format
    return _with_values(arranged, options, path, place)


def _as_they_are(data: Array | list[Array], path: Path) -> Arranged:
    if isinstance(data, np.ndarray) and data.ndim == 1:
        raise InputError(
            f"{path}: has shape {data.shape}, so it is one long series; cut it into windows with --width N"
        )
    return Arranged(data)


def _rows(table: Table, options: DataOptions, path: Path) -> Arranged:
    """A sequence for each row; refused or warned of where rows look like time steps or names like values."""
    if options.id is not None:
        refuse_steps(table, options.id, path)
    else:
        refuse_long_format(table, path)
        warn_of_counting(table, path)
    labels = {} if table.ids is None else {table.id_name: list(table.ids)}
    return Arranged(table.values if table.named else table.values.to_numpy(), labels)


def _put_together(table: Table, path: Path) -> Arranged:
    """A sequence for the rows of each name, in the order of their times."""
    if table.ids is None:
        raise InputError(
            f"{path}: with --time, rows are time steps: name the sequences with --id COLUMN, or cut one long series "
            "into windows with --width N"
        )
    sequences = read_series(table, path)
    return Arranged([each.values for each in sequences], {table.id_name: [each.name for each in sequences]})


def _with_values(arranged: Arranged, options: DataOptions, path: Path, place: Callable[[int], str]) -> Arranged:
    """The sequences that have a value; refuses others unless they are to be left out."""
    X = arranged.X
    if isinstance(X, list):
        empty = np.array([np.isnan(x).all() for x in X], dtype=bool)
    else:
        empty = np.isnan(np.asarray(X)).all(axis=tuple(range(1, np.ndim(X))))
    if empty.all():
        raise InputError(f"{path}: holds no value")
    if not empty.any():
        return arranged
    if not options.drop_empty:
        others = empty.sum() - 1
        which = f", as have {others} others; leave them" if others else "; leave it"
        raise InputError(f"{path}: has no value in {place(int(np.argmax(empty)))}{which} out with --drop-empty")
    return arranged.take(np.flatnonzero(~empty))
