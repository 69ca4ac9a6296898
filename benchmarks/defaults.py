"""Which settings of `LSTMAutoencoder` reach the least error in a given time: the plain constructor among others.

`LSTMAutoencoder(latent_dim=k, random_state=seed)` is fitted on three quarters of each set's training split, as it is
and with each of some changes, for several widths k of the code, and judged on the fourth quarter; the test splits are
not touched. An error is the squared error over the squared deviation from the training channel means, divided by that
of PCA with k components. Of a candidate, the geometric means of error and seconds over all sets, widths and seeds
count: it lies on the frontier if no other has both less error and less time.

With `--old FOLDER`, the plain constructor of another state of the package is measured beside, as "before", and all is
compared with it; FOLDER is a checkout of an earlier commit, such as `git worktree add FOLDER COMMIT` makes. The fits
of a set, a width and a seed take turns, each in a process of its own with one thread.

    python benchmarks/defaults.py --old ../earlier --write
    python benchmarks/defaults.py --sets digits GunPoint --candidates "4 patches" "64 wide" --seeds 1
    python benchmarks/defaults.py --quick
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from _arguments import Arguments
from _datasets import NAMES, n_timesteps
from _defaults_picture import Point, draw
from _quality import (
    Fit,
    Task,
    fit_autoencoder,
    fit_pca,
    geometric_mean,
    mean_and_range,
    paragraph,
    parts,
    run_tasks,
)
from _report import FOLDER, environment, publish, table

Changes = dict[str, Any]
# What a candidate changes, or a function of the training sequences that says it.
Candidate = Changes | Callable[[Any], Changes]

SPLIT = "validation"
PICTURE = "defaults.png"
DEFAULTS, BEFORE = "the defaults", "before"
LEAST_EPOCHS = 10
# What a fit imports, but for the package, of which it may take another state: more than half of a short one's time.
IMPORTED = ("_quality", "aeon.datasets", "skorch", "torch")


def patches(n_patches: int) -> Callable[[Any], Changes]:
    """The longest sequence in at most so many patches."""
    return lambda X: {"patch_len": math.ceil(n_timesteps(X) / n_patches)}


def batches(n_batches: int, patience: int) -> Callable[[Any], Changes]:
    """At most so many batches, and as many as `patience` compared to find the plateau, in whole epochs."""

    def changes(X: Any) -> Changes:
        per_epoch = max(1, round(len(X) / 64))  # as the defaults have it
        most, compared = (max(LEAST_EPOCHS, math.ceil(n / per_epoch)) for n in (n_batches, patience))
        return {"max_epochs": most, "n_iter_no_change": compared}

    return changes


def together(*candidates: Candidate) -> Callable[[Any], Changes]:
    """All changes of several candidates."""
    return lambda X: {name: value for candidate in candidates for name, value in resolve(candidate, X).items()}


def resolve(candidate: Candidate, X: Any) -> Changes:
    """What a candidate changes for these training sequences."""
    return candidate(X) if callable(candidate) else candidate


CANDIDATES: dict[str, Candidate] = {
    DEFAULTS: {},
    "4 patches": patches(4),
    "64 wide": {"hidden_layer_sizes": 64},
    "256 wide": {"hidden_layer_sizes": 256},
    "half the batches": batches(1000, 25),
    "twice the batches": batches(4000, 100),
}
QUICK_SETS = ("ItalyPowerDemand", "BasicMotions")
QUICK_CANDIDATES = ("4 patches", "64 wide")
# Sets of which each width is looked at: their errors are the hardest to keep.
CLOSELY = ("GunPoint", "OSULeaf", "ItalyPowerDemand")


class Options(NamedTuple):
    """What to measure."""

    names: Sequence[str]
    candidates: Sequence[str]
    latent_dims: Sequence[int]
    n_seeds: int
    n_jobs: int
    old: Path | None

    @property
    def reference(self) -> str:
        """What candidates are compared with."""
        return BEFORE if self.old else DEFAULTS


class Case(NamedTuple):
    """A fit of a candidate."""

    candidate: str
    name: str
    latent_dim: int
    seed: int


@dataclass(frozen=True)
class Results:
    """All fits, and PCA's error by set and width."""

    fits: dict[Case, Fit]
    linear_errors: dict[tuple[str, int], float]

    def mean(self, quantity: str, candidate: str, **only: Any) -> float:
        """Geometric mean of a quantity of a candidate's fits, of those alone that have a name, a width or a seed."""
        return geometric_mean(
            self._value(quantity, case)
            for case in self.fits
            if case.candidate == candidate and all(getattr(case, field) == value for field, value in only.items())
        )

    def _value(self, quantity: str, case: Case) -> float:
        value: float = getattr(self.fits[case], quantity)
        return value / self.linear_errors[case.name, case.latent_dim] if quantity == "error" else value

    def is_on_frontier(self, candidate: str) -> bool:
        """Whether no other has less error and less time."""
        error, seconds = (self.mean(quantity, candidate) for quantity in ("error", "seconds"))
        others = {case.candidate for case in self.fits} - {candidate}
        return not any(self.mean("error", o) < error and self.mean("seconds", o) < seconds for o in others)


