"""What each part of the default recipe buys: each changed alone, on all seven real data sets.

`LSTMAutoencoder(latent_dim=k, random_state=seed)` is fitted on three quarters of each training split, once as it is
and once with each change, and judged on the fourth quarter; the test splits are not touched. A row says by what the
change multiplies the error (squared error over squared deviation from the training channel means) and the seconds:
above 1, the change does harm. The fits of a set take turns, each in a process of its own with one thread. To tell a
change from chance, the recipe is fitted a second time with other seeds.

Patches of one step make 1,460 steps of ACSF1's sequences: that set is left out where they are asked for.

    python benchmarks/ablation.py --write
    python benchmarks/ablation.py --sets digits GunPoint --parts "no mixing" "no noise" --seeds 3
    python benchmarks/ablation.py --quick
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from _arguments import Arguments
from _datasets import NAMES
from _quality import Fit, Task, fit_autoencoder, geometric_mean, paragraph, run_tasks
from _report import environment, publish, table

RECIPE, CHANCE, TEXTBOOK = "the recipe", "other seeds", "textbook settings"
PARTS: dict[str, dict[str, Any]] = {
    RECIPE: {},
    CHANCE: {},
    "no linear path": {"linear_path": False},
    "no shifts": {"time_shift": 0},
    "no mixing": {"mixup": 0},
    "no blending": {"blending": 0},
    "no noise": {"input_noise": 0},
    "weight decay 0.1": {"weight_decay": 0.1},
    "no clipping": {"max_grad_norm": None},
    "constant learning rate": {"learning_rate_schedule": "constant"},
    "learning rate 0.001": {"learning_rate": 1e-3},
    "data not standardised": {"standardize": False},
    "patches of one step": {"patch_len": 1},
    "no hidden layer": {"hidden_layer_sizes": ()},
    'decoder="repeat"': {"decoder": "repeat"},
    'decoder="state"': {"decoder": "state"},
    "bidirectional encoder": {"bidirectional": True, "merge_mode": "sum"},  # "concat" would double the code
    "target reversed": {"reverse_target": True},
    TEXTBOOK: {
        "hidden_layer_sizes": (),
        "decoder": "repeat",
        "patch_len": 1,
        "linear_path": False,
        "mixup": 0,
        "time_shift": 0,
        "input_noise": 0,
        "max_grad_norm": None,
        "learning_rate_schedule": "constant",
        "learning_rate": 1e-3,
    },
}
LONGEST = "ACSF1"
QUICK_SETS = ("ItalyPowerDemand", "BasicMotions")
QUICK_PARTS = ("no mixing", TEXTBOOK)


class Options(NamedTuple):
    """What to measure."""

    names: Sequence[str]
    parts: Sequence[str]
    latent_dim: int
    n_seeds: int
    n_jobs: int


class Case(NamedTuple):
    """The recipe with a change, on a set."""

    part: str
    name: str
    seed: int


@dataclass(frozen=True)
class Results:
    """All fits."""

    fits: dict[Case, Fit]

    def of(self, part: str, names: Sequence[str]) -> list[Fit]:
        """Fits with a change, for each seed and each of the sets that it was tried on."""
        return [fit for case, fit in self.fits.items() if case.part == part and case.name in names]

    def pairs(self, part: str, names: Sequence[str]) -> list[tuple[Fit, Fit]]:
        """The same fits, each with that of the recipe to the same set."""
        cases = [case for case in self.fits if case.part == part and case.name in names]
        return [(self.fits[case], self.fits[case._replace(part=RECIPE)]) for case in cases]


def measure(options: Options) -> Results:
    """Fit everything, changes taking turns."""
    order = itertools.product(options.names, range(options.n_seeds), options.parts)
    cases = [Case(part, name, seed) for name, seed, part in order if is_tried(part, name)]
    measured = run_tasks([task(case, options) for case in cases], options.n_jobs)
    return Results({case: found.value for case, found in zip(cases, measured, strict=True)})


def is_tried(part: str, name: str) -> bool:
    """Whether a change is tried on a set."""
    return name != LONGEST or PARTS[part].get("patch_len") != 1


def task(case: Case, options: Options) -> Task:
    """The fit of a case."""
    seed = case.seed + options.n_seeds if case.part == CHANCE else case.seed
    arguments = (case.name, "validation", options.latent_dim, seed, PARTS[case.part])
    return Task(f"{case.part}, {case.name} seed {seed}", fit_autoencoder, arguments)


def change_table(results: Results, options: Options) -> str:
    """The recipe's own figures, and what becomes of them with each change."""
    header = ["", "error, all", *(f"error, {name}" for name in options.names), "seconds", "accuracy", "peak MB"]
    parts = [part for part in options.parts if part != RECIPE]
    return table(header, [recipe_row(results, options.names), *(row(results, part, options.names) for part in parts)])


