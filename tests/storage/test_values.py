"""Plain values as JSON and arrays."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from sklearn_seqae._storage._values import Packed, pack, unpack

numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
dtypes = st.one_of(
    arrays_of.boolean_dtypes(),
    arrays_of.integer_dtypes(),
    arrays_of.unsigned_integer_dtypes(),
    arrays_of.floating_dtypes(),
)
arrays = arrays_of.arrays(dtypes, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
values = st.recursive(
    numbers | arrays,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def nothing(_: Any) -> None:
    """No objects are known."""


def refuse(name: str, state: Any) -> Any:
    raise AssertionError(name, state)


def trip(value: Any) -> Any:
    packed = pack(value, "it", nothing)
    return unpack(Packed(json.loads(json.dumps(packed.value, allow_nan=False)), packed.arrays), refuse)


def assert_equal(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)
        assert found.shape == expected.shape
    else:
        assert found == expected or (found != found and expected != expected)


@given(values)
def test_round_trip(value: Any) -> None:
    assert_equal(trip(value), value)


def test_numpy_numbers_become_pythons() -> None:
    assert_equal(trip([np.float32(0.5), np.int64(3), np.bool_(True)]), [0.5, 3, True])


def test_strings_in_an_array() -> None:
    for names in (np.array(["a", "b"]), np.array(["a", "b"], dtype=object)):
        found = trip(names)
        assert found.dtype == object
        assert found.tolist() == ["a", "b"]


def test_a_random_state_goes_on_from_where_it_was() -> None:
    state = np.random.RandomState(3)
    state.normal()
    assert (trip(state).normal(size=3) == state.normal(size=3)).all()


def test_objects_are_what_one_says_they_are() -> None:
    packed = pack([1 + 2j], "it", lambda value: ("complex", {"real": value.real, "imag": value.imag}))
    assert packed.value == [{"object": ["complex", {"real": 1.0, "imag": 2.0}]}]
    assert unpack(packed, lambda name, state: complex(**state)) == [1 + 2j]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (len, "it is <built-in"),
        ({"a": [1, (len,)]}, r"it\['a'\]\[1\]\[0\] is <built-in"),
        ({1: 2}, "it is {1: 2}"),
        (np.array([1j]), "it is an array of complex128"),
        ([np.array([["a"]])], r"it\[0\] is an array of <U1"),
        (np.array([None]), "it is an array of object"),
    ],
)
def test_what_is_not_plain_is_refused(value: Any, where: str) -> None:
    with pytest.raises(TypeError, match=where):
        pack(value, "it", nothing)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"code": "x"}, "no known kind"),
        ({"array": ["0", [2]], "tuple": []}, "no known kind"),
        ({"number": "1"}, "no known kind"),
        ({"texts": [1]}, "no known kind"),
        ({}, "no known kind"),
        ({"array": ["1", [2]]}, "'1' is not there"),
        ([{"array": ["0", [2]]}, {"array": ["0", [2]]}], "asked for twice"),
        ({"array": ["0", [3]]}, "has 2 values"),
        ({"array": ["0", [10**20]]}, "has 2 values"),
        ({"array": ["0", [-1, -2]]}, "has 2 values"),
        ({"array": ["0", ["2"]]}, "has 2 values"),
        (3, "nothing asks for its arrays"),
    ],
)
def test_what_was_not_made_here_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        unpack(Packed(value, {"0": np.zeros(2)}), refuse)


def test_depth_is_bounded() -> None:
    value: Any = 0
    for _ in range(100):
        value = [value]
    with pytest.raises(ValueError, match="levels deep"):
        unpack(Packed(value, {}), refuse)
