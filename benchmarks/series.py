"""How well `LSTMSeriesOutlierDetector` finds what is unusual in long series, beside other detectors, and how fast.

nab       14 series of the Numenta Anomaly Benchmark in TSB-AD's protocol: fitted to the first steps, as many as it has
          for training, all steps scored, judged by its VUS-PR. Beside it stand the figures that TSB-AD published.
skab      34 experiments with a pump, eight sensors: fitted to the first 400 rows of each, and alarms counted on all
          that follow, by one rule for all series: ours is the detector's own `predict`.
ucr       Series 135 and 136 of the UCR anomaly archive, a patient's pulse with one anomaly: area under the curve of
          precision against recall of the steps behind the training part.
latency   `update` with one row after another, in milliseconds; seconds and memory to score a long series at once.

Rivals get windows that start at each step, each channel standardised by the training part; a step's score is the mean
over the windows that it is in. Each is there with windows as wide as ours, and with those that suit it best. Settings
and rules were chosen on the first seven of NAB by name, SKAB's valve1 and UCR 135 alone (`--split validation`). The
rivals are

- the distance to the nearest training window, and its square, smoothed once more over a window's width as our scores
  are; PCA's squared error, and the larger of its T² and Q in units of their limits; LocalOutlierFactor;
  IsolationForest; PyOD's AutoEncoder, trained for 2,000 steps (500 on SKAB, which are no worse);
- the LSTM autoencoder of tutorials, LSTM -> RepeatVector -> LSTM -> linear layer, trained with Adam on at most 1,000
  windows: its mean absolute error;
- as TSB-AD defines them, with windows of its period, which see the whole series: Sub-PCA, POLY and the matrix profile,
  by stumpy.

    python benchmarks/series.py --data FOLDER --write
    python benchmarks/series.py --parts latency --write
    python benchmarks/series.py --data FOLDER --parts nab --split validation --methods ours "nearest neighbour"
    python benchmarks/series.py --data FOLDER --quick

FOLDER holds, of those parts that are measured:

- nab: series as `timestamp,value,label` with TSB-AD's labels (https://github.com/TheDatumOrg/TSB-AD), and
  published_vus_pr.csv with a row for each: file, n_train, and a column for each method of TSB-AD's table;
- skab: the folders valve1, valve2 and other of https://github.com/waico/SKAB;
- ucr_anomaly: the files 135_UCR_Anomaly_*.txt and 136_UCR_Anomaly_*.txt of the archive.

VUS-PR is computed by the package tsb-ad, without its many dependencies (`pip install --no-deps tsb-ad`), the matrix
profile by stumpy. The part nab needs the first; without stumpy or PyOD, their rows are left out.
"""

import itertools
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from _arguments import Arguments
from _isolation import isolated
from _pool import one_thread, run
from _quality import Task, paragraph
from _report import FOLDER, environment, publish
from _series_data import names, published
from _series_methods import METHODS, OURS, is_there
from _series_pictures import draw_methods, draw_series
from _series_report import (
    alarm_notes,
    alarm_table,
    nab_notes,
    nab_tables,
    speed_notes,
    speed_table,
    ucr_notes,
    ucr_table,
)
from _series_speed import CLOCKS, LATENCY_SHAPES, Bulk, Latency, batch_cost, update_latency
from _series_tasks import count_alarms, rank_steps

PARTS = ("nab", "skab", "ucr", "latency")
SERIES_PICTURE, METHODS_PICTURE = "series.png", "series_methods.png"
SHOWN = "ambient_temperature_system_failure"
QUICK_METHODS = (OURS, "nearest neighbour", "PCA, 90 % of variance", "Sub-PCA", "POLY")
QUICK_SHAPES = LATENCY_SHAPES[:1]
QUICK_SERIES = ("ec2_cpu", "valve1/0", "135")


class Options(NamedTuple):
    """What to measure."""

    parts: Sequence[str]
    data: Path | None
    split: str
    series: Sequence[str]
    methods: Sequence[str] | None
    n_seeds: int
    n_jobs: int
    n_rows: int
    clock: str
    quick: bool

    @property
    def folder(self) -> Path:
        """Where the series are."""
        if self.data is None:
            raise SystemExit(f"--data FOLDER is needed for the parts {', '.join(PARTS[:-1])}; see --help.")
        return self.data

    def names(self, part: str) -> list[str]:
        """Series of a part, those that begin with what was asked for."""
        return [name for name in names(self.folder, part, self.split) if name.startswith(tuple(self.series))]

    def cells(self, part: str) -> list[tuple[str, str, int]]:
        """Methods, series and seeds of a part."""
        there = [method for method in (OURS, *METHODS[part]) if is_there(method)]
        chosen = [method for method in there if self.methods is None or method.split(";")[0] in self.methods]
        return [
            (method, name, seed)
            for method, name in itertools.product(chosen, self.names(part))
            for seed in range(self.n_seeds if method == OURS or METHODS[part][method].random else 1)
        ]


