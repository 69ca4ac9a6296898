"""Operators of torch are known by their names and the names of their arguments."""

import pytest

from sklearn_seqae._fast._operators import is_known


@pytest.mark.parametrize(
    ("operator", "arguments", "known"),
    [("mm", "self mat2", True), ("mm", "self", False), ("mm", "mat2 self", False), ("no_such_operator", "self", False)],
)
def test_an_operator_is_known_by_name_and_arguments(operator: str, arguments: str, known: bool) -> None:
    assert is_known(operator, arguments) == known
