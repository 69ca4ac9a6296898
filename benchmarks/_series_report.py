"""Tables of what `series.py` measures, with what must be known to read them."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from _report import table
from _series_methods import METHODS, OURS, split_name
from _series_speed import Bulk, Latency
from _series_tasks import Counted, Ranked
from scipy.stats import rankdata

__all__ = [
    "SKAB_PUBLISHED",
    "alarm_notes",
    "alarm_table",
    "label",
    "means",
    "nab_notes",
    "nab_tables",
    "speed_notes",
    "speed_table",
    "ucr_notes",
    "ucr_table",
    "volumes",
]

# Results by method and series, one for each seed.
Rankings = Mapping[tuple[str, str], Sequence[Ranked]]
Alarms = Mapping[tuple[str, str], Sequence[Counted]]

# As SKAB's own table has them: F1, false alarms and missed, of all series pooled.
SKAB_PUBLISHED = {
    "Conv-AE": (0.78, 0.136, 0.280),
    "MSET": (0.78, 0.397, 0.141),
    "T² and Q of PCA": (0.76, 0.266, 0.249),
    "LSTM-AE": (0.74, 0.300, 0.259),
    "T²": (0.66, 0.192, 0.426),
    "IsolationForest": (0.29, 0.026, 0.829),
}


def methods_of(found: Mapping[tuple[str, str], Any]) -> list[str]:
    """Those that were measured, in the order of the measurements."""
    return list(dict.fromkeys(method for method, _ in found))


def label(method: str) -> str:
    """A method's name, ours in bold."""
    return f"**{OURS}**" if method == OURS else split_name(method)[0]


# NAB


def volumes(found: Rankings, method: str, names: Sequence[str]) -> list[float]:
    """A method's VUS-PR on each series, mean of the seeds."""
    return [statistics.mean(ranked.volume for ranked in found[method, name]) for name in names]


def means(found: Rankings, names: Sequence[str]) -> dict[str, float]:
    """Each method's mean VUS-PR over the series, the highest first."""
    found_means = {method: statistics.mean(volumes(found, method, names)) for method in methods_of(found)}
    return dict(sorted(found_means.items(), key=lambda item: -item[1]))


def nab_tables(found: Rankings, names: Sequence[str], chosen_by: Sequence[str], published: pd.DataFrame) -> str:
    """A table of means, published ones among them, and one of all series."""
    both = [name for name in names if name in chosen_by], [name for name in names if name not in chosen_by]
    ranks = _ranks(found, names)
    rows = []
    for method, mean in means(found, names).items():
        seconds = [
            f"{statistics.median(getattr(r, part) for name in names for r in found[method, name]):.2g}"
            for part in ("fit_seconds", "score_seconds")
        ]
        halves = [_mean(volumes(found, method, half)) for half in both]
        row = [label(method), split_name(method)[1], _with_deviation(found, method, names, mean), *halves]
        rows.append((mean, [*row, f"{np.mean(ranks[method]):.1f}", *seconds]))
    for name in published.columns.drop("n_train"):
        of = published[name].to_dict()
        found_volumes = [[of[series] for series in part] for part in (names, *both)]
        row = [f"{name}, published", "", *map(_mean, found_volumes)]
        rows.append((statistics.mean(found_volumes[0]), [*row, "", "", ""]))
    rows.sort(key=lambda row: -row[0])
    titles = ["windows", "mean VUS-PR", f"of the {len(both[0])} to choose by", f"of the other {len(both[1])}"]
    titles += ["mean rank", "seconds, fit", "seconds, scores"]
    single = [[_titled(m), *(f"{v:.3f}" for v in volumes(found, m, names))] for m in means(found, names)]
    single.append(["width of our windows", *(str(found[methods_of(found)[0], name][0].width) for name in names)])
    return f"{table(['', *titles], [row for _, row in rows])}\n\nBy series:\n\n{table(['', *names], single)}"


def _titled(method: str) -> str:
    name, width = split_name(method)
    return label(method) if method == OURS or width in ("as ours", "") else f"{name}, {width}"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" if len(values) else "–"


