"""Memory-mapped files: read in full, they do not fill the memory, and they are never changed."""

import mmap
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sklearn_seqae._data import _memory_maps
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._memory_maps import PageLimit
from tests.tiny import tiny

ignore_collapse = pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="pages are given back on Linux alone")

N_SEQUENCES, N_TIMESTEPS = 20_000, 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 8 MB."""
    path = tmp_path / "X.npy"
    np.save(path, np.random.default_rng(0).normal(size=(N_SEQUENCES, N_TIMESTEPS)).astype(np.float32))
    return path


@pytest.fixture(autouse=True)
def _few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory_maps, "_KEPT_BYTES", 2**19)
    monkeypatch.setattr(_memory_maps, "_BYTES_AROUND", 2**14)


def resident_bytes(path: Path) -> int:
    """How much of a mapped file is in this process's memory."""
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if not first.endswith(":"):
            inside = line.endswith(str(path))
        elif inside and first == "Rss:":
            total += 1024 * int(line.split()[1])
    return total


def mapped(path: Path, mode: Any = "r") -> NDArray[np.float32]:
    X: NDArray[np.float32] = np.load(path, mmap_mode=mode)
    return X


@on_linux
@ignore_collapse
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_neither_fit_nor_transform_fills_the_memory(path: Path, mode: str) -> None:
    X = mapped(path, mode)
    assert np.isfinite(X).all()
    assert resident_bytes(path) >= X.nbytes  # what reading does otherwise
    autoencoder = tiny(max_epochs=1, batch_size=1000).fit(X)
    assert resident_bytes(path) < X.nbytes / 4
    codes = autoencoder.transform(X)
    assert resident_bytes(path) < X.nbytes / 4
    np.testing.assert_array_equal(codes, autoencoder.transform(np.array(X)))


@ignore_collapse
def test_what_was_written_to_a_private_mapping_stays(path: Path) -> None:
    X = mapped(path, "c")
    X[:] = 1.0
    X[0, 0] = 2.0
    tiny(max_epochs=1, batch_size=1000).fit(X)
    assert X[0, 0] == 2.0
    assert np.count_nonzero(X != 1.0) == 1


@on_linux
def test_what_was_written_to_a_shared_mapping_stays(path: Path) -> None:
    X = mapped(path, "r+")
    X[:100] = 1.0
    pages = PageLimit(X[50:].reshape(-1, 1))
    pages.count(2**20)
    assert (X[:100] == 1.0).all()


@pytest.mark.parametrize("kind", ["array", "private file", "no file"])
def test_other_arrays_are_left_alone(kind: str, path: Path) -> None:
    array: NDArray[np.float32] = np.zeros(2**20, np.float32)
    if kind == "private file":
        array = np.asarray(mapped(path, "c"))[3:]
    if kind == "no file":
        array = np.frombuffer(mmap.mmap(-1, array.nbytes), np.float32)
    array[:] = 1.0
    assert _memory_maps._shared_mapping(array) is None
    PageLimit(array).count(2**30)
    assert (array == 1.0).all()


@on_linux
def test_the_mapping_is_found_through_views(path: Path) -> None:
    X = mapped(path)
    for view in (X, X[3:], X.reshape(-1, 10), np.asarray(X)[::2]):
        assert isinstance(_memory_maps._shared_mapping(view), mmap.mmap)
    assert _memory_maps._shared_mapping(np.array(X)) is None


@pytest.mark.parametrize("shape", [(3,), (200,), (200, 7), (0,)])
def test_a_mapping_is_gathered_from_as_any_array(shape: tuple[int, ...], path: Path) -> None:
    X = mapped(path)
    indices = np.random.default_rng(0).integers(N_SEQUENCES, size=shape)
    taken = PageLimit(X).take(X, indices)
    np.testing.assert_array_equal(taken, np.array(X)[indices])
    assert type(taken) is np.ndarray


def test_data_in_a_mapping_can_be_pickled(path: Path) -> None:
    lengths = np.full(N_SEQUENCES, N_TIMESTEPS)
    dataset = SequenceDataset(mapped(path).reshape(-1, 1), np.arange(N_SEQUENCES) * N_TIMESTEPS, lengths)
    again = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(again.batch(np.arange(5))["x"], dataset.batch(np.arange(5))["x"])
