"""The command line's files: sequences in, codes and models out.

Whatever is wrong with a file is an `InputError`, whose message is one line for whoever typed the command.
"""

import csv
import importlib
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "CODES_SUFFIXES",
    "MODEL_SUFFIXES",
    "PLOT_SUFFIXES",
    "InputError",
    "check_output",
    "one_line",
    "read_sequences",
    "require",
    "write_codes",
    "write_model",
    "writing",
]

Array: TypeAlias = NDArray[Any]

CODES_SUFFIXES = (".csv", ".npy", ".parquet")
MODEL_SUFFIXES = (".joblib", ".pkl", ".skops")
PLOT_SUFFIXES = (".png", ".pdf", ".svg")

# What must be importable to write a file, and what installs it.
_NEEDED = {
    ".parquet": (("pandas", "pyarrow"), "pandas pyarrow"),
    ".skops": (("skops.io",), "skops"),
    **dict.fromkeys(PLOT_SUFFIXES, (("matplotlib",), "matplotlib")),
}
_MISSING = {"", "na", "n/a", "#n/a", "<na>", "null", "none"}


class InputError(ValueError):
    """Something that whoever runs the command can put right; its message is one line."""


def one_line(error: BaseException | str) -> str:
    """A message without line breaks."""
    return " ".join(str(error).split())


def require(modules: Sequence[str], what_for: str, requirement: str) -> None:
    """Check that optional packages can be imported; say how to get them otherwise."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            name = module.partition(".")[0]
            raise InputError(f"{what_for} needs {name}: pip install {requirement}") from error


# Reading


def read_sequences(
    path: Path, *, key: str | None = None, header: bool | None = None, drop: Sequence[str] = ()
) -> "DataFrame | Array | list[Array]":
    """Read the sequences that a file holds.

    Parameters
    ----------
    path : Path
        The suffix says what it is: .csv, .tsv or .txt, .parquet, .npy or .npz.
    key : str or None, default=None
        Name of the array in an .npz file.
    header : bool or None, default=None
        Whether the first line of a text file names the columns; None finds out.
    drop : sequence of str, default=()
        Columns of a text or .parquet file to leave out: names, or positions from 0 (from -1, backwards).

    Returns
    -------
    DataFrame, ndarray or list of ndarray
        Rows are sequences. A DataFrame where the columns have names, a list where the lengths differ.

    Raises
    ------
    InputError
        If the file cannot be read, or does not hold numbers.
    """
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise InputError(f"{path}: unknown suffix {suffix!r}; one of {', '.join(_READERS)} can be read")
    for option, given, suffixes in (
        ("--key", key is not None, (".npz",)),
        ("--header and --no-header", header is not None, _TEXT),
        ("--drop", bool(drop), (*_TEXT, ".parquet")),
    ):
        if given and suffix not in suffixes:
            raise InputError(f"{option} can be used with {', '.join(suffixes)} only, not with {path}")
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    with _reading(path):
        return _READERS[suffix](path, key, header, drop)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what readers raise about a broken file into one line."""
    try:
        yield
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {one_line(error.strerror or error)}") from error
    except (ValueError, EOFError, csv.Error, zipfile.BadZipFile) as error:  # among them pandas' and Arrow's own
        raise InputError(f"{path}: cannot be read: {one_line(error)}") from error


def _read_text(path: Path, key: str | None, header: bool | None, drop: Sequence[str]) -> "DataFrame | Array":
    require(["pandas"], f"Reading {path.suffix}", "pandas")
    import pandas

    layout = _find_layout(path, header)
    table = pandas.read_csv(
        path,
        sep=layout.separator,
        decimal=layout.decimal,
        header=None,
        names=list(range(layout.width)),
        index_col=False,
        skiprows=layout.n_skipped,
        encoding="utf-8-sig",
        low_memory=False,
    )
    if table.empty:
        raise InputError(f"{path}: holds no data below its header")
    if layout.names:
        table.columns = pandas.Index(layout.names + [str(i) for i in range(len(layout.names), layout.width)])
        if not layout.names[0]:  # how pandas writes its row labels
            table = table.iloc[:, 1:]
    numbers = _numbers(_without(table, drop, path), path)
    return numbers if layout.names else numbers.to_numpy()


