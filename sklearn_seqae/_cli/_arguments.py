"""The command line's arguments."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from sklearn_seqae._cli._files import CODES_SUFFIXES, MODEL_SUFFIXES, PLOT_SUFFIXES, one_line

__all__ = ["PROG", "make_parser"]

PROG = "sklearn_seqae"

_DESCRIPTION = """\
Trains an LSTM autoencoder on sequences, says how much of the variance of
sequences held out it explains, beside PCA with as many components, and writes
the codes, the model and a picture.

Without DATA, it does so for the digits that scikit-learn ships, each image read
row by row (8 steps of 8 channels), draws some of them, and says how well a
logistic regression tells them apart by their codes."""

_EPILOG = """\
examples:
  python -m sklearn_seqae
  python -m sklearn_seqae series.csv --codes codes.csv --plot picture.png
  python -m sklearn_seqae sensors.npy --latent-dim 16 --model sensors.joblib
  python -m sklearn_seqae table.parquet --drop label --channels 3 --test-size 0

what DATA may be:
  .csv .tsv .txt  A row per sequence, a column per time step. Empty cells are
                  missing values, or at the end of a row the sequence's end.
                  A first line that is not all numbers, or counts 0, 1, 2, ...,
                  is a header.
  .parquet        The same as a table.
  .npy .npz       An array (sequences, steps) or (sequences, steps, channels),
                  with NaN where a value is missing. For sequences of unequal
                  length, an .npz file from np.savez(path, *sequences), each
                  (steps,) or (steps, channels). For safety, no Python objects.

With --channels, the columns of a table are all channels of the first step, all
of the second, and so on.

Text files need pandas, .parquet files pandas and pyarrow (the extra "files"),
pictures matplotlib (the extra "plot")."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(message)}\n")


def make_parser() -> _Parser:
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
    _add_training_options(parser.add_argument_group("training"))
    _add_output_options(parser.add_argument_group("output"))
    return parser


def _add_data_options(group: Any) -> None:
    group.add_argument("data", metavar="DATA", nargs="?", type=Path, help="file of sequences, see below")
    group.add_argument(
        "--channels", metavar="C", type=_integer(1), help="channels per time step of a table (default: 1)"
    )
    group.add_argument("--key", metavar="NAME", help="the array to take from an .npz file")
    group.add_argument(
        "--drop",
        metavar="COLUMN",
        action="append",
        default=[],
        help="column of a table to leave out, by name or position from 0; for several, repeat it",
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether a text file begins with a header (default: looks)",
    )


def _add_training_options(group: Any) -> None:
    add = group.add_argument
    add("--latent-dim", metavar="N", type=_integer(1), default=8, help="numbers per code (default: %(default)s)")
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
    add("-q", "--quiet", action="store_true", help="show no progress bar")


def _add_output_options(group: Any) -> None:
    for option, suffixes, what in (
        ("--codes", CODES_SUFFIXES, "codes of all sequences, also those held out, in their order"),
        ("--model", MODEL_SUFFIXES, "the fitted model"),
        ("--plot", PLOT_SUFFIXES, "some held-out sequences and their reconstructions"),
    ):
        group.add_argument(option, metavar="OUT", type=Path, help=f"{what}: {', '.join(suffixes)}")


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