def _with_deviation(found: Rankings, method: str, names: Sequence[str], mean: float) -> str:
    """The mean, and its deviation from seed to seed where there are several."""
    n_seeds = min(len(found[method, name]) for name in names)
    by_seed = [statistics.mean(found[method, name][seed].volume for name in names) for seed in range(n_seeds)]
    return f"{mean:.3f} ± {statistics.stdev(by_seed):.3f}" if n_seeds > 1 else f"{mean:.3f}"


def _ranks(found: Rankings, names: Sequence[str]) -> dict[str, list[float]]:
    """Rank of each method on each series: 1 has the largest volume."""
    methods = methods_of(found)
    table_ = np.array([volumes(found, method, names) for method in methods])
    return dict(zip(methods, rankdata(-table_.round(4), axis=0).tolist(), strict=True))


def nab_notes(found: Rankings, names: Sequence[str], n_seeds: int) -> Iterator[str]:
    """What must be known to read the tables of NAB, and how ours did."""
    yield "VUS-PR, TSB-AD's own, with tolerances up to the series' period; the whole series is scored, its training"
    yield f"part as well. Ours is `LSTMSeriesOutlierDetector(random_state=seed)`, mean of {n_seeds}"
    yield f"seed{'s' if n_seeds > 1 else ''}; what is random among the rivals has as many."
    yield 'Windows "as ours" have our `width_`, others a multiple of the period, at most a third of the training part.'
    yield "Sub-PCA, POLY and the matrix profile see the whole series. Seconds are medians of a series."
    if OURS not in methods_of(found):
        return
    order = means(found, names)
    own = volumes(found, OURS, names)
    yield f"By the mean, ours is number {list(order).index(OURS) + 1} of {len(order)}."
    same = [m for m in order if split_name(m)[1] == "as ours" and m != OURS]
    if same:
        rivals = np.array([volumes(found, method, names) for method in same])
        n_best = int(np.sum(np.array(own) >= rivals.max(axis=0)))
        yield f"Of those with the same windows the best is {split_name(same[0])[0]}, {order[same[0]]:.3f} against"
        yield f"{order[OURS]:.3f}; ours is the best of them on {n_best} of {len(names)} series."
        lost = [
            f"{name} ({split_name(same[i])[0]}, {rivals[i, j]:.3f} against {own[j]:.3f})"
            for j, name in enumerate(names)
            if rivals[i := int(np.argmax(rivals[:, j])), j] > own[j] + 0.1
        ]
        if lost:
            yield f"One of them is better by more than 0.1 on {', '.join(lost)}."


# UCR


def ucr_table(found: Rankings, names: Sequence[str]) -> str:
    """Area under precision and recall, and best F1, of each series."""
    rows = []
    for method in methods_of(found):
        areas = [statistics.mean(r.precision for r in found[method, name]) for name in names]
        best = [statistics.mean(r.best_f1 for r in found[method, name]) for name in names]
        cells = [f"{value:.3f}" for pair in zip(areas, best, strict=True) for value in pair]
        seconds = statistics.median(r.fit_seconds + r.score_seconds for name in names for r in found[method, name])
        row = [label(method), split_name(method)[1], f"{np.mean(areas):.3f}", f"{np.mean(best):.3f}", *cells]
        rows.append((np.mean(areas), [*row, f"{seconds:.2g}"]))
    rows.sort(key=lambda row: -row[0])
    titles = [title for name in names for title in (f"{name.split('_')[0]}, area", "best F1")]
    return table(["", "windows", "mean area", "mean best F1", *titles, "seconds"], [row for _, row in rows])


def ucr_notes(found: Rankings, names: Sequence[str]) -> Iterator[str]:
    """What must be known to read the table of UCR's series."""
    yield "Area under the curve of precision against recall of single steps behind the training part, and the highest"
    yield "F1 on it: point by point, no step counts as found because its neighbour was. On 135 to 138, PCA's error has"
    yield "been published with 0.933 and 0.928, and the nearest neighbour with 0.803 and 0.879 (Sarfraz et al., 2024)."
    yield "With one anomaly in a series, a few steps of shift are worth much. Rivals' own widths were chosen on 135."
    widths = [f"{found[methods_of(found)[0], name][0].width} ({name.split('_')[0]})" for name in names]
    yield f"Our windows have {', '.join(widths)} steps."


# SKAB


