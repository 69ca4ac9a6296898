"""What the command line says: its name, its refusals, and warnings in a line each."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["PROG", "InputError", "count", "one_line", "warnings_in_one_line"]

PROG = "sklearn_seqae"


class InputError(ValueError):
    """Something that whoever runs the command can put right; its message is one line."""


def one_line(error: BaseException | str) -> str:
    """A message without line breaks."""
    return " ".join(str(error).split())


def count(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


@contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Show warnings for users as a line on stderr; those for developers stay as they are set."""

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        print(f"{PROG}: warning: {one_line(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield
