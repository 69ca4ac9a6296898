"""NumPy's files: arrays read, objects and forgeries refused."""

import builtins
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from tests.cli.files import TABLE, refusal, sequences


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2)])
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "bool"])
def test_npy(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(np.asarray(sequences(tmp_path / "a.npy")), array)


def test_npz_of_one_or_named_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", TABLE)
    np.testing.assert_array_equal(np.asarray(sequences(tmp_path / "one.npz")), TABLE)
    np.savez_compressed(tmp_path / "named.npz", X=TABLE, y=np.arange(3))
    np.testing.assert_array_equal(np.asarray(sequences(tmp_path / "named.npz", key="X")), TABLE)
    assert refusal(tmp_path / "named.npz").endswith("choose one of its 2 arrays with --key: X, y")
    assert "has no array 'Z'; it has X, y" in refusal(tmp_path / "named.npz", key="Z")
    assert "has shape (3,), so it is one long series" in refusal(tmp_path / "named.npz", key="y")
    np.savez(tmp_path / "none.npz")
    assert "0 arrays" in refusal(tmp_path / "none.npz")


def test_npz_of_sequences(tmp_path: Path) -> None:
    ragged = [np.ones((length, 2)) * length for length in (*range(1, 12),)]  # arr_10 comes after arr_9, not arr_1
    np.savez(tmp_path / "a.npz", *ragged)
    X = sequences(tmp_path / "a.npz")
    assert isinstance(X, list)
    for found, expected in zip(X, ragged, strict=True):
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


def test_a_few_bytes_do_not_fill_the_memory(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", X=np.zeros((1000, 1000)), y=np.zeros(3))
    assert (tmp_path / "a.npz").stat().st_size < 20_000
    message = refusal(tmp_path / "a.npz", key="X", memory=0.001)
    assert "would fill 0.00745 GiB, more than the limit of 0.001; if it is meant to hold so many, allow it" in message
    assert refusal(tmp_path / "a.npz", key="y", memory=0.001).endswith("--width N")  # the other array is not read
    assert np.shape(sequences(tmp_path / "a.npz", key="X", memory=0.01)) == (1000, 1000)
    np.save(tmp_path / "a.npy", np.zeros((1000, 1000)))
    assert "would fill 0.00745 GiB" in refusal(tmp_path / "a.npy", memory=0.001)


@pytest.mark.parametrize("shape", [(10**12, 10), (10**18, 10), (10**30, 10), (10**6, 10)])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_headers_that_claim_too_much(tmp_path: Path, name: str, shape: tuple[int, int]) -> None:
    with (tmp_path / "forged.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": "<f8"})
        file.write(b"\0" * 80)
    if name == "a.npz":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(tmp_path / "forged.npy", "X.npy")
    else:
        (tmp_path / "forged.npy").rename(tmp_path / name)
    assert "cannot be read: " in refusal(tmp_path / name)


def test_an_archive_of_other_things(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("notes.txt", "1,2")
    assert refusal(tmp_path / "a.npz").endswith("the array is no NumPy array")
