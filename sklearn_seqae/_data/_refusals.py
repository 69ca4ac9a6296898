"""What the door refuses: each error names the value, the place and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._objects import first_foreign, is_listed

__all__ = [
    "ACCEPTED",
    "LARGEST",
    "converting",
    "describe",
    "refuse_dtype",
    "refuse_empty",
    "refuse_objects",
    "refuse_other_than_table",
    "refuse_too_large",
    "shorten",
]

ACCEPTED = (
    "Accepted are a 2-D array (n_sequences, n_timesteps), a 3-D array (n_sequences, n_timesteps, n_channels), or a "
    "list of (n_timesteps_i,) or (n_timesteps_i, n_channels) arrays."
)

# Differences of any two values, and their mixtures in training, must not overflow in float32.
LARGEST = float(np.finfo(np.float32).max) / 3


def refuse_dtype(values: Any, name: str) -> None:
    """Refuse arrays and lists that NumPy would turn into float32 without a word, or with an unclear one."""
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} has dtype {dtype}. Pass real and imaginary parts as two channels."
        )
    if kind in ("M", "m"):
        raise ValueError(f"{name} has dtype {dtype}: convert dates and durations to numbers first.")
    if getattr(dtype, "names", None):
        raise ValueError(f"{name} has the fields {dtype}: pass an array of numbers, with an axis instead of fields.")
    if kind in ("S", "U", "O") or is_listed(values):
        refuse_objects(values, name)


def refuse_objects(values: Any, name: str) -> None:
    """Refuse arrays and lists of objects of which one is not a number."""
    found = first_foreign(values.flat if isinstance(values, np.ndarray) else values)
    found = found.item() if isinstance(found, np.generic) else found
    if isinstance(found, (str, bytes)):
        raise ValueError(
            f"{name} holds the string {shorten(found)}: strings are not numbers. Convert them to numbers first."
        )
    if isinstance(found, complex):
        raise ValueError(
            f"Complex data not supported: {name} holds {found}. Pass real and imaginary parts as two channels."
        )
    if found is not None:
        raise TypeError(
            f"{name} holds {shorten(found)}: the argument must be a string or a real number, not a "
            f"{type(found).__name__!r}. {ACCEPTED}"
        )


@contextmanager
def converting(name: str) -> Iterator[None]:
    """Conversion to float32: what overflows becomes infinite, to be found later, or raises a ValueError."""
    try:
        with np.errstate(over="ignore"):
            yield
    except OverflowError as error:
        raise ValueError(f"{name} holds a value too large for float32: {error}.") from error


def refuse_too_large(value: Any, place: str) -> NoReturn:
    """Refuse infinity, and what is too large to compute with in float32."""
    if abs(value) > np.finfo(np.float32).max:
        raise ValueError(
            f"Input X contains infinity or a value too large for dtype('float32'): {value} at {place}. Replace it by a "
            "number, or by NaN if the value is missing."
        )
    raise ValueError(
        f"Input X contains a value too large to compute with in float32: {value} at {place}. Numbers up to "
        f"{LARGEST:.2g} are accepted: divide X by a constant first."
    )


def refuse_other_than_table(array: NDArray[Any], name: str) -> None:
    """Refuse what has no rows and columns, in words that scikit-learn's checks look for."""
    if array.ndim != 2:
        found = "scalar array" if array.ndim == 0 else f"{array.ndim}D array"
        raise ValueError(
            f"Expected 2D array, got {found} instead: {name} has shape {array.shape}. Reshape your data: a single "
            f"row is {name}.reshape(1, -1)."
        )
    for size, what in zip(array.shape, ("sample", "feature"), strict=True):
        if size == 0:
            raise ValueError(f"Found array with 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required.")


def refuse_empty(noun: str, lengths: NDArray[np.int64]) -> None:
    """Refuse sequences without any observed step."""
    empty = np.flatnonzero(lengths == 0)
    if len(empty) == 0:
        return
    others = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
    raise ValueError(
        f"Input X contains NaN only in {noun} {empty[0]}{others}: a sequence needs at least one observed value. Drop "
        "such sequences."
    )


def describe(X: Any) -> str:
    """What X is, in the words of an error."""
    if is_listed(X):
        return f"a {type(X).__name__} of {len(X)} sequences"
    return f"an array with {np.ndim(X)} axes, shape {np.shape(X)}"


def shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