def measure(part: str, options: Options) -> dict[tuple[str, str], list[Any]]:
    """Results of all methods on all series of a part, by both, one for each seed."""
    function = count_alarms if part == "skab" else rank_steps
    params: dict[str, Any] = {"autoencoder__max_epochs": 5} if options.quick else {}
    tasks = [
        (
            (method, name),
            Task(f"{method}, {name}, seed {seed}", function, (options.folder, part, name, method, seed, params)),
        )
        for method, name, seed in options.cells(part)
    ]
    return run(tasks, options.n_jobs)


def nab_part(options: Options, pictures: Path | None) -> str:
    """The Numenta Anomaly Benchmark."""
    if not find_spec("TSB_AD"):
        raise SystemExit("The part nab needs its metric: pip install --no-deps tsb-ad.")
    found, series = measure("nab", options), options.names("nab")
    chosen_by, table_ = names(options.folder, "nab", "validation"), published(options.folder).loc[series]
    if pictures:
        draw_methods(found, series, table_, pictures / METHODS_PICTURE)
        draw_series(options.folder, SHOWN, pictures / SERIES_PICTURE)
    images = f"""
![Mean VUS-PR of each method, and its values on single series]({METHODS_PICTURE})

![A series of the benchmark above its score]({SERIES_PICTURE})
"""
    return f"""\
### 14 series of the Numenta Anomaly Benchmark

{paragraph(nab_notes(found, series, options.n_seeds))}

{nab_tables(found, series, chosen_by, table_)}
{images if pictures else ""}"""


def skab_part(options: Options, pictures: Path | None) -> str:
    """The pump's experiments."""
    found, series = measure("skab", options), options.names("skab")
    chosen_by = names(options.folder, "skab", "validation")
    notes = paragraph(alarm_notes(found, options.n_seeds))
    return f"### Experiments with a pump\n\n{notes}\n\n{alarm_table(found, series, chosen_by)}\n"


def ucr_part(options: Options, pictures: Path | None) -> str:
    """Two series of the UCR archive."""
    found, series = measure("ucr", options), options.names("ucr")
    return f"### One short anomaly\n\n{paragraph(ucr_notes(found, series))}\n\n{ucr_table(found, series)}\n"


def latency_part(options: Options, pictures: Path | None) -> str:
    """What scores cost; one process at a time."""
    n_updates = 200 if options.quick else 2000
    latencies: dict[tuple[int, int], Latency] = {}
    bulks: dict[tuple[int, int, bool], Bulk] = {}
    for shape in QUICK_SHAPES if options.quick else LATENCY_SHAPES:
        latencies[shape] = isolated(update_latency, *shape, n_updates, options.clock).value
        for causal in (False, True):
            bulks[*shape, causal] = isolated(batch_cost, *shape, options.n_rows, causal, options.clock).value
    notes = paragraph(speed_notes(n_updates, options.n_rows))
    return f"### One row after another\n\n{notes}\n\n{speed_table(latencies, bulks, options.n_rows)}\n"


MAKERS = {"nab": nab_part, "skab": skab_part, "ucr": ucr_part, "latency": latency_part}


def section(part: str, options: Options, pictures: Path | None) -> str:
    """A part in Markdown, which is a section of the report."""
    note = f"one thread for each task and {options.n_jobs} at once" if part != "latency" else "one thread"
    return f"{MAKERS[part](options, pictures)}\n{environment(_versions(), note)}\n"


def _versions() -> list[str]:
    """Those of the rivals and of the metric, as far as they are there."""
    modules = {"pyod": "pyod", "stumpy": "stumpy", "tsb-ad": "TSB_AD"}
    return [f"{package} {version(package)}" for package, module in modules.items() if find_spec(module)]


def parse() -> tuple[Options, bool]:
    """Read the command line."""
    quick = "one series of each collection, cheap rivals, five epochs for ours, one seed"
    arguments = Arguments(__doc__, quick=quick, write="the tables and the pictures")
    arguments.add_choice("--parts", PARTS)
    arguments.add_path("--data", "folder that holds the folders nab, skab and ucr_anomaly")
    arguments.add_split("test")
    arguments.add(
        "--series",
        quick=QUICK_SERIES,
        nargs="+",
        default=[""],
        metavar="NAME",
        help="beginnings of names (default: all)",
    )
    arguments.add(
        "--methods", quick=QUICK_METHODS, nargs="+", metavar="METHOD", help="names in the tables (default: all)"
    )
    arguments.add_seeds(3)
    arguments.add_jobs()
    arguments.add_number("--rows", 100_000, "rows of the long series", quick=20_000)
    clock = f"{' or '.join(CLOCKS)}: which time latencies are, the clock's or the process's (default: wall)"
    arguments.add("--clock", choices=CLOCKS, default="wall", metavar="CLOCK", help=clock)
    given = arguments.read()
    options = Options(
        given.parts,
        given.data,
        given.split,
        given.series,
        given.methods,
        given.seeds,
        given.jobs,
        given.rows,
        given.clock,
        given.quick,
    )
    return options, given.write


def main() -> None:
    """Run the benchmark."""
    one_thread()  # for what is done in this process
    options, write = parse()
    for part in options.parts:
        publish(f"series {part}", section(part, options, FOLDER if write else None), write=write)


if __name__ == "__main__":
    main()
