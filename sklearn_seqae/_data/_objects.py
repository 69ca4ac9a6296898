"""Arrays and lists of Python objects: which of them are numbers, which stand for a missing value."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_foreign", "is_listed", "is_missing", "numbers_from_objects"]

# What can be made a float, but is none.
_NO_NUMBERS = (str, bytes, complex, np.complexfloating, np.datetime64, np.timedelta64)


def is_missing(value: Any) -> bool:
    """Whether an object says that there is no value: None or pandas' NA. NaN is a number that says so."""
    return value is None or type(value).__name__ == "NAType"


def is_listed(value: Any) -> bool:
    """Whether an object is a list of others: a list, tuple, range, deque, array of Python's and the like."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def numbers_from_objects(array: NDArray[Any]) -> NDArray[Any]:
    """An array of objects as float64, NaN for what is missing, if all others are numbers; else the array itself."""
    if array.dtype != object or any(not _is_number(value) for value in array.flat):
        return array
    missing = np.array([is_missing(value) for value in array.flat], dtype=bool).reshape(array.shape)
    try:
        return np.where(missing, np.nan, array).astype(np.float64)
    except OverflowError:  # an integer too large
        return array


def first_foreign(values: Any) -> Any:
    """The first object, in lists of lists also, that is neither a number nor missing; None if there is none."""
    for value in values:
        if isinstance(value, np.ndarray):
            value = first_foreign(value.flat) if value.dtype.kind in "SUOcMm" else None
        elif is_listed(value):
            value = first_foreign(value)
        if value is not None and not _is_number(value):
            return value
    return None


def _is_number(value: Any) -> bool:
    """Whether an object is one real number, or missing."""
    if isinstance(value, _NO_NUMBERS) or getattr(value, "shape", ()) != ():
        return False
    return is_missing(value) or hasattr(value, "__float__")
