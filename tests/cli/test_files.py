"""Files in and out: every kind read, every fault named in one line."""

import builtins
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._cli import _files
from sklearn_seqae._cli._files import CODES_SUFFIXES, InputError, check_output, read_sequences, write_codes, write_model
from tests.tiny import tiny

TABLE = np.array([[1.5, -2.0, 3e-3, 4.0], [5.0, np.nan, 7.0, 8.0], [0.0, 1.0, 2.0, np.nan]])


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def refusal(path: Path, **options: Any) -> str:
    """The message of a file that cannot be read: one line that names the file."""
    with pytest.raises(InputError) as caught:
        read_sequences(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


# Text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
        ("crlf.csv", "1.5,-2,3e-3,4\r\n5,NA,7,8\r\n0,1,2,nan"),
        ("short.csv", "1.5,-2,3e-3,4\n5,,7,8\n0,1,2\n"),
        ("blank.csv", "\n\n1.5,-2,3e-3,4\n\n5,,7,8\n0,1,2,\n\n"),
        ("quoted.csv", '"1.5","-2","3e-3","4"\n"5","","7","8"\n"0","1","2",""\n'),
        ("comment.csv", "#\n1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
        ("a.tsv", "1.5\t-2\t3e-3\t4\n5\t\t7\t8\n0\t1\t2\t\n"),
        ("semicolons.csv", "1.5;-2;3e-3;4\n5;;7;8\n0;1;2;\n"),
        ("decimal_commas.csv", "1,5;-2;0,003;4\n5,0;;7;8\n0;1;2;\n"),
        ("a.txt", " 1.5 -2 3e-3  4\n5 nan 7 8\n0 1 2\n"),
        ("bom.CSV", "\ufeff1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"),
    ],
)
def test_text_without_header(tmp_path: Path, name: str, text: str) -> None:
    X = read_sequences(written(tmp_path / name, text))
    assert isinstance(X, np.ndarray)
    np.testing.assert_allclose(X, TABLE)


def test_longer_rows_below_shorter_ones(tmp_path: Path) -> None:
    X = read_sequences(written(tmp_path / "ragged.csv", "1\n1,2,3\n1,2\n"))
    np.testing.assert_array_equal(np.asarray(X), [[1, np.nan, np.nan], [1, 2, 3], [1, 2, np.nan]])


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("a,b,c,d", ["a", "b", "c", "d"]),
        ("# a,b,c,d", ["a", "b", "c", "d"]),
        ('a,"b, c",d,1', ["a", "b, c", "d", "1"]),
        ("a,b", ["a", "b", "2", "3"]),
        ("0,1,2,3", ["0", "1", "2", "3"]),
        ("5,6,7,t", ["5", "6", "7", "t"]),
    ],
)
def test_header_is_found(tmp_path: Path, header: str, names: list[str]) -> None:
    X = read_sequences(written(tmp_path / "a.csv", f"{header}\n1.5,-2,3e-3,4\n5,,7,8\n0,1,2,\n"))
    assert isinstance(X, pd.DataFrame)
    assert list(X.columns) == names
    np.testing.assert_allclose(X, TABLE)


@pytest.mark.parametrize("first", ["0,1,2,4", "1,2,3,4", "0,1,,3", "inf,0,0,0"])
def test_a_first_row_of_numbers_is_no_header(tmp_path: Path, first: str) -> None:
    assert np.shape(read_sequences(written(tmp_path / "a.csv", f"{first}\n5,6,7,8\n"))) == (2, 4)


def test_header_can_be_said(tmp_path: Path) -> None:
    years = written(tmp_path / "years.csv", "1990,1991,1992\n1,2,3\n")
    assert np.shape(read_sequences(years)) == (2, 3)
    assert np.shape(read_sequences(years, header=True)) == (1, 3)
    counts = written(tmp_path / "counts.csv", "0,1,2\n1,2,3\n")
    assert np.shape(read_sequences(counts, header=False)) == (2, 3)


@pytest.mark.parametrize("columns", [None, list("abcd")])
def test_what_pandas_writes_by_default(tmp_path: Path, columns: list[str] | None) -> None:
    table = pd.DataFrame(TABLE, columns=columns)
    table.to_csv(tmp_path / "a.csv")  # with row labels, which are no time step
    np.testing.assert_allclose(np.asarray(read_sequences(tmp_path / "a.csv")), TABLE)


