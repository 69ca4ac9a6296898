"""The limit for what a file says it holds."""

import os
from pathlib import Path

import pytest

from sklearn_seqae._cli._memory import check_size, most_bytes
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._data import _memory


def test_the_limit_can_be_said() -> None:
    assert most_bytes(0.5) == 2**29


def test_the_limit_is_a_quarter_of_the_machines_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__, raising=False)
    monkeypatch.setattr(_memory, "_OF_CONTAINER", ())
    assert most_bytes() == 2**30


def test_the_limit_where_the_system_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert most_bytes() == 2 * 2**30


def test_the_remedy_is_enough() -> None:
    check_size(Path("a.csv"), 2**20, 2**-10)
    with pytest.raises(InputError, match=r"a\.csv: .* allow it with --memory") as caught:
        check_size(Path("a.csv"), 2**20 + 1, 2**-10)
    check_size(Path("a.csv"), 2**20 + 1, float(str(caught.value).split()[-1]))