@dataclass(frozen=True)
class _Layout:
    """How the numbers stand in a text file; `names` is empty where there is no header."""

    separator: str
    decimal: str
    n_skipped: int
    names: list[str]
    width: int


def _find_layout(path: Path, header: bool | None) -> _Layout:
    """Look through a text file for its separator, its header and the length of its longest row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        filled = ((number, _text(line, path)) for number, line in enumerate(file) if line.strip())
        head = list(islice(filled, 2))
        if not head:
            raise InputError(f"{path}: is empty")
        number, first = head[0]
        sample = "\n".join(line for _, line in head)
        separator = next((mark for mark in (";", "\t", ",") if mark in sample), r"\s+")
        decimal = "," if separator == ";" and "," in head[-1][1] else "."
        cells = [cell.strip() for cell in _cells(first.lstrip("# "), separator)]
        named = _looks_like_header(cells, decimal) if header is None else header
        width = max(len(cells), 1, max((_width(line, separator) for _, line in chain(head[1:], filled)), default=1))
    return _Layout(separator, decimal, number + 1 if named else number, cells if named else [], width)


def _text(line: str, path: Path) -> str:
    if "\0" in line:  # which some versions of pandas read as a missing value
        raise InputError(f"{path}: holds a NUL character, so it is not a text file")
    return line.rstrip("\r\n")


def _cells(line: str, separator: str) -> list[str]:
    return line.split() if separator == r"\s+" else next(csv.reader([line], delimiter=separator))


def _width(line: str, separator: str) -> int:
    """Number of cells in a row of numbers, which has no quotes to mind."""
    return len(line.split()) if separator == r"\s+" else line.count(separator) + 1


def _looks_like_header(cells: list[str], decimal: str) -> bool:
    """Whether a first row is not all numbers, or counts 0, 1, 2, ... as pandas names columns without a name."""
    if not cells or not all(_is_number(cell, decimal) for cell in cells):
        return True
    filled = cells if cells[0] else cells[1:]
    return len(filled) > 2 and filled == [str(i) for i in range(len(filled))]


def _is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number or a missing value."""
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return cell.strip().lower() in _MISSING
    return True


def _read_parquet(path: Path, key: str | None, header: bool | None, drop: Sequence[str]) -> "DataFrame":
    require(["pandas", "pyarrow"], "Reading .parquet", "pandas pyarrow")
    import pandas

    return _numbers(_without(pandas.read_parquet(path), drop, path), path)


def _without(table: "DataFrame", drop: Sequence[str], path: Path) -> "DataFrame":
    """The table without some columns, given by name or, failing that, by position."""
    dropped: set[int] = set()
    for column in drop:
        places = [place for place, name in enumerate(table.columns) if str(name) == column]
        if not places and re.fullmatch(r"-?\d+", column) and -table.shape[1] <= int(column) < table.shape[1]:
            places = [int(column) % table.shape[1]]
        if not places:
            raise InputError(f"--drop {column}: {path} has no such column among its {table.shape[1]}")
        dropped.update(places)
    return table.iloc[:, [place for place in range(table.shape[1]) if place not in dropped]]


def _numbers(table: "DataFrame", path: Path) -> "DataFrame":
    """The table in float64, if it holds nothing but numbers and missing values."""
    import pandas

    for place, name in enumerate(table.columns):
        column = table.iloc[:, place]
        if pandas.api.types.is_numeric_dtype(column) or not column.notna().any():
            continue
        texts = ((row, str(value)) for row, value in enumerate(column) if pandas.notna(value))
        row, text = next(((row, text) for row, text in texts if not _is_number(text)), (0, str(column.iloc[0])))
        raise InputError(
            f"{path}: column {name!r} holds {text[:40]!r} in row {row}, which is not a number; leave the column out "
            f"with --drop {name}, or the cell empty"
        )
    values = table.to_numpy(dtype=np.float64, na_value=np.nan)
    return pandas.DataFrame(values, columns=table.columns)


