"""Error on sequences not seen before, and what codes are good for: `LSTMAutoencoder` against PCA and an MLP.

Everything on seven real data sets and for several widths k of the code:

- `LSTMAutoencoder(latent_dim=k, random_state=seed)`, nothing else set;
- PCA with k components on the flattened sequences;
- scikit-learn's MLPRegressor fitted X -> X with hidden layers (128, k, 128), on sequences standardised by channel as
  the autoencoder does it. It gets what is best on a quarter of its training sequences among two activations, two
  strengths of weight decay, two learning rates, and the number of steps; then it is fitted on all of them.

The error is the squared error over the squared deviation from the training channel means, that is
1 - `LSTMAutoencoder.score(X, standardized=False)`, over all channels in the units of the data, in which PCA is the best
linear code. PCA and the MLP need sequences of equal length: where lengths differ, they get the training mean of the
position behind a sequence's end, and only real steps count. Each fit runs in a process of its own, with one thread.

    python benchmarks/quality.py --write
    python benchmarks/quality.py --split validation --no-rivals --sets digits GunPoint --latent-dims 8
    python benchmarks/quality.py --quick
"""

import argparse
import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _datasets import NAMES, sizes
from _isolation import Measured
from _quality import (
    Fit,
    MLPSettings,
    Task,
    fit_autoencoder,
    fit_mlp,
    fit_pca,
    fit_scaled_pca,
    geometric_mean,
    mean_and_range,
    paragraph,
    parts,
    raw_uses,
    run_tasks,
    search_mlp,
)
from _report import FOLDER, environment, publish, table
from _uses import TITLES, Uses, mean_uses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OURS, LINEAR, DENSE = "LSTMAutoencoder", "PCA", "MLP"
SCALED, RAW = "PCA of standardised channels", "the sequences themselves"
PICTURE = "quality.png"
QUICK_SETS = ("ItalyPowerDemand", "JapaneseVowels")

# Most steps of the optimizer when the MLP is tuned.
MLP_STEPS, QUICK_MLP_STEPS = 6000, 300

# Of Okabe and Ito's palette: told apart in every kind of colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = "osD^v"


class Options(NamedTuple):
    """What to measure."""

    names: Sequence[str]
    latent_dims: Sequence[int]
    n_seeds: int
    split: str
    rivals: bool
    n_jobs: int
    mlp_steps: int


class Case(NamedTuple):
    """What is fitted: a model on a set, for a width of the code."""

    model: str
    name: str
    latent_dim: int


@dataclass(frozen=True)
class Results:
    """All measurements: fits by case, one for each seed; by set, what rivals without fits are good for, and seconds."""

    fits: dict[Case, list[Fit]]
    raw_uses: dict[str, Uses]
    scaled_uses: dict[tuple[str, int], Uses]
    search_seconds: dict[str, list[float]]

    def ratios(self, model: str, name: str, latent_dim: int) -> list[float]:
        """Error of each fit over PCA's."""
        linear = self.fits[Case(LINEAR, name, latent_dim)][0].error
        return [fit.error / linear for fit in self.fits[Case(model, name, latent_dim)]]

    def uses(self, model: str, name: str, latent_dim: int) -> Uses:
        """What codes are good for, the mean over the seeds."""
        if model == SCALED:
            return self.scaled_uses[name, latent_dim]
        if model == RAW:
            return self.raw_uses[name]
        return mean_uses(fit.uses for fit in self.fits[Case(model, name, latent_dim)])

    def median(self, quantity: str, model: str, name: str) -> float:
        """Median of a quantity of the fits to a set, over widths and seeds."""
        fits = itertools.chain(*(fits for case, fits in self.fits.items() if case[:2] == (model, name)))
        return statistics.median(getattr(fit, quantity) for fit in fits)


# Measuring


def measure(options: Options) -> Results:
    """Measure everything, rivals taking turns."""
    searches = search_all(options) if options.rivals else {}
    cases, tasks = zip(*fit_tasks(options, {key: found.value for key, found in searches.items()}), strict=True)
    fits: dict[Case, list[Fit]] = {}
    for case, measured in zip(cases, run_tasks(tasks, options.n_jobs), strict=True):
        fits.setdefault(case, []).append(measured.value)
    raw = run_tasks([Task(f"raw {n}", raw_uses, (n, options.split)) for n in options.names], options.n_jobs)
    keys = list(itertools.product(options.names, options.latent_dims))
    tasks = [Task(f"{SCALED} {name} {k}", fit_scaled_pca, (name, options.split, k)) for name, k in keys]
    scaled = {key: found.value for key, found in zip(keys, run_tasks(tasks, options.n_jobs), strict=True)}
    search_seconds: dict[str, list[float]] = {}
    for (name, _), found in searches.items():
        search_seconds.setdefault(name, []).append(found.seconds)
    raw_of = {name: found.value for name, found in zip(options.names, raw, strict=True)}
    return Results(fits, raw_of, scaled, search_seconds)


