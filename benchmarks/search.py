"""What a search over the width of the code costs, and where its time goes.

`GridSearchCV(LSTMAutoencoder(random_state=0), {"latent_dim": [2, 4, 8, 16]}, cv=5, n_jobs=2)` on the training splits of
two sets: twenty fits in two worker processes, and the refit. Beside it stand the same search with `n_jobs=1`, whose
scores must be the same, and with `--old FOLDER`, a checkout of an earlier commit, that of another state of the package.
They take turns, each in a process of its own, which has imported the package; the worker processes import it anew, and
in any process the first fit imports more.

    python benchmarks/search.py --old ../earlier --write
    python benchmarks/search.py --quick
"""

import resource
import statistics
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _arguments import Arguments
from _datasets import NAMES, load
from _isolation import isolated, warm_up
from _quality import paragraph, timed
from _report import environment, publish, table
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

# The estimator is imported in the processes, of which each may take another state of the package.

THREADS = 2
SETS = ("digits", "GunPoint")
QUICK_SETS = ("ItalyPowerDemand",)
N_READINGS = 5


class Grid(NamedTuple):
    """What is searched, and how."""

    latent_dims: tuple[int, ...]
    n_splits: int
    changes: Mapping[str, Any]

    @property
    def n_fits(self) -> int:
        """Fits without the refit."""
        return self.n_splits * len(self.latent_dims)

    def describe(self, n_jobs: str) -> str:
        """As a user would write it."""
        changes = "".join(f", {name}={value!r}" for name, value in self.changes.items())
        widths = f'{{"latent_dim": {list(self.latent_dims)}}}'
        return f"GridSearchCV(LSTMAutoencoder(random_state=0{changes}), {widths}, cv={self.n_splits}, n_jobs={n_jobs})"


FULL = Grid((2, 4, 8, 16), 5, {})
QUICK = Grid((2, 4), 2, {"max_epochs": 20})


class Contestant(NamedTuple):
    """A search: in how many processes, and with which state of the package."""

    label: str
    n_jobs: int
    checkout: Path | None = None


class Search(NamedTuple):
    """What a search took, in seconds, and the scores that it found (n_candidates, n_splits).

    Fits, scoring and reading are sums over all fits, of whichever process; the processor's seconds are those of all
    processes.
    """

    seconds: float
    processor_seconds: float
    fitting: float
    scoring: float
    refit: float
    reading: float
    scores: NDArray[np.float64]


# Measuring


def search(name: str, grid: Grid, n_jobs: int) -> Search:
    """Search, as a user does."""
    from sklearn_seqae import LSTMAutoencoder

    X = load(name, "train").X
    warnings.simplefilter("ignore", ConvergenceWarning)  # with --quick
    found = GridSearchCV(
        LSTMAutoencoder(random_state=0, **grid.changes),
        {"latent_dim": grid.latent_dims},
        cv=grid.n_splits,
        n_jobs=n_jobs,
    )
    with workers_that_end():
        cost = timed(found.fit, X)
    results = found.cv_results_
    return Search(
        cost.seconds,
        cost.processor_seconds + seconds_of_children(),
        grid.n_splits * float(np.sum(results["mean_fit_time"])),
        grid.n_splits * float(np.sum(results["mean_score_time"])),
        found.refit_time_,
        (2 * grid.n_fits + 1) * seconds_of_reading(X),
        np.stack([results[f"split{i}_test_score"] for i in range(grid.n_splits)], axis=1),
    )


@contextmanager
def workers_that_end() -> Iterator[None]:
    """End joblib's workers: a process that is not the main one would wait for them in vain."""
    try:
        yield
    finally:
        get_reusable_executor().shutdown(wait=True)


