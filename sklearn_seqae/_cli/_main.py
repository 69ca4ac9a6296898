"""The main job from a shell: `python -m sklearn_seqae` for sequences in a file, or for scikit-learn's digits."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sklearn_seqae._cli._arguments import Options, make_parser, parse
from sklearn_seqae._cli._messages import PROG, InputError, warnings_in_one_line
from sklearn_seqae._cli._options import DataOptions
from sklearn_seqae._cli._paths import (
    CODES_SUFFIXES,
    MODEL_SUFFIXES,
    PLOT_SUFFIXES,
    check_input,
    check_model,
    check_output,
    require,
)

__all__ = ["main"]

_DIGITS_PLOT = Path("digits_reconstructions.png")
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str or None, default=None
        Arguments without the program's name; None takes them from the shell.

    Returns
    -------
    status : int
        0, or 130 after Ctrl-C. One in the training only ends it: the files are written all the same.

    Raises
    ------
    SystemExit
        With status 2 and one line on stderr where an argument or a file is wrong.
    """
    parser = make_parser()
    options = parse(parser, argv)
    try:
        options = _check(options)
        with warnings_in_one_line():
            interrupted = _run(options)
    except InputError as error:
        parser.error(str(error))
    except MemoryError:
        parser.error(f"{options.data or 'the digits'}: there is not enough memory to train on so many numbers")
    except KeyboardInterrupt:
        print(f"{PROG}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return _INTERRUPTED if interrupted else 0


_OF_TRAINING = ("latent_dim", "max_epochs", "test_size", "random_state", "device", "save")


def _check(options: Options) -> Options:
    """Refuse before torch is imported what could not be read or, later, written; fill in the digits' picture."""
    if options.data is None:
        options = _check_digits(options)
    else:
        check_input(options.data, options.reading)
    if options.model is not None:
        _check_model(options, options.model)
    for option, path, suffixes in (
        ("--codes", options.codes, CODES_SUFFIXES),
        ("--save", options.save, MODEL_SUFFIXES),
        ("--plot", options.plot, PLOT_SUFFIXES),
    ):
        if path is not None:
            # The digits' picture has a name of ours, and the next run's is the same picture.
            check_output(option, path, suffixes, data=options.data, force=options.force or path is _DIGITS_PLOT)
    return options


def _check_model(options: Options, path: Path) -> None:
    if options.data is None:
        raise InputError("--model is applied to a file: give it as DATA")
    defaults = parse(make_parser(), [])
    for option in _OF_TRAINING:
        if getattr(options, option) != getattr(defaults, option):
            raise InputError(f"--{option.replace('_', '-')} is about training, but --model has been trained")
    check_model(path)


def _check_digits(options: Options) -> Options:
    for option, value in vars(options.reading).items():
        if value != getattr(DataOptions(), option):
            raise InputError(f"--{option.replace('_', '-')} is about a file: give it as DATA")
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


def _run(options: Options) -> bool:
    """Load, train, score and write; whether Ctrl-C has ended the training."""
    from sklearn_seqae._cli import _job, _outputs, _report  # torch, which takes seconds

    model = None if options.model is None else _job.load_model(options.model)
    data = _job.load(options, model)
    print(f"{data.name}: read as {_report.describe(data)}", flush=True)
    if model is not None:
        result = _job.apply(data, model)
        print(f"Applied {options.model}: {model.architecture_}")
    else:
        split = _job.split(data, options)
        print(_report.describe_split(data, split), flush=True)
        result = _job.fit(data, split, options)
        print(_report.describe_training(result))
    _report.print_scores(result)
    for path, content in _outputs.write(result, options):
        print(f"\n{path}\n  {content}")
    interrupted = model is None and result.model.interrupted_
    if interrupted:
        print(f"{PROG}: interrupted: the model is unfinished, after {result.model.n_iter_} epochs", file=sys.stderr)
    return interrupted
