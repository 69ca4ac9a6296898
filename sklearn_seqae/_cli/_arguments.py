"""The command line's arguments."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from sklearn_seqae._cli._messages import PROG, one_line
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._paths import (
    CODES_SUFFIXES,
    DATA_MODEL_SUFFIXES,
    MODEL_SUFFIXES,
    PLOT_SUFFIXES,
    SCORES_SUFFIXES,
)

__all__ = ["Options", "make_parser", "parse"]

_DESCRIPTION = """\
Trains an LSTM autoencoder on sequences, says how much of the variance of
sequences held out it explains, beside PCA with as many components, and writes
the codes, the model and a picture. With --series, finds what is unusual in a
long series, and writes a score for each row.

Without DATA, it does so for the digits that scikit-learn ships, each image read
row by row (8 steps of 8 channels), draws some of them, and says how well a
logistic regression tells them apart by their codes."""

_EPILOG = """\
examples:
  python -m sklearn_seqae
  python -m sklearn_seqae wide.csv --id patient --codes codes.csv
  python -m sklearn_seqae long.csv --id patient --time day --values pulse --plot picture.png
  python -m sklearn_seqae sensors.csv --series --train 1000 --scores scores.csv --plot picture.png
  python -m sklearn_seqae sensors.csv --width 96 --stride 24 --codes codes.csv
  python -m sklearn_seqae wide.csv --id patient --save model.safetensors
  python -m sklearn_seqae new.csv --id patient --model model.safetensors --codes new_codes.csv
  python -m sklearn_seqae table.parquet --drop label --channels 3 --test-size 0

what DATA may be:
  .csv .tsv .txt  A row per sequence, a column per time step. Empty cells are
                  missing values, or at the end of a row the sequence's end.
                  A first line that is not all numbers, or counts 0, 1, 2, ...,
                  is a header. Lines before it that begin with # are comments.
  .parquet        The same as a table.
  .npy .npz       An array (steps,), (sequences, steps) or (sequences, steps,
                  channels), with NaN where a value is missing. For sequences of
                  unequal length, an .npz file from np.savez(path, *sequences), each
                  (steps,) or (steps, channels). For safety, no Python objects.

What the columns of a table are (names, times, values) is found where there is
one way to read them, and said; otherwise an error names the options that tell.
A row is a sequence, or a time step of one. With --channels it is a sequence,
and the columns are all channels of the first step, all of the second, and so
on. With --time, --in-order, --width or --series it is a time step, and each
column a channel: --id tells sequences apart, --width cuts long series into
windows, of which the last ones are held out, and --series finds what is unusual
in a long series, row by row.

The status is 0; 2 where an argument or a file is wrong; 130 after Ctrl-C, which
during the training of an autoencoder only ends it: what was learned until then
is written as an unfinished model. With --series, nothing is written then.

