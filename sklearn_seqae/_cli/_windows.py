"""Windows of long series."""

from pathlib import Path

import numpy as np

from sklearn_seqae._cli._arranged import Arranged, Windows
from sklearn_seqae._cli._messages import InputError, one_line
from sklearn_seqae._cli._series import Series
from sklearn_seqae._windows import sliding_windows

__all__ = ["cut"]


def cut(series: list[Series], name: str | None, width: int, stride: int | None, path: Path) -> Arranged:
    """Windows of each series; those of a series that is shorter are padded.

    Parameters
    ----------
    series : list of Series
        The series.
    name : str or None
        What to call the column of their names; None leaves it out.
    width, stride : int
        As `sliding_windows` has them; None is half the width.
    path : Path
        The file, for messages.
    """
    stride = stride or max(1, width // 2)
    lengths = np.array([len(each.values) for each in series], dtype=np.int64)
    if lengths.max() < width:
        raise InputError(
            f"{path}: --width {width} is longer than the {'longest ' if len(series) > 1 else ''}series, which has "
            f"{lengths.max()} steps; take at most {lengths.max() // 2 or 1}"
        )
    owner = np.repeat(np.arange(len(series)), lengths)
    try:
        steps = np.concatenate([each.values for each in series])
        groups = owner if len(series) > 1 else None
        windows = sliding_windows(steps, width, stride, groups=groups)
        first = sliding_windows(np.arange(len(steps)), width, stride, groups=groups)[:, 0, 0].astype(np.int64)
    except ValueError as error:
        raise InputError(f"{path}: {one_line(error)}") from error
    starts = first - (np.cumsum(lengths) - lengths)[owner[first]]
    labels = {} if name is None else {name: [series[number].name for number in owner[first]]}
    labels["start"] = [series[number].times[start] for number, start in zip(owner[first], starts, strict=True)]
    return Arranged(windows, labels, Windows(owner[first], starts, width))