def alarm_table(found: Alarms, names: Sequence[str], chosen_by: Sequence[str]) -> str:
    """F1, false alarms and missed steps, pooled over series and seeds."""
    both = [name for name in names if name in chosen_by], [name for name in names if name not in chosen_by]
    rows: list[tuple[float, list[str]]] = []
    for method in methods_of(found):
        f1, false, missed = _pooled(found, method, names)
        halves = [f"{_pooled(found, method, half)[0]:.3f}" if half else "–" for half in both]
        seconds = statistics.median(c.fit_seconds for name in names for c in found[method, name])
        rule = "its `predict`" if method == OURS else str(METHODS["skab"][method].rule)
        row = [label(method), split_name(method)[1], rule, f"{f1:.3f}", f"{false:.1%}", f"{missed:.1%}"]
        rows.append((f1, [*row, *halves, f"{seconds:.2g}"]))
    for name, (f1, false, missed) in SKAB_PUBLISHED.items():
        rows.append((f1, [f"{name}, published", "", "", f"{f1:.2f}", f"{false:.1%}", f"{missed:.1%}", "", "", ""]))
    rows.sort(key=lambda row: -row[0])
    titles = ["windows", "threshold", "F1", "false alarms", "missed", "F1, valve1", "F1, the others", "seconds, fit"]
    return table(["", *titles], [row for _, row in rows])


def _pooled(found: Alarms, method: str, names: Sequence[str]) -> tuple[float, float, float]:
    """F1, share of normal rows that are marked, and of anomalous ones that are not."""
    counts = np.array([counted[:4] for name in names for counted in found[method, name]])
    hits, false, missed, quiet = counts.sum(axis=0)
    return 2 * hits / (2 * hits + false + missed), false / (false + quiet), missed / (hits + missed)


def alarm_notes(found: Alarms, n_seeds: int) -> Iterator[str]:
    """What must be known to read the table of alarms."""
    yield "Rows behind the first 400 of each series, pooled. False alarms are a share of the normal rows, missed of the"
    yield f"anomalous ones. Ours is `LSTMSeriesOutlierDetector(random_state=seed).predict`, {n_seeds}"
    yield f"seed{'s' if n_seeds > 1 else ''}. A rival has one rule for all series, of some the one with the highest F1"
    yield "on valve1: the published one, 1.5 times the 99 % quantile of its scores of training rows, that quantile"
    yield "itself, or either with scores of training rows that it was not fitted to, in five successive parts. Marking"
    yield "every row"
    share = _anomalous_share(found)
    yield f"would have an F1 of {2 * share / (1 + share):.2f}."


def _anomalous_share(found: Alarms) -> float:
    first = methods_of(found)[0]
    counts = np.array([each[0][:4] for (method, _), each in found.items() if method == first]).sum(axis=0)
    return float((counts[0] + counts[2]) / counts.sum())


# Speed


def speed_table(
    latencies: Mapping[tuple[int, int], Latency], bulks: Mapping[tuple[int, int, bool], Bulk], n_rows: int
) -> str:
    """Milliseconds of a row, and seconds and memory for many, by channels and width."""
    rows = []
    for (n_channels, width), latency in latencies.items():
        times = latency.milliseconds
        row = [str(n_channels), str(width), f"{np.median(times):.2f}", f"{np.percentile(times, 99):.2f}"]
        row += [f"{np.max(times):.1f}", f"{latency.difference:.1g}"]
        for causal in (False, True):
            bulk = bulks[n_channels, width, causal]
            row += [f"{bulk.seconds * 1e6 / n_rows:.0f}", f"{bulk.megabytes:.0f}"]
        rows.append(row)
    header = ["channels", "width", "update, median ms", "99 %", "longest", "largest difference"]
    header += ["seconds per million rows", "MB", "causal: seconds per million rows", "MB"]
    return table(header, rows)


def speed_notes(n_updates: int, n_rows: int) -> Iterator[str]:
    """What must be known to read the table of speed."""
    yield f"One thread. `update` of a detector with `causal=True` gets {n_updates:,} rows, one in a call; the largest"
    yield f"difference is from `score_samples` of all rows at once. Then {n_rows:,} rows are scored in one call; MB is"
    yield "the peak beyond the series and its scores, above what the process had before."
