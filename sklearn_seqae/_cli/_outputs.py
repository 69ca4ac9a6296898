"""What a run leaves behind: codes, the model and a picture."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_seqae._cli._arguments import Options
from sklearn_seqae._cli._comparison import LinearModel
from sklearn_seqae._cli._job import Result
from sklearn_seqae._cli._messages import count
from sklearn_seqae._cli._pictures import draw_images, make_axes, save_figure
from sklearn_seqae._cli._writing import write_model, write_table, writing
from sklearn_seqae._plot._channels import MAX_CHANNELS
from sklearn_seqae._plot._reconstruction import ReconstructionDisplay, reconstruction_size

__all__ = ["write"]

_N_EXAMPLES = 4
# Letters in a line above a panel.
_LINE_LENGTH = 16


def write(result: Result, options: Options) -> Iterator[tuple[Path, str]]:
    """Write what was asked for; each file, and what it holds."""
    if options.codes is not None:
        yield options.codes, _write_table(result, options.codes)
    if options.save is not None:
        reader = write_model(options.save, result.model)
        training = count(len(result.split.training), "training sequence")
        what = "unfinished model, interrupted while learning from" if result.model.interrupted_ else "model, fitted on"
        yield options.save, f"{what} the {training}: {reader}"
    if options.plot is not None:
        draw = _draw_sequences if result.data.digits is None else _draw_digits
        yield options.plot, draw(result, options.plot)


def _write_table(result: Result, path: Path) -> str:
    labels = result.data.arranged.labels
    write_table(path, result.codes, result.model.get_feature_names_out(), labels)
    named = f" and with their {' and '.join(labels)}" if labels and path.suffix.lower() != ".npy" else ""
    return f"codes of all {count(len(result.data), 'sequence')}, in their order{named}"


def _draw_digits(result: Result, path: Path) -> str:
    """The first scored digit of each class above its reconstructions; says what was drawn."""
    data, split = result.data, result.split
    assert data.digits is not None
    _, first = np.unique(data.digits[split.scored], return_index=True)
    rows = split.scored[first]
    originals = data.take(rows)
    pictures = {"original": originals, "LSTM autoencoder": result.model.reconstruct(originals)}
    if isinstance(result.linear, LinearModel):
        pictures["PCA"] = result.linear.reconstruct(rows).reshape(originals.shape)
    with writing(path):
        save_figure(draw_images(pictures), path)
    digits = count(len(rows), f"{split.kind} digit")
    return f"{digits} above their reconstructions from {count(result.codes.shape[1], 'number')} each"


def _draw_sequences(result: Result, path: Path) -> str:
    """Some scored sequences, from the best reconstructed to the worst; says what was drawn."""
    scored, model = result.split.scored, result.model
    n_drawn, n_channels = min(_N_EXAMPLES, len(scored)), min(MAX_CHANNELS, model.n_channels_in_)
    with writing(path):
        display = ReconstructionDisplay.from_estimator(
            model,
            result.data.take(scored),
            n_sequences=n_drawn,
            sequence_names=_names(result),
            ax=make_axes(reconstruction_size(n_channels, n_drawn)),
        )
        save_figure(display.figure_, path)
    some = f", {n_channels} channels of them" if n_channels < model.n_channels_in_ else ""
    return f"{count(n_drawn, f'{result.split.kind} sequence')}{some}, from the best reconstructed to the worst"


def _names(result: Result) -> Any:
    """What to call each scored sequence in a picture."""
    scored = result.split.scored
    labels = result.data.arranged.take(scored).labels
    if not labels:
        return scored
    columns = [[_in_lines(name, str(value)) for value in values] for name, values in labels.items()]
    return ["\n".join(parts) for parts in zip(*columns, strict=True)]


def _in_lines(label: str, value: str) -> str:
    """A name in lines no wider than a panel; a bare number says what it counts."""
    name = f"{label} {value}" if value.isdigit() else value
    return textwrap.fill(name, _LINE_LENGTH, max_lines=2, placeholder="…")
