"""What the command line prints of the data, the training and the scores."""

from collections.abc import Iterator

import numpy as np

from sklearn_seqae._cli._comparison import LinearModel, accuracy, fit_linear
from sklearn_seqae._cli._job import Data, Result
from sklearn_seqae._cli._messages import count
from sklearn_seqae._cli._splitting import Split

__all__ = ["describe", "describe_split", "describe_training", "print_scores"]


def describe(data: Data) -> str:
    """Number, length and channels of the sequences, and how much is missing."""
    sequences = data.sequences
    lengths, n_channels = sequences.lengths, sequences.n_channels
    shortest, longest = lengths.min(), lengths.max()
    padded = (sequences.sizes - lengths).sum() * n_channels
    missing = (np.isnan(sequences.steps).sum() - padded) / (lengths.sum() * n_channels)
    steps = count(longest, "step") if shortest == longest else f"{shortest} to {longest} steps"
    share = f"{100 * missing:.2g} % of the values" if missing else "nothing"
    what = "sequence" if data.arranged.windows is None else "window"
    how = f" ({data.arranged.how})" if data.arranged.how else ""
    return f"{count(len(lengths), what)} of {steps}, {count(n_channels, 'channel')}, {share} missing{how}"


def describe_split(data: Data, split: Split) -> str:
    """How many sequences are trained on, and which are held out."""
    if not split.held_out:
        return f"Training on {count(len(split.training), 'sequence')}, none held out"
    held_out = f"Training on {count(len(split.training), 'sequence')}, {len(split.scored)} held out"
    if data.arranged.windows is None:
        return held_out
    between = len(data) - len(split.training) - len(split.scored)
    left_out = f", and {between} before them left out that overlap them" if between else ""
    return f"{held_out} at the end of the series{left_out}"


def describe_training(result: Result) -> str:
    """How long the training took."""
    return f"Trained for {count(result.model.n_iter_, 'epoch')} in {result.seconds:.1f} s"


def print_scores(result: Result) -> None:
    """A table with a column for each model, and what is to be said of it."""
    linear, split = result.linear, result.split
    heads = ["LSTM autoencoder"]
    if isinstance(linear, LinearModel):
        heads.append(f"PCA, {count(linear.pca.n_components_, 'component')}")
    scored = count(len(split.scored), f"{split.kind} sequence")
    print(f"\n{f'On the {scored}':<48}" + "".join(f"{head:>20}" for head in heads))
    for name, values in _scores(result):
        print(f"{name:<48}" + "".join(f"{value:>20.3f}" for value in values))
    if isinstance(linear, str):
        print(f"There is no PCA to compare with, since {linear}.")
    if split.kind == "training":
        print("These are the sequences trained on; on others, expect less.")


def _scores(result: Result) -> Iterator[tuple[str, list[float]]]:
    """Rows of the table."""
    data, split, model, linear = result.data, result.split, result.model, result.linear
    explained, codes = [model.score(data.take(split.scored))], [result.codes]
    if isinstance(linear, LinearModel):
        explained.append(linear.score(split.scored))
    yield "share of the variance explained", explained
    if data.digits is not None:
        # All pixels have one unit, and the components of images as they are tell the digits better apart.
        as_they_are = np.zeros(model.n_channels_in_), np.ones(model.n_channels_in_)
        plain = fit_linear(data.sequences, split.training, model.latent_dim, *as_they_are)
        codes += [plain.codes] if isinstance(plain, LinearModel) else []
        accuracies = [accuracy(each, data.digits, split) for each in codes]
        yield "accuracy of a logistic regression on the codes", accuracies