# Measuring


def measure(options: Options) -> Results:
    """Fit everything, candidates taking turns."""
    keys = list(itertools.product(options.names, options.latent_dims))
    linear = run_tasks(
        [Task(f"PCA {name} {k}", fit_pca, (name, SPLIT, k)) for name, k in keys], options.n_jobs, IMPORTED
    )
    cases, tasks = zip(*fit_tasks(options), strict=True)
    fits = run_tasks(tasks, options.n_jobs, IMPORTED)
    return Results(
        {case: found.value for case, found in zip(cases, fits, strict=True)},
        {key: found.value.error for key, found in zip(keys, linear, strict=True)},
    )


def fit_tasks(options: Options) -> Iterator[tuple[Case, Task]]:
    """All fits, in the order to do them in."""
    for name in options.names:
        X = parts(name, SPLIT).fitted.X
        changes = {candidate: resolve(CANDIDATES.get(candidate, {}), X) for candidate in options.candidates}
        for k, seed, candidate in itertools.product(options.latent_dims, range(options.n_seeds), options.candidates):
            label = f"{candidate}, {name} {k} seed {seed}"
            arguments = (name, SPLIT, k, seed, changes[candidate])
            checkout = options.old if candidate == BEFORE else None
            yield Case(candidate, name, k, seed), Task(label, fit_autoencoder, arguments, checkout)


# Showing


def frontier_table(results: Results, options: Options) -> str:
    """All candidates: what they reach, beside the reference."""
    reference = options.reference
    header = ["", "error / PCA's", "seconds", f"error / {reference}", f"seconds / {reference}"]
    header += [f"processor's seconds / {reference}", "accuracy", "worst set", "on the frontier"]
    return table(header, [candidate_row(results, options, candidate) for candidate in options.candidates])


def candidate_row(results: Results, options: Options, candidate: str) -> list[str]:
    """The figures of one candidate over all sets."""
    by_set = {name: ratio(results, options, "error", candidate, name=name) for name in options.names}
    worst = max(by_set, key=lambda name: by_set[name])
    accuracies = [fit.uses.logistic for case, fit in results.fits.items() if case.candidate == candidate]
    return [
        f"**{candidate}**" if candidate in (DEFAULTS, BEFORE) else candidate,
        mean_and_range([results.mean("error", candidate, seed=seed) for seed in range(options.n_seeds)]),
        f"{results.mean('seconds', candidate):.2f}",
        *(
            f"{ratio(results, options, quantity, candidate):.2f}"
            for quantity in ("error", "seconds", "processor_seconds")
        ),
        f"{sum(accuracies) / len(accuracies):.3f}",
        f"{by_set[worst]:.2f} ({worst})" if candidate != options.reference else "",
        "yes" if results.is_on_frontier(candidate) else "",
    ]


def ratio(results: Results, options: Options, quantity: str, candidate: str, **only: Any) -> float:
    """A candidate's mean over that of the reference."""
    return results.mean(quantity, candidate, **only) / results.mean(quantity, options.reference, **only)


def set_table(results: Results, options: Options, quantity: str, digits: int) -> str:
    """A quantity by set: the reference's own figures, and what the others multiply them by."""
    rows: list[list[str]] = []
    for candidate in options.candidates:
        if candidate == options.reference:
            cells = [f"{results.mean(quantity, candidate, name=name):.{digits}f}" for name in options.names]
            rows.insert(0, [f"**{candidate}**", *cells])
        else:
            cells = [f"× {ratio(results, options, quantity, candidate, name=name):.2f}" for name in options.names]
            rows.append([candidate, *cells])
    return table(["", *options.names], rows)


