"""Who is to be told of a warning: whoever called an estimator."""

import sys

__all__ = ["level_of_caller"]


def level_of_caller() -> int:
    """The `stacklevel` of a warning that names the code that called an estimator, whatever wraps its methods."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(("sklearn.", "sklearn_seqae.")):
        frame, level = frame.f_back, level + 1
    return level
