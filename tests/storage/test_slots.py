"""Places for unfinished work: held by one, found again when that one died, gone when the work is done."""

import os
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from sklearn_seqae._storage._slots import claim
from sklearn_seqae._storage._values import Packed
from tests.killing import die, is_killed

PACKED = Packed([1, "two"], {"0": np.arange(3.0)})


def hold_and_die(folder: Path) -> None:
    with claim(folder, "work") as slot:
        slot.write(PACKED, {"a": 1}, durable=False)
        die()


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    with claim(tmp_path / "a" / "b", "work") as slot:
        assert slot.read() is None
        slot.write(PACKED, {"a": 1}, durable=True)
    with claim(tmp_path / "a" / "b", "work") as again:
        found = again.read()
        assert found is not None
        assert (found[0].value, found[1]) == (PACKED.value, {"a": 1})
        again.remove()
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_that_of_a_dead_holder_is_found_and_not_that_of_a_living_one(tmp_path: Path) -> None:
    with claim(tmp_path, "work") as living:
        living.write(Packed([], {}), {}, durable=False)
        assert is_killed(lambda: hold_and_die(tmp_path), lambda: None)
        with claim(tmp_path, "work") as found, claim(tmp_path, "other") as other, claim(tmp_path, "work") as new:
            assert found.read() is not None
            assert new.read() is other.read() is None
            assert len({slot.path for slot in (living, found, other, new)}) == 4


def test_one_with_a_file_comes_first(tmp_path: Path) -> None:
    with claim(tmp_path, "work"), claim(tmp_path, "work") as second:
        second.write(PACKED, {}, durable=False)
    with claim(tmp_path, "work") as found:
        assert found.path == second.path


def test_an_error_gives_it_back(tmp_path: Path) -> None:
    with pytest.raises(KeyError), claim(tmp_path, "work") as slot:
        raise KeyError
    with claim(tmp_path, "work") as again:
        assert again.path == slot.path


def test_where_nothing_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotImplementedError("no locks here")

    monkeypatch.setattr(FileLock, "acquire", fail)
    with pytest.raises(OSError, match=r"locked .no locks here.. Name a folder where they can"), claim(tmp_path, "work"):
        pass
