"""Error on values that were removed: `LSTMImputer` against lines, scikit-learn's imputers and a normal distribution.

From the seven real data sets, and from the windows of hourly sensors in `--data FOLDER`, values are removed: 10 % of
them, 50 %, or in each channel a run of a fifth of a sequence's length; both from what is fitted and from what is
judged, with new gaps for each seed. Then they are filled in

- by linear interpolation in time;
- by `LSTMImputer(random_state=seed)`, nothing else set, and once more without training of its networks;
- by the conditional mean of a normal distribution of the flattened sequences;
- by scikit-learn's KNNImputer and IterativeImputer on the flattened sequences;
- by `LSTMAutoencoder(random_state=seed)`, which draws the whole sequence from its code;
- by the channels' means.

The sensors are once more judged as in TSI-Bench (Du et al., 2024; "ItalyAir"), by the mean absolute error: windows of
12 hours, the first three fifths of the series for training, the last one for the test, missing values left in as -200.

    python benchmarks/gaps.py --data air_quality --write
    python benchmarks/gaps.py --split validation --sets GunPoint BasicMotions --seeds 1
    python benchmarks/gaps.py --quick

AirQuality.csv has the columns of https://archive.ics.uci.edu/dataset/360 in their order, comma-separated.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _datasets import NAMES
from _gaps import AIR, PATTERNS, PROTOCOL, Fill, fill_cell, line, make_cell
from _quality import Task, geometric_mean, mean_and_range, paragraph, run_tasks
from _report import FOLDER, environment, publish, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE, OURS = "line", "ours"
WAYS = (OURS, "ours, untrained", "normal", "KNNImputer", "IterativeImputer", "reconstruct", "mean")
PROTOCOL_PATTERNS = ("10 %", "runs of 8")
# Mean absolute errors as published for 10 % of points and, as far as known, for 50 % in runs of 8.
PUBLISHED: dict[str, tuple[float, ...]] = {
    "linear interpolation": (0.135, 0.329),
    "SAITS": (0.185, 0.386),
    "Transformer": (0.191,),
    "BRITS": (0.235,),
}
PICTURE = "gaps.png"
SHOWN = ("GunPoint", "BasicMotions", "ItalyPowerDemand")
QUICK_SETS = ("ItalyPowerDemand", "BasicMotions")
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.45"
# Processes are forked from one that has imported these.
IMPORTED = ("_gaps", "sklearn_seqae._imputer", "sklearn_seqae._training._train", "sklearn.experimental")


class Options(NamedTuple):
    """What to measure."""

    names: Sequence[str]
    n_seeds: int
    split: str
    data: Path | None
    n_jobs: int

    def cells(self) -> list[tuple[str, str]]:
        """Sets with patterns of gaps."""
        names = [*self.names, *([AIR] if self.data else [])]
        return list(itertools.product(names, PATTERNS))


class Results(NamedTuple):
    """Fills of each cell, one for each seed, by the way they were made."""

    fills: dict[tuple[str, str], list[dict[str, Fill]]]

    def ratios(self, name: str, pattern: str, way: str) -> list[float]:
        """Errors over those of the line."""
        return [fill[way].root_mean_square / fill[LINE].root_mean_square for fill in self.fills[name, pattern]]

    def mean(self, name: str, pattern: str, way: str, quantity: str) -> float:
        """Mean of a quantity over the seeds."""
        return statistics.mean(getattr(fill[way], quantity) for fill in self.fills[name, pattern])


# Measuring


def measure(options: Options) -> Results:
    """Fill all cells."""
    cells = options.cells()
    if options.data:
        cells += list(itertools.product([PROTOCOL], PROTOCOL_PATTERNS))
    keys = list(itertools.product(cells, range(options.n_seeds)))
    tasks = [
        Task(f"{name} {pattern} seed {seed}", fill_cell, (name, pattern, options.split, seed, options.data))
        for (name, pattern), seed in keys
    ]
    fills: dict[tuple[str, str], list[dict[str, Fill]]] = {}
    for (cell, _), measured in zip(keys, run_tasks(tasks, options.n_jobs, IMPORTED), strict=True):
        fills.setdefault(cell, []).append(measured.value)
    return Results(fills)


# Showing


def error_table(results: Results, options: Options) -> str:
    """The line's errors, and the others' over the line's."""
    rows = []
    for name, pattern in options.cells():
        row = [name, pattern, f"{results.mean(name, pattern, LINE, 'root_mean_square'):.3f}"]
        row.append(mean_and_range(results.ratios(name, pattern, OURS)))
        rows.append([*row, *(f"{geometric_mean(results.ratios(name, pattern, way)):.2f}" for way in WAYS[1:])])
    for pattern in PATTERNS:
        rows.append(
            ["**geometric mean**", pattern, "", *(f"{overall(results, options, pattern, w):.2f}" for w in WAYS)]
        )
    titles = ["ours", "ours without trained networks", "normal distribution", *WAYS[3:]]
    return table(["set", "removed", "line, RMSE", *(f"{title} / line" for title in titles)], rows)