def search_all(options: Options) -> dict[tuple[str, int], Measured]:
    """Settings of the MLP for each set and width."""
    keys = list(itertools.product(options.names, options.latent_dims))
    tasks = [
        Task(f"search {DENSE} {name} {k}", search_mlp, (name, options.split, k, options.mlp_steps)) for name, k in keys
    ]
    return dict(zip(keys, run_tasks(tasks, options.n_jobs), strict=True))


def fit_tasks(options: Options, settings: Mapping[tuple[str, int], MLPSettings]) -> Iterator[tuple[Case, Task]]:
    """All fits, in the order to do them in."""
    split = options.split
    for name, k in itertools.product(options.names, options.latent_dims):
        yield Case(LINEAR, name, k), Task(f"{LINEAR} {name} {k}", fit_pca, (name, split, k))
        for seed in range(options.n_seeds):
            label = f"{name} {k} seed {seed}"
            yield Case(OURS, name, k), Task(f"{OURS} {label}", fit_autoencoder, (name, split, k, seed, {}))
            if settings:
                arguments = (name, split, k, seed, settings[name, k])
                yield Case(DENSE, name, k), Task(f"{DENSE} {label}", fit_mlp, arguments)


# Showing


def error_table(results: Results, options: Options) -> str:
    """Errors by set: PCA's, and the other models' over PCA's."""
    models = [OURS, DENSE] if options.rivals else [OURS]
    header = ["set", "fitted / judged", "steps", "channels"]
    for k in options.latent_dims:
        header += [f"PCA, k = {k}", *(f"{'ours' if model == OURS else model} / PCA, k = {k}" for model in models)]
    rows = []
    for name in options.names:
        row = [name, *shape(name, options.split)]
        for k in options.latent_dims:
            row.append(f"{results.fits[Case(LINEAR, name, k)][0].error:.3g}")
            row += [mean_and_range(results.ratios(model, name, k)) for model in models]
        rows.append([*row, mean_ratio(results, OURS, [name], options.latent_dims)])
    last = ["**geometric mean**", "", "", ""]
    for k in options.latent_dims:
        last += ["", *(mean_ratio(results, model, options.names, [k]) for model in models)]
    rows.append([*last, mean_ratio(results, OURS, options.names, options.latent_dims)])
    return table([*header, "ours / PCA, all k"], rows)


def mean_ratio(results: Results, model: str, names: Sequence[str], latent_dims: Sequence[int]) -> str:
    """Geometric mean of errors over PCA's, over sets, widths and seeds."""
    ratios = [results.ratios(model, name, k) for name, k in itertools.product(names, latent_dims)]
    return f"{geometric_mean(itertools.chain(*ratios)):.2f}"


def shape(name: str, split: str) -> tuple[str, str, str]:
    """Numbers of sequences, steps and channels of a set, for a table."""
    fitted, judged = parts(name, split)
    steps = np.concatenate([sizes(fitted.X), sizes(judged.X)])
    span = f"{steps.max():,}" if steps.min() == steps.max() else f"{steps.min()}–{steps.max()}"
    return f"{len(fitted.y):,} / {len(judged.y):,}", span, str(fitted.X[0].shape[1])


def cost_table(results: Results, options: Options) -> str:
    """What a fit costs, by set: medians over widths and seeds."""
    models = [OURS, LINEAR, DENSE] if options.rivals else [OURS, LINEAR]
    titles = ["ours", *models[1:]]
    header = ["set", "epochs, ours", *(f"seconds, {title}" for title in titles)]
    header += [f"seconds, ours / {DENSE}", f"seconds, {DENSE}'s search"] if options.rivals else []
    rows = []
    for name in options.names:
        seconds = [results.median("seconds", model, name) for model in models]
        row = [name, f"{results.median('n_epochs', OURS, name):,.0f}", *(f"{s:.3g}" for s in seconds)]
        if options.rivals:
            row += [f"{seconds[0] / seconds[2]:.3g}", f"{statistics.median(results.search_seconds[name]):.0f}"]
        rows.append([*row, *(f"{results.median('megabytes', model, name):.0f}" for model in models)])
    return table([*header, *(f"peak MB, {title}" for title in titles)], rows)


