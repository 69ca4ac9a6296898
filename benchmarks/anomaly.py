"""How well `LSTMOutlierDetector` finds anomalies beside other detectors, and how often it raises false alarms.

classes   On seven real data sets, each of a set's first three classes is the normal one in turn: a detector is fitted
          to its training sequences, and scores the test split, in which all other classes are anomalies. Area under
          the ROC curve and average precision of the anomalies.
alarms    With contamination="auto" a share of 1 % or 5 % of fresh normal sequences should be marked, by every score. Of
          real sets, one class (the first two take turns) or all are fitted, and the same of the test split marked; of
          synthetic processes, 2,000 fresh sequences. Beside it, the threshold at the 95th percentile of the training
          data's own scores, and what the fits for the threshold cost.

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
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

from _anomaly import METHODS
from _anomaly_report import class_notes, class_tables
from _anomaly_tasks import N_CLASSES, Judged, class_names, judge_class
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
from _pool import one_thread, run
from _quality import Task, paragraph
from _report import environment, publish

PARTS = ("classes", "alarms")
QUICK_SETS = ("ItalyPowerDemand", "BasicMotions")
SIZES, QUICK_SIZES = (50, 200, 1000), (20,)


class Options(NamedTuple):
    """What to measure."""

    parts: Sequence[str]
    names: Sequence[str]
    n_classes: int
    n_alarm_classes: int
    sizes: Sequence[int]
    n_seeds: int
    n_few_seeds: int
    split: str
    n_jobs: int
    quick: bool

    def seeds(self, method: str) -> range:
        """Seeds to fit a method with; none at all where it is left out."""
        return range({"none": 1, "few": self.n_few_seeds, "many": self.n_seeds}[METHODS[method].seeds])


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


def section(options: Options) -> str:
    """All parts in Markdown."""
    made = {"classes": classes_part, "alarms": alarms_part}
    bodies = "\n".join(made[part](options) for part in options.parts)
    versions = [f"pyod {version('pyod')}"]
    note = f"one thread for each fit and {options.n_jobs} fits at once"
    return f"{bodies}\n{environment(versions, note)}\n"


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    quick = "two small sets, one class, one seed, one process; without what takes long"
    arguments = Arguments(__doc__, quick=quick, write="the tables")
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
    publish("anomaly", section(options), write=write)


if __name__ == "__main__":
    main()
