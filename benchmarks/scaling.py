"""How the time of a whole fit grows with the number of sequences, their steps, their channels and the code's width.

`LSTMAutoencoder(latent_dim=k, random_state=0)`, nothing else set, on synthetic sequences: sums of three sinusoids of
random amplitude, phase and frequency and of a linear trend, with 5 % noise; the channels are different mixtures of
these four. From n = 1,000 sequences of T = 100 steps with c = 1 channel and k = 8, one of the four is changed at a
time. The estimator decides by itself how many steps it takes, so the time of a step and of an epoch stand beside the
time of the fit. R² is that of `score` on 1,000 further sequences, beside PCA's with as many components.

Each fit has a process of its own, after a tiny one that makes torch import the parts of itself that it needs only
then. Times are medians over rounds, of which each measures all sizes once.

    python benchmarks/scaling.py --write
    python benchmarks/scaling.py --quick
"""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _isolation import isolated, peak_megabytes, warm_up
from _report import FOLDER, environment, publish, table
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from sklearn_seqae import LSTMAutoencoder

Float32 = NDArray[np.float32]

THREADS = 2
N_TEST = 1_000
TEST_SEED = 1
N_ENCODINGS = 3

# The sequences: bounds of the uniform distributions of what differs between them, and the noise, 5 % of the standard
# deviation of the rest.
N_SINUSOIDS = 3
AMPLITUDES = (0.5, 1.5)
CYCLES = (0.5, 3.0)
SLOPES = (-2.0, 2.0)
NOISE = 0.066
CHUNK_VALUES = 2_000_000

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#767676"


class Size(NamedTuple):
    """Size of a data set, and of the code."""

    n_sequences: int = 1_000
    n_timesteps: int = 100
    n_channels: int = 1
    latent_dim: int = 8


class Fit(NamedTuple):
    """What was seen of one fit; megabytes are those of its peak above the imports, the data included."""

    seconds: float
    n_epochs: int
    n_steps: int
    score: float
    pca_score: float
    megabytes: float
    encoded_per_second: float
    warned: tuple[str, ...]


class Goal(NamedTuple):
    """A size that should be fitted within a time."""

    size: Size
    seconds: float


@dataclass(frozen=True)
class Axis:
    """One direction in which to change the size."""

    title: str
    field: str
    values: tuple[int, ...]

    def sizes(self) -> list[Size]:
        """The sizes along it."""
        return [Size()._replace(**{self.field: value}) for value in self.values]


@dataclass(frozen=True)
class Plan:
    """What to measure, and how often."""

    axes: tuple[Axis, ...]
    n_rounds: int


FULL = Plan(
    (
        Axis("sequences", "n_sequences", (10, 100, 1_000, 10_000, 100_000)),
        Axis("time steps", "n_timesteps", (5, 50, 500, 1_000, 5_000)),
        Axis("channels", "n_channels", (1, 4, 16, 64)),
        Axis("width of the code", "latent_dim", (2, 8, 32, 128)),
    ),
    n_rounds=3,
)
QUICK = Plan(
    (
        Axis("sequences", "n_sequences", (10, 1_000)),
        Axis("time steps", "n_timesteps", (5, 500)),
        Axis("channels", "n_channels", (1, 4)),
        Axis("width of the code", "latent_dim", (2, 8)),
    ),
    n_rounds=1,
)
GOALS = (Goal(Size(n_timesteps=1_000), 60), Goal(Size(n_sequences=100_000), 300))


