"""The main job from a shell: `python -m sklearn_seqae` for sequences in a file, or for scikit-learn's digits."""

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._cli import _files, _pictures
from sklearn_seqae._cli._arguments import PROG, make_parser
from sklearn_seqae._cli._comparison import LinearModel, Split, accuracy, fit_linear, split_rows, take
from sklearn_seqae._cli._files import InputError, one_line
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._plot._channels import MAX_CHANNELS
from sklearn_seqae._plot._reconstruction import ReconstructionDisplay, reconstruction_size

__all__ = ["main"]

Array = NDArray[Any]

_DIGITS_PLOT = Path("digits_reconstructions.png")
_N_EXAMPLES = 4


@dataclass(frozen=True)
class _Data:
    """What to train on: as the user has it, as the package reads it, and for the digits what they are."""

    name: str
    X: Any
    sequences: Sequences
    labels: Array | None = None

    def __len__(self) -> int:
        return len(self.sequences)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str or None, default=None
        Arguments without the program's name; None takes them from the shell.

    Returns
    -------
    status : int
        0, or 130 after Ctrl-C at any time but during the training, which it only ends.

    Raises
    ------
    SystemExit
        With status 2 and one line on stderr where an argument or a file is wrong.
    """
    parser = make_parser()
    options = parser.parse_args(argv)
    try:
        with _warnings_in_one_line():
            _run(options)
    except InputError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print(f"{PROG}: interrupted", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    options = _check_outputs(options)
    data = _load(options)
    print(f"Read {data.name}: {_describe(data.sequences)}")
    result = _fit(data, _split(len(data), options), options)
    _print_scores(result)
    _write(result, options)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show warnings for users as a line on stderr; those for developers stay as they are set."""

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        print(f"{PROG}: warning: {one_line(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield


def _check_outputs(options: argparse.Namespace) -> argparse.Namespace:
    """Refuse before the training what could not be written after it; fill in the digits' picture."""
    if options.data is None and options.plot is None:
        try:
            _files.require(["matplotlib"], "A picture of some digits", "matplotlib")
        except InputError as hint:
            print(hint, file=sys.stderr)
        else:
            options = argparse.Namespace(**vars(options) | {"plot": _DIGITS_PLOT})
    for option, path, suffixes in (
        ("--codes", options.codes, _files.CODES_SUFFIXES),
        ("--model", options.model, _files.MODEL_SUFFIXES),
        ("--plot", options.plot, _files.PLOT_SUFFIXES),
    ):
        if path is not None:
            _files.check_output(option, path, suffixes, options.data)
    return options


# Data


def _load(options: argparse.Namespace) -> _Data:
    if options.data is not None:
        X = _files.read_sequences(options.data, key=options.key, header=options.header, drop=options.drop)
        return _Data(str(options.data), X, _read_checked(X, options))
    for option in ("channels", "key", "drop", "header"):
        if getattr(options, option) not in (None, []):
            raise InputError(f"--{option} is about a file: give it as DATA")
    digits = load_digits()
    return _Data("scikit-learn's digits", digits.images, _read_checked(digits.images, options), digits.target)


def _read_checked(X: Any, options: argparse.Namespace) -> Sequences:
    """All of X through the package's door, so that errors name rows of the file and come before the training."""
    n_axes = 3 if isinstance(X, list) else X.ndim
    n_channels = options.channels or 1
    if n_axes == 2 and X.shape[1] % n_channels:
        raise InputError(f"--channels {n_channels} does not divide the {X.shape[1]} columns of {options.data}")
    try:
        sequences = validate_sequences(LSTMAutoencoder(), X, n_channels=n_channels if n_axes == 2 else 1)
    except (TypeError, ValueError) as error:
        raise InputError(f"{options.data}: {one_line(error)}") from error
    if options.channels not in (None, sequences.n_channels):
        raise InputError(
            f"--channels {n_channels} is for 2-D tables; {options.data} has {sequences.n_channels} of its own accord"
        )
    return sequences


def _describe(sequences: Sequences) -> str:
    lengths, n_channels = sequences.lengths, sequences.n_channels
    shortest, longest = lengths.min(), lengths.max()
    padded = (sequences.sizes - lengths).sum() * n_channels
    missing = (np.isnan(sequences.steps).sum() - padded) / (lengths.sum() * n_channels)
    steps = _count(longest, "step") if shortest == longest else f"{shortest} to {longest} steps"
    share = f"{100 * missing:.2g} % of the values" if missing else "nothing"
    return f"{_count(len(lengths), 'sequence')} of {steps}, {_count(n_channels, 'channel')}, {share} missing"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# Training


@dataclass(frozen=True)
class _Result:
    """What a run has come to; `linear` is PCA, or why there is none."""

    data: _Data
    split: Split
    model: LSTMAutoencoder
    linear: LinearModel | str
    codes: Array

    @property
    def scored(self) -> str:
        """The sequences that are scored, in words."""
        return _count(len(self.split.scored), f"{self.split.kind} sequence")


def _split(n: int, options: argparse.Namespace) -> Split:
    try:
        return split_rows(n, options.test_size, options.random_state)
    except ValueError as error:
        raise InputError(
            f"--test-size {options.test_size:g} of {_count(n, 'sequence')} leaves none to train on; --test-size 0 "
            "holds none out"
        ) from error


def _fit(data: _Data, split: Split, options: argparse.Namespace) -> _Result:
    training = _count(len(split.training), "sequence")
    print(f"Training on {training}, {len(split.scored) if split.held_out else 'none'} held out", flush=True)
    model = LSTMAutoencoder(
        options.latent_dim,
        n_channels=options.channels or 1,
        max_epochs=options.max_epochs or "auto",
        device=options.device,
        random_state=options.random_state,
        verbose=0 if options.quiet else 1,
    )
    start = time.perf_counter()
    try:
        model.fit(take(data.X, split.training))
    except ValueError as error:
        raise InputError(str(error)) from error
    print(f"Trained for {_count(model.n_iter_, 'epoch')} in {time.perf_counter() - start:.1f} s")
    linear = fit_linear(data.sequences, split.training, options.latent_dim)
    codes = np.asarray(model.transform(data.X))  # scikit-learn may be set to return data frames
    return _Result(data, split, model, linear, codes)


# Scores


def _print_scores(result: _Result) -> None:
    """A table with a column for each model, and what is to be said of it."""
    linear = result.linear
    heads = ["LSTM autoencoder"]
    if isinstance(linear, LinearModel):
        heads.append(f"PCA, {_count(linear.pca.n_components_, 'component')}")
    print(f"\n{f'On the {result.scored}':<48}" + "".join(f"{head:>20}" for head in heads))
    for name, values in _scores(result):
        print(f"{name:<48}" + "".join(f"{value:>20.3f}" for value in values))
    if isinstance(linear, str):
        print(f"There is no PCA to compare with, since {linear}.")
    if not result.split.held_out:
        print("These are the sequences trained on; on others, expect less.")


def _scores(result: _Result) -> Iterator[tuple[str, list[float]]]:
    """Rows of the table."""
    data, split, model, linear = result.data, result.split, result.model, result.linear
    explained, codes = [model.score(take(data.X, split.scored))], [result.codes]
    if isinstance(linear, LinearModel):
        explained.append(linear.score(split.scored, model.channel_mean_))
        codes.append(linear.codes)
    yield "share of the variance explained", explained
    if data.labels is not None:
        accuracies = [accuracy(each, data.labels, split) for each in codes]
        yield "accuracy of a logistic regression on the codes", accuracies


# Files


def _write(result: _Result, options: argparse.Namespace) -> None:
    """Write what was asked for, and say what is where."""
    if options.codes is not None:
        _files.write_codes(options.codes, result.codes, result.model.get_feature_names_out())
        print(f"\n{options.codes}\n  codes of all {_count(len(result.data), 'sequence')}, in their order")
    if options.model is not None:
        reader = _files.write_model(options.model, result.model)
        training = _count(len(result.split.training), "training sequence")
        print(f"\n{options.model}\n  model, fitted on the {training}: {reader}")
    if options.plot is not None:
        draw = _draw_sequences if result.data.labels is None else _draw_digits
        print(f"\n{options.plot}\n  {draw(result, options.plot)}")


def _draw_digits(result: _Result, path: Path) -> str:
    """The first scored digit of each class above its reconstructions; says what was drawn."""
    data, split = result.data, result.split
    assert data.labels is not None
    _, first = np.unique(data.labels[split.scored], return_index=True)
    rows = split.scored[first]
    pictures = {"original": data.X[rows], "LSTM autoencoder": result.model.reconstruct(data.X[rows])}
    if isinstance(result.linear, LinearModel):
        pictures["PCA"] = result.linear.reconstruct(rows).reshape(data.X[rows].shape)
    with _files.writing(path):
        _pictures.save_figure(_pictures.draw_images(pictures), path)
    digits = _count(len(rows), f"{split.kind} digit")
    return f"{digits} above their reconstructions from {_count(result.codes.shape[1], 'number')} each"


def _draw_sequences(result: _Result, path: Path) -> str:
    """Some scored sequences, from the best reconstructed to the worst; says what was drawn."""
    scored, model = result.split.scored, result.model
    n_drawn, n_channels = min(_N_EXAMPLES, len(scored)), min(MAX_CHANNELS, model.n_channels_in_)
    with _files.writing(path):
        display = ReconstructionDisplay.from_estimator(
            model,
            take(result.data.X, scored),
            n_sequences=n_drawn,
            sequence_names=scored,
            ax=_pictures.make_axes(reconstruction_size(n_channels, n_drawn)),
        )
        _pictures.save_figure(display.figure_, path)
    some = f", {n_channels} channels of them" if n_channels < model.n_channels_in_ else ""
    return f"{_count(n_drawn, f'{result.split.kind} sequence')}{some}, from the best reconstructed to the worst"
