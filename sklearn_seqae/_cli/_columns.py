"""Columns of a table, as options name them."""

import re
from collections.abc import Sequence

from sklearn_seqae._cli._messages import InputError

__all__ = ["find_columns"]


def find_columns(names: Sequence[str], option: str, column: str) -> list[int]:
    """Positions of the columns of this name or, failing that, the position from 0 (from -1, backwards) that it is.

    Raises
    ------
    InputError
        If there is no such column; the message begins with the option.
    """
    places = [place for place, name in enumerate(names) if name == column]
    if not places and re.fullmatch(r"-?\d+", column) and -len(names) <= int(column) < len(names):
        places = [int(column) % len(names)]
    if not places:
        raise InputError(f"{option} {column}: there is no such column among the {len(names)}")
    return places
