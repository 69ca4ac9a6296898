"""Files written for a test, and read as the command line reads them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sklearn_seqae._cli._arranged import Arranged
from sklearn_seqae._cli._arranging import arrange
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._paths import check_input
from sklearn_seqae._cli._reading import read

TABLE = np.array([[1.5, -2.0, 3e-3, 4.0], [5.0, np.nan, 7.0, 8.0], [0.0, 1.0, 2.0, np.nan]])


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def arranged(path: Path, **options: Any) -> Arranged:
    """What the command line makes of a file, with these fields of `DataOptions`; a single time is one column."""
    if isinstance(options.get("time"), str):
        options["time"] = (options["time"],)
    given = DataOptions(**options)
    check_input(path, given)
    return arrange(read(path, given), given, path)


def sequences(path: Path, **options: Any) -> Any:
    return arranged(path, **options).X


def refusal(path: Path, **options: Any) -> str:
    """The message of a file that cannot be read: one line."""
    with pytest.raises(InputError) as caught:
        arranged(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message