Text files need pandas, .parquet files pandas and pyarrow (the extra "files"),
pictures matplotlib (the extra "plot")."""


@dataclass(frozen=True)
class Options:
    """All arguments, checked one by one."""

    data: Path | None
    reading: DataOptions
    latent_dim: int | None
    max_epochs: int | None
    test_size: float
    random_state: int
    device: str
    quiet: bool
    model: Path | None
    train: float | None
    false_alarm_rate: float
    codes: Path | None
    scores: Path | None
    save: Path | None
    plot: Path | None
    force: bool


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(message)}\n")


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> Options:
    """The arguments of a parser that `make_parser` has made; None takes them from the shell."""
    given = vars(parser.parse_args(argv))
    given |= {name: tuple(given[name]) for name in ("time", "values", "drop", "missing")}
    reading = DataOptions(**{field.name: given.pop(field.name) for field in fields(DataOptions)})
    return Options(reading=reading, **given)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = _Parser(
        prog=PROG,
        usage="python -m sklearn_seqae [DATA] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROG} {version('sklearn-seqae')}")
    _add_data_options(parser.add_argument_group("data"))
    _add_series_options(parser.add_argument_group("long series, whose rows are time steps"))
    _add_file_options(parser.add_argument_group("files"))
    _add_training_options(parser.add_argument_group("training"))
    _add_model_option(parser.add_argument_group("instead of training"))
    _add_output_options(parser.add_argument_group("output"))
    return parser


def _add_data_options(group: Any) -> None:
    add = group.add_argument
    add("data", metavar="DATA", nargs="?", type=Path, help="file of sequences, see below")
    add("--id", metavar="COLUMN", help="column that names each row's sequence, by name or position from 0")
    add(
        "--time",
        metavar="COLUMN",
        action="append",
        default=[],
        help="column of times, numbers or dates: a row is then a time step; repeat it for a date and a time of day",
    )
    add("--values", metavar="COLUMN", action="append", default=[], help="column to learn; for several, repeat it")
    add("--drop", metavar="COLUMN", action="append", default=[], help="column to leave out; for several, repeat it")
    add("--in-order", action="store_true", help="rows are time steps, in the order of the file")
    add("--sort", action="store_true", help="put rows in the order of their times")
    add("--channels", metavar="C", type=_integer(1), help="rows are sequences, of C columns per time step")
    add("--drop-empty", action="store_true", help="leave out sequences without any value")


def _add_series_options(group: Any) -> None:
    add = group.add_argument
    add("--series", action="store_true", help="find what is unusual in a long series, row by row")
    add(
        "--train",
        metavar="ROWS",
        type=_rows_or_share,
        help="learn from so many first rows, or this share (default: all)",
    )
    add(
        "--false-alarm-rate",
        metavar="SHARE",
        type=_rate,
        default=0.01,
        help="share of new normal rows that may be beyond the threshold (default: %(default)s)",
    )
    add(
        "--width",
        metavar="N",
        type=_integer(2),
        help="steps of a window; without --series, windows are encoded",
    )
    add("--stride", metavar="M", type=_integer(1), help="steps from window to window (default: half the width)")


def _add_file_options(group: Any) -> None:
    add = group.add_argument
    add("--header", action=argparse.BooleanOptionalAction, help="whether a text file has a header (default: looks)")
    add("--decimal", metavar="MARK", choices=[".", ","], help="decimal mark of a text file (default: looks)")
    add(
        "--missing",
        metavar="NUMBER",
        type=float,
        action="append",
        default=[],
        help="what stands for a missing value, such as -200, beside empty cells; for several, repeat it",
    )
    add("--encoding", metavar="NAME", help="encoding of a text file, such as latin-1 or utf-16 (default: utf-8)")
    add("--time-format", metavar="FORMAT", help='how dates are written, such as "%%d/%%m/%%Y %%H:%%M" (default: looks)')
    add("--key", metavar="NAME", help="the array to take from an .npz file")
    add(
        "--memory",
        metavar="GIB",
        type=_positive,
        help="refuse files whose numbers fill more (default: a quarter of the machine's memory)",
    )


def _add_training_options(group: Any) -> None:
    add = group.add_argument
    add("--latent-dim", metavar="N", type=_integer(1), help="numbers per code (default: 8; more for --series)")
    add("--max-epochs", metavar="N", type=_integer(1), help="most passes over the data (default: by its size)")
    add(
        "--test-size",
        metavar="SHARE",
        type=_share,
        default=0.2,
        help="share of the sequences held out for the scores; 0 trains on all of them (default: %(default)s)",
    )
    add("--random-state", metavar="SEED", type=_integer(0, 2**32 - 1), default=0, help="seed (default: %(default)s)")
    add("--device", default="cpu", help="cpu, cuda, ... or auto (default: %(default)s)")
    add("-q", "--quiet", action="store_true", help="show no progress bar (there is one in a terminal)")


def _add_model_option(group: Any) -> None:
    help_text = f"apply a model that --save has written: {', '.join(DATA_MODEL_SUFFIXES)}, which holds data alone"
    group.add_argument("--model", metavar="MODEL", type=Path, help=help_text)


def _add_output_options(group: Any) -> None:
    for option, suffixes, what in (
        ("--codes", CODES_SUFFIXES, "codes of all sequences, also those held out, in their order"),
        ("--scores", SCORES_SUFFIXES, "with --series: a score for each row of the file"),
        ("--save", MODEL_SUFFIXES, "the fitted model"),
        ("--plot", PLOT_SUFFIXES, "held-out sequences and their reconstructions, or the series and its score"),
    ):
        group.add_argument(option, metavar="OUT", type=Path, help=f"{what}: {', '.join(suffixes)}")
    group.add_argument("--force", action="store_true", help="replace outputs that exist already")


def _integer(low: int, high: int | None = None) -> Callable[[str], int]:
    """An argument type: a whole number within limits."""
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"

    def convert(text: str) -> int:
        with suppress(ValueError):
            if low <= int(text) and (high is None or int(text) <= high):
                return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number {limits}, got {text!r}")

    return convert


def _share(text: str) -> float:
    """An argument type: a share of the sequences."""
    with suppress(ValueError):
        if 0 <= float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a share from 0 to below 1, got {text!r}")


def _rows_or_share(text: str) -> float:
    """An argument type: a share of the rows, or a number of them."""
    with suppress(ValueError):
        if 0 < float(text) < 1 or (float(text).is_integer() and float(text) >= 1):
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number of rows or a share of them below 1, got {text!r}")


def _rate(text: str) -> float:
    """An argument type: a share that is neither nothing nor everything."""
    with suppress(ValueError):
        if 0 < float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a share above 0 and below 1, got {text!r}")


def _positive(text: str) -> float:
    """An argument type: a number above zero."""
    with suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
