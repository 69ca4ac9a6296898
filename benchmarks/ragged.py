"""Seconds per epoch on sequences of unequal length, over those on as many real steps in sequences of equal length.

Ragged data has lengths spread evenly over 10 to 500, in random order; its rival has as many sequences, all of the
mean length, 255. Both are cut from the same kind of synthetic sequences of 500 steps and 3 channels. `LSTMAutoencoder`
puts sequences of like length into a batch. Beside it stand two torch loops with the usual network, LSTM(k), its last
hidden state at each step, LSTM(k), a linear layer: one pads batches of random sequences to the longest in the batch,
the other packs them with `pack_padded_sequence`. On equal lengths, a loop does neither.

Each measurement has a process of its own; the contestants take turns. An estimator's seconds per epoch are the
difference of two fits of different numbers of epochs, the median of three such pairs; a loop's are those of some epochs
after a first.

What batches of like lengths do to the result is the second table: R² of `score` on sequences not trained on, of the
estimator's own training, and of a loop that trains the same network, from the same initial weights, with the same rate
and as many epochs, on batches of random sequences.

    python benchmarks/ragged.py --write
    python benchmarks/ragged.py --quick
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from _arguments import Arguments
from _isolation import isolated, peak_megabytes, warm_up
from _report import environment, publish, table
from _rivals import UsualAutoencoder
from numpy.typing import NDArray
from scaling import synthetic
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from sklearn_seqae import LSTMAutoencoder

Float32 = NDArray[np.float32]
# Sequences of the mean length, of the largest, and of all.
Kind = Literal["equal", "longest", "ragged"]
KINDS: tuple[Kind, ...] = ("equal", "longest", "ragged")
TIMED_KINDS: tuple[Kind, ...] = ("equal", "ragged")

THREADS = 2
SHORTEST, LONGEST = 10, 500
MEAN_LENGTH = (SHORTEST + LONGEST) // 2
N_CHANNELS = 3
WANTED = 1.25
N_PAIRS = 3

# A number of epochs that nothing but `max_epochs` decides on.
FIXED_LENGTH: dict[str, Any] = {"learning_rate_schedule": "constant", "n_iter_no_change": 10**9}
PLAIN_TRAINING: dict[str, Any] = {"input_noise": 0.0, "mixup": 0.0, "time_shift": 0.0}
SINGLE_LAYER: dict[str, Any] = {"patch_len": 1, "hidden_layer_sizes": ()}
LEARNING_RATE = 3e-3
BATCH_SIZE = 64
MAX_GRAD_NORM = 1.0


class Epoch(NamedTuple):
    """Seconds of an epoch, and the peak of memory above the imports, the data included."""

    seconds: float
    megabytes: float


class Contestant(NamedTuple):
    """Something that trains, and how many epochs to compare: of two fits, or of a loop's start and end."""

    name: str
    measure: Callable[..., Epoch]
    settings: dict[str, Any]
    epochs: tuple[int, int]


class Scores(NamedTuple):
    """Held-out R² for one seed."""

    plain: dict[Kind, float]
    simple: dict[Kind, float]
    random_batches: float


@dataclass(frozen=True)
class Plan:
    """What to measure, and how often."""

    n_sequences: int
    contestants: tuple[Contestant, ...]
    n_rounds: int
    n_seeds: int
    n_epochs: int


def lengths_of(n_sequences: int, seed: int) -> NDArray[np.int64]:
    """Lengths spread evenly over the range, so that their mean is its middle, in random order."""
    spread = np.linspace(SHORTEST, LONGEST, n_sequences).round().astype(np.int64)
    return np.random.default_rng(seed).permutation(spread)


def load(kind: Kind, n_sequences: int, seed: int = 0) -> Any:
    """Sequences of equal length as an array, ragged ones as a list of arrays."""
    X = synthetic(n_sequences, LONGEST, N_CHANNELS, seed)
    if kind != "ragged":
        return np.ascontiguousarray(X[:, : MEAN_LENGTH if kind == "equal" else LONGEST])
    return [x[:length].copy() for x, length in zip(X, lengths_of(n_sequences, seed), strict=True)]


