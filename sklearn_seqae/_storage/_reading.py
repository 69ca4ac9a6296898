"""Reading a file: what is in it, or one kind of error that names the file."""

import os
from pathlib import Path
from typing import Any

from sklearn_seqae._storage._container import read
from sklearn_seqae._storage._formats import check_file_format
from sklearn_seqae._storage._values import Build, unpack

__all__ = ["cannot_be_read", "read_value"]


def read_value(path: str | os.PathLike[str], build: Build) -> Any:
    """Read what a file holds.

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
    try:
        packed, about = read(Path(path))
        check_file_format(about.get("format"))
        return unpack(packed, build)
    except ValueError as error:
        raise cannot_be_read(path, error) from error
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError) as error:
        what = f"its values do not fit together ({type(error).__name__}: {error})"
        raise cannot_be_read(path, what) from error


def cannot_be_read(path: str | os.PathLike[str], why: object) -> ValueError:
    """The error to raise."""
    return ValueError(f"{os.fspath(path)} cannot be read: {why}")