def overall(results: Results, options: Options, pattern: str, way: str) -> float:
    """Geometric mean of errors over the line's, over all sets and seeds."""
    cells = [cell for cell in options.cells() if cell[1] == pattern]
    return geometric_mean(itertools.chain(*(results.ratios(*cell, way) for cell in cells)))


def cost_table(results: Results, options: Options) -> str:
    """Seconds to fit and to fill, and how often errors are as small as our deviations say, by set."""
    rows = []
    for name in dict.fromkeys(name for name, _ in options.cells()):
        seconds = [
            statistics.median(fill[way].seconds for pattern in PATTERNS for fill in results.fills[name, pattern])
            for way in WAYS[:-1]
        ]
        covered = [results.mean(name, pattern, OURS, "covered") for pattern in PATTERNS]
        rows.append([name, *(f"{value:.2g}" for value in seconds), *(f"{share:.0%}" for share in covered)])
    titles = ["ours", "ours without training", "normal", *WAYS[3:-1]]
    covered_titles = [f"within 2 deviations, {pattern}" for pattern in PATTERNS]
    return table(["set", *(f"seconds, {title}" for title in titles), *covered_titles], rows)


def protocol_table(results: Results) -> str:
    """Mean absolute errors in TSI-Bench's protocol, beside the published ones."""
    titles = {LINE: "linear interpolation, here", **{way: way for way in WAYS}, OURS: "**`LSTMImputer`**"}
    rows = [[f"{name}, published", *(f"{error:.3f}" for error in errors)] for name, errors in PUBLISHED.items()]
    rows = [[*row, *[""] * (3 - len(row))] for row in rows]
    for way, title in titles.items():
        errors = [results.mean(PROTOCOL, pattern, way, "mean_absolute") for pattern in PROTOCOL_PATTERNS]
        rows.append([title, *(f"{error:.3f}" for error in errors)])
    return table(["mean absolute error", "10 % of values", "half of the values, in runs of 8"], rows)


def section(results: Results, options: Options) -> str:
    """All tables in Markdown, with what must be known to read them."""
    judged = {"test": "the test split", "validation": "a quarter of the training split, not fitted on"}[options.split]
    protocol = ""
    if options.data:
        air = "the last fifth" if options.split == "test" else "the fourth fifth"
        protocol = f"""
In TSI-Bench's protocol, judged on {air} of the series; published figures are those of its test, the last fifth:

{protocol_table(results)}
"""
    return f"""\
{paragraph(notes(results, options, judged))}

{error_table(results, options)}

![Gaps filled by LSTMImputer and by straight lines]({PICTURE})
{protocol}
Seconds to fit and to fill, medians over the patterns and seeds, and the share of errors that are within two of the
deviations that `transform(X, return_std=True)` tells:

{cost_table(results, options)}

{environment(note=f"one thread for each task and {options.n_jobs} tasks at once")}
"""


