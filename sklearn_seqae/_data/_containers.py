"""The one reader of containers: whatever holds numbers, of whichever library, becomes an array of NumPy's.

No library is imported for it but narwhals, which knows all that have tables. Nothing is copied that need not be.
"""

import sys
from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._frames import is_column, is_frame, names_of, refuse_columns, through_narwhals, values_of
from sklearn_seqae._data._memory import refuse_larger
from sklearn_seqae._data._objects import is_listed, numbers_from_objects
from sklearn_seqae._data._refusals import converting, refuse_dtype

__all__ = ["read_array", "read_floats", "read_names", "read_numbers", "unpack"]

Array = NDArray[Any]

# Elements of lists that are no containers, or that NumPy reads as they are.
_PLAIN = {int, float, bool, type(None), np.float64, np.float32}


def unpack(X: Any, name: str) -> Any:
    """What `X` holds: a NumPy array, a list, a DataFrame or Series of narwhals; else `X` itself.

    What is masked or missing in an array of numbers is NaN. Elements of lists are left as they are.

    Parameters
    ----------
    X : object
        What the user passed.
    name : str
        What errors call it.

    Raises
    ------
    TypeError, ValueError
        If `X` is a container whose values cannot be had so: an iterator, a mapping, a lazy table.
    """
    if isinstance(X, np.ndarray):
        return _fill(X) if isinstance(X, np.ma.MaskedArray) else X
    if X is None or is_frame(X) or is_column(X) or isinstance(X, (bool, int, float, str, bytes, np.generic)):
        return X
    torch = sys.modules.get("torch")  # there are no tensors unless it is imported
    if torch is not None and isinstance(X, torch.Tensor):
        return _from_tensor(X, name)
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        raise TypeError(f"{name} is a sparse matrix, but dense data is required. Use .toarray().")
    if isinstance(X, tuple) and hasattr(X, "_fields"):
        return _from_namedtuple(X, name)
    if is_listed(X):
        return X if isinstance(X, (list, tuple)) else list(X)
    if isinstance(X, (Iterator, Mapping, Set)):
        values = f"{name}.values()" if isinstance(X, Mapping) else name
        raise TypeError(f"{name} is a {type(X).__name__}: pass list({values}), whose order and number are certain.")
    return _from_library(X, name)


def read_array(values: Any, name: str, *, remedy: str = "") -> Array:
    """Whatever `values` is as one array, of its own dtype; a view where possible.

    Numbers of which some are missing, and such as NumPy has no dtype for, become float64; other objects are left.

    Parameters
    ----------
    values : object
        What the user passed.
    name : str
        What errors call it.
    remedy : str, default=""
        What the error says to do with lists of unequal length.
    """
    values = unpack(values, name)
    if is_frame(values) or is_column(values):
        return values_of(values)
    if is_listed(values):
        values = _unpack_elements(values, name)
    try:
        return numbers_from_objects(np.asarray(values))
    except ValueError as error:
        raise ValueError(f"{name} cannot be read as an array: {str(error).rstrip('.')}. {remedy}".rstrip()) from error


def _unpack_elements(values: Any, name: str) -> Any:
    """A list with arrays in place of other containers."""
    if _PLAIN.issuperset(map(type, values)):
        return values
    elements = (unpack(element, f"{name}[{i}]") for i, element in enumerate(values))
    return [values_of(element) if is_frame(element) or is_column(element) else element for element in elements]


def read_numbers(values: Any, name: str, *, remedy: str = "") -> Array:
    """Whatever `values` is as one array of real numbers, NaN for what is masked or missing; a view where possible.

    Parameters
    ----------
    values, name, remedy
        As for `read_array`.

    Returns
    -------
    array : ndarray
        Booleans, integers or floating point.

    Raises
    ------
    TypeError, ValueError
        If `values` holds strings, dates, categories, complex numbers or other objects, or is ragged.
    """
    values = unpack(values, name)
    if is_frame(values) or is_column(values):
        refuse_columns(values, name)
    array = read_array(values, name, remedy=remedy)
    if array.dtype.kind not in "biuf":
        refuse_dtype(values if is_listed(values) else array, name)
        with converting(name):
            array = array.astype(np.float64)
    return array


def read_floats(values: Any, name: str) -> NDArray[np.float64]:
    """As `read_numbers`, in float64."""
    return read_numbers(values, name).astype(np.float64, copy=False)


def read_names(table: Any) -> list[str] | None:
    """Names of the columns of a DataFrame of any library, if all are strings; None of others and of arrays."""
    table = unpack(table, "table")
    return names_of(table) if is_frame(table) else None


def _fill(X: "np.ma.MaskedArray[Any, Any]") -> Array:
    """A masked array as one of NumPy's own, NaN for what is masked; a view if nothing is."""
    if not np.ma.is_masked(X):
        return np.asarray(X.data)
    if X.dtype.kind in "biufc":
        return np.ma.filled(X.astype(np.result_type(X.dtype, np.float32)), np.nan)
    labels = X.data.astype(object)
    labels[np.ma.getmaskarray(X)] = None
    return labels


def _from_tensor(X: Any, name: str) -> Any:
    """A tensor of torch's, wherever it lives, as an array; a nested one as a list of arrays."""
    X = X.detach().cpu()
    if X.is_nested:
        return [_from_tensor(sequence, name) for sequence in X.unbind()]
    if X.layout != sys.modules["torch"].strided:
        raise TypeError(f"{name} is a sparse tensor, but dense data is required. Use {name}.to_dense().")
    if str(X.dtype).startswith(("torch.bfloat", "torch.float8")):  # NumPy has none
        X = X.float()
    return X.resolve_conj().resolve_neg().numpy()


def _from_namedtuple(X: Any, name: str) -> list[Array]:
    """Packed sequences of torch's, in the order in which they were before; other namedtuples are no lists."""
    if "torch" in sys.modules:  # there are no packed sequences unless it is imported
        from torch.nn.utils.rnn import PackedSequence, unpack_sequence

        if isinstance(X, PackedSequence):
            return [_from_tensor(sequence, name) for sequence in unpack_sequence(X)]
    raise TypeError(
        f"{name} is a {type(X).__name__} with the fields {', '.join(X._fields)}, whose elements differ in meaning: "
        f"pass one of them, or list({name}) if each is a sequence."
    )


def _from_library(X: Any, name: str) -> Any:
    """Tables and arrays of other libraries."""
    n_bytes = getattr(X, "nbytes", None) if hasattr(X, "dtype") else None  # dask's DataFrames raise an error
    if isinstance(n_bytes, (int, np.integer)):  # neither NaN, of dask's arrays of unknown shape, nor a lazy value
        refuse_larger(name, f"an array of {type(X).__module__.split('.')[0]}", int(n_bytes))
    if hasattr(X, "__dask_graph__"):
        X = X.compute()
    found = through_narwhals(X, name)
    if found is X and (hasattr(X, "__array__") or hasattr(X, "__array_interface__")):
        return unpack(np.asarray(X), name)
    return found
