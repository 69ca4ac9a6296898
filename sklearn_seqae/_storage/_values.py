"""Plain values as JSON and named arrays, and back: no value of any other kind gets in or out.

What JSON has stands for itself; all else is an object with one key, the tag, which says what it is.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Build", "Packed", "pack", "unpack"]

Arrays = dict[str, NDArray[Any]]
State = dict[str, Any]
# What an object of a known class is made of, with the class's name; None for any other.
Describe = Callable[[Any], tuple[str, State] | None]
Build = Callable[[str, State], Any]

# Kinds of arrays that a file may hold: Booleans, integers, floating-point numbers.
_ARRAY_KINDS = "biuf"
# Values may stand within each other to this depth.
_MOST_LEVELS = 50


class Packed(NamedTuple):
    """A value as JSON can hold it, and the arrays that it names."""

    value: Any
    arrays: Arrays


def pack(value: Any, name: str, describe: Describe) -> Packed:
    """Take a value apart.

    Parameters
    ----------
    value : object
        None, Booleans, numbers, strings, arrays, random states, and lists, tuples and mappings of them.
    name : str
        What the value is called in errors.
    describe : callable
        Gives the name of an object's class and its state, a mapping of such values; None for what cannot be kept.

    Raises
    ------
    TypeError
        If there is something else in it; the error says where.
    """
    arrays: Arrays = {}
    return Packed(_pack(value, name, arrays, describe), arrays)


def _pack(value: Any, name: str, arrays: Arrays, describe: Describe) -> Any:
    def inner(item: Any, key: str) -> Any:
        return _pack(item, f"{name}{key}", arrays, describe)

    match value:
        case None | bool() | str():
            return value
        case int() | np.integer():
            return int(value)
        case float() | np.floating():
            return float(value) if math.isfinite(value) else {"number": str(float(value))}
        case np.bool_():
            return bool(value)
        case np.ndarray():
            return _pack_array(value, name, arrays)
        case np.random.RandomState():
            return {"random_state": [inner(item, "") for item in value.get_state()]}
        case list():
            return [inner(item, f"[{i}]") for i, item in enumerate(value)]
        case tuple():
            return {"tuple": [inner(item, f"[{i}]") for i, item in enumerate(value)]}
        case Mapping() if all(isinstance(key, str) for key in value):
            return {"mapping": {key: inner(item, f"[{key!r}]") for key, item in value.items()}}
    known = describe(value)
    if known is None:
        raise TypeError(
            f"{name} is {value!r}, of {type(value).__module__}.{type(value).__qualname__}, which is no plain value: a "
            "file that holds data alone cannot keep it. Set it to something plain, or use pickle or joblib."
        )
    cls, state = known
    return {"object": [cls, {key: inner(item, f".{key}") for key, item in state.items()}]}


def _pack_array(array: NDArray[Any], name: str, arrays: Arrays) -> Any:
    if array.dtype.kind in _ARRAY_KINDS:
        key = f"{len(arrays)}"
        arrays[key] = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        return {"array": [key, list(array.shape)]}  # a shape of its own, since contiguous means one axis at least
    texts = array.tolist()
    if array.ndim == 1 and all(isinstance(text, str) for text in texts):
        return {"texts": texts}
    raise TypeError(f"{name} is an array of {array.dtype}, but only numbers and one row of strings can be kept.")


def unpack(packed: Packed, build: Build) -> Any:
    """Put a value together again.

    Parameters
    ----------
    packed : Packed
        What `pack` made, or claims to be it.
    build : callable
        Makes an object of the name of its class and its state.

    Raises
    ------
    ValueError
        If it cannot have been made by `pack`, or an array is missing or left over.
    """
    unused = dict(packed.arrays)
    value = _unpack(packed.value, unused, build, 0)
    if unused:
        raise ValueError(f"nothing asks for its arrays {sorted(unused)}")
    return value


def _unpack(value: Any, arrays: Arrays, build: Build, level: int) -> Any:
    if level > _MOST_LEVELS:
        raise ValueError(f"its values stand within each other, over {_MOST_LEVELS} levels deep")

    def inner(item: Any) -> Any:
        return _unpack(item, arrays, build, level + 1)

    if not isinstance(value, list | dict):
        return value
    if isinstance(value, list):
        return [inner(item) for item in value]
    match value:
        case {"number": "nan" | "inf" | "-inf" as number, **rest} if not rest:
            return float(number)
        case {"array": [str(key), [*shape]], **rest} if not rest:
            return _take_array(key, shape, arrays)
        case {"texts": [*texts], **rest} if not rest and all(isinstance(text, str) for text in texts):
            return np.array(texts, dtype=object)
        case {"tuple": [*items], **rest} if not rest:
            return tuple(inner(item) for item in items)
        case {"mapping": dict(items), **rest} if not rest:
            return {key: inner(item) for key, item in items.items()}
        case {"random_state": [*items], **rest} if not rest:
            state = np.random.RandomState()
            state.set_state(tuple(inner(item) for item in items))
            return state
        case {"object": [str(cls), dict(state)], **rest} if not rest:
            return build(cls, {key: inner(item) for key, item in state.items()})
    raise ValueError(f"it has a value of no known kind, {str(value)[:80]}")


def _take_array(key: str, shape: list[Any], arrays: Arrays) -> NDArray[Any]:
    """An array, which belongs to one value alone."""
    if key not in arrays:
        raise ValueError(f"its array {key!r} is not there, or asked for twice")
    array = arrays.pop(key)
    if not all(isinstance(size, int) for size in shape) or math.prod(shape) != array.size or min(shape, default=0) < 0:
        raise ValueError(f"its array {key!r} has {array.size} values, not those of shape {shape}")
    return array.reshape(shape)