def uses_table(results: Results, options: Options) -> str:
    """What codes are good for, by width: means over the sets."""
    rows = []
    for model in (OURS, LINEAR, SCALED):
        by_width = [mean_uses(results.uses(model, name, k) for name in options.names) for k in options.latent_dims]
        for k, uses in zip([*map(str, options.latent_dims), "all"], [*by_width, mean_uses(by_width)], strict=True):
            rows.append([model, k, *(f"{value:.3f}" for value in uses)])
    raw = mean_uses(results.raw_uses.values())
    return table(["", "k", *TITLES], [*rows, [RAW, "", *(f"{value:.3f}" for value in raw)]])


def by_set_table(results: Results, options: Options, measure: str) -> str:
    """One measure of what codes and raw sequences are good for, by set."""
    pairs = list(itertools.product(options.latent_dims, (OURS, LINEAR)))
    header = ["set", *(f"{'ours' if model == OURS else model}, k = {k}" for k, model in pairs), "raw"]
    found = {
        name: [getattr(uses, measure) for uses in (*(results.uses(m, name, k) for k, m in pairs), raw)]
        for name, raw in results.raw_uses.items()
    }
    found["**mean**"] = [statistics.mean(column) for column in zip(*found.values(), strict=True)]
    return table(header, [[name, *(f"{value:.3f}" for value in row)] for name, row in found.items()])


def section(results: Results, options: Options) -> str:
    """All tables in Markdown, with what must be known to read them."""
    costs = [
        "What a fit costs: medians over all k and seeds. Seconds are without imports, also without those of",
        "the first fit; peak memory is the whole process's, torch's import included.",
    ]
    if options.rivals:
        costs.append(f"The {DENSE}'s search is the choice of its settings, for one k.")
    uses = [
        "What codes are good for, with nothing behind `transform` but what the column says: accuracies of",
        "`LogisticRegression(max_iter=1000)`, of the same behind a StandardScaler and of `KNeighborsClassifier(3)`,",
        "trained on the training sequences and judged on the same sequences as above; and the adjusted Rand index of",
        "`KMeans`, with as many clusters as classes, on the codes of both. Means over sets and seeds. PCA reads the",
        "sequences in their own units, or with each channel standardised, as the autoencoder does it by itself.",
    ]
    return f"""\
{paragraph(error_notes(results, options))}

{error_table(results, options)}

![Held-out error over that of PCA, by set and width of the code]({PICTURE})

{paragraph(costs)}

{cost_table(results, options)}

{paragraph(uses)}

{uses_table(results, options)}

Accuracy of the logistic regression on codes as they come, by set:

{by_set_table(results, options, "logistic")}

Adjusted Rand index of k-means on codes as they come, by set:

{by_set_table(results, options, "clusters")}

{environment(note=f"one thread for each fit and {options.n_jobs} fits at once")}
"""


def error_notes(results: Results, options: Options) -> Iterator[str]:
    """What must be known to read the table of errors, and its sum."""
    yield 'Ours is `LSTMAutoencoder(latent_dim=k, random_state=seed)`, nothing else set; "judged" is'
    yield {"test": "the test split.", "validation": "a quarter of the training split, not fitted on."}[options.split]
    yield "PCA's column is its squared error as a share of the squared deviation from the training channel means, over"
    yield "all channels in their own units, which is what PCA minimises. The others are divided by it:"
    many = f"geometric means over {options.n_seeds} seeds, with the least and the largest."
    yield many if options.n_seeds > 1 else "one seed."
    yield "Where lengths differ, PCA and the MLP get the position's mean behind an end, and only real steps count."
    if options.rivals:
        mean = mean_ratio(results, DENSE, options.names, options.latent_dims)
        yield "The MLP's settings and number of steps were chosen on a quarter of its training sequences, for each set"
        yield f"and k. Its geometric mean over all sets and k is {mean}, ours"
    else:
        yield "The MLP was left out. Our geometric mean over all sets and k is"
    yield f"{mean_ratio(results, OURS, options.names, options.latent_dims)}."
    yield wins(results, options)


