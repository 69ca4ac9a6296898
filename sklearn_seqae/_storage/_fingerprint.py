"""A fingerprint of what decides a computation: equal for equal values, in any process."""

import functools
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["fingerprint"]

_ADDRESS = re.compile("0x[0-9a-fA-F]+")


def fingerprint(value: Any) -> str:
    """A hash of plain values, arrays and tensors, in lists and mappings, and of what else can be told apart.

    Functions and classes count by their names. Other objects count by their class, and by those attributes that are
    plain, results aside, whose names end in an underscore; a `torch.nn.Module` by these of all its parts, and by its
    parameters. So code that is changed under the same name, and what an object holds of connections, files and the
    like, makes no difference.

    Examples
    --------
    >>> from sklearn_seqae._storage._fingerprint import fingerprint
    >>> fingerprint({"a": 1, "b": (2, "c")}) == fingerprint({"b": [2, "c"], "a": 1})
    True
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    """Bytes, and where one thing ends and another begins."""
    if hasattr(value, "detach") and not isinstance(value, type):  # a tensor
        value = value.detach().cpu().numpy()
    match value:
        case np.generic():  # before the numbers, of which some are
            yield from _parts(value.item())
        case None | bool() | int() | float() | complex() | str() | bytes():
            yield repr(value).encode()
        case np.ndarray() if value.dtype != object:
            yield f"array {value.dtype.str} {value.shape}".encode()
            yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
        case np.ndarray() | list() | tuple():
            yield f"list {len(value)}".encode()
            for item in value:
                yield from _parts(item)
        case set() | frozenset():
            yield from _parts(sorted(map(fingerprint, value)))
        case Mapping():
            yield f"mapping {len(value)}".encode()
            for key in sorted(value, key=repr):
                yield from _parts(key)
                yield from _parts(value[key])
        case np.random.RandomState():
            yield from _parts(value.get_state())
        case os.PathLike():
            yield from _parts(os.fspath(value))
        case functools.partial():
            yield from _parts([value.func, value.args, value.keywords])
        case _ if hasattr(value, "__qualname__"):
            yield f"{value.__module__}.{value.__qualname__}".encode()
        case _:
            yield from _object_parts(value)


def _object_parts(value: Any) -> Iterator[bytes | memoryview]:
    if not hasattr(value, "__dict__"):
        yield from _parts([type(value), _ADDRESS.sub("", repr(value))])
        return
    is_module = hasattr(value, "modules") and hasattr(value, "state_dict")
    for module in value.modules() if is_module else [value]:
        yield from _parts(type(module))
        attributes = vars(module).items()
        yield from _parts({name: item for name, item in attributes if _is_plain(item) and not name.endswith("_")})
    if is_module:
        yield from _parts(value.state_dict())


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return bool(value) and all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool | int | float | str | np.generic | np.ndarray)