def estimator_epoch(kind: Kind, n_sequences: int, settings: dict[str, Any], epochs: tuple[int, int]) -> Epoch:
    """Seconds of an epoch of the estimator, from pairs of fits."""
    warm_up()
    before = peak_megabytes()
    X = load(kind, n_sequences)
    fit_seconds(X, settings, epochs[0])  # meets the shapes for the first time
    pairs = [[fit_seconds(X, settings, n_epochs) for n_epochs in epochs] for _ in range(N_PAIRS)]
    longer = float(np.median([long - short for short, long in pairs]))
    if longer <= 0:
        raise RuntimeError(f"{epochs[1]} epochs took less time than {epochs[0]}: the machine is too busy to measure.")
    return Epoch(longer / (epochs[1] - epochs[0]), peak_megabytes() - before)


def fit_seconds(X: Any, settings: dict[str, Any], n_epochs: int) -> float:
    """Seconds of a fit of so many epochs."""
    model = LSTMAutoencoder(**FIXED_LENGTH, **settings, max_epochs=n_epochs, random_state=0)
    start = time.perf_counter()
    fit_quietly(model, X)
    return time.perf_counter() - start


def fit_quietly(model: LSTMAutoencoder, X: Any) -> LSTMAutoencoder:
    """Fit, for a time too short to learn much."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


class PackedAutoencoder(UsualAutoencoder):
    """The usual network on packed sequences."""

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Reconstructions (B, T, C)."""
        if lengths is None:
            return super().forward(x)
        _, (hidden, _) = self.encoder(_pack(x, lengths))
        repeated = hidden[-1].unsqueeze(1).expand(-1, x.shape[1], -1)
        outputs, _ = self.decoder(_pack(repeated, lengths))
        return self.output(pad_packed_sequence(outputs, batch_first=True)[0])


def _pack(x: Tensor, lengths: Tensor) -> Any:
    return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)


def loop_epoch(kind: Kind, n_sequences: int, settings: dict[str, Any], epochs: tuple[int, int]) -> Epoch:
    """Seconds of an epoch of a torch loop."""
    warm_up()
    before = peak_megabytes()
    torch.manual_seed(0)
    X = load(kind, n_sequences)
    module = settings["network"](N_CHANNELS, settings["latent_dim"])
    optimizer = torch.optim.Adam(module.parameters())
    for epoch in range(epochs[1]):
        if epoch == epochs[0]:
            start = time.perf_counter()
        for x, lengths in batches(X, settings["batch_size"]):
            train_step(module, optimizer, x, lengths)
    return Epoch((time.perf_counter() - start) / (epochs[1] - epochs[0]), peak_megabytes() - before)


