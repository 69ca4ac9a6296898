"""Where the windows of a series are: how many in each group, and where they start and end."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._containers import unpack
from sklearn_seqae._data._frames import is_column

__all__ = ["WindowPlan", "plan_windows", "positive"]

Array = NDArray[Any]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class WindowPlan:
    """Where windows start and end; by group, as one long series may have more windows than memory holds numbers.

    Attributes
    ----------
    borders : ndarray of shape (n_groups,)
        First row of each group.
    sizes : ndarray of shape (n_groups,)
        Time steps of each group.
    n_windows : ndarray of shape (n_groups,)
        Windows in each group: they start `stride` apart, but for the last, which ends with the group at the latest.
    width, stride : int
        Time steps of a window, and from one start to the next.
    """

    borders: Int64
    sizes: Int64
    n_windows: Int64
    width: int
    stride: int

    def __len__(self) -> int:
        return int(self.n_windows.sum())

    @property
    def any_short(self) -> bool:
        """Whether a window reaches behind the end of its group."""
        return bool(np.any((self.n_windows > 0) & (self.sizes < self.width)))

    def starts(self) -> Int64:
        """First row of each window: (n_windows,)."""
        place = np.arange(len(self)) - np.repeat(np.cumsum(self.n_windows) - self.n_windows, self.n_windows)
        last = np.repeat(_last_starts(self.sizes, self.width), self.n_windows)
        return np.repeat(self.borders, self.n_windows) + np.minimum(place * self.stride, last)

    def lengths(self) -> Int64:
        """Time steps in each window, padding not counted: (n_windows,)."""
        return np.repeat(np.minimum(self.sizes, self.width), self.n_windows)

    def as_slice(self) -> slice | None:
        """The starts as a slice, if they are evenly spaced."""
        if len(self.borders) == 1 and (len(self) - 1) * self.stride + self.width <= self.sizes[0]:
            return slice(0, (len(self) - 1) * self.stride + 1, self.stride)
        starts = self.starts()
        if np.any(np.diff(starts, n=2)):
            return None
        return slice(starts[0], starts[-1] + 1, starts[1] - starts[0] if len(starts) > 1 else 1)


def plan_windows(
    n_timesteps: int, width: int, stride: int, groups: ArrayLike | None, drop_remainder: bool
) -> WindowPlan:
    """Count the windows of each group; the arguments are those of `sliding_windows`."""
    width, stride = positive(width, "width"), positive(stride, "stride")
    borders = _start_of_one(n_timesteps, width) if groups is None else _starts_of_groups(groups, n_timesteps)
    sizes = np.diff(borders, append=n_timesteps)
    last = _last_starts(sizes, width)
    n_windows = last // stride + 1
    if drop_remainder:
        n_windows[sizes < width] = 0
    elif stride <= width:
        n_windows += last % stride > 0
    if n_windows.sum() == 0:
        raise ValueError(
            f"No group has the width={width} time steps of a window: the longest has {sizes.max()}. Take a smaller "
            "width, or drop_remainder=False, which pads shorter groups with NaN."
        )
    return WindowPlan(borders, sizes, n_windows, width, stride)


def _last_starts(sizes: Int64, width: int) -> Int64:
    """Where a group's last window may start, counted from the group's first row: (n_groups,)."""
    return np.maximum(sizes - width, 0)


def _start_of_one(n_timesteps: int, width: int) -> Int64:
    """First row of a series without groups: (1,)."""
    if n_timesteps < width:
        raise ValueError(
            f"The series has {n_timesteps} time steps, fewer than width={width}. Take windows of at most {n_timesteps} "
            "steps, or pass a series as short as this to the estimator whole, as one sequence."
        )
    return np.zeros(1, dtype=np.int64)


def _starts_of_groups(groups: Any, n_timesteps: int) -> Int64:
    """First row of each group: (n_groups,)."""
    # A list may mix types, which NumPy would turn into strings, NaN into "nan" too.
    groups = unpack(groups, "groups")
    groups = groups.to_numpy() if is_column(groups) else groups
    labels = groups if isinstance(groups, np.ndarray) else np.asarray(groups, dtype=object)
    if labels.shape != (n_timesteps,):
        raise ValueError(
            f"groups has shape {labels.shape}, but the series has {n_timesteps} time steps: pass one label for each "
            f"step, shape ({n_timesteps},)."
        )
    _refuse_missing_labels(labels)
    starts = np.append(0, np.flatnonzero(labels[1:] != labels[:-1]) + 1)
    seen: dict[Any, int] = {}
    for row, label in zip(starts.tolist(), labels[starts].tolist(), strict=True):
        if label in seen:
            raise ValueError(
                f"groups has the label {label!r} of row {seen[label]} again at row {row}, behind another one: the rows "
                "of a group must follow one another. Sort the series by group and time, or give each stretch a label "
                "of its own."
            )
        seen[label] = row
    return starts


def _refuse_missing_labels(labels: Array) -> None:
    if labels.dtype == object:
        missing = np.array([label is None or type(label).__name__ == "NAType" or label != label for label in labels])
    else:
        missing = labels != labels  # NaN and NaT
    for row in np.flatnonzero(missing):
        raise ValueError(
            f"groups has no label at row {row}: {labels[row]!r}. Give each time step a label, or drop its row from "
            "groups and series."
        )


def positive(value: Any, name: str) -> int:
    """The value as an int, if it is one of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")
    return int(value)
