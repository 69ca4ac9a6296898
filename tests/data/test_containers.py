"""One reader for all: whatever holds numbers is the same to `fit`, to windows and to displays, and is left alone."""

import array
import collections
import copy
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from numpy.typing import NDArray

from sklearn_seqae import AnomalyDisplay, LSTMAutoencoder, sliding_windows
from sklearn_seqae._data._containers import read_array, read_floats, read_numbers
from sklearn_seqae._data._readers import validate_sequences

NAN = np.nan

# Halves, which every dtype has, and a missing value; of two columns, as some containers have no third axis.
WHOLE = np.array([[0.0, 1.5], [2.0, -3.0], [4.5, 5.0], [6.0, 7.0]])
GAPPY = np.where(WHOLE == 2, NAN, WHOLE)
NULLS = [[None if np.isnan(value) else value for value in row] for row in GAPPY]


def frame(values: Any = GAPPY) -> pd.DataFrame:
    return pd.DataFrame(values, columns=["a", "b"])


def table(values: Any = NULLS) -> pa.Table:
    return pa.table({name: [row[i] for row in values] for i, name in enumerate("ab")})


def xarray_of(values: Any, **kwargs: Any) -> Any:
    return pytest.importorskip("xarray").DataArray(values, **kwargs)


def dask_array(values: Any) -> Any:
    return pytest.importorskip("dask.array").from_array(values, chunks=2)


def zarr_array(values: Any) -> Any:
    return pytest.importorskip("zarr").array(values, chunks=(2,) * np.ndim(values))


def dask_frame() -> Any:
    return pytest.importorskip("dask.dataframe").from_pandas(frame(), npartitions=2)


def objects(values: Any) -> NDArray[np.object_]:
    array = np.empty(np.shape(values), dtype=object)
    array[:] = values
    return array