def wins(results: Results, options: Options) -> str:
    """For how many sets and widths our error is below PCA's, and where it is worst."""
    means = {
        f"{name}, k = {k}": geometric_mean(results.ratios(OURS, name, k))
        for name, k in itertools.product(options.names, options.latent_dims)
    }
    worst = max(means, key=lambda where: means[where])
    n_below = sum(mean < 1 for mean in means.values())
    return f"Our error is below PCA's in {n_below} of {len(means)} cases; the worst is {means[worst]:.2f} ({worst})."


def draw(results: Results, options: Options, path: Path) -> None:
    """Draw errors over those of PCA: a row for each set, from top to bottom, and one for the geometric means."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.62 * len(options.names) + 1.9), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    offsets = np.linspace(-0.25, 0.25, len(options.latent_dims)) if len(options.latent_dims) > 1 else [0.0]
    for k, offset, marker, colour in zip(options.latent_dims, offsets, cycle(MARKERS), cycle(COLOURS), strict=False):
        style = {"marker": marker, "color": colour, "markersize": 7, "linestyle": "none"}
        hollow = {"markerfacecolor": "white", "markeredgewidth": 1.5}
        draw_model(axes, results, options, OURS, k, offset, {**style, "label": f"{OURS}, k = {k}"})
        if options.rivals:
            draw_model(axes, results, options, DENSE, k, offset, {**style, **hollow, "label": f"{DENSE}, k = {k}"})
    set_axes(axes, [*options.names, "geometric mean"])
    add_legend(figure, axes)
    figure.savefig(path)


def add_legend(figure: "Figure", axes: "Axes") -> None:
    """Put a legend below the axes, with a column for each model."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: labels[i].startswith(DENSE))
    models = {label.split(",")[0] for label in labels}
    figure.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="outside lower center",
        ncols=len(models),
        fontsize=11,
        frameon=False,
    )


def draw_model(
    axes: "Axes", results: Results, options: Options, model: str, k: int, offset: float, style: dict[str, Any]
) -> None:
    """Draw a model's means for one width, and a thin line from its best to its worst seed."""
    ratios = [results.ratios(model, name, k) for name in options.names]
    heights = np.arange(len(ratios) + 1) + offset
    for height, found in zip(heights, ratios, strict=False):
        axes.plot([min(found), max(found)], [height, height], color=style["color"], linewidth=1, zorder=1)
    means = [geometric_mean(found) for found in ratios]
    axes.plot([*means, geometric_mean(itertools.chain(*ratios))], heights, **style)


def set_axes(axes: "Axes", titles: Sequence[str]) -> None:
    """Label the rows and the logarithmic axis, and mark where PCA is."""
    axes.axvline(1, color="0.25", linewidth=1.2, zorder=0)
    axes.annotate("PCA", (1, 1), (0, 4), ("data", "axes fraction"), "offset points", ha="center", fontsize=11)
    axes.axhline(len(titles) - 1.5, color="0.6", linewidth=0.8)
    axes.set_yticks(range(len(titles)), titles, fontsize=12)
    axes.set_ylim(len(titles) - 0.5, -0.5)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    ticks = [tick for tick in (0.2, 0.25, 0.33, 0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 8) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=12)
    axes.minorticks_off()
    axes.set_xlabel("held-out squared error / that of PCA with k components", fontsize=12)
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    quick = "two small sets, one width, one seed, short searches"
    arguments = Arguments(__doc__, quick=quick, write="the tables and the picture")
    arguments.add_split("test")
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_latent_dims((4, 8, 16), quick=(8,))
    arguments.add_seeds(3)
    arguments.add_jobs()
    rivals = "fit the MLP too; PCA always is"
    arguments.add("--rivals", action=argparse.BooleanOptionalAction, default=True, help=rivals)
    given = arguments.read()
    mlp_steps = QUICK_MLP_STEPS if given.quick else MLP_STEPS
    counts = (given.latent_dims, given.seeds, given.split, given.rivals, given.jobs)
    return Options(given.sets, *counts, mlp_steps), given.write


def main() -> None:
    """Run the benchmark."""
    options, write = parse()
    results = measure(options)
    body = section(results, options)
    if write:
        draw(results, options, FOLDER / PICTURE)
    publish("quality", body, write=write)


if __name__ == "__main__":
    main()
