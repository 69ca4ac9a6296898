"""Pictures of what `series.py` measures: methods beside each other, and a series above its score."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from _series_data import load
from _series_methods import OURS, ours, split_name
from _series_report import means, volumes
from _series_tasks import Ranked

__all__ = ["draw_methods", "draw_series"]

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.45"


def draw_methods(
    found: Mapping[tuple[str, str], Sequence[Ranked]], names: Sequence[str], published: pd.DataFrame, path: Path
) -> None:
    """Draw each method's VUS-PR on single series as small dots, and their mean as a large one."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = [
        (mean, _title(method), volumes(found, method, names), method) for method, mean in means(found, names).items()
    ]
    for name in published.columns.drop("n_train"):
        of = list(published.loc[list(names), name])
        rows.append((sum(of) / len(of), f"{name}, published", of, ""))
    rows.sort(key=lambda row: row[0])
    with rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9, 0.27 * len(rows) + 1), dpi=150, layout="constrained")
        axes = figure.subplots()
        for place, (mean, _, values, method) in enumerate(rows):
            color = BLUE if method == OURS else ORANGE if method else GREY
            axes.plot(
                values,
                [place] * len(values),
                "o",
                color=color,
                markersize=4,
                alpha=0.35,
                markeredgewidth=0,
                clip_on=False,
            )
            axes.plot(mean, place, "D" if method else "d", color=color, markersize=8, markeredgecolor="white")
            axes.annotate(f"{mean:.3f}", (1.12, place), va="center", ha="right", color=color, annotation_clip=False)
        axes.set_yticks(range(len(rows)), [row[1] for row in rows])
        for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
            tick.set_color(BLUE if row[3] == OURS else "0.15" if row[3] else GREY)
            tick.set_fontweight("bold" if row[3] == OURS else "normal")
        axes.set(xlim=(0, 1), ylim=(-0.7, len(rows) - 0.3), xlabel="VUS-PR: small of each series, large their mean")
        axes.grid(axis="x", color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        figure.savefig(path)


def _title(method: str) -> str:
    name, width = split_name(method)
    return (
        "LSTMSeriesOutlierDetector"
        if method == OURS
        else f"{name} ({width})"
        if width.split()[-1] in ("periods", "period")
        else name
    )


def draw_series(folder: Path, name: str, path: Path) -> None:
    """Draw a series above its score, with the threshold and the marked anomalies, as a user would."""
    import matplotlib as mpl

    mpl.use("Agg")
    from sklearn_seqae import AnomalyDisplay

    series = load(folder, "nab", name)
    detector = ours(series.training, 0)
    display = AnomalyDisplay.from_estimator(detector, series.table, labels=series.anomalous)
    display.figure_.savefig(path, dpi=150)
