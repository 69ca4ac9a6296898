"""What is refused before torch is imported: options that do not go together, files that cannot be read or written."""

import sys
from dataclasses import replace
from pathlib import Path

from sklearn_seqae._cli._arguments import Options, make_parser, parse
from sklearn_seqae._cli._messages import InputError
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._paths import (
    CODES_SUFFIXES,
    MODEL_SUFFIXES,
    PLOT_SUFFIXES,
    SCORES_SUFFIXES,
    check_input,
    check_model,
    check_output,
    require,
)

__all__ = ["check", "check_series"]

_DIGITS_PLOT = Path("digits_reconstructions.png")
_OF_TRAINING = (
    "latent_dim",
    "max_epochs",
    "test_size",
    "train",
    "false_alarm_rate",
    "random_state",
    "device",
    "save",
)
# What only makes sense with --series, and what does not make sense with it, and why.
_OF_SERIES = ("train", "false_alarm_rate")
_NOT_OF_SERIES = {
    "codes": "of sequences, but --series judges rows: write these with --scores; or cut windows with --width, without "
    "--series",
    "test_size": "the share of sequences held out; with --series, --train says from which rows to learn",
}


def check(options: Options) -> Options:
    """Refuse what could not be read or, later, written; fill in the digits' picture.

    Raises
    ------
    InputError
        With what is wrong, in one line.
    """
    if options.data is None:
        options = _check_digits(options)
    else:
        check_input(options.data, options.reading)
    if options.model is not None:
        _check_model(options, options.model)
    elif not options.reading.series:
        for name in (*_OF_SERIES, "scores"):
            if _is_given(options, name):
                raise InputError(f"{_as_option(name)} is about the rows of a long series: say --series, too")
    if options.reading.series:
        check_series(options)
    for name, suffixes in (
        ("codes", CODES_SUFFIXES),
        ("scores", SCORES_SUFFIXES),
        ("save", MODEL_SUFFIXES),
        ("plot", PLOT_SUFFIXES),
    ):
        path = getattr(options, name)
        if path is not None:
            # The digits' picture has a name of ours, and the next run's is the same picture.
            check_output(f"--{name}", path, suffixes, data=options.data, force=options.force or path is _DIGITS_PLOT)
    return options


def check_series(options: Options) -> None:
    """Refuse options that make no sense where the rows of a long series are judged."""
    for name, why in _NOT_OF_SERIES.items():
        if _is_given(options, name):
            raise InputError(f"{_as_option(name)} is {why}")
    if options.model is not None and options.reading.width is not None:
        raise InputError("--width is about training, but --model has been trained")


def _check_model(options: Options, path: Path) -> None:
    if options.data is None:
        raise InputError("--model is applied to a file: give it as DATA")
    for name in _OF_TRAINING:
        if _is_given(options, name):
            raise InputError(f"{_as_option(name)} is about training, but --model has been trained")
    check_model(path)


def _check_digits(options: Options) -> Options:
    for name, value in vars(options.reading).items():
        if value != getattr(DataOptions(), name):
            raise InputError(f"{_as_option(name)} is about a file: give it as DATA")
    if options.plot is None:
        try:
            require(["matplotlib"], "A picture of some digits", "matplotlib")
        except InputError as hint:
            print(hint, file=sys.stderr)
        else:
            if _DIGITS_PLOT.exists():
                print(f"{_DIGITS_PLOT} is there from an earlier run and will be replaced")
            return replace(options, plot=_DIGITS_PLOT)
    return options


def _is_given(options: Options, name: str) -> bool:
    """Whether an option is not what it is by default."""
    return getattr(options, name) != getattr(parse(make_parser(), []), name)


def _as_option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
