"""The main job from a shell: `python -m sklearn_seqae` for sequences in a file, or for scikit-learn's digits."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklearn_seqae._cli._arguments import Options, make_parser, parse
from sklearn_seqae._cli._checks import check, check_series
from sklearn_seqae._cli._messages import PROG, InputError, warnings_in_one_line
from sklearn_seqae._cli._paths import check_input

__all__ = ["main"]

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
        0, or 130 after Ctrl-C. One in the training of an autoencoder only ends it: the files are written all the same.

    Raises
    ------
    SystemExit
        With status 2 and one line on stderr where an argument or a file is wrong.
    """
    parser = make_parser()
    options = parse(parser, argv)
    try:
        options = check(options)
        with warnings_in_one_line():
            interrupted = _run(options)
    except InputError as error:
        parser.error(str(error))
    except MemoryError:
        parser.error(f"{options.data or 'the digits'}: there is not enough memory to train on so many numbers")
    except KeyboardInterrupt as interrupt:
        print(": ".join([PROG, "interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return _INTERRUPTED
    return _INTERRUPTED if interrupted else 0


def _run(options: Options) -> bool:
    """Load, train, score and write; whether Ctrl-C has ended the training."""
    from sklearn_seqae._cli import _job  # torch, which takes seconds
    from sklearn_seqae._series import LSTMSeriesOutlierDetector

    model = None if options.model is None else _job.load_model(options.model)
    if isinstance(model, LSTMSeriesOutlierDetector) or (model is None and options.reading.series):
        _judge_rows(options, model)
        return False
    for option in ("--series" if options.reading.series else "", "--scores" if options.scores is not None else ""):
        if option:
            raise InputError(f"{option} is for a model of long series, but {options.model} holds one of sequences")
    return _encode_sequences(options, model)


def _encode_sequences(options: Options, model: Any) -> bool:
    from sklearn_seqae._cli import _job, _outputs, _report

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


def _judge_rows(options: Options, model: Any) -> None:
    from sklearn_seqae._cli import _detection, _detection_outputs, _detection_report

    assert options.data is not None
    reading = replace(options.reading, series=True)
    if model is not None:  # which may be the first to say that rows are judged
        check_series(replace(options, reading=reading))
        check_input(options.data, reading)
    rows = _detection.load_rows(options.data, reading, model)
    print(f"{options.data}: read as {_detection_report.describe_rows(rows)}", flush=True)
    if model is not None:
        result = _detection.detect(rows, model)
        print(f"Applied {options.model}")
    else:
        n_training = _detection.training_rows(rows, options)
        print(_detection_report.describe_training(rows, n_training), flush=True)
        result = _detection.fit_detector(rows, n_training, options)
        print(f"Fitted in {result.seconds:.1f} s, with held-out rows for the threshold")
    for line in (*_detection_report.describe_threshold(result), *_detection_report.list_unusual(result)):
        print(line)
    for path, content in _detection_outputs.write_detection(result, options):
        print(f"\n{path}\n  {content}")