def synthetic(n_sequences: int, n_timesteps: int, n_channels: int = 1, seed: int = 0) -> Float32:
    """Sequences (n, T, C) that a small code can describe nearly, made piece by piece to spare memory."""
    rng = np.random.default_rng(seed)
    mixture = channel_mixture(n_channels)
    X = np.empty((n_sequences, n_timesteps, n_channels), dtype=np.float32)
    rows = max(1, CHUNK_VALUES // (n_timesteps * (N_SINUSOIDS + 1 + n_channels)))
    for start in range(0, n_sequences, rows):
        chunk = X[start : start + rows]
        chunk[:] = draw_factors(len(chunk), n_timesteps, rng) @ mixture
        chunk += NOISE * rng.standard_normal(chunk.shape, dtype=np.float32)
    return X


def draw_factors(n_sequences: int, n_timesteps: int, rng: np.random.Generator) -> Float32:
    """The sinusoids and the trend of each sequence (n, T, 4)."""
    time_axis = np.linspace(0, 1, n_timesteps, dtype=np.float32)[:, None]
    shape = (n_sequences, 1, N_SINUSOIDS)
    amplitude = rng.uniform(*AMPLITUDES, shape).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi, shape).astype(np.float32)
    frequency = 2 * np.pi * rng.uniform(*CYCLES, shape).astype(np.float32)
    slope = rng.uniform(*SLOPES, (n_sequences, 1, 1)).astype(np.float32)
    return np.concatenate(
        [amplitude * np.sin(frequency * time_axis + angle), slope * (time_axis - np.float32(0.5))], axis=2
    )


def channel_mixture(n_channels: int) -> Float32:
    """Weights of the factors in each channel (4, C), the same for all data sets; the first channel is their sum."""
    weights = np.random.default_rng(0).standard_normal((N_SINUSOIDS + 1, n_channels))
    weights[:, 0] = 1
    weights *= np.sqrt(len(weights)) / np.linalg.norm(weights, axis=0)
    return weights.astype(np.float32)


