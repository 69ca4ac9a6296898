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

__all__ = ["write_codes", "write_model", "writing"]

Labels = Mapping[str, Sequence[Any]]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line what kept a file from being written."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {one_line(error.strerror or error)}") from error


def write_codes(path: Path, codes: NDArray[np.float32], names: Sequence[str], labels: Labels | None = None) -> None:
    """Write codes, a row per sequence, as .csv, .npy or .parquet.

    Parameters
    ----------
    path : Path
        Where to.
    codes : ndarray of shape (n_sequences, n_components)
        The codes.
    names : sequence of str
        Of the components.
    labels : mapping of str to sequence of length n_sequences or None, default=None
        Columns that say which sequence each row is. In an .npy file they are left out, as all names are.
    """
    labels = labels or {}
    suffix = path.suffix.lower()
    with writing(path):
        if suffix == ".parquet":
            _write_parquet(path, codes, names, labels)
        elif suffix == ".npy":
            with path.open("wb") as file:
                np.save(file, codes)
        else:
            _write_csv(path, codes, names, labels)


def _write_csv(path: Path, codes: NDArray[np.float32], names: Sequence[str], labels: Labels) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*labels, *names])
        for row, code in enumerate(codes):  # nine digits give back the same float32
            writer.writerow([*(column[row] for column in labels.values()), *(f"{value:.9g}" for value in code)])


def _write_parquet(path: Path, codes: NDArray[np.float32], names: Sequence[str], labels: Labels) -> None:
    import pandas

    table = pandas.DataFrame(codes, columns=list(names))
    for position, (name, values) in enumerate(labels.items()):
        column = pandas.Series(list(values))
        if column.dtype == object and not all(isinstance(value, str) for value in values):  # Arrow wants one type
            column = column.map(str)
        table.insert(position, name, column)
    table.to_parquet(path)


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
