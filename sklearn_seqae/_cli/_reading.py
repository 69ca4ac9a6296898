"""Any file that the command line takes: its reader, and what is said where it cannot be read.

Whatever is wrong with a file is an `InputError`, whose message is one line for whoever typed the command.
"""

import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sklearn_seqae._cli._arrays import read_arrays
from sklearn_seqae._cli._encodings import advise_encoding
from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._paths import ARRAY_SUFFIXES, TEXT_SUFFIXES
from sklearn_seqae._cli._sheet import Sheet, read_parquet_sheet, read_text_sheet

__all__ = ["read"]


def read(path: Path, options: DataOptions) -> Sheet | NDArray[Any] | list[NDArray[Any]]:
    """Read what a file holds.

    Parameters
    ----------
    path : Path
        The suffix says what it is: .csv, .tsv or .txt, .parquet, .npy or .npz.
    options : DataOptions
        How to read it.

    Returns
    -------
    Sheet, ndarray or list of ndarray
        A list where an .npz file holds several sequences.

    Raises
    ------
    InputError
        If the file cannot be read, or does not hold numbers.
    """
    suffix = path.suffix.lower()
    with _reading(path, options):
        if suffix in TEXT_SUFFIXES:
            return read_text_sheet(path, options)
        return read_arrays(path, options) if suffix in ARRAY_SUFFIXES else read_parquet_sheet(path, options)


@contextmanager
def _reading(path: Path, options: DataOptions) -> Iterator[None]:
    """Turn what readers raise about a broken file into one line."""
    try:
        yield
    except InputError:
        raise
    except UnicodeError as error:
        encoding = options.encoding or "UTF-8"
        raise InputError(f"{path}: is not text in {encoding}; {advise_encoding(path)}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {one_line(error.strerror or error)}") from error
    except (MemoryError, ArithmeticError) as error:
        raise InputError(f"{path}: cannot be read: it asks for more memory than there is") from error
    except (ValueError, EOFError, csv.Error, zipfile.BadZipFile) as error:  # among them pandas' and Arrow's own
        raise InputError(f"{path}: cannot be read: {one_line(error)}") from error
