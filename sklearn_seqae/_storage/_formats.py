"""The numbers of formats, and what is said where a number is not known."""

from typing import Any

__all__ = ["CHECKPOINT_FORMAT", "FILE_FORMAT", "STATE_FORMAT", "check_file_format", "check_format"]

# Version of the file that `save` writes. It changes when an older file can no longer be read as it is; reading then
# converts what it can, and refuses the rest by this number.
FILE_FORMAT = 1
# Version of a fitted estimator's state, also in pickles. It changes when an older state can no longer be read as it is;
# `check_format` then says which versions can be read, and whoever changes it converts what earlier versions wrote.
STATE_FORMAT = 1
# Version of a checkpoint. It changes when a training cannot go on from an older one, which is then refused.
CHECKPOINT_FORMAT = 1


def check_file_format(found: Any) -> None:
    """Refuse a file that a later version wrote, or that says no format."""
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise ValueError("it does not say its format")
    if found > FILE_FORMAT:
        raise ValueError(
            f"it is of format {found}, but this version of sklearn_seqae reads formats up to {FILE_FORMAT}; install "
            "the version that it was saved with, or a later one"
        )


def check_format(found: int, name: str) -> None:
    """Refuse a state that a later version wrote."""
    if found > STATE_FORMAT:
        raise ValueError(
            f"This {name} was saved in format {found}, but this version of sklearn_seqae reads formats up to "
            f"{STATE_FORMAT}. Install the version that it was saved with, or a later one."
        )
