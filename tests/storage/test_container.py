"""The file: what is written comes back, and nothing else is read."""

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

from sklearn_seqae._storage import _container
from sklearn_seqae._storage._container import read, write
from sklearn_seqae._storage._values import Packed

PACKED = Packed({"a": [1, None, "ä"]}, {"0": np.arange(6, dtype=np.float32).reshape(2, 3), "1": np.zeros(0, bool)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_round_trip(path: Path) -> None:
    write(path, PACKED, {"format": 7})
    packed, about = read(path)
    assert about == {"format": 7}
    assert packed.value == PACKED.value
    assert packed.arrays.keys() == PACKED.arrays.keys()
    for name, array in PACKED.arrays.items():
        assert packed.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(packed.arrays[name], array)


def test_others_can_read_the_arrays(path: Path) -> None:
    write(path, PACKED, {})
    np.testing.assert_array_equal(load_file(path)["0"], PACKED.arrays["0"])


def test_a_write_that_fails_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, PACKED, {})
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write(path, Packed([], {}), {})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_usual_permissions(path: Path) -> None:
    write(path, PACKED, {})
    plain = path.with_name("plain")
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "model", PACKED, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no safetensors file"),
        (b"\x80\x04K\x01.", "no safetensors file"),
        (b"\xff" * 100, "no safetensors file"),
        (struct.pack("<Q", 10**12) + b"{}", "no safetensors file"),
        (save({"a": np.zeros(3)}), "none of this package's"),
        (save({"a": np.zeros(3)}, metadata={"format": "pt"}), "none of this package's"),
        (save({}, metadata={"sklearn_seqae": "{}"}), "checksum"),
        (save({}, metadata={"sklearn_seqae": "{}", "sha256": _container._checksum("{}", {})}), "lacks the value"),
        (save({}, metadata={"sklearn_seqae": "[", "sha256": _container._checksum("[", {})}), "no JSON"),
        (save({}, metadata={"sklearn_seqae": "[" * 10**5, "sha256": _container._checksum("[" * 10**5, {})}), "no JSON"),
    ],
    ids=range(10),
)
def test_foreign_files_are_refused(content: bytes, reason: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read(path)


def written(folder: Path) -> bytes:
    path = folder / "sound"
    write(path, PACKED, {})
    return path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_noticed(data: st.DataObject, path: Path) -> None:
    content = bytearray(written(path.parent))
    what = data.draw(st.sampled_from(["truncate", "flip", "append", "insert"]))
    position = data.draw(st.integers(0, len(content) - 1))
    if what == "truncate":
        del content[position:]
    elif what == "flip":
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    elif what == "append":
        content += data.draw(st.binary(min_size=1, max_size=9))
    else:
        content[position:position] = data.draw(st.binary(min_size=1, max_size=9))
    path.write_bytes(content)
    try:
        packed, about = read(path)
    except ValueError:
        return
    assert (packed.value, about) == (PACKED.value, {})  # such as a space within JSON
    assert all((packed.arrays[name] == array).all() for name, array in PACKED.arrays.items())


def test_a_checksum_covers_names_types_and_shapes() -> None:
    array = np.arange(4, dtype=np.int32)
    variants: list[dict[str, Any]] = [
        {"a": array},
        {"b": array},
        {"a": array.view(np.float32)},
        {"a": array.reshape(2, 2)},
    ]
    assert len({_container._checksum("", arrays) for arrays in variants}) == len(variants)
