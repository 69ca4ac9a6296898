"""Reading a file: what is in it, or one kind of error that names the file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sklearn_seqae._storage._container import read
from sklearn_seqae._storage._formats import check_file_format
from sklearn_seqae._storage._values import Build, unpack

__all__ = ["MISFITS", "faults_named", "read_value"]

# What values that do not fit together make whoever puts them together raise, besides a ValueError.
MISFITS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError)


@contextmanager
def faults_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever is wrong with the content of a file: a ValueError that names the file."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)} cannot be read: {error}") from error
    except MISFITS as error:
        what = f"its values do not fit together ({type(error).__name__}: {error})"
        raise ValueError(f"{os.fspath(path)} cannot be read: {what}") from error


def read_value(path: str | os.PathLike[str], build: Build) -> Any:
    """Read what a file holds, within `faults_named`.

    Parameters
    ----------
    path : str or path-like
        The file.
    build : callable
        Makes an object of the name of its class and its state, which may be anything that a file can hold.

    Raises
    ------
    ValueError
        If the file is damaged, was written by a later version of the package, or is none of its files.
    OSError
        If there is no such file, or it cannot be read.
    """
    packed, about = read(Path(path))
    check_file_format(about.get("format"))
    return unpack(packed, build)