def notes(results: Results, options: Options, judged: str) -> Iterator[str]:
    """What must be known to read the table of errors, and its sum."""
    yield "Root mean squared errors on removed values, in standard units, over that of linear interpolation, judged on"
    yield f"{judged}; ours is `LSTMImputer(random_state=seed)`, nothing else set."
    many = f"Geometric means over {options.n_seeds} seeds, for ours with the least and the largest."
    yield many if options.n_seeds > 1 else "One seed."
    yield "IterativeImputer has 5 rounds and 20 features, the others have their defaults; the normal distribution is"
    yield "fitted by expectation and maximisation, its covariance shrunk after Ledoit and Wolf."
    means = ", ".join(f"{overall(results, options, pattern, OURS):.2f} ({pattern})" for pattern in PATTERNS)
    cells = options.cells()
    ours = {cell: geometric_mean(results.ratios(*cell, OURS)) for cell in cells}
    worst = max(ours, key=lambda cell: ours[cell])
    best_rivals = [min(geometric_mean(results.ratios(*cell, way)) for way in WAYS[2:]) for cell in cells]
    n_best = sum(ours[cell] < min(1, rival) for cell, rival in zip(cells, best_rivals, strict=True))
    yield f"Our error is {means} of the line's in the geometric mean, at most {ours[worst]:.2f} ({', '.join(worst)}),"
    yield f"and the smallest of all in {n_best} of {len(cells)} cases."


def draw(options: Options, path: Path) -> None:
    """Draw one judged sequence of some sets, with a run removed, as it is and as it is filled."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    names = [name for name in SHOWN if name in options.names] or list(options.names[:1])
    with rc_context({"font.size": 12, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4 * len(names) + 0.5, 3.6), dpi=150, layout="constrained")
        row = figure.subplots(1, len(names), squeeze=False)[0]
        for axes, name in zip(row, names, strict=True):
            draw_gap(axes, name, options)
        handles, labels = row[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        figure.savefig(path)


def draw_gap(axes: "Axes", name: str, options: Options) -> None:
    """Draw the first channel of a typical sequence: the line is as wrong in its gap as on average over all."""
    from sklearn_seqae import LSTMImputer

    cell = make_cell(name, "a run", options.split, 0, options.data)
    imputer = LSTMImputer(random_state=0).fit(cell.fitted)
    pairs = zip(cell.judged, cell.truth, strict=True)
    errors = np.array([np.sqrt(np.mean((line(x) - truth)[:, 0] ** 2)) for x, truth in pairs])
    cut_off = [bool(np.isnan(x[[0, -1], 0]).any()) for x in cell.judged]  # a gap at an end has no line across
    usual = np.sqrt(np.mean(errors**2))
    i = int(np.argmin(np.where(cut_off, np.inf, np.abs(errors - usual))))
    gap = np.flatnonzero(np.isnan(cell.judged[i][:, 0]))
    around: Any = np.arange(gap[0] - 1, gap[-1] + 2)
    (filled,), (deviations,) = imputer.transform(cell.judged[i : i + 1], return_std=True)
    ours, deviation = filled[around, 0], 2 * deviations[around, 0]
    straight = line(cell.judged[i])[around, 0]
    axes.plot(cell.judged[i][:, 0], color="0.2", linewidth=1.8)
    axes.plot(around, cell.truth[i][around, 0], ":", color="0.2", linewidth=1.8, label="removed")
    axes.fill_between(around, ours - deviation, ours + deviation, color=BLUE, alpha=0.2, linewidth=0, label="± 2 std")
    axes.plot(around, straight, "--", color=ORANGE, linewidth=2, label="straight line")
    axes.plot(around, ours, color=BLUE, linewidth=2.4, label="LSTMImputer")
    axes.set_title(name, fontsize=13)
    axes.set_xlabel("time step")
    if axes.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        axes.set_ylabel("standard units")


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    arguments = Arguments(__doc__, quick="two small sets, one seed", write="the tables and the picture")
    arguments.add_split("test")
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_path("--data", "folder that holds AirQuality.csv; without it, sensors are left out")
    arguments.add_seeds(3)
    arguments.add_jobs()
    given = arguments.read()
    return Options(given.sets, given.seeds, given.split, given.data, given.jobs), given.write


def main() -> None:
    """Run the benchmark."""
    options, write = parse()
    results = measure(options)
    body = section(results, options)
    if write:
        draw(options, FOLDER / PICTURE)
    publish("gaps", body, write=write)


if __name__ == "__main__":
    main()
