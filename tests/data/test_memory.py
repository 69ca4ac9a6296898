"""Arrays that the memory would not hold: refused before they are read."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sklearn_seqae import LSTMAutoencoder, sliding_windows
from sklearn_seqae._data import _memory
from sklearn_seqae._data._memory import memory_limit, refuse_larger
from sklearn_seqae._data._readers import validate_sequences
from tests.tiny import tiny

N_BYTES = 400


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": N_BYTES, "SC_PHYS_PAGES": 1}.__getitem__, raising=False)


def test_an_array_of_dask_that_no_memory_holds_is_refused() -> None:
    X = pytest.importorskip("dask.array").zeros((10**12, 100), chunks=(10**11, -1))
    with pytest.raises(MemoryError, match=r"X is an array of dask, .* take 7\.45e\+05 GiB, .* float32 .* partial_fit"):
        LSTMAutoencoder().fit(X)
    model = tiny().fit(np.eye(4))
    with pytest.raises(MemoryError, match="call a fitted model on parts"):
        model.transform(X)
    with pytest.raises(MemoryError, match="series is an array of dask"):
        sliding_windows(X, 5)


@pytest.mark.usefixtures("small_machine")
def test_an_array_of_zarr_is_refused_by_its_size_unpacked() -> None:
    zarr = pytest.importorskip("zarr")
    X = zarr.zeros((51, 2), dtype="float32", store=zarr.storage.MemoryStore())
    with pytest.raises(MemoryError, match="X is an array of zarr"):
        validate_sequences(LSTMAutoencoder(), X)
    assert len(validate_sequences(LSTMAutoencoder(), zarr.zeros((50, 2), dtype="float32"))) == 50


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize(("dtype", "order", "refused"), [("f4", "C", False), ("f8", "C", True), ("f4", "F", True)])
def test_a_memory_map_is_refused_where_it_would_be_copied(
    dtype: str, order: Any, refused: bool, tmp_path: Path
) -> None:
    np.save(tmp_path / "X.npy", np.ones((51, 2), dtype, order=order))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    if not refused:
        assert np.shares_memory(validate_sequences(LSTMAutoencoder(), X).steps, X)
        return
    with pytest.raises(MemoryError, match=f"X is an array of {X.dtype}, .* float32 in C order"):
        validate_sequences(LSTMAutoencoder(), X)


@pytest.mark.parametrize(("said", "expected"), [("2048\n", 2048), ("max\n", None), ("9223372036854771712\n", None)])
def test_a_container_may_have_less_than_the_machine(
    said: str, expected: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_memory, "_OF_CONTAINER", [tmp_path / "memory.max", tmp_path / "of another version"])
    of_machine = memory_limit()
    (tmp_path / "memory.max").write_text(said)
    assert memory_limit() == (expected or of_machine)


def test_what_is_larger_than_a_container_s_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "_OF_CONTAINER", [tmp_path])  # a folder, which has nothing to read
    refuse_larger("X", "an array", 2**26)
    (tmp_path / "memory.max").write_text(f"{2**25}")
    monkeypatch.setattr(_memory, "_OF_CONTAINER", [tmp_path / "memory.max"])
    refuse_larger("X", "an array", 2**25)
    with pytest.raises(MemoryError, match=r"take 0\.0625 GiB, but there are 0\.0312 on this machine, or in this cont"):
        refuse_larger("X", "an array", 2**26)


def test_where_the_system_does_not_tell_its_memory_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory_limit() != 0
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert memory_limit() is None
    refuse_larger("X", "an array", 2**80)