class OnlyAnArray:
    """What says of itself only how to become an array."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(GAPPY, dtype=dtype)


# id: makes a container of GAPPY
TABLES: dict[str, Callable[[], Any]] = {
    "float64": lambda: GAPPY,
    "float16": lambda: GAPPY.astype(np.float16),
    "Fortran": lambda: np.asfortranarray(GAPPY),
    "reversed": lambda: GAPPY[::-1][::-1],
    "masked": lambda: np.ma.masked_equal(WHOLE, 2),
    "masked over NaN": lambda: np.ma.masked_array(GAPPY, mask=WHOLE == 2),
    "masked nowhere": lambda: np.ma.masked_array(GAPPY),
    "objects None": lambda: objects(NULLS),
    "objects NA": lambda: objects([[pd.NA if value is None else value for value in row] for row in NULLS]),
    "objects Decimal": lambda: objects([[v if v is None else Decimal(v) for v in row] for row in NULLS]),
    "lists": lambda: GAPPY.tolist(),
    "lists None": lambda: NULLS,
    "lists NA": lambda: [[pd.NA if value is None else value for value in row] for row in NULLS],
    "arrays of Python's": lambda: [array.array("d", row) for row in GAPPY],
    "deque of deques": lambda: collections.deque(map(collections.deque, NULLS)),
    "an array by its method": OnlyAnArray,
    "tensor": lambda: torch.tensor(GAPPY),
    "tensor with gradient": lambda: torch.tensor(GAPPY, requires_grad=True) * 1,
    "tensor bfloat16": lambda: torch.tensor(GAPPY, requires_grad=True).bfloat16(),
    "tensor float16": lambda: torch.tensor(GAPPY).half(),
    "tensor transposed": lambda: torch.tensor(GAPPY.T.copy()).T,
    "pandas": frame,
    "pandas float32": lambda: frame().astype(np.float32),
    "pandas mixed": lambda: frame().astype({"a": np.float32}),
    "pandas objects": lambda: frame().astype(object),
    "pandas Float64": lambda: frame().astype("Float64"),
    "pandas Arrow": lambda: frame().astype("float64[pyarrow]"),
    "pandas Arrow decimal": lambda: frame().astype(pd.ArrowDtype(pa.decimal128(5, 2))),
    "pandas sparse": lambda: frame().astype(pd.SparseDtype("float64", NAN)),
    "pandas index": lambda: frame().set_index(pd.date_range("2020", periods=4)),
    "polars": lambda: pl.DataFrame(NULLS, schema=["a", "b"], orient="row"),
    "polars Decimal": lambda: pl.DataFrame(NULLS, schema=["a", "b"], orient="row").cast(pl.Decimal(5, 2)),
    "polars mixed": lambda: pl.DataFrame(NULLS, schema=["a", "b"], orient="row").cast({"a": pl.Float32}),
    "pyarrow": table,
    "pyarrow decimal": lambda: table().cast(pa.schema([("a", pa.decimal128(5, 2)), ("b", pa.float32())])),
    "narwhals": lambda: narwhals.from_native(frame()),
    "xarray": lambda: xarray_of(GAPPY),
    "xarray with columns": lambda: xarray_of(frame().rename_axis(columns="columns")),
    "dask": lambda: dask_array(GAPPY),
    "dask DataFrame": dask_frame,
    "xarray of dask": lambda: xarray_of(dask_array(GAPPY)),
    "Zarr": lambda: zarr_array(GAPPY),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_container_of_a_table_is_the_same_to_all(name: str) -> None:
    X = TABLES[name]()
    np.testing.assert_array_equal(read_floats(X, "X"), GAPPY)
    np.testing.assert_array_equal(validate_sequences(LSTMAutoencoder(), X).steps.reshape(4, 2), GAPPY)
    np.testing.assert_array_equal(sliding_windows(X, 2), sliding_windows(GAPPY, 2))
    lines = AnomalyDisplay.from_predictions(X, np.zeros(4)).lines_
    np.testing.assert_array_equal([line.get_ydata() for line in lines], GAPPY.T)
    plt.close("all")


@pytest.mark.parametrize("name", TABLES)
def test_every_container_of_a_table_is_a_sequence_of_a_list(name: str) -> None:
    sequences = validate_sequences(LSTMAutoencoder(), [TABLES[name](), TABLES[name]()])
    assert (sequences.container, sequences.sizes.tolist()) == ("list", [4, 4])
    np.testing.assert_array_equal(sequences.steps, [*GAPPY, *GAPPY])


@pytest.mark.parametrize(
    "make", [frame, table, TABLES["polars"], dask_frame], ids=["pandas", "pyarrow", "polars", "dask"]
)
def test_displays_know_the_names_of_columns(make: Callable[[], Any]) -> None:
    display = AnomalyDisplay.from_predictions(make(), np.zeros(4))
    assert [axis.get_ylabel() for axis in display.ax_][:2] == ["a", "b"]
    plt.close("all")


def test_names_that_are_no_names_are_not_shown() -> None:
    for X in (pd.DataFrame(GAPPY), xarray_of(frame().rename_axis(columns="columns"))):
        display = AnomalyDisplay.from_predictions(X, np.zeros(4))
        assert [axis.get_ylabel() for axis in display.ax_][:2] == ["channel 0", "channel 1"]
        plt.close("all")


# id: makes a container of the first column of GAPPY
COLUMNS: dict[str, Callable[[], Any]] = {
    "list": lambda: [row[0] for row in NULLS],
    "array": lambda: array.array("d", GAPPY[:, 0]),
    "objects NA": lambda: frame()["a"].astype("Float64").to_numpy(dtype=object),
    "masked": lambda: np.ma.masked_invalid(GAPPY[:, 0]),
    "tensor": lambda: torch.tensor(GAPPY[:, 0], requires_grad=True).bfloat16(),
    "pandas": lambda: frame()["a"],
    "pandas Float64": lambda: frame()["a"].astype("Float64"),
    "pandas Arrow": lambda: frame()["a"].astype("float64[pyarrow]"),
    "pandas array": lambda: frame()["a"].astype("Float64").array,
    "pandas Index": lambda: pd.Index(GAPPY[:, 0]),
    "polars": lambda: pl.Series([row[0] for row in NULLS]),
    "polars Decimal": lambda: pl.Series([row[0] for row in NULLS]).cast(pl.Decimal(5, 2)),
    "pyarrow": lambda: table()["a"],
    "pyarrow array": lambda: table()["a"].combine_chunks(),
    "xarray": lambda: xarray_of(GAPPY[:, 0]),
    "dask": lambda: dask_array(GAPPY[:, 0]),
    "dask Series": lambda: dask_frame()["a"],
    "Zarr": lambda: zarr_array(GAPPY[:, 0]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_container_of_one_channel_is_the_same_to_all(name: str) -> None:
    x = COLUMNS[name]()
    np.testing.assert_array_equal(read_floats(x, "x"), GAPPY[:, 0])
    sequences = validate_sequences(LSTMAutoencoder(), [x, [1.0, 2.0]])
    assert sequences.container == "list_1d"
    np.testing.assert_array_equal(sequences.steps[:, 0], [*GAPPY[:, 0], 1, 2])
    np.testing.assert_array_equal(sliding_windows(x, 2), sliding_windows(GAPPY[:, :1], 2))
    display = AnomalyDisplay.from_predictions(x, x)
    np.testing.assert_array_equal([*display.lines_, display.score_line_][1].get_ydata(), GAPPY[:, 0])
    plt.close("all")


RAGGED = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])]
RAGGED_1D = [sequence[:, 0] for sequence in RAGGED]


def nested(parts: Any, layout: Any, *, gradient: bool = False) -> Any:
    return torch.nested.nested_tensor([torch.tensor(part) for part in parts], layout=layout, requires_grad=gradient)


def packed(parts: Any) -> Any:
    return torch.nn.utils.rnn.pack_sequence([torch.tensor(part) for part in parts], enforce_sorted=False)


# id: X, what it holds
LISTS: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "nested jagged": (lambda: nested(RAGGED, torch.jagged), RAGGED),
    "nested with gradient": (lambda: nested(RAGGED, torch.jagged, gradient=True), RAGGED),
    "nested strided": (lambda: nested(RAGGED, torch.strided), RAGGED),
    "nested of one channel": (lambda: nested(RAGGED_1D, torch.strided), RAGGED_1D),
    "packed": (lambda: packed(RAGGED), RAGGED),
    "packed of one channel": (lambda: packed(RAGGED_1D), RAGGED_1D),
    "ranges": (lambda: [range(3), range(5, 1, -1)], [[0, 1, 2], [5, 4, 3, 2]]),
    "deques": (lambda: [collections.deque(part.tolist()) for part in RAGGED], RAGGED),
    "deque of arrays": (lambda: collections.deque(RAGGED), RAGGED),
    "pandas Series of arrays": (lambda: pd.Series(RAGGED), RAGGED),
    "polars Series of lists": (lambda: pl.Series([part.tolist() for part in RAGGED_1D]), RAGGED_1D),
    "pyarrow lists": (lambda: pa.chunked_array([[part.tolist() for part in RAGGED_1D]]), RAGGED_1D),
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(("make", "parts"), LISTS.values(), ids=LISTS)
def test_what_holds_sequences_is_a_list(make: Callable[[], Any], parts: list[Any]) -> None:
    sequences = validate_sequences(LSTMAutoencoder(), make())
    assert sequences.container == ("list_1d" if np.ndim(parts[0]) == 1 else "list")
    assert sequences.lengths.tolist() == [len(part) for part in parts]
    np.testing.assert_array_equal(
        sequences.steps, np.concatenate([np.reshape(part, (len(part), -1)) for part in parts])
    )


CUBE = np.arange(24.0).reshape(2, 4, 3)

CUBES: dict[str, Callable[[], Any]] = {
    "xarray": lambda: xarray_of(CUBE),
    "dask": lambda: dask_array(CUBE),
    "Zarr": lambda: zarr_array(CUBE),
    "tensor": lambda: torch.tensor(CUBE, requires_grad=True).bfloat16(),
    "objects": lambda: CUBE.astype(object),
    "masked": lambda: np.ma.masked_array(CUBE),
}


@pytest.mark.parametrize("make", CUBES.values(), ids=CUBES)
def test_three_axes_of_other_libraries(make: Callable[[], Any]) -> None:
    sequences = validate_sequences(LSTMAutoencoder(), make())
    assert sequences.container == "array"
    np.testing.assert_array_equal(sequences.steps.reshape(CUBE.shape), CUBE)


# What is promised about memory


@pytest.mark.parametrize("name", [name for name in TABLES if "dask" not in name])
def test_reading_writes_to_no_container(name: str) -> None:
    X = TABLES[name]()
    before = copy.deepcopy(read_array(X, "X"))
    for values in (validate_sequences(LSTMAutoencoder(), X).steps, sliding_windows(X, 2, 3)):
        assert values is not X
    np.testing.assert_array_equal(read_array(X, "X"), before)


SHARED: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "array": lambda x: x,
    "masked nowhere": np.ma.masked_array,
    "tensor": torch.from_numpy,
    "pandas": lambda x: pd.DataFrame(x, columns=["a", "b"], copy=False),
    "narwhals": lambda x: narwhals.from_native(pd.DataFrame(x, columns=["a", "b"], copy=False)),
    "xarray": xarray_of,
}


@pytest.mark.parametrize("make", SHARED.values(), ids=SHARED)
def test_float32_is_read_where_it_lies(make: Callable[[NDArray[np.float32]], Any]) -> None:
    x = WHOLE.astype(np.float32)
    X = make(x)
    assert np.shares_memory(validate_sequences(LSTMAutoencoder(), X).steps, x)
    assert np.shares_memory(validate_sequences(LSTMAutoencoder(), [X]).steps, x)
    assert np.shares_memory(sliding_windows(X, 2), x)


def test_a_memory_map_in_a_frame_stays_on_disk(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", WHOLE.astype(np.float32))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for X in (mapped, pd.DataFrame(mapped, copy=False), [mapped]):
        assert np.shares_memory(validate_sequences(LSTMAutoencoder(), X).steps, mapped)


# Windows keep the dtype, and labels of any type


@pytest.mark.parametrize("dtype", ["?", "i2", "u1", "f2", "f4", "c8", "M8[s]", "U3", "O"])
def test_an_array_is_read_in_its_own_dtype(dtype: str) -> None:
    values = np.array(["a", None]) if dtype == "O" else np.ones(2).astype("i8").astype(dtype)
    assert read_array(values, "x").dtype == values.dtype


def test_labels_in_a_frame_stay_objects() -> None:
    found = read_array(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "x")
    assert found.tolist() == [[1, "x"], [2, "y"]]


def test_masked_labels_are_none() -> None:
    labels = np.ma.masked_array(np.array(["a", "b"]), mask=[False, True])
    assert read_array(labels, "labels").tolist() == ["a", None]


# Refusals

LAZY = pl.DataFrame({"a": [1.0]}).lazy()
Pair = collections.namedtuple("Pair", ["low", "high"])

# id: X, error, substance of the message
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "lazy": (lambda: LAZY, TypeError, ["LazyFrame", "not computed", "x.collect()"]),
    "lazy in narwhals": (lambda: narwhals.from_native(LAZY), TypeError, ["LazyFrame", "x.collect()"]),
    "namedtuple": (lambda: Pair([1.0], [2.0]), TypeError, ["Pair", "fields low, high", "list(x)"]),
    "generator": (lambda: (row for row in GAPPY), TypeError, ["generator", "list(x)"]),
    "dict": (lambda: {"a": [1.0]}, TypeError, ["dict", "list(x.values())"]),
    "set": (lambda: {1.0, 2.0}, TypeError, ["set", "list(x)"]),
    "sparse tensor": (lambda: torch.eye(2).to_sparse(), TypeError, ["sparse", "x.to_dense()"]),
    "category": (
        lambda: frame().assign(c=pd.Categorical([1, 2, 1, 2])),
        ValueError,
        ["column 'c' of x", "dtype category", "0 and 1 for each"],
    ),
    "categorical Series": (
        lambda: pd.Series([1, 2], dtype="category"),
        ValueError,
        ["x has dtype category", "Convert"],
    ),
    "category polars": (
        lambda: pl.DataFrame({"a": [1.0], "c": pl.Series(["u"], dtype=pl.Categorical)}),
        ValueError,
        ["column 'c' of x", "Categorical", "Convert"],
    ),
    "dictionary pyarrow": (
        lambda: pa.table({"c": pa.array(["u", "v"]).dictionary_encode()}),
        ValueError,
        ["column 'c' of x", "dictionary", "Convert"],
    ),
    "strings pyarrow": (lambda: pa.table({"c": ["u"]}), ValueError, ["column 'c' of x", "string 'u'", "Convert"]),
    "dates pyarrow": (
        lambda: pa.table({"c": pa.array([0], pa.timestamp("s"))}),
        ValueError,
        ["column 'c' of x", "timestamp[s]", "convert dates"],
    ),
    "lists in a column": (
        lambda: pl.DataFrame({"c": [[1.0, 2.0], [3.0]]}),
        ValueError,
        ["column 'c' of x", "List(Float64)", "more than one number", "[1.0, 2.0]"],
    ),
    "columns of one name": (lambda: pd.DataFrame(GAPPY, columns=["a", "a"]), ValueError, ["x has", "'a'", "Rename"]),
    "complex column": (lambda: frame().assign(c=1j), ValueError, ["column 'c' of x", "Complex", "two channels"]),
    "column with a number for a name": (
        lambda: pd.DataFrame({0: [1.0], 5: ["u"]}),
        ValueError,
        ["column 5 of x", "string 'u'", "Convert"],
    ),
    "fields": (lambda: np.zeros(2, dtype=[("u", "f4"), ("v", "f4")]), ValueError, ["fields", "'u'", "an axis"]),
    "ragged": (lambda: [[1.0], [1.0, 2.0]], ValueError, ["x cannot be read as an array"]),
}


@pytest.mark.parametrize(("make", "error", "substance"), REFUSED.values(), ids=REFUSED)
def test_refused_containers_say_what_and_why(
    make: Callable[[], Any], error: type[Exception], substance: list[str]
) -> None:
    with pytest.raises(error) as raised:
        read_numbers(make(), "x")
    assert [part for part in substance if part not in str(raised.value)] == []


def test_no_other_library_is_imported_for_reading() -> None:
    code = """
import sys
import numpy as np
from sklearn_seqae._data._containers import read_numbers
for X in ([[1.0, None]], np.ones((2, 2)), np.ma.masked_equal(np.ones(2), 1), range(3)):
    read_numbers(X, "X")
print(*{"narwhals", "torch", "pandas", "polars", "pyarrow", "xarray", "dask"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