def _read_numpy(path: Path, key: str | None, header: bool | None, drop: Sequence[str]) -> Array | list[Array]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)  # a pickle could run any code
            if isinstance(loaded, np.ndarray):
                return _checked_array(loaded, path)
            return _from_archive(loaded, path, key)
    except ValueError as error:
        if isinstance(error, InputError) or "pickle" not in str(error).lower():
            raise
        raise InputError(
            f"{path}: is no NumPy file, or holds Python objects, which are not unpickled since that could run any "
            "code; save sequences of unequal length with np.savez(path, *sequences)"
        ) from error


def _from_archive(archive: Any, path: Path, key: str | None) -> Array | list[Array]:
    """The array asked for, the only one, or all of those that `np.savez(path, *sequences)` wrote."""
    names = list(archive.files)
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    if key is not None and key not in names:
        raise InputError(f"{path}: has no array {key!r}; it has {listed or 'none at all'}")
    if key is not None or len(names) == 1:
        return _checked_array(archive[names[0] if key is None else key], path)
    numbered = [f"arr_{i}" for i in range(len(names))]
    if not names or set(names) != set(numbered):
        raise InputError(f"{path}: choose one of its {len(names)} arrays with --key: {listed}")
    return [_checked_array(archive[name], path, of_list=True, name=name) for name in numbered]


def _checked_array(array: Array, path: Path, *, of_list: bool = False, name: str = "the array") -> Array:
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} is of dtype {array.dtype}, not of real numbers")
    if of_list and array.ndim not in (1, 2):
        raise InputError(
            f"{path}: {name} has shape {array.shape}, but one of several sequences is (steps,) or (steps, channels); "
            "choose a single array with --key"
        )
    if not of_list and array.ndim not in (2, 3):
        raise InputError(
            f"{path}: {name} has shape {array.shape}; (sequences, steps) or (sequences, steps, channels) is expected"
        )
    return array


_TEXT = (".csv", ".tsv", ".txt")
_READERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(_TEXT, _read_text),
    **dict.fromkeys((".npy", ".npz"), _read_numpy),
    ".parquet": _read_parquet,
}


# Writing


def check_output(option: str, path: Path, suffixes: Sequence[str], data: Path | None = None) -> None:
    """Refuse an output that could not be written once the training is done.

    Parameters
    ----------
    option : str
        The option that names it, for the message.
    path : Path
        Where to write.
    suffixes : sequence of str
        What can be written.
    data : Path or None, default=None
        The file of the data, which must not be overwritten.
    """
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(f"{option} {path}: unknown suffix {suffix!r}; one of {', '.join(suffixes)} can be written")
    if not path.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder")
    if data is not None and path.resolve() == data.resolve():
        raise InputError(f"{option} {path}: would overwrite the data")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{option} {path}: cannot be written, permission denied")
    if suffix in _NEEDED:
        modules, requirement = _NEEDED[suffix]
        require(modules, f"{option} {path}", requirement)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line what kept a file from being written."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {one_line(error.strerror or error)}") from error


def write_codes(path: Path, codes: NDArray[np.float32], names: Sequence[str]) -> None:
    """Write codes, a row per sequence, as .csv, .npy or .parquet; only .npy leaves the column names out."""
    suffix = path.suffix.lower()
    with writing(path):
        if suffix == ".parquet":
            import pandas

            pandas.DataFrame(codes, columns=list(names)).to_parquet(path)
        elif suffix == ".npy":
            with path.open("wb") as file:
                np.save(file, codes)
        else:  # nine digits give back the same float32
            np.savetxt(path, codes, delimiter=",", header=",".join(names), comments="", fmt="%.9g")


def write_model(path: Path, model: Any) -> str:
    """Write a fitted model and return the Python expression that reads it back."""
    with writing(path):
        if path.suffix.lower() == ".skops":
            import skops.io

            skops.io.dump(model, path)
            trusted = skops.io.get_untrusted_types(file=path)
            return f"skops.io.load({str(path)!r}, trusted={trusted!r})"
        import joblib

        joblib.dump(model, path)
        return f"joblib.load({str(path)!r})"
