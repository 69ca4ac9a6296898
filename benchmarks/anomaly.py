"""How well `LSTMOutlierDetector` finds anomalies beside other detectors, and how often it raises false alarms.

classes   On seven real data sets, each of a set's first three classes is the normal one in turn: a detector is fitted
          to its training sequences, and scores the test split, in which all other classes are anomalies. Area under
          the ROC curve and average precision of the anomalies.
alarms    With contamination="auto" a share of 1 % or 5 % of fresh normal sequences should be marked, by every score. Of
          real sets, one class (the first two take turns) or all are fitted, and the same of the test split marked; of
          synthetic processes, 2,000 fresh sequences. Beside it, the threshold at the 95th percentile of the training
          data's own scores, and what the fits for the threshold cost.
series    Series 135 of the KDD-TSAD collection: fitted to windows, one period wide, of the part that is published for
          training; judged on all that follows it, where twelve steps are marked. A step's score is the mean over the
          windows that it is in of the windows' scores or, where a method has them, of the scores of single steps.

Rivals get sequences as rows, each channel standardised by the training sequences' mean and standard deviation as the
autoencoder does it; where lengths differ, the training mean of the position stands behind a sequence's end. Where a
setting was chosen, it was on the training splits alone (three quarters of a class fitted, the fourth and the other
classes judged). They are:

- PCA, mean squared or absolute error ("mae") of the reconstruction: 8 components, as a code has values, or what
  explains 90 % of the training variance (95 % is no better);
- T² of these components and Q of what is left, as processes are monitored, each in units of its training mean;
- IsolationForest with 300 trees; LocalOutlierFactor with 3 neighbours, the best of 1 to 20; OneClassSVM with
  gamma="scale", nu=0.1; the distance to the nearest training sequence;
- PyOD's AutoEncoder as it is by default (10 epochs), and trained for 2,000 steps, as long as ours at most;
- the LSTM autoencoder of Keras's blog, as it is copied everywhere, built of our own layers: one LSTM layer of 32 on
  either side and a linear one behind them (it is poor without), channels scaled to [0, 1], 400 batches but at least 50
  epochs.

Ours is the plain constructor. Each fit has one thread. Processes share the work.

    python benchmarks/anomaly.py --write
    python benchmarks/anomaly.py --parts classes --sets digits GunPoint --split validation
    python benchmarks/anomaly.py --quick
"""

import itertools
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from _anomaly import METHODS
from _anomaly_report import class_notes, class_tables, series_notes, series_table
from _anomaly_tasks import (
    CV,
    N_CLASSES,
    Judged,
    Located,
    class_names,
    judge_class,
    judge_series,
    load_series,
    one_thread,
    series_windows,
)
from _arguments import Arguments
from _datasets import NAMES
from _false_alarms import (
    ALL_CLASSES,
    LARGE_SETS,
    N_ALARM_CLASSES,
    PROCESSES,
    FalseAlarms,
    alarm_notes,
    alarm_table,
    false_alarms_of_class,
    false_alarms_of_process,
)
from _quality import Task, paragraph
from _report import FOLDER, environment, publish
from sklearn.model_selection import KFold

PARTS = ("classes", "alarms", "series")
PICTURE = "anomaly.png"
QUICK_SETS = ("ItalyPowerDemand", "BasicMotions")
SIZES, QUICK_SIZES = (50, 200, 1000), (20,)


class Options(NamedTuple):
    """What to measure."""

    parts: Sequence[str]
    names: Sequence[str]
    n_classes: int
    n_alarm_classes: int
    sizes: Sequence[int]
    stride: int
    n_seeds: int
    n_few_seeds: int
    split: str
    n_jobs: int
    quick: bool

    def seeds(self, method: str) -> range:
        """Seeds to fit a method with; none at all where it is left out."""
        return range({"none": 1, "few": self.n_few_seeds, "many": self.n_seeds}[METHODS[method].seeds])


def run(tasks: Sequence[tuple[Any, Task]], n_jobs: int) -> dict[Any, list[Any]]:
    """Call all, `n_jobs` at once with one thread each: results by key, in the order of the tasks."""
    results: dict[Any, list[Any]] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=one_thread) as pool:
        waiting = [(key, task, pool.submit(task.function, *task.arguments)) for key, task in tasks]
        for key, task, future in waiting:
            print(f"{task.label}: {future.result()}", file=sys.stderr, flush=True)
            results.setdefault(key, []).append(future.result())
    return results


