"""Codes and models out."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._files import save

__all__ = ["write_model", "write_table", "writing"]

Labels = Mapping[str, Sequence[Any]]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line what kept a file from being written."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {one_line(error.strerror or error)}") from error


def write_table(path: Path, table: NDArray[Any], names: Sequence[str], labels: Labels | None = None) -> None:
    """Write numbers, such as codes of sequences or scores of rows, as .csv, .npy or .parquet.

    Parameters
    ----------
    path : Path
        Where to.
    table : ndarray of shape (n_rows, n_columns)
        The numbers.
    names : sequence of str
        Of the columns.
    labels : mapping of str to sequence of length n_rows or None, default=None
        Columns that say what each row is. In an .npy file they are left out, as all names are.
    """
    labels = labels or {}
    suffix = path.suffix.lower()
    with writing(path):
        if suffix == ".parquet":
            _write_parquet(path, table, names, labels)
        elif suffix == ".npy":
            with path.open("wb") as file:
                np.save(file, table)
        else:
            _write_csv(path, table, names, labels)


def _write_csv(path: Path, table: NDArray[Any], names: Sequence[str], labels: Labels) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*labels, *names])
        for row, values in enumerate(table):  # nine digits give back the same float32
            cells = ("" if value != value else f"{value:.9g}" for value in values)
            writer.writerow([*(column[row] for column in labels.values()), *cells])


def _write_parquet(path: Path, table: NDArray[Any], names: Sequence[str], labels: Labels) -> None:
    import pandas

    frame = pandas.DataFrame(table, columns=list(names))
    for position, (name, values) in enumerate(labels.items()):
        column = pandas.Series(list(values))
        if column.dtype == object and not all(isinstance(value, str) for value in values):  # Arrow wants one type
            column = column.map(str)
        frame.insert(position, name, column)
    frame.to_parquet(path)


def write_model(path: Path, model: Any) -> str:
    """Write a fitted model and return the Python expression that reads it back."""
    suffix = path.suffix.lower()
    with writing(path):
        if suffix == ".safetensors":
            save(model, path)
            return f"sklearn_seqae.load({str(path)!r})"
        if suffix == ".skops":
            import skops.io

            skops.io.dump(model, path)
            trusted = skops.io.get_untrusted_types(file=path)
            return f"skops.io.load({str(path)!r}, trusted={trusted!r})"
        if suffix == ".pkl":
            import pickle

            path.write_bytes(pickle.dumps(model))
            return f"pickle.loads(pathlib.Path({str(path)!r}).read_bytes())"
        import joblib

        joblib.dump(model, path)
        return f"joblib.load({str(path)!r})"
