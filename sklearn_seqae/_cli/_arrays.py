"""NumPy's files: one array, or one for each sequence. Nothing is unpickled."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._memory import check_size
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions

__all__ = ["read_arrays"]

Array = NDArray[Any]

# How an .npz file begins.
_ZIP = b"PK"


def read_arrays(path: Path, options: DataOptions) -> Array | list[Array]:
    """The array that a .npy or .npz file holds, or the list of sequences that the latter holds.

    Raises
    ------
    InputError
        If it holds something else, or more than the limit.
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(_ZIP)) == _ZIP
        if is_archive:
            return _read_archive(path, options)
        # As a memory map, a header that claims more than the file has is refused before memory is asked for.
        with np.errstate(over="raise"):
            array = np.load(path, mmap_mode="r", allow_pickle=False)  # a pickle could run any code
        check_size(path, array.nbytes, options.memory)
        return _checked(np.array(array), path)
    except ValueError as error:
        if isinstance(error, InputError) or not any(
            word in str(error).lower() for word in ("pickle", "python objects")
        ):
            raise
        raise InputError(
            f"{path}: is no NumPy file, or holds Python objects, which are not unpickled since that could run any "
            "code; save sequences of unequal length with np.savez(path, *sequences)"
        ) from error


def _read_archive(path: Path, options: DataOptions) -> Array | list[Array]:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
    names = _choose(list(sizes), path, options.key)
    check_size(path, sum(sizes[name] for name in names), options.memory)
    with np.load(path, allow_pickle=False) as arrays:
        if len(names) == 1:
            return _checked(arrays[names[0]], path)
        return [_checked(arrays[name], path, of_list=True, name=name) for name in names]


def _choose(names: list[str], path: Path, key: str | None) -> list[str]:
    """The array asked for, the only one, or all of those that `np.savez(path, *sequences)` wrote."""
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    if key is not None:
        if key not in names:
            raise InputError(f"{path}: has no array {key!r}; it has {listed or 'none at all'}")
        return [key]
    numbered = [f"arr_{i}" for i in range(len(names))]
    if len(names) == 1 or (names and set(names) == set(numbered)):
        return names if len(names) == 1 else numbered
    raise InputError(f"{path}: choose one of its {len(names)} arrays with --key: {listed}")


def _checked(array: Any, path: Path, *, of_list: bool = False, name: str = "the array") -> Array:
    if not isinstance(array, np.ndarray):  # np.load hands out whatever else is in the archive as bytes
        raise InputError(f"{path}: {name} is no NumPy array")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} is of dtype {array.dtype}, not of real numbers")
    if of_list and array.ndim not in (1, 2):
        raise InputError(
            f"{path}: {name} has shape {array.shape}, but one of several sequences is (steps,) or (steps, channels); "
            "choose a single array with --key"
        )
    if not of_list and array.ndim not in (1, 2, 3):
        raise InputError(
            f"{path}: {name} has shape {array.shape}; (sequences, steps) or (sequences, steps, channels) is expected, "
            "or one long series (steps,) with --width"
        )
    return array