def classes_part(options: Options) -> str:
    """Tell classes from each other."""
    tasks = [
        ((method, name), Task(f"{method}, {name} {label} seed {seed}", judge_class, (method, name, label, seed, split)))
        for name, split in itertools.product(options.names, [options.split])
        for label, method in itertools.product(class_names(name, options.n_classes), METHODS)
        for seed in options.seeds(method)
    ]
    found: dict[tuple[str, str], list[Judged]] = run(tasks, options.n_jobs)
    area, precision = class_tables(found, options.names, lambda method: len(options.seeds(method)))
    return f"""\
### Classes

{paragraph(class_notes(found, options.names, options.n_seeds, options.n_few_seeds, options.split))}

{area}

Average precision of the anomalies; by chance it is their share of the sequences.

{precision}
"""


def alarms_part(options: Options) -> str:
    """Count false alarms."""
    seeds = range(options.n_seeds)
    tasks = []
    for name in options.names[:1] if options.quick else options.names:
        groups = {f"{name}, class by class": class_names(name, options.n_alarm_classes)}
        if name in LARGE_SETS and not options.quick:
            groups[f"{name}, {ALL_CLASSES}"] = [ALL_CLASSES]
        for (key, labels), seed in itertools.product(groups.items(), seeds):
            tasks += [
                (key, Task(f"{name} {label} seed {seed}", false_alarms_of_class, (name, label, seed, options.split)))
                for label in labels
            ]
    for name, n, seed in itertools.product(list(PROCESSES)[: 1 if options.quick else None], options.sizes, seeds):
        tasks.append((f"{name}, n = {n:,}", Task(f"{name} {n} seed {seed}", false_alarms_of_process, (name, n, seed))))
    found: dict[str, list[FalseAlarms]] = run(tasks, options.n_jobs)
    return f"### False alarms\n\n{paragraph(alarm_notes(found, len(seeds), options.split))}\n\n{alarm_table(found)}\n"


def series_part(options: Options, picture: Path | None) -> str:
    """Look for the anomaly in a series."""
    tasks = [
        (method, Task(f"{method}, series seed {seed}", judge_series, (method, seed, options.stride)))
        for method in METHODS
        for seed in options.seeds(method)
    ]
    found: dict[str, list[Located]] = run(tasks, options.n_jobs)
    image = f"\n![The series, and its score by our detector]({PICTURE})\n" if picture else ""
    if picture:
        draw(picture, options.stride)
    return f"### One anomaly in a series\n\n{paragraph(series_notes(options.stride))}\n\n{series_table(found)}\n{image}"


def draw(path: Path, stride: int) -> None:
    """Draw the part of the series that was judged, with the score of each step and the threshold for windows."""
    import matplotlib as mpl

    mpl.use("Agg")
    from sklearn_seqae import AnomalyDisplay, LSTMOutlierDetector

    series = load_series()
    training, _ = series_windows(series, stride)
    detector = LSTMOutlierDetector(cv=KFold(CV), random_state=0).fit(training)
    rest, anomalous = series.values[series.n_training :], series.anomalous[series.n_training :]
    display = AnomalyDisplay.from_estimator(detector, rest, width=training.shape[1], stride=stride, labels=anomalous)
    display.figure_.savefig(path, dpi=150)


def section(options: Options, picture: Path | None) -> str:
    """All parts in Markdown."""
    made = {
        "classes": lambda: classes_part(options),
        "alarms": lambda: alarms_part(options),
        "series": lambda: series_part(options, picture),
    }
    bodies = "\n".join(made[part]() for part in options.parts)
    versions = [f"pyod {version('pyod')}"]
    note = f"one thread for each fit and {options.n_jobs} fits at once"
    return f"{bodies}\n{environment(versions, note)}\n"


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    quick = "two small sets, one class, one seed, one process; without what takes long"
    arguments = Arguments(__doc__, quick=quick, write="the tables and the picture")
    arguments.add_choice("--parts", PARTS)
    arguments.add_choice("--sets", NAMES, quick=QUICK_SETS)
    arguments.add_split("test")
    arguments.add_seeds(5)
    arguments.add_number("--few-seeds", 2, "number of seeds where a fit takes long", quick=0)
    arguments.add_jobs()
    given = arguments.read()
    quick_run = given.quick
    options = Options(
        given.parts,
        given.sets,
        1 if quick_run else N_CLASSES,
        1 if quick_run else N_ALARM_CLASSES,
        QUICK_SIZES if quick_run else SIZES,
        8 if quick_run else 1,
        given.seeds,
        given.few_seeds,
        given.split,
        given.jobs,
        quick_run,
    )
    return options, given.write


def main() -> None:
    """Run the benchmark."""
    one_thread()  # for what is done in this process
    options, write = parse()
    body = section(options, FOLDER / PICTURE if write else None)
    publish("anomaly", body, write=write)


if __name__ == "__main__":
    main()
