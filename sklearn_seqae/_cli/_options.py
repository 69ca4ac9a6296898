"""How to read DATA, as the command line's options say it."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DataOptions"]


@dataclass(frozen=True)
class DataOptions:
    """How to read DATA; a field is an option, and None stands for one that is not given.

    Attributes
    ----------
    channels : int or None
        Channels per time step of a table with a row per sequence.
    id : str or None
        Column of a table, by name or position, that names the sequence of a row.
    time : sequence of str
        Column of the times of rows, which are then time steps; of several, the texts are joined.
    values, drop : sequence of str
        Columns to learn, if not all others, and columns to leave out.
    in_order : bool
        Whether rows are time steps in the order of the file.
    sort : bool
        Whether to put rows in the order of their times.
    time_format : str or None
        How dates are written, as `datetime.strptime` has it; None finds out.
    series : bool
        Whether rows are time steps of long series, whose unusual steps are to be found.
    width, stride : int or None
        Windows to cut long series into: with a width, a row is a time step.
    drop_empty : bool
        Whether to leave out sequences without any value.
    missing : sequence of float
        Numbers that stand for missing values.
    header : bool or None
        Whether a text file begins with names of its columns; None finds out.
    decimal : {".", ","} or None
        The decimal mark of a text file; None finds out.
    encoding : str or None
        The encoding of a text file; None is UTF-8.
    key : str or None
        Name of the array in an .npz file.
    memory : float or None
        Most GiB that the file's numbers may fill; None is a share of the machine's memory.
    """

    channels: int | None = None
    id: str | None = None
    time: Sequence[str] = ()
    values: Sequence[str] = ()
    drop: Sequence[str] = ()
    in_order: bool = False
    sort: bool = False
    time_format: str | None = None
    series: bool = False
    width: int | None = None
    stride: int | None = None
    drop_empty: bool = False
    missing: Sequence[float] = ()
    header: bool | None = None
    decimal: str | None = None
    encoding: str | None = None
    key: str | None = None
    memory: float | None = None

    @property
    def by_step(self) -> bool:
        """Whether a row is a time step, rather than a sequence."""
        return bool(self.time) or self.width is not None or self.series or self.in_order