def measure(size: Size) -> Fit:
    """Fit the plain constructor on data of this size, and look at the result."""
    warm_up()
    before = peak_megabytes()
    X = synthetic(size.n_sequences, size.n_timesteps, size.n_channels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model = LSTMAutoencoder(latent_dim=size.latent_dim, random_state=0).fit(X)
        seconds = time.perf_counter() - start
    megabytes = peak_megabytes() - before
    X_test = synthetic(N_TEST, size.n_timesteps, size.n_channels, TEST_SEED)
    return Fit(
        seconds=seconds,
        n_epochs=model.n_iter_,
        n_steps=sum(int(epoch["train_batch_count"]) for epoch in model.history_),
        score=model.score(X_test, standardized=False),
        pca_score=pca_score(X, X_test, size.latent_dim),
        megabytes=megabytes,
        encoded_per_second=encoded_per_second(model, X),
        warned=tuple(sorted({warning.category.__name__ for warning in caught})),
    )


def encoded_per_second(model: LSTMAutoencoder, X: Float32) -> float:
    """Sequences that `transform` encodes in a second, after a first call that is not counted."""
    model.transform(X)
    seconds = []
    for _ in range(N_ENCODINGS):
        start = time.perf_counter()
        model.transform(X)
        seconds.append(time.perf_counter() - start)
    return len(X) / float(np.median(seconds))


def pca_score(X: Float32, X_test: Float32, n_components: int) -> float:
    """Share of the held-out variance about the channel means that PCA explains, in the units of the data."""
    rows, rows_test = X.reshape(len(X), -1), X_test.reshape(len(X_test), -1)
    pca = PCA(min(n_components, *rows.shape), random_state=0).fit(rows)
    errors = pca.inverse_transform(pca.transform(rows_test)) - rows_test
    deviations = X_test - X.mean(axis=(0, 1), dtype=np.float64)
    return float(1 - np.square(errors, dtype=np.float64).sum() / np.square(deviations).sum())


def measure_all(plan: Plan) -> dict[Size, Fit]:
    """All sizes, each once a round; the times are medians over the rounds, the rest is the last round's."""
    sizes = sorted({size for axis in plan.axes for size in axis.sizes()})
    fits: dict[Size, list[Fit]] = {size: [] for size in sizes}
    for n_round in range(plan.n_rounds):
        for size in sizes:
            fit = isolated(measure, size, threads=THREADS).value
            fits[size].append(fit)
            print(f"round {n_round + 1}/{plan.n_rounds} {describe(size)}: {fit}", file=sys.stderr, flush=True)
    return {size: median(rounds) for size, rounds in fits.items()}


def median(rounds: Sequence[Fit]) -> Fit:
    """The last of several equal fits, with the medians of what differs between them."""
    return rounds[-1]._replace(
        seconds=float(np.median([fit.seconds for fit in rounds])),
        megabytes=float(np.median([fit.megabytes for fit in rounds])),
        encoded_per_second=float(np.median([fit.encoded_per_second for fit in rounds])),
    )


def describe(size: Size) -> str:
    """A size in words."""
    n, n_timesteps, n_channels, latent_dim = size
    return f"n = {n:,}, T = {n_timesteps:,}, c = {n_channels}, k = {latent_dim}"


def axis_table(axis: Axis, fits: dict[Size, Fit]) -> str:
    """All figures along an axis."""
    header = [
        axis.title,
        *("seconds a fit", "epochs", "steps", "ms a step", "seconds an epoch"),
        *("R²", "PCA's R²", "peak MB", "sequences/s encoded", "warnings"),
    ]
    return table(header, [axis_row(value, fits[size]) for value, size in zip(axis.values, axis.sizes(), strict=True)])


def axis_row(value: int, fit: Fit) -> list[str]:
    """The figures of one fit."""
    return [
        f"{value:,}",
        f"{fit.seconds:.1f}",
        f"{fit.n_epochs:,}",
        f"{fit.n_steps:,}",
        f"{1000 * fit.seconds / fit.n_steps:.2f}",
        f"{seconds_per_epoch(fit):.3g}",
        f"{fit.score:.3f}",
        f"{fit.pca_score:.3f}",
        f"{fit.megabytes:.0f}",
        two_digits(fit.encoded_per_second),
        ", ".join(fit.warned) or "none",
    ]


def seconds_per_epoch(fit: Fit) -> float:
    """Seconds of the whole fit over its epochs."""
    return fit.seconds / fit.n_epochs


def two_digits(number: float) -> str:
    """A number with no more digits than are known."""
    return f"{float(f'{number:.2g}'):,.0f}"


def exponent(values: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope of the logarithm of the time against that of the size."""
    return float(np.polyfit(np.log(values), np.log(seconds), 1)[0])


def exponent_table(axes: Sequence[Axis], fits: dict[Size, Fit]) -> str:
    """How the time of an epoch grows along each axis, over all of it and at its upper end."""
    rows = []
    for axis in axes:
        seconds = [seconds_per_epoch(fits[size]) for size in axis.sizes()]
        whole, end = (exponent(axis.values[part], seconds[part]) for part in (slice(None), slice(-2, None)))
        *_, next_to_last, last = axis.values
        ranges = (f"{axis.values[0]:,} to {last:,}", f"{next_to_last:,} to {last:,}")
        rows.append([axis.title, ranges[0], f"{whole:.2f}", ranges[1], f"{end:.2f}"])
    return table(["seconds an epoch against", "range", "exponent", "upper end", "exponent there"], rows)


def goal_table(fits: dict[Size, Fit]) -> str:
    """The sizes that were to be fitted within a time."""
    rows = [[describe(size), f"{limit:g}", f"{fits[size].seconds:.1f}"] for size, limit in GOALS if size in fits]
    return table(["size", "seconds wanted, at most", "seconds"], rows) if rows else ""


def draw(axes: Sequence[Axis], fits: dict[Size, Fit], path: Path) -> None:
    """Seconds of a fit and of an epoch against the numbers of sequences and of time steps."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    with plt.rc_context({"font.size": 13.5, "axes.spines.top": False, "axes.spines.right": False}):
        figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, layout="constrained")
        for panel, axis in zip(panels, axes, strict=True):
            draw_axis(panel, axis, fits)
        panels[0].set_ylabel("seconds")
        panels[0].set_xlabel(f"sequences (of {Size().n_timesteps:,} time steps)")
        panels[1].set_xlabel(f"time steps (of {Size().n_sequences:,} sequences)")
        label_curves(panels[1], axes[1], fits)
        figure.savefig(path, dpi=150)
        plt.close(figure)


def draw_axis(panel: Any, axis: Axis, fits: dict[Size, Fit]) -> None:
    """The two curves, a line of slope 1 through the last epoch, and what was wanted."""
    values = np.array(axis.values)
    along = [fits[size] for size in axis.sizes()]
    epochs = np.array([seconds_per_epoch(fit) for fit in along])
    panel.loglog(values, epochs[-1] * values / values[-1], color=GREY, linestyle=":", linewidth=2)
    panel.loglog(values, [fit.seconds for fit in along], "o-", color=ORANGE, linewidth=2.5, markersize=8)
    panel.loglog(values, epochs, "s-", color=BLUE, linewidth=2.5, markersize=8)
    for size, limit in GOALS:
        if size in axis.sizes():
            mark_goal(panel, getattr(size, axis.field), limit)
    for coordinate in (panel.xaxis, panel.yaxis):
        coordinate.set_major_formatter("{x:,.9g}")
    panel.minorticks_off()
    panel.margins(y=0.1)


def mark_goal(panel: Any, value: int, seconds: float) -> None:
    """A dash at the time that a fit should stay below."""
    panel.plot(value, seconds, marker="_", markersize=24, markeredgewidth=2.5, color=GREY)
    text = f"at most {seconds:g} s wanted"
    panel.annotate(text, (value, seconds), (12, 6), textcoords="offset points", color=GREY, ha="right")


def label_curves(panel: Any, axis: Axis, fits: dict[Size, Fit]) -> None:
    """Names beside the curves of a panel."""
    first, last = (fits[axis.sizes()[end]] for end in (0, -1))
    smallest, middle, largest = (axis.values[i] for i in (0, len(axis.values) // 2, -1))
    for seconds, text, colour in (
        (first.seconds, "whole fit", ORANGE),
        (seconds_per_epoch(first), "one epoch", BLUE),
    ):
        panel.annotate(text, (smallest, seconds), (-4, 12), textcoords="offset points", color=colour)
    on_line = (middle, seconds_per_epoch(last) * middle / largest)
    panel.annotate("linear growth", on_line, (14, -8), textcoords="offset points", color=GREY)


def section(plan: Plan, fits: dict[Size, Fit]) -> str:
    """The report in Markdown."""
    note = f"torch and BLAS set to {THREADS} threads"
    paragraphs = [
        "Seconds of `LSTMAutoencoder(latent_dim=k, random_state=0).fit(X)`, nothing else set, on synthetic sequences; "
        f"where a table does not say otherwise, {describe(Size())}. R² on {N_TEST:,} sequences not trained on, beside "
        "PCA's with as many components, or as many as the data allows. Peak memory is that of the fit above the "
        f"imports, the data included. Medians of {plan.n_rounds} round(s), each fit in a process of its own.",
        *(axis_table(axis, fits) for axis in plan.axes),
        "A step takes about 64 sequences, or all if there are fewer: below that, more sequences are not more steps. "
        "The default `patch_len` makes as many LSTM steps of a long sequence as of a short one, up to 2,048 values, so "
        "that more time steps cost little at first. Where the time of an epoch grows linearly, the exponent "
        "is 1:",
        exponent_table(plan.axes, fits),
        goal_table(fits),
        environment(note=note),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    options = Arguments(
        __doc__, quick="few and small sizes, one round: under a minute", write="the tables and the picture"
    )
    options.add_rounds(FULL.n_rounds, quick=QUICK.n_rounds)
    return options.read(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parsed = parse(arguments)
    plan = replace(QUICK if parsed.quick else FULL, n_rounds=parsed.rounds)
    fits = measure_all(plan)
    body = section(plan, fits)
    if parsed.write:
        draw(plan.axes[:2], fits, FOLDER / "scaling.png")
        body = f"{body}\n\n![Seconds against the size of the data](scaling.png)"
    publish("scaling", body, write=parsed.write)


if __name__ == "__main__":
    main()
