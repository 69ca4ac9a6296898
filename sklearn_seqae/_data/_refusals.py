"""What the door refuses: each error names the value, the place and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACCEPTED",
    "converting",
    "depth",
    "describe",
    "refuse_dtype",
    "refuse_empty",
    "refuse_infinity",
    "shape_of",
    "shorten",
]

ACCEPTED = (
    "Accepted are a 2-D array (n_sequences, n_timesteps), a 3-D array (n_sequences, n_timesteps, n_channels), or a "
    "list of (n_timesteps_i,) or (n_timesteps_i, n_channels) arrays."
)


def depth(element: Any) -> int:
    """Number of axes of an array-like; a string or number has none."""
    if hasattr(element, "shape"):
        return len(element.shape)
    if isinstance(element, (list, tuple)):
        return 1 + (depth(element[0]) if element else 0)
    return np.asarray(element).ndim if hasattr(element, "__array__") else 0


def shape_of(element: Any) -> tuple[int, ...] | None:
    """Shape of an array-like; None where nested lists are not of equal length."""
    if hasattr(element, "shape"):
        return tuple(element.shape)
    try:
        return tuple(np.shape(element))
    except ValueError:
        return None


def refuse_dtype(X: Any, name: str) -> None:
    """Refuse what NumPy would turn into float32 without a word, or with an unclear one."""
    if hasattr(X, "columns"):  # a DataFrame: say which column
        pairs = X.items() if hasattr(X, "items") else zip(X.columns, X.iter_columns(), strict=True)  # pandas, polars
        for column, values in pairs:
            refuse_dtype(
                values.array if hasattr(values, "array") else values.to_numpy(), f"column {column!r} of {name}"
            )
        return
    dtype = getattr(X, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} has dtype {dtype}. Pass real and imaginary parts as two channels."
        )
    if kind in ("M", "m"):
        raise ValueError(f"{name} has dtype {dtype}: convert dates and durations to numbers first.")
    if kind in ("S", "U", "O") or isinstance(X, (list, tuple)):
        found = _first_foreign(X)
        if isinstance(found, (str, bytes)):
            raise ValueError(
                f"{name} holds the string {shorten(found)}: strings are not sequences. Convert them to numbers first."
            )
        if found is not None:
            raise TypeError(
                f"{name} holds {shorten(found)}: the argument must be a string or a real number, not a "
                f"{type(found).__name__!r}. {ACCEPTED}"
            )


def _first_foreign(X: Any) -> Any:
    """The first element of an object array or of nested lists that is not a real number, None if all are."""
    for element in X:
        if isinstance(element, (list, tuple)) or (isinstance(element, np.ndarray) and element.dtype.kind in "SUOcMm"):
            element = _first_foreign(np.atleast_1d(element) if isinstance(element, np.ndarray) else element)
        if isinstance(element, (str, bytes, complex, np.complexfloating, np.datetime64, np.timedelta64)):
            return element
        real = element is None or hasattr(element, "__float__") or hasattr(element, "__array__")
        if not real and type(element).__name__ != "NAType":
            return element
    return None


@contextmanager
def converting(name: str) -> Iterator[None]:
    """Conversion to float32: what overflows becomes infinite, to be found later, or raises a ValueError."""
    try:
        with np.errstate(over="ignore"):
            yield
    except OverflowError as error:
        raise ValueError(f"{name} holds a value too large for float32: {error}.") from error


def refuse_infinity(value: Any, place: str) -> NoReturn:
    raise ValueError(
        f"Input X contains infinity or a value too large for dtype('float32'): {value} at {place}. Replace it by a "
        "number, or by NaN if the value is missing."
    )


def refuse_empty(noun: str, empty: NDArray[np.int64]) -> NoReturn:
    others = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
    raise ValueError(
        f"Input X contains NaN only in {noun} {empty[0]}{others}: a sequence needs at least one observed value. Drop "
        "such sequences."
    )


def describe(X: Any) -> str:
    if isinstance(X, (list, tuple)):
        return f"a {type(X).__name__} of {len(X)} sequences"
    return f"an array with {depth(X)} axes, shape {shape_of(X)}"


def shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
