"""DataFrames of any library, seen through narwhals: their columns' names and kinds, and their values as an array."""

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._objects import numbers_from_objects
from sklearn_seqae._data._refusals import refuse_dtype, shorten

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["is_column", "is_frame", "names_of", "refuse_columns", "through_narwhals", "values_of"]

Array = NDArray[Any]

# narwhals, a dependency of scikit-learn's, is imported in functions: who passes arrays does not wait for it.


def through_narwhals(X: Any, name: str) -> Any:
    """A narwhals DataFrame or Series for what is a table or a column of one, and `X` itself if it is neither."""
    try:
        import narwhals.stable.v2 as nw
        from narwhals import to_native
        from narwhals.exceptions import DuplicateError
    except ModuleNotFoundError as error:  # where the package serves without what it depends on otherwise
        raise ModuleNotFoundError(
            f"{name} is a {type(X).__name__}: tables and arrays of other libraries are read through narwhals, which is "
            f"not installed. Pass NumPy arrays, such as np.asarray({name}), or pip install narwhals.",
            name="narwhals",
        ) from error
    try:
        found = nw.from_native(to_native(X, pass_through=True), pass_through=True, allow_series=True)
    except DuplicateError as error:
        raise ValueError(f"{name} has columns of the same name: {error}. Rename them first.") from error
    if isinstance(found, nw.LazyFrame):
        raise TypeError(
            f"{name} is a {type(X).__name__}, whose values are not computed yet: pass what {name}.collect() returns, "
            "or a pandas, polars or pyarrow table."
        )
    return found


def is_frame(X: Any) -> "TypeGuard[nw.DataFrame[Any]]":
    """Whether `X` is a table as `through_narwhals` returns it."""
    nw = sys.modules.get("narwhals.stable.v2")
    return nw is not None and isinstance(X, nw.DataFrame)


def is_column(X: Any) -> "TypeGuard[nw.Series[Any]]":
    """Whether `X` is a Series as `through_narwhals` returns it."""
    nw = sys.modules.get("narwhals.stable.v2")
    return nw is not None and isinstance(X, nw.Series)


def names_of(frame: "nw.DataFrame[Any]") -> list[str] | None:
    """Names of the columns; as in scikit-learn, only strings are names."""
    names = frame.columns
    return names if all(isinstance(column, str) for column in names) else None


def values_of(table: "nw.DataFrame[Any] | nw.Series[Any]") -> Array:
    """All columns side by side, NaN for what is missing; objects if some hold no numbers. A view where possible.

    Returns
    -------
    array : ndarray of shape (n_rows, n_columns), or (n_rows,) of a Series
    """
    array: Array = table.to_numpy()
    if not is_frame(table) or array.dtype != object:
        return numbers_from_objects(array)
    columns = [numbers_from_objects(column.to_numpy()) for column in table.iter_columns()]
    if any(column.dtype.kind not in "biufc" for column in columns):
        columns = [column.astype(object) for column in columns]
    return np.column_stack(columns) if columns else np.empty(table.shape)


def refuse_columns(table: "nw.DataFrame[Any] | nw.Series[Any]", name: str) -> None:
    """Refuse a DataFrame with columns that hold no numbers, by their names, or a Series that holds none."""
    if is_frame(table):
        if _is_known_to_hold_numbers(table):
            return
        for column, dtype in table.schema.items():
            if not _holds_numbers(dtype):
                _refuse_column(table.get_column(column), f"column {column!r} of {name}")
    elif is_column(table) and not _holds_numbers(table.dtype):
        _refuse_column(table, name)


def _is_known_to_hold_numbers(table: "nw.DataFrame[Any]") -> bool:
    """Whether one column of each native dtype does: narwhals takes as long for a hundred as an encoding of one row."""
    dtypes = getattr(table.to_native(), "dtypes", None)
    if dtypes is None:  # pyarrow's table
        return False
    columns = dict(zip(dtypes, table.columns, strict=True)).values()
    return all(_holds_numbers(table.get_column(column).dtype) for column in columns)


def _holds_numbers(dtype: Any) -> bool:
    import narwhals.stable.v2 as nw

    return dtype.is_numeric() or dtype == nw.Boolean


def _refuse_column(column: Any, name: str) -> None:
    import narwhals.stable.v2 as nw

    dtype, native = column.dtype, column.to_native()
    shown = getattr(native, "dtype", getattr(native, "type", dtype))  # pandas and polars, pyarrow
    if dtype in (nw.Categorical, nw.Enum):
        raise ValueError(
            f"{name} has dtype {shown}: categories are not numbers. Convert them first, for example into a column of "
            "0 and 1 for each category."
        )
    if dtype.is_temporal():
        raise ValueError(f"{name} has dtype {shown}: convert dates and durations to numbers first.")
    if dtype.is_nested():
        raise ValueError(
            f"{name} has dtype {shown}, more than one number in a row: pass a column for each number, or a list of "
            f"sequences, such as {shorten(list(column.to_list()[:2]))}."
        )
    refuse_dtype(column.to_numpy(), name)
