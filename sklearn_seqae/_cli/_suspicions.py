"""Tables and arrays that may not be what they would be taken for: whoever knows is asked, by an error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._dates import looks_like_clock, looks_like_date
from sklearn_seqae._cli._hints import sounds_like_answer, sounds_like_id, sounds_like_time
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._sheet import Column, Sheet

__all__ = ["ask_about_order", "ask_about_rows", "ask_about_smooth_rows", "check_values", "is_grid", "is_in_blocks"]

# A table this narrow, and this much longer than wide, may be a series; its rows follow each other smoothly.
_MOST_CHANNELS = 10
_LONGER_THAN_WIDE = 10
_SMOOTH = 0.7
# Classes are few.
_MOST_CLASSES = 20
_FEWEST_ROWS = 10

_WHICH = "--channels 1 if each row is a sequence, and --series or --width N if it is a time step of one long series"


def is_in_blocks(names: Column) -> bool:
    """Whether the same names stand together."""
    return int(np.sum(np.diff(names.codes) != 0)) == names.n_names - 1


def is_grid(names: Column, times: Column) -> bool:
    """Whether names mostly repeat, and no time comes twice for one."""
    n_rows = len(names.codes)
    if not 1 < names.n_names <= n_rows / 2 or times.n_names == 1:
        return False
    pairs = names.codes * (times.n_names + 1) + times.codes
    return len(np.unique(pairs)) == n_rows


def ask_about_order(first: Column, second: Column, path: Path) -> None:
    """Refuse a table whose first two columns look like numbered sequences and their numbered steps."""
    for names, times in ((first, second), (second, first)):
        if is_grid(names, times) and len(names.codes) >= names.n_names * times.n_names / 2:
            either = f"--id {second.word} --time {first.word}" if is_grid(second, first) else ""
            raise InputError(
                f"{path}: looks like a row per time step, since columns {first.name!r} and {second.name!r} number "
                f"sequences and steps: say --id {names.word} --time {times.word}"
                f"{f' or {either}' if either and names is first else ''}, or --channels 1 if each row is a sequence"
            )


def check_values(columns: Sequence[Column], sheet: Sheet, path: Path, *, by_step: bool, told: bool) -> None:
    """Refuse values that are no numbers and, if they were not told, what is likely no measurement."""
    answers = [] if told else [each for each in columns if sounds_like_answer(each.name)]
    if answers:
        names, options = " and ".join(repr(each.name) for each in answers), [f"--drop {each.word}" for each in answers]
        sound = "sounds" if len(answers) == 1 else "sound"
        raise InputError(
            f"{path}: {names} in the header {sound} like an answer, which would be learned as if measured: leave "
            f"it out with {' '.join(options)}, or name the columns that are to be learned with --values"
        )
    for column in columns:
        if column.kind != "numbers":
            _refuse_cell(column, sheet, path)
        infinite = np.flatnonzero(np.isinf(column.numbers))
        if len(infinite):
            row, name = int(infinite[0]), column.name
            raise InputError(
                f"{path}: column {name!r} holds {column.numbers[row]:g} in {sheet.place(row)}; leave the cell empty"
            )
        if told:
            continue
        if by_step and sounds_like_id(column.name):
            _refuse_part(path, column, "a name of series", "--id")
        if by_step and sounds_like_time(column.name):
            _refuse_part(path, column, "a time", "--time")


def _refuse_part(path: Path, column: Column, what: str, option: str) -> NoReturn:
    name = column.word
    raise InputError(
        f"{path}: column {column.name!r} sounds like {what}, not like something measured: say {option} {name}, "
        f"leave it out with --drop {name}, or name the columns that are to be learned with --values"
    )


def _refuse_cell(column: Column, sheet: Sheet, path: Path) -> NoReturn:
    row = column.odd_cell
    text = str(column.cells.iloc[row])
    raise InputError(
        f"{path}: column {column.name!r} holds {text[:40]!r} in {sheet.place(row)}, {_remedy(column, text)}"
    )


def _remedy(column: Column, text: str) -> str:
    """What to do about a cell that is no number."""
    name = column.word
    if looks_like_date(text):
        return (
            f"a date; if it is the time of a step, say --time {name}, or else leave the column out with --drop {name}"
        )
    if looks_like_clock(text):
        return f"a time of day; join it to the date with --time DATE --time {name}, or leave it out with --drop {name}"
    if column.kind == "mixed" and looks_like_date(str(column.cells.dropna().iloc[0])):
        return f"which is no date as those above it; put it right, or leave the column out with --drop {name}"
    return (
        f"which is not a number; leave the cell empty, or the column out with --drop {name}, or say --id {name} if it "
        "names the sequences"
    )


def ask_about_rows(columns: Sequence[Column], path: Path, *, named: bool) -> None:
    """Refuse a table, taken for a sequence a row, that may be something else."""
    if len(columns) == 1 and not named:
        raise InputError(
            f"{path}: has a single column of numbers, so it is one long series: find what is unusual in it with "
            "--series, or cut it into windows with --width N"
        )
    first, others = columns[0], columns[1:]
    rows = len(first.cells) >= _FEWEST_ROWS
    if not named and first.is_whole and len(first.cells) > 2:
        if first.rises and not others[0].rises:
            _ask_about_first(path, first, "counts up from row to row", f"--id {first.word} if it names the sequences, ")
        if rows and first.is_distinct and not any(each.is_whole for each in others):
            what = "holds whole numbers that are all different, unlike the others"
            _ask_about_first(path, first, what, f"--id {first.word} if it names the sequences, ")
    if rows and first.is_whole and 1 < first.n_names <= _MOST_CLASSES and not any(each.is_whole for each in others):
        _ask_about_first(path, first, f"holds {first.n_names} whole numbers alone, as classes do")
    if not named:
        ask_about_smooth_rows(np.stack([each.numbers for each in columns], axis=1), path)


def _ask_about_first(path: Path, column: Column, what: str, option: str = "") -> NoReturn:
    raise InputError(
        f"{path}: column {column.name!r} {what}: say {option}--drop {column.word} to leave it out, --channels 1 if it "
        "is the first time step" + (f", --time {column.word} if rows are time steps" if option else "")
    )


def ask_about_smooth_rows(table: NDArray[Any], path: Path) -> None:
    """Refuse a narrow table whose rows follow each other as time steps do."""
    n_rows, n_columns = table.shape
    if n_columns > _MOST_CHANNELS or n_rows < _LONGER_THAN_WIDE * n_columns or n_rows < 3 * _FEWEST_ROWS:
        return
    table = np.asarray(table, dtype=np.float64)
    centred = table - np.nanmean(table, axis=0)
    variance = np.nanmean(np.square(centred), axis=0)
    followed = np.nanmean(centred[1:] * centred[:-1], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        smoothness = np.nanmedian(np.where(variance > 0, followed / variance, np.nan))
    if smoothness > _SMOOTH:
        raise InputError(
            f"{path}: may be {n_rows} sequences of {n_columns} steps, or one series of {n_columns} channels, since its "
            f"rows follow each other smoothly: say {_WHICH}"
        )
