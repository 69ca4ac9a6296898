"""From what a file holds to sequences: rows as they are, rows put together by name, or windows of long series."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._arranged import Arranged
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._series import Series, read_series, series_name
from sklearn_seqae._cli._sheet import Sheet
from sklearn_seqae._cli._suspicions import ask_about_smooth_rows
from sklearn_seqae._cli._tables import Table, make_table
from sklearn_seqae._cli._windows import cut

__all__ = ["arrange", "describe_steps"]

Array = NDArray[Any]

# Fewer sequences than these, each of as many steps or more, may be meant to be series.
_FEW, _LONG = 10, 100
# So many columns beside a time may be the steps of a sequence, such as the hours of a day.
_MANY = 5
# How many columns of values are named.
_NAMED = 4
_WHICH = "find what is unusual in it with --series, or cut it into windows with --width N"


def arrange(data: Sheet | Array | list[Array], options: DataOptions, path: Path) -> Arranged:
    """Make sequences of what a file holds.

    Parameters
    ----------
    data : Sheet, ndarray or list of ndarray
        What it holds.
    options : DataOptions
        Where rows are time steps, those of a name are the steps of a sequence; with a width, series are cut into
        windows.
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
    if isinstance(data, Sheet):
        table = make_table(data, options, path)
        arranged = _arrange_table(table, options, path)
        return _with_values(arranged, options, path, _places(table, arranged))
    return _with_values(_arrange_arrays(data, options, path), options, path, "sequence {}".format)


def describe_steps(table: Table) -> str:
    """What was taken for what in a table of time steps."""
    parts = ["a row per time step"]
    if table.ids is not None:
        parts.append(f"named by {table.id_name!r}")
    parts.append("in their order" if table.times is None else f"times in {table.time_name!r}")
    if table.named:
        names = [repr(name) for name in table.values.columns]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts.append(f"values in {', '.join(names[:_NAMED])}{more}")
    return ", ".join([*parts, table.remark] if table.remark else parts)


def _arrange_arrays(data: Array | list[Array], options: DataOptions, path: Path) -> Arranged:
    if options.width is not None:
        return cut(read_series(data, path), series_name(data), options.width, options.stride, path)
    if isinstance(data, np.ndarray) and data.ndim == 1:
        raise InputError(f"{path}: has shape {data.shape}, so it is one long series: {_WHICH}")
    if isinstance(data, np.ndarray) and data.ndim == 2 and options.channels is None:
        ask_about_smooth_rows(data, path)
    return Arranged(data)


def _arrange_table(table: Table, options: DataOptions, path: Path) -> Arranged:
    if not table.by_step:
        labels = {} if table.ids is None else {table.id_name: list(table.ids)}
        how = ", ".join(
            ["a row each"] + [f"named by {name!r}" for name in labels] + ([table.remark] if table.remark else [])
        )
        return Arranged(table.values if table.named else table.values.to_numpy(), labels, how=how)
    sequences = read_series(table, path, sort=options.sort)
    how = describe_steps(table)
    if options.width is not None:
        return replace(cut(sequences, series_name(table), options.width, options.stride, path), how=how)
    _ask_about_series(sequences, table, how, options, path)
    return Arranged([each.values for each in sequences], {table.id_name: [each.name for each in sequences]}, how=how)


def _ask_about_series(sequences: list[Series], table: Table, how: str, options: DataOptions, path: Path) -> None:
    """Refuse what is one long series, or few that nobody has said to be sequences."""
    n_steps = len(sequences[0].values)
    if len(sequences) == 1:
        n_channels, time = sequences[0].values.shape[1], table.time_word
        rows = f", or say --id {time} if each row is a sequence" if n_channels >= _MANY and time else ""
        raise InputError(f"{path}: is one long series of {n_steps} steps, {how}: {_WHICH}{rows}")
    told = options.id is not None and options.by_step
    if not told and len(sequences) < _FEW and min(len(each.values) for each in sequences) >= _LONG:
        raise InputError(
            f"{path}: holds {len(sequences)} long series, {how}: find what is unusual in them with --series, cut them "
            "into windows with --width N, or name --id and --time if each is one sequence"
        )


def _places(table: Table, arranged: Arranged) -> Callable[[int], str]:
    """Where a sequence stands in the file."""
    if not table.by_step:
        return table.place

    def place(row: int) -> str:
        parts = [f"{name} {values[row]}" for name, values in arranged.labels.items()]
        return f"{'the sequence' if arranged.windows is None else 'the window'} {', '.join(parts)}"

    return place


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
        others = int(empty.sum()) - 1
        also = (
            f", as {'has 1 other' if others == 1 else f'have {others} others'}; leave them" if others else "; leave it"
        )
        raise InputError(f"{path}: has no value in {place(int(np.argmax(empty)))}{also} out with --drop-empty")
    return arranged.take(np.flatnonzero(~empty))