def recipe_row(results: Results, names: Sequence[str]) -> list[str]:
    """The recipe's own figures."""
    fits = results.of(RECIPE, names)
    return [
        f"**{RECIPE}**",
        f"{geometric_mean(fit.error for fit in fits):.4f}",
        *(f"{geometric_mean(fit.error for fit in results.of(RECIPE, [name])):.4f}" for name in names),
        f"{geometric_mean(fit.seconds for fit in fits):.1f} s",
        f"{statistics.mean(fit.uses.logistic for fit in fits):.3f}",
        f"{max(fit.megabytes for fit in fits):.0f}",
    ]


def row(results: Results, part: str, names: Sequence[str]) -> list[str]:
    """What becomes of the recipe's figures with a change."""
    pairs = results.pairs(part, names)
    return [
        part,
        error_ratio(pairs),
        *(error_ratio(results.pairs(part, [name])) for name in names),
        f"× {geometric_mean(changed.seconds / recipe.seconds for changed, recipe in pairs):.2f}",
        f"{statistics.mean(changed.uses.logistic - recipe.uses.logistic for changed, recipe in pairs):+.3f}",
        f"{max(changed.megabytes for changed, _ in pairs):.0f}",
    ]


def error_ratio(pairs: Sequence[tuple[Fit, Fit]]) -> str:
    """By what a change multiplies the error, in the geometric mean; a dash where it was not tried."""
    return f"× {geometric_mean(changed.error / recipe.error for changed, recipe in pairs):.2f}" if pairs else "–"


def section(results: Results, options: Options) -> str:
    """The table in Markdown, with what must be known to read it."""
    return f"""\
{paragraph(notes(options))}

{change_table(results, options)}

{environment(note=f"one thread for each fit and {options.n_jobs} fits at once")}
"""


def notes(options: Options) -> Iterator[str]:
    """What must be known to read the table."""
    yield f"`LSTMAutoencoder(latent_dim={options.latent_dim}, random_state=seed)` with one change at a time, fitted on"
    yield "three quarters of each training split and judged on the fourth; the test splits were not used."
    yield "The first row has the recipe's own error (share of the variance about the training channel means), seconds,"
    yield "mean accuracy of a logistic regression on the codes as they come, and largest peak of memory. The others say"
    yield "by what a change multiplies error and seconds, in the geometric mean over all sets and"
    yield f"{options.n_seeds} seeds," if options.n_seeds > 1 else "one seed,"
    yield "and what it adds to the accuracy: above × 1 the change does harm."
    if CHANCE in options.parts:
        yield f'"{CHANCE.capitalize()}" is the recipe once more: a difference no larger than there may be chance.'
    if not all(is_tried(part, name) for part in options.parts for name in options.names):
        yield f"A dash: patches of one step were not tried on {LONGEST}, whose sequences of 1,460 steps would take too"
        yield "long; the means of such a row are over the other sets."
    if TEXTBOOK in options.parts:
        values = ", ".join(f"{name}={value!r}" for name, value in PARTS[TEXTBOOK].items())
        yield f"{TEXTBOOK.capitalize()} are `{values}`."


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    parts = [part for part in PARTS if part != RECIPE]
    arguments = Arguments(__doc__, quick="two small sets, two changes, one seed", write="the table")
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_choice("--parts", parts, quick=QUICK_PARTS)
    arguments.add_latent_dim()
    arguments.add_seeds(2)
    arguments.add_jobs()
    given = arguments.read()
    return Options(given.sets, [RECIPE, *given.parts], given.latent_dim, given.seeds, given.jobs), given.write


def main() -> None:
    """Run the benchmark."""
    options, write = parse()
    body = section(measure(options), options)
    publish("ablation", body, write=write)


if __name__ == "__main__":
    main()