def test_columns_are_dropped(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "id,a,b,2\nx,1,2,3\ny,4,5,6\n")
    assert list(pd.DataFrame(read_sequences(path, drop=["id"])).columns) == ["a", "b", "2"]
    assert list(pd.DataFrame(read_sequences(path, drop=["0", "-3"])).columns) == ["b", "2"]
    assert list(pd.DataFrame(read_sequences(path, drop=["2", "id"])).columns) == ["a", "b"]  # a name comes first
    assert "--drop 4" in refusal(path, drop=["4"])
    assert "--drop nope" in refusal(path, drop=["nope"])
    labelled = written(tmp_path / "labelled.txt", "1 0.1 0.2\n2 0.3 0.4\n")
    np.testing.assert_array_equal(np.asarray(read_sequences(labelled, drop=["0"])), [[0.1, 0.2], [0.3, 0.4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "no data below its header"),
        ("a,b\n1,2\n3,four\n", "column 'b' holds 'four' in row 1"),
        ("when,b\n2020-01-01,2\n", "leave the column out with --drop when"),
        ("1,2\n3,\x00\n", "holds a NUL character"),
    ],
)
def test_refused_text(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(written(tmp_path / "a.csv", text))


def test_refused_encoding(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("größe,b\n1,2\n".encode("latin-1"))
    assert "not text in UTF-8" in refusal(path)


# Parquet


def test_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"a": pd.array([1, None, 3], dtype="Int64"), "b": [True, False, True], "c": [0.5, np.nan, 1], "d": "text"}
    )
    table.to_parquet(tmp_path / "a.parquet")
    X = read_sequences(tmp_path / "a.parquet", drop=["d"])
    assert isinstance(X, pd.DataFrame)
    assert list(X.columns) == ["a", "b", "c"]
    np.testing.assert_array_equal(X, [[1, 1, 0.5], [np.nan, 0, np.nan], [3, 1, 1]])
    assert "column 'd' holds 'text'" in refusal(tmp_path / "a.parquet")
    assert "cannot be read" in refusal(written(tmp_path / "b.parquet", "no parquet"))
    table[["d"]].assign(d="1.5").to_parquet(tmp_path / "c.parquet")
    assert "column 'd' holds '1.5'" in refusal(tmp_path / "c.parquet")
    table[["d"]].assign(d=pd.Timestamp(0)).to_parquet(tmp_path / "d.parquet")
    assert "column 'd' holds '1970" in refusal(tmp_path / "d.parquet")


# NumPy


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2)])
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "bool"])
def test_npy(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(np.asarray(read_sequences(tmp_path / "a.npy")), array)


def test_npz_of_one_or_named_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", TABLE)
    np.testing.assert_array_equal(np.asarray(read_sequences(tmp_path / "one.npz")), TABLE)
    np.savez_compressed(tmp_path / "named.npz", X=TABLE, y=np.arange(3))
    np.testing.assert_array_equal(np.asarray(read_sequences(tmp_path / "named.npz", key="X")), TABLE)
    assert refusal(tmp_path / "named.npz").endswith("choose one of its 2 arrays with --key: X, y")
    assert "has no array 'Z'; it has X, y" in refusal(tmp_path / "named.npz", key="Z")
    assert "y has shape (3,)" in refusal(tmp_path / "named.npz", key="y").replace("the array", "y")
    np.savez(tmp_path / "none.npz")
    assert "0 arrays" in refusal(tmp_path / "none.npz")


def test_npz_of_sequences(tmp_path: Path) -> None:
    sequences = [np.ones((length, 2)) * length for length in (*range(1, 12),)]  # arr_10 comes after arr_9, not arr_1
    np.savez(tmp_path / "a.npz", *sequences)
    X = read_sequences(tmp_path / "a.npz")
    assert isinstance(X, list)
    for found, expected in zip(X, sequences, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.savez(tmp_path / "b.npz", TABLE[np.newaxis], TABLE[np.newaxis])
    assert "arr_0 has shape (1, 3, 4), but one of several sequences" in refusal(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(3), "has shape (3,)"),
        (np.ones((1, 1, 1, 1)), "has shape (1, 1, 1, 1)"),
        (np.array([["a", "b"]]), "dtype <U1"),
        (np.ones((2, 2), dtype=complex), "dtype complex128"),
        (np.zeros((2, 2), dtype="datetime64[s]"), "dtype datetime64[s]"),
    ],
)
def test_refused_arrays(tmp_path: Path, array: np.ndarray[Any, Any], message: str) -> None:
    np.save(tmp_path / "a.npy", array)
    assert message in refusal(tmp_path / "a.npy")


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> Any:
            return (exec, ("import builtins; builtins.unpickled = True",))

    ragged = np.array([np.ones(2), Harmful()], dtype=object)
    np.save(tmp_path / "a.npy", ragged, allow_pickle=True)
    np.savez(tmp_path / "b.npz", ragged)
    joblib.dump(Harmful(), tmp_path / "c.npy")
    for name in ("a.npy", "b.npz", "c.npy"):
        message = refusal(tmp_path / name)
        assert "Python objects, which are not unpickled" in message
        assert "np.savez(path, *sequences)" in message
    assert not hasattr(builtins, "unpickled")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY\x01\x00 cut short"])
