"""The main job: sequences in, an autoencoder trained on them."""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._cli._arguments import Options
from sklearn_seqae._cli._arranged import Arranged
from sklearn_seqae._cli._arranging import arrange
from sklearn_seqae._cli._comparison import LinearModel, fit_linear
from sklearn_seqae._cli._messages import InputError, count, one_line
from sklearn_seqae._cli._reading import read
from sklearn_seqae._cli._splitting import Split, split_rows, split_windows
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._files import load as load_file
from sklearn_seqae._series import LSTMSeriesOutlierDetector

__all__ = ["Data", "Result", "apply", "fit", "load", "load_model", "split"]

Array = NDArray[Any]

# Numbers per code.
_LATENT_DIM = 8


@dataclass(frozen=True)
class Data:
    """What to train on: as the user has it, as the package reads it, and for the digits what they are."""

    name: str
    arranged: Arranged
    sequences: Sequences
    digits: Array | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    def take(self, rows: Any) -> Any:
        """Some sequences, as the estimator takes them."""
        return self.arranged.take(rows).X


@dataclass(frozen=True)
class Result:
    """What a run has come to; `linear` is PCA, or why there is none."""

    data: Data
    split: Split
    model: LSTMAutoencoder
    linear: LinearModel | str
    codes: Array
    seconds: float


def load(options: Options, model: LSTMAutoencoder | None = None) -> Data:
    """The sequences of the file, or the digits; columns of tables are read as a model to be applied has them."""
    if options.data is None:
        digits = load_digits()
        arranged = Arranged(digits.images)
        sequences = validate_sequences(LSTMAutoencoder(), digits.images)
        return Data("scikit-learn's digits", arranged, sequences, digits.target)
    reading = options.reading
    if model is not None and model.container_ == "table" and reading.channels is None and not reading.by_step:
        reading = replace(reading, channels=model.n_channels)
    arranged = arrange(read(options.data, reading), reading, options.data)
    return Data(str(options.data), arranged, _through_the_door(arranged.X, options.data, reading.channels))


def _through_the_door(X: Any, path: Path, channels: int | None) -> Sequences:
    """All of X as the package reads it, so that errors name rows of the file and come before the training."""
    n_axes = 3 if isinstance(X, list) else X.ndim
    n_channels = channels or 1
    if n_axes == 2 and X.shape[1] % n_channels:
        raise InputError(f"--channels {n_channels} does not divide the {X.shape[1]} columns of {path}")
    try:
        sequences = validate_sequences(LSTMAutoencoder(), X, n_channels=n_channels if n_axes == 2 else 1)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {one_line(error)}") from error
    if channels not in (None, sequences.n_channels):
        raise InputError(
            f"--channels {n_channels} is for 2-D tables; {path} has {sequences.n_channels} of its own accord"
        )
    if sequences.n_timesteps == 1:
        raise InputError(
            f"{path}: has sequences of a single time step, which have no order to learn; if rows are the time steps of "
            "one long series, find what is unusual in it with --series, or cut it into windows with --width N"
        )
    return sequences


def split(data: Data, options: Options) -> Split:
    """Hold some sequences out."""
    windows = data.arranged.windows
    try:
        if windows is not None:
            return split_windows(windows, options.test_size)
        return split_rows(len(data), options.test_size, options.random_state)
    except ValueError as error:
        what = count(len(data), "sequence" if windows is None else "window")
        none = "none to train on" if windows is None else "none to train on that do not overlap those held out"
        raise InputError(
            f"--test-size {options.test_size:g} of {what} leaves {none}; --test-size 0 holds none out"
        ) from error


def load_model(path: Path) -> LSTMAutoencoder | LSTMSeriesOutlierDetector:
    """A model that has been fitted to other data."""
    try:
        model = load_file(path)
        check_is_fitted(model)
    except NotFittedError as error:
        raise InputError(f"--model {path}: holds a model that has not been fitted") from error
    except (OSError, ValueError) as error:
        raise InputError(f"--model {one_line(error)}") from error
    if not isinstance(model, LSTMAutoencoder | LSTMSeriesOutlierDetector):
        raise InputError(
            f"--model {path}: holds an {type(model).__name__}; codes are an LSTMAutoencoder's, scores of rows an "
            "LSTMSeriesOutlierDetector's"
        )
    return model


def apply(data: Data, model: LSTMAutoencoder) -> Result:
    """Encode sequences with a model that has been fitted to others."""
    try:
        codes = np.asarray(model.transform(data.arranged.X))  # scikit-learn may be set to return data frames
    except ValueError as error:
        raise InputError(f"{data.name}: {one_line(error)}") from error
    split = Split(np.arange(0), np.arange(len(data)), held_out=False)
    return Result(data, split, model, "the model was fitted before, to other sequences", codes, 0.0)


def fit(data: Data, split: Split, options: Options) -> Result:
    """Train the autoencoder, and fit PCA to compare it with."""
    model = LSTMAutoencoder(
        options.latent_dim or _LATENT_DIM,
        n_channels=options.reading.channels or 1,
        max_epochs=options.max_epochs or "auto",
        device=options.device,
        random_state=options.random_state,
        verbose=int(not options.quiet and sys.stderr.isatty()),
    )
    start = time.perf_counter()
    try:
        model.fit(data.take(split.training))
    except ValueError as error:
        raise InputError(one_line(error)) from error
    seconds = time.perf_counter() - start
    channels = model.channel_mean_, model.channel_scale_
    linear = fit_linear(data.sequences, split.training, model.latent_dim, *channels)
    codes = np.asarray(model.transform(data.arranged.X))  # scikit-learn may be set to return data frames
    return Result(data, split, model, linear, codes, seconds)