def batches(X: Any, batch_size: int, padding: float = 0.0) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Batches of random sequences (B, T, C), and their lengths (B,) where X is ragged."""
    steps = torch.from_numpy(X) if isinstance(X, np.ndarray) else [torch.from_numpy(x) for x in X]
    order = torch.randperm(len(X))
    for start in range(0, len(X), batch_size):
        indices = order[start : start + batch_size]
        if isinstance(steps, Tensor):
            yield steps[indices], None
        else:
            chosen = [steps[i] for i in indices]
            lengths = torch.tensor([len(x) for x in chosen])
            yield pad_sequence(chosen, batch_first=True, padding_value=padding), lengths


def train_step(module: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, lengths: Tensor | None) -> None:
    """One step on the mean squared error over the real values."""
    prediction = module(x, lengths)
    if lengths is not None:
        real = torch.arange(x.shape[1]) < lengths[:, None]  # (B, T)
        prediction, x = prediction[real], x[real]
    optimizer.zero_grad()
    nn.MSELoss()(prediction, x).backward()
    optimizer.step()


def scores(n_sequences: int, n_epochs: int, seed: int) -> Scores:
    """Held-out R² of the plain constructor, and of a simple training with and without batches of like lengths."""
    X: dict[Kind, Any] = {kind: load(kind, n_sequences, 2 * seed) for kind in KINDS}
    X_test: dict[Kind, Any] = {kind: load(kind, n_sequences, 2 * seed + 1) for kind in KINDS}
    return Scores(
        {kind: explained(LSTMAutoencoder(random_state=seed).fit(X[kind]), X_test[kind]) for kind in KINDS},
        {kind: explained(simple_model(n_epochs, seed).fit(X[kind]), X_test[kind]) for kind in KINDS},
        explained(trained_on_random_batches(X["ragged"], n_epochs, seed), X_test["ragged"]),
    )


def explained(model: LSTMAutoencoder, X: Any) -> float:
    """Share of the variance explained, in the units of the data."""
    return model.score(X, standardized=False)


def simple_model(n_epochs: int, seed: int, learning_rate: float = LEARNING_RATE) -> LSTMAutoencoder:
    """The default network, with a training that a few lines can repeat."""
    return LSTMAutoencoder(
        **FIXED_LENGTH,
        **PLAIN_TRAINING,
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        max_grad_norm=MAX_GRAD_NORM,
        max_epochs=n_epochs,
        random_state=seed,
    )


def trained_on_random_batches(X: list[Float32], n_epochs: int, seed: int) -> LSTMAutoencoder:
    """The estimator with its initial weights, trained by a loop on batches of random sequences."""
    model = fit_quietly(simple_model(1, seed, learning_rate=0.0), X)
    module, scale = model.module_, torch.from_numpy(model.channel_scale_).float()
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    torch.manual_seed(seed)
    module.train()
    for _ in range(n_epochs):
        for x, lengths in batches(X, BATCH_SIZE, padding=np.nan):
            error = (module(x, lengths) - x) / scale
            optimizer.zero_grad()
            error[~torch.isnan(x)].square().mean().backward()
            nn.utils.clip_grad_norm_(module.parameters(), MAX_GRAD_NORM)
            optimizer.step()
    return model


def estimator(name: str, epochs: tuple[int, int], **settings: Any) -> Contestant:
    """`LSTMAutoencoder` with these settings."""
    return Contestant(name, estimator_epoch, {"latent_dim": 8, "batch_size": 64} | settings, epochs)


def loop(name: str, network: type[nn.Module]) -> Contestant:
    """A torch loop that trains such a network."""
    return Contestant(name, loop_epoch, {"latent_dim": 32, "batch_size": 32, "network": network}, (1, 3))


DEFAULTS = estimator("the plain constructor", (2, 12))
PATCHES = estimator("`patch_len=32`", (2, 12), patch_len=32)
NARROW = estimator("`patch_len=1, hidden_layer_sizes=()`", (1, 6), **SINGLE_LAYER)
WIDE = NARROW._replace(settings=NARROW.settings | {"latent_dim": 32, "batch_size": 32})
USUAL = estimator(
    '`patch_len=1, hidden_layer_sizes=(), decoder="repeat", linear_path=False`, regularisation off',
    (1, 6),
    **WIDE.settings | PLAIN_TRAINING | {"decoder": "repeat", "linear_path": False, "max_grad_norm": None},
)
PADDING = loop("loop, padding random batches", UsualAutoencoder)
PACKING = loop("loop, packing random batches", PackedAutoencoder)

FULL = Plan(1_000, (DEFAULTS, PATCHES, NARROW, WIDE, USUAL, PADDING, PACKING), n_rounds=5, n_seeds=3, n_epochs=100)
QUICK = Plan(200, (DEFAULTS, USUAL, PADDING), n_rounds=1, n_seeds=1, n_epochs=10)


def measure_all(plan: Plan) -> list[dict[Kind, list[Epoch]]]:
    """The epochs of all contestants, by kind of data and round."""
    results: list[dict[Kind, list[Epoch]]] = [{kind: [] for kind in TIMED_KINDS} for _ in plan.contestants]
    for n_round in range(plan.n_rounds):
        for contestant, result in zip(plan.contestants, results, strict=True):
            for kind in TIMED_KINDS:
                arguments = (kind, plan.n_sequences, contestant.settings, contestant.epochs)
                epoch = isolated(contestant.measure, *arguments, threads=THREADS).value
                result[kind].append(epoch)
                progress(f"round {n_round + 1}/{plan.n_rounds} {contestant.name}, {kind}: {epoch}")
    return results


def measure_scores(plan: Plan) -> list[Scores]:
    """Held-out R² for all seeds."""
    results = []
    for seed in range(plan.n_seeds):
        results.append(isolated(scores, plan.n_sequences, plan.n_epochs, seed, threads=THREADS).value)
        progress(f"seed {seed}: {results[-1]}")
    return results


def progress(line: str) -> None:
    """Say what has been measured."""
    print(line, file=sys.stderr, flush=True)


def epoch_table(contestants: Sequence[Contestant], results: Sequence[dict[Kind, list[Epoch]]]) -> str:
    """Seconds per epoch of all contestants."""
    header = ["", "k", "batch", "equal lengths, s", "ragged, s", "ratio", "lowest to highest", "peak MB, ragged"]
    return table(header, [epoch_row(*pair) for pair in zip(contestants, results, strict=True)])


def epoch_row(contestant: Contestant, result: dict[Kind, list[Epoch]]) -> list[str]:
    """A contestant's medians over the rounds; each ratio is one of a pair measured one after the other."""
    equal, ragged = (np.array([epoch.seconds for epoch in result[kind]]) for kind in TIMED_KINDS)
    ratios = ragged / equal
    megabytes = np.median([epoch.megabytes for epoch in result["ragged"]])
    return [
        contestant.name,
        str(contestant.settings["latent_dim"]),
        str(contestant.settings["batch_size"]),
        f"{np.median(equal):.3g}",
        f"{np.median(ragged):.3g}",
        f"{np.median(ratios):.2f}",
        f"{ratios.min():.2f} to {ratios.max():.2f}",
        f"{megabytes:.0f}",
    ]