def test_broken_numpy_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert "cannot be read" in refusal(tmp_path / name)


def test_truncated_numpy_file(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", TABLE)
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-8])
    assert "cannot be read" in refusal(tmp_path / "a.npy")


# Any


def test_refused_paths_and_options(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv").endswith("no such file")
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv").endswith("is a folder")
    assert "unknown suffix '.xlsx'; one of .csv," in refusal(tmp_path / "a.xlsx")
    assert "--key can be used with .npz only" in refusal(tmp_path / "a.csv", key="X")
    assert "--drop can be used with .csv" in refusal(tmp_path / "a.npy", drop=["0"])
    assert "--header and --no-header can be used with .csv" in refusal(tmp_path / "a.parquet", header=True)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    np.save(tmp_path / "a.npy", TABLE)
    monkeypatch.setattr(np, "load", deny)
    assert refusal(tmp_path / "a.npy").endswith("cannot be read: Permission denied")


@pytest.mark.parametrize(("name", "absent"), [("a.csv", "pandas"), ("a.parquet", "pandas"), ("a.parquet", "pyarrow")])
def test_packages_for_reading_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, absent: str
) -> None:
    written(tmp_path / name, "1,2\n")
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(
        InputError, match=rf"needs {absent}: pip install pandas{' pyarrow' * name.endswith('.parquet')}$"
    ):
        read_sequences(tmp_path / name)


# Writing


def test_outputs_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def message(path: Path, data: Path | None = None) -> str:
        with pytest.raises(InputError, match=r"^--codes") as caught:
            check_output("--codes", path, CODES_SUFFIXES, data)
        return str(caught.value)

    for suffix in CODES_SUFFIXES:
        check_output("--codes", tmp_path / f"a{suffix}", CODES_SUFFIXES)
        assert not list(tmp_path.iterdir())
    assert "unknown suffix '.txt'; one of .csv, .npy, .parquet can be written" in message(tmp_path / "a.txt")
    assert "there is no folder" in message(tmp_path / "none" / "a.csv")
    (tmp_path / "folder.csv").mkdir()
    assert message(tmp_path / "folder.csv").endswith("is a folder")
    assert "overwrite the data" in message(tmp_path / "a.csv", tmp_path / "folder.csv" / ".." / "a.csv")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "permission denied" in message(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("suffix", "absent", "requirement"),
    [
        (".parquet", "pyarrow", "pandas pyarrow"),
        (".skops", "skops", "skops"),
        (".pdf", "matplotlib", "matplotlib"),
    ],
)
def test_packages_for_writing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, absent: str, requirement: str
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == absent]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(InputError) as caught:
        check_output("--out", tmp_path / f"a{suffix}", [suffix])
    assert str(caught.value) == f"--out {tmp_path}/a{suffix} needs {absent}: pip install {requirement}"


def test_codes_come_back(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    paths = [tmp_path / f"codes{suffix}" for suffix in (".csv", ".NPY", ".parquet")]
    for path in paths:
        write_codes(path, codes, ["code0", "code1"])
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    np.testing.assert_array_equal(np.load(paths[1]), codes)
    for table in (pd.read_csv(paths[0], dtype=np.float32), pd.read_parquet(paths[2])):
        assert list(table.columns) == ["code0", "code1"]
        np.testing.assert_array_equal(table, codes)


def test_codes_in_csv_do_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    check_output("--codes", tmp_path / "a.csv", CODES_SUFFIXES)
    write_codes(tmp_path / "a.csv", np.zeros((1, 1), dtype=np.float32), ["code0"])
    assert (tmp_path / "a.csv").read_text() == "code0\n0\n"


@pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")
@pytest.mark.parametrize("suffix", _files.MODEL_SUFFIXES)
def test_models_come_back(tmp_path: Path, suffix: str) -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 4)), columns=list("abcd"))
    model = tiny(batch_size=4).fit(X)
    reader = write_model(tmp_path / f"model{suffix}", model)
    import skops.io

    again = eval(reader, {"joblib": joblib, "skops": skops})
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savetxt", fail)
    with pytest.raises(InputError, match=r"a\.csv: cannot be written: No space left on device"):
        write_codes(tmp_path / "a.csv", np.zeros((1, 1), dtype=np.float32), ["code0"])
