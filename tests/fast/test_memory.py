"""glibc learns once to keep freed memory; nobody else is bothered."""

import platform
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sklearn_seqae._fast._memory import keep_freed_memory


class Operations(TorchDispatchMode):
    """What torch is asked to do."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the blocks that are taken; the first call is still to come."""
    sizes: list[int] = []
    empty = np.empty

    def recorded(size: int, **kwargs: Any) -> Any:
        sizes.append(size)
        return empty(size, **kwargs)

    monkeypatch.setattr(np, "empty", recorded)
    keep_freed_memory.cache_clear()
    return sizes


@pytest.mark.parametrize(("library", "n_blocks"), [(("glibc", "2.36"), 1), (("musl", "1.2"), 0), (("", ""), 0)])
def test_one_block_is_taken_from_glibc_and_none_from_others(
    library: tuple[str, str], n_blocks: int, taken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    for _ in range(3):
        keep_freed_memory()
    assert len(taken) == n_blocks


@pytest.mark.usefixtures("taken")
def test_torch_which_may_have_to_fill_what_it_takes_is_not_asked() -> None:
    with Operations() as operations:
        keep_freed_memory()
        torch.zeros(1)
    assert operations.names == ["aten.zeros.default"]