def score_table(results: Sequence[Scores], n_epochs: int) -> str:
    """Held-out R² of the ways to train."""
    simple = f"{n_epochs} epochs at a constant rate, regularisation off"
    rows = [
        ["the plain constructor", *(spread([result.plain[kind] for result in results]) for kind in KINDS)],
        [f"{simple}: the estimator", *(spread([result.simple[kind] for result in results]) for kind in KINDS)],
        [f"{simple}: a loop over random batches", "", "", spread([result.random_batches for result in results])],
    ]
    return table(["training", f"R², {MEAN_LENGTH} steps", f"R², {LONGEST} steps", "R², ragged"], rows)


def spread(values: Sequence[float]) -> str:
    """Median of some values, and where there are several, the lowest and the highest."""
    median = f"{np.median(values):.3f}"
    return median if len(values) == 1 else f"{median} ({min(values):.3f} to {max(values):.3f})"


def section(plan: Plan, results: Sequence[dict[Kind, list[Epoch]]], all_scores: Sequence[Scores]) -> str:
    """The report in Markdown."""
    paragraphs = [
        f"Seconds per epoch on {plan.n_sequences:,} sequences of {N_CHANNELS} channels with lengths spread evenly over "
        f"{SHORTEST} to {LONGEST}, over those on as many of {MEAN_LENGTH} steps each, so as many real steps; wanted of "
        f"the estimator is a ratio of at most {WANTED}. Medians of {plan.n_rounds} round(s), each measurement in a "
        "process of its own. Peak memory is above the imports, the data included.",
        epoch_table(plan.contestants, results),
        "The default `patch_len` follows the longest sequence, and so is about twice as long for the ragged data; with "
        "`patch_len=32`, both are cut alike. The loops' network is that of the row above them.",
        "Whether batches of like lengths harm: R² on sequences not trained on, the median of "
        f"{plan.n_seeds} seed(s){'' if plan.n_seeds == 1 else ', the lowest and the highest'}. Longer sequences are "
        "harder to code, so ragged data is to be compared with both its mean and its largest length. The loop has the "
        "estimator's network and initial weights: its row and the one above differ in what is put into a batch.",
        score_table(all_scores, plan.n_epochs),
        environment(note=f"torch and BLAS set to {THREADS} threads"),
    ]
    return "\n\n".join(paragraphs)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    quick = "fewer sequences, contestants and rounds: under a minute"
    options = Arguments(__doc__, quick=quick, write="the tables")
    options.add_rounds(FULL.n_rounds, quick=QUICK.n_rounds)
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    plan = replace(QUICK if parsed.quick else FULL, n_rounds=parsed.rounds)
    body = section(plan, measure_all(plan), measure_scores(plan))
    publish("ragged", body, write=parsed.write)


if __name__ == "__main__":
    main()
