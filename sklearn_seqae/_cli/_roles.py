"""What the columns of a table are: names of sequences, times of steps, values.

What the options say is taken as said. For the rest, a column is given a part only where what it holds leaves no other;
where it does, the user is asked, by an error that names the options.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sklearn_seqae._cli._dates import looks_like_clock
from sklearn_seqae._cli._hints import sounds_like_answer, sounds_like_id, sounds_like_time
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._sheet import Column, Sheet
from sklearn_seqae._cli._suspicions import ask_about_order, ask_about_rows, check_values, is_grid, is_in_blocks

__all__ = ["Roles", "find_roles"]


@dataclass(frozen=True)
class Roles:
    """The columns that name sequences, tell times and hold values, and whether a row is a time step."""

    id: Column | None
    time: Column | None
    values: Sequence[Column]
    by_step: bool
    id_position: int | None


def find_roles(sheet: Sheet, options: DataOptions, path: Path) -> Roles:
    """Tell what each column is.

    Parameters
    ----------
    sheet : Sheet
        The table.
    options : DataOptions
        What is said of it.
    path : Path
        The file, for messages.

    Returns
    -------
    Roles

    Raises
    ------
    InputError
        If an option names no column, or there is more than one way to read the table.
    """
    search = _Search(sheet, options, path)
    search.take_what_is_told()
    if options.channels is None:
        search.find_dates()
    search.find_names()
    if options.channels is None:
        search.find_numbered_steps()
        search.find_numbered_times()
    return search.settle()


class _Search:
    """What is known of the columns so far; `open` are those that may still be anything."""

    def __init__(self, sheet: Sheet, options: DataOptions, path: Path) -> None:
        self.sheet, self.options, self.path = sheet, options, path
        self.id: int | None = None
        self.time: int | None = None
        self.values: list[int] | None = None
        self.open: list[int] = []

    def column(self, position: int) -> Column:
        return self.sheet.columns[position]

    def refuse(self, message: str) -> NoReturn:
        raise InputError(f"{self.path}: {message}")

    def take(self, *, id: int | None = None, time: int | None = None) -> None:
        """Give a column a part."""
        self.id = self.id if id is None else id
        self.time = self.time if time is None else time
        self.open = [each for each in self.open if each not in (self.id, self.time)]

    def take_what_is_told(self) -> None:
        options, find = self.options, self.sheet.find
        dropped = {each for drop in options.drop for each in find("--drop", drop)}
        self.open = [each for each in range(len(self.sheet.columns)) if each not in dropped]
        if options.id is not None:
            self.take(id=find("--id", options.id)[0])
        if options.time:
            self._take_times([find("--time", each)[0] for each in options.time])
        if options.values:
            self.values = list(dict.fromkeys(each for value in options.values for each in find("--values", value)))
            spoken_of = {self.id, self.time, *dropped}
            for each in self.values:
                if each in spoken_of:
                    raise InputError(
                        f"--values {self.column(each).word}: another option gives this column another part"
                    )
            self.open = [each for each in self.open if each not in self.values]

    def _take_times(self, times: list[int]) -> None:
        if self.id in times:
            name = self.column(self.id).word
            raise InputError(f"--id {name} and --time {name} are the same column")
        if len(times) > 1:
            self.sheet = self.sheet.join(times)
            self.open = [each for each in self.open if each not in times]
            times = [len(self.sheet.columns) - 1]
        self.take(time=times[0])

    def find_dates(self) -> None:
        """The only column of dates is the time."""
        dates = [each for each in self.open if self.column(each).kind == "dates"]
        if self.time is not None or not dates:
            return
        if len(dates) > 1:
            names = [self.column(each).name for each in dates]
            self.refuse(
                f"columns {names[0]!r} and {names[1]!r} hold dates: name the one of the time steps with --time, and "
                "leave the other out with --drop"
            )
        self.take(time=dates[0])

    def find_names(self) -> None:
        """The only column of texts, or the only one whose name says so, names the sequences."""
        texts = [
            each
            for each in self.open
            if self.column(each).kind == "texts"
            and not sounds_like_answer(self.column(each).name)
            and not sounds_like_time(self.column(each).name)
            and not looks_like_clock(str(self.column(each).cells.dropna().iloc[0]))
        ]
        if self.id is not None or not texts:
            return
        labels = [each for each in texts if self.column(each).is_label]
        sounding = [each for each in texts if sounds_like_id(self.column(each).name)]
        found = next((group[0] for group in (texts, labels, sounding) if len(group) == 1), None)
        if found is not None:
            self._check_no_state(self.column(found))
            self.take(id=found)

    def _check_no_state(self, names: Column) -> None:
        """Refuse texts that change to and fro along one series, as the state of a machine does."""
        one_series = self.time is not None and self.column(self.time).rises
        if one_series and not names.is_distinct and not is_in_blocks(names) and not sounds_like_id(names.name):
            self.refuse(
                f"column {names.name!r} holds {names.n_names} different texts, to and fro while the time goes on: if "
                f"they name several series, say --id {names.word}, otherwise leave it out with --drop {names.word}"
            )

    def find_numbered_steps(self) -> None:
        """Numbered names beside times that come again and again, or beside numbered times."""
        if self.id is not None:
            return
        whole = [each for each in self._open_numbers() if self.column(each).is_whole]
        if self.time is not None:
            self._find_numbered_names(whole)
        elif not self.options.by_step:
            self._find_numbered_pair(whole)

    def _find_numbered_names(self, whole: list[int]) -> None:
        assert self.time is not None
        times = self.column(self.time)
        if times.is_distinct:
            return
        repeating = [each for each in whole if is_grid(self.column(each), times)]
        sounding = [each for each in repeating if sounds_like_id(self.column(each).name)]
        if len(sounding) == 1:
            self.take(id=sounding[0])
        elif repeating:
            name = self.column(repeating[0]).word
            self.refuse(f"times in column {times.name!r} repeat: name the series with --id, perhaps --id {name}")

    def _find_numbered_pair(self, whole: list[int]) -> None:
        """Two columns, of which one tells sequences, the other their steps."""
        pairs = [
            (one, other)
            for one in whole
            if sounds_like_id(self.column(one).name)
            for other in self._open_numbers()
            if sounds_like_time(self.column(other).name, short=True) and is_grid(self.column(one), self.column(other))
        ]
        if len(pairs) == 1:
            self.take(id=pairs[0][0], time=pairs[0][1])
            return
        first = self.open[:2]
        if len(self.open) >= 2 + (self.values is None) and set(first) <= set(whole):
            ask_about_order(self.column(first[0]), self.column(first[1]), self.path)

    def find_numbered_times(self) -> None:
        """Numbers that rise as times do: within each sequence, or along the only series."""
        if self.time is not None:
            return
        numbers = self._open_numbers()
        sounding = [each for each in numbers if sounds_like_time(self.column(each).name, short=True)]
        if self.id is not None and self._repeats():
            found = [each for each in sounding if is_grid(self.column(self.id), self.column(each))]
        elif self.id is None or self.column(self.id).n_names == 1:
            found = [each for each in sounding if self.column(each).rises]
            if not found and self.options.by_step:
                found = [each for each in numbers if self._counts(each)]
        else:
            found = []
        if len(found) == 1:
            self.take(time=found[0])

    def _counts(self, position: int) -> bool:
        """Whether a column does nothing but count rows: as their names do, or as the first of several may."""
        column = self.column(position)
        if column.is_label:
            return column.rises
        return column.is_even and position == self.open[0] and (self.values is not None or len(self.open) > 1)

    def _open_numbers(self) -> list[int]:
        return [each for each in self.open if self.column(each).kind == "numbers"]

    def _repeats(self) -> bool:
        """Whether names of sequences mostly repeat, so that a row is no sequence."""
        return self.id is not None and 2 * self.column(self.id).n_names <= len(self.sheet)

    def settle(self) -> Roles:
        """Whether a row is a time step; all that is left is values, if it can be."""
        by_step = self.options.by_step or (
            self.options.channels is None and (self.time is not None or (self._repeats() and not self._is_one_name()))
        )
        if by_step:
            self._check_steps()
        elif self.id is None:
            self._find_row_names()
        elif self.options.id is None and self._is_one_name() and len(self.sheet) > 1:
            self.open, self.id = sorted([*self.open, self.id]), None  # which names nothing
        values = self.values
        if values is None:
            values = [each for each in self.open if not self.column(each).is_label]
        if not values:
            self.refuse("has no column left that could hold values")
        columns = [self.column(each) for each in values]
        check_values(columns, self.sheet, self.path, by_step=by_step, told=self.values is not None)
        if not by_step and self.options.channels is None:
            ask_about_rows(columns, self.path, named=self.id is not None)
        id_column = None if self.id is None else self.column(self.id)
        time = None if self.time is None else self.column(self.time)
        return Roles(id_column, time, columns, by_step, self.id)

    def _is_one_name(self) -> bool:
        return self.id is not None and self.column(self.id).n_names == 1

    def _check_steps(self) -> None:
        if self.options.by_step or self.id is None:
            return
        names = self.column(self.id)
        if names.is_distinct and len(self.sheet) > 1:
            assert self.time is not None
            time = self.column(self.time)
            self.refuse(
                f"each row has a name of its own in column {names.name!r}, so it is a sequence, of which column "
                f"{time.name!r} is no step: leave it out with --drop {time.word}; or, if rows are the steps of one "
                f"series, leave the names out with --drop {names.word}"
            )
        if self.time is None:
            self.refuse(
                f"column {names.name!r} has {names.n_names} names for {len(self.sheet)} rows: if rows are the time "
                "steps of these sequences, name the column of their times with --time, or say --in-order; otherwise "
                f"leave the names out with --drop {names.word}"
            )

    def _find_row_names(self) -> None:
        """Whole numbers, all different, that name the rows."""
        labels = [each for each in self.open if self.column(each).is_label]
        sounding = [
            each
            for each in self._open_numbers()
            if sounds_like_id(self.column(each).name) and self.column(each).is_whole and self.column(each).is_distinct
        ]
        found = labels or sounding
        if len(found) == 1:
            self.take(id=found[0])