def seconds_of_children() -> float:
    """The processor's seconds of processes that have been started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of_reading(X: Any) -> float:
    """Seconds of one way of X into the estimator, which `fit` and `score` begin with."""
    from sklearn_seqae import LSTMAutoencoder
    from sklearn_seqae._data._readers import validate_sequences

    seconds = []
    for _ in range(N_READINGS):
        start = time.perf_counter()
        validate_sequences(LSTMAutoencoder(), X)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def seconds_of_start(n_jobs: int) -> float:
    """Seconds until workers are there and have imported all that a fit needs."""

    def run() -> float:
        start = time.perf_counter()
        Parallel(n_jobs=n_jobs)(delayed(warm_up)() for _ in range(n_jobs))
        return time.perf_counter() - start

    with workers_that_end():
        return run() - run()


def measure(
    names: Sequence[str], contestants: Sequence[Contestant], grid: Grid, n_rounds: int
) -> dict[tuple[str, Contestant], list[Search]]:
    """All searches of each round, contestants taking turns."""
    found: dict[tuple[str, Contestant], list[Search]] = {}
    for _ in range(n_rounds):
        for name in names:
            for contestant in contestants:
                arguments = (name, grid, contestant.n_jobs)
                one: Search = isolated(search, *arguments, threads=THREADS, checkout=contestant.checkout).value
                found.setdefault((name, contestant), []).append(one)
                print(f"{name}, {contestant.label}: {one.seconds:.1f} s", file=sys.stderr, flush=True)
    return found


# Showing


def search_table(found: Mapping[tuple[str, Contestant], Sequence[Search]]) -> str:
    """What each search took; of several rounds, the medians."""
    header = ["set", "search", "seconds", "of the first's", "processor's seconds", "of the first's"]
    header += ["fits", "scoring", "refit", "the rest", "reading X"]
    first: dict[str, Sequence[Search]] = {}
    for (name, _), searches in found.items():
        first.setdefault(name, searches)
    return table(header, [row(*key, searches, first[key[0]]) for key, searches in found.items()])


def row(name: str, contestant: Contestant, searches: Sequence[Search], first: Sequence[Search]) -> list[str]:
    """The figures of one search."""
    seconds, processor = median("seconds", searches), median("processor_seconds", searches)
    fitting, scoring, refit = (median(field, searches) for field in ("fitting", "scoring", "refit"))
    return [
        name,
        contestant.label,
        f"{seconds:.1f}",
        f"{seconds / median('seconds', first):.2f}",
        f"{processor:.1f}",
        f"{processor / median('processor_seconds', first):.2f}",
        *(f"{value:.1f}" for value in (fitting, scoring, refit)),
        f"{seconds - refit - (fitting + scoring) / contestant.n_jobs:.1f}",
        f"{median('reading', searches):.2f}",
    ]


def median(field: str, searches: Sequence[Search]) -> float:
    """Over the rounds."""
    return statistics.median(getattr(one, field) for one in searches)


def section(
    found: Mapping[tuple[str, Contestant], Sequence[Search]], grid: Grid, n_rounds: int, starts: Mapping[str, float]
) -> str:
    """The table in Markdown, with what must be known to read it."""
    return "\n\n".join(
        [
            paragraph(notes(grid, n_rounds, starts)),
            search_table(found),
            paragraph(same_scores(found)),
            environment(note=f"{THREADS} threads where there is one process"),
        ]
    )


def notes(grid: Grid, n_rounds: int, starts: Mapping[str, float]) -> Iterator[str]:
    """What must be known to read the table."""
    yield f"Seconds of `{grid.describe('...')}.fit(X)`, X being a set's training split, in a new process that has"
    yield "imported the package." if n_rounds == 1 else f"imported the package; medians of {n_rounds} rounds."
    yield f'"Fits" and "scoring" are the sums over all {grid.n_fits} fits as `cv_results_` has them, of whichever'
    yield 'process, what the first fit of a process imports among them; "the rest" is what the whole took longer than'
    yield "the refit and the processes' share of fits and scoring: starting workers, importing, handing out the work,"
    yield 'and waiting for the last fit. "Reading X" is what it takes to read and check X in all fits and scorings,'
    yield "measured by itself. Two workers are there, with all that a fit imports, after"
    yield " and ".join(f"{seconds:.1f} s ({label})" for label, seconds in starts.items()) + "."


def same_scores(found: Mapping[tuple[str, Contestant], Sequence[Search]]) -> Iterator[str]:
    """Whether searches of one state of the package found the same."""
    for name in dict.fromkeys(name for name, _ in found):
        scores = [
            one.scores
            for (of, contestant), searches in found.items()
            if of == name and contestant.checkout is None
            for one in searches
        ]
        difference = max(float(np.abs(some - scores[0]).max()) for some in scores)
        same = "are the same" if difference == 0 else f"DIFFER by up to {difference:.2g}"
        yield f"{name}: the test scores {same} in two processes and in one."


def parse() -> tuple[Sequence[str], Grid, int, Path | None, bool]:
    """Read the command line."""
    arguments = Arguments(__doc__, quick="a small set, four short fits", write="the table")
    help_text = f"of {', '.join(NAMES)} (default: {', '.join(SETS)}; with --quick {', '.join(QUICK_SETS)})"
    arguments.add("--sets", quick=QUICK_SETS, nargs="+", choices=NAMES, default=SETS, metavar="SET", help=help_text)
    arguments.add_rounds(1, quick=1)
    arguments.add_old()
    given = arguments.read()
    return given.sets, QUICK if given.quick else FULL, given.rounds, given.old, given.write


def main() -> None:
    """Run the benchmark."""
    names, grid, n_rounds, old, write = parse()
    contestants = [Contestant("before, n_jobs=2", 2, old)] if old else []
    contestants += [Contestant("now, n_jobs=2", 2), Contestant("now, n_jobs=1", 1)]
    starts = {
        one.label: isolated(seconds_of_start, 2, threads=THREADS, checkout=one.checkout).value
        for one in contestants
        if one.n_jobs == 2
    }
    found = measure(names, contestants, grid, n_rounds)
    publish("search", section(found, grid, n_rounds, starts), write=write)


if __name__ == "__main__":
    main()