def width_table(results: Results, options: Options) -> str:
    """Every width of the sets that are looked at closely: the defaults beside what was before."""
    header = [
        "set, k",
        "error / PCA's, before",
        "error / PCA's, now",
        "now / before",
        "seconds, before",
        "seconds, now",
    ]
    rows = []
    for name, k in itertools.product([n for n in CLOSELY if n in options.names], options.latent_dims):
        only = {"name": name, "latent_dim": k}
        errors = [
            [results.mean("error", candidate, **only, seed=seed) for seed in range(options.n_seeds)]
            for candidate in (BEFORE, DEFAULTS)
        ]
        seconds = [f"{results.mean('seconds', candidate, **only):.2f}" for candidate in (BEFORE, DEFAULTS)]
        compared = f"{ratio(results, options, 'error', DEFAULTS, **only):.2f}"
        rows.append([f"{name}, {k}", *map(mean_and_range, errors), compared, *seconds])
    return table(header, rows)


def section(results: Results, options: Options) -> str:
    """All tables in Markdown, with what must be known to read them."""
    pieces = [
        paragraph(notes(options)),
        f"![Held-out error over PCA's against seconds of a fit, by candidate]({PICTURE})",
        frontier_table(results, options),
        f'Error over PCA\'s by set: that of "{options.reference}", and what the others multiply it by.',
        set_table(results, options, "error", 3),
        "Seconds of a fit by set, likewise.",
        set_table(results, options, "seconds", 2),
    ]
    if options.old and set(CLOSELY) & set(options.names):
        pieces += ["Every width of three sets: the plain constructor, before and now.", width_table(results, options)]
    note = f"one thread for each fit and {options.n_jobs} fits at once"
    return "\n\n".join([*pieces, environment(note=note)])


def notes(options: Options) -> Iterator[str]:
    """What must be known to read the tables."""
    widths = ", ".join(map(str, options.latent_dims))
    yield f"`LSTMAutoencoder(latent_dim=k, random_state=seed)`, k = {widths}, as it is and with changes, fitted on"
    yield "three quarters of each training split and judged on the fourth; the test splits were not used. Errors over"
    yield "PCA's and seconds are geometric means over sets, widths and"
    yield (
        f"{options.n_seeds} seeds, in brackets those of the best and the worst;" if options.n_seeds > 1 else "one seed;"
    )
    yield 'the accuracy is the mean of a logistic regression on the codes as they come. "Worst set": where the error is'
    yield f'the largest multiple of that of "{options.reference}". On the frontier is what no other candidate'
    yield "beats in both error and seconds. At most so many patches are made of the longest sequence. Half and twice"
    yield f"the batches are at most 1,000 and 4,000 of them, in at least {LEAST_EPOCHS} epochs; half and twice as many"
    yield "are compared to find the plateau."
    if options.old:
        yield f'"{BEFORE.capitalize()}" is the plain constructor of an earlier state of the package.'


def points(results: Results, options: Options) -> list[Point]:
    """The candidates as the picture has them."""
    return [
        Point(
            candidate,
            results.mean("seconds", candidate),
            results.mean("error", candidate),
            results.is_on_frontier(candidate),
            candidate in (DEFAULTS, BEFORE),
        )
        for candidate in options.candidates
    ]


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    candidates = [candidate for candidate in CANDIDATES if candidate != DEFAULTS]
    quick = "two small sets, one width, two candidates, one seed"
    arguments = Arguments(__doc__, quick=quick, write="the tables and the picture")
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_choice("--candidates", candidates, quick=QUICK_CANDIDATES)
    arguments.add_latent_dims((4, 8, 16), quick=(8,))
    arguments.add_seeds(3)
    arguments.add_jobs()
    arguments.add_old()
    given = arguments.read()
    measured = [*([BEFORE] if given.old else []), DEFAULTS, *given.candidates]
    return Options(given.sets, measured, given.latent_dims, given.seeds, given.jobs, given.old), given.write


def main() -> None:
    """Run the benchmark."""
    options, write = parse()
    results = measure(options)
    body = section(results, options)
    if write:
        draw(points(results, options), FOLDER / PICTURE)
    publish("defaults", body, write=write)


if __name__ == "__main__":
    main()
