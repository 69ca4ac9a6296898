"""What is written of long series: scores, the detector and a picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._arguments import Options
from sklearn_seqae._cli._detection import Detection, Rows
from sklearn_seqae._cli._messages import count
from sklearn_seqae._cli._pictures import make_axes, save_figure
from sklearn_seqae._cli._unusual import find_peaks
from sklearn_seqae._cli._writing import write_model, write_table, writing
from sklearn_seqae._plot._anomaly import AnomalyDisplay
from sklearn_seqae._plot._channels import MAX_CHANNELS

__all__ = ["write_detection"]

Array = NDArray[Any]

# Inches: a picture's width, a panel's height at least and at most, and a letter of its label.
_WIDTH, _HEIGHTS, _LETTER = 9.0, (1.05, 2.0), 0.09


def write_detection(detection: Detection, options: Options) -> Iterator[tuple[Path, str]]:
    """Write what was asked for; each file, and what it holds."""
    if options.scores is not None:
        yield options.scores, _write_scores(detection, options.scores)
    if options.save is not None:
        reader = write_model(options.save, detection.detector)
        n_rows = sum(detection.n_training or [])
        yield options.save, f"detector, fitted on {count(n_rows, 'row')}: {reader}"
    if options.plot is not None:
        yield options.plot, _draw(detection, options.plot)


def _write_scores(detection: Detection, path: Path) -> str:
    """A line for each row of the file, in their order."""
    rows = detection.rows
    order = _order_in_file(detection)
    labels: dict[str, list[Any]] = {}
    if rows.names is not None:
        labels[rows.names] = [each.name for each in rows.series for _ in each.times]
    labels[rows.times or "row"] = [time for each in rows.series for time in each.times]
    labels = {name: [values[row] for row in order] for name, values in labels.items()}
    scores, errors = np.concatenate(detection.scores)[order], np.concatenate(detection.errors)[order]
    anomaly = scores > detection.threshold
    threshold = f"a score above {detection.threshold:.6g}"
    if path.suffix.lower() == ".npy":
        write_table(path, np.column_stack([scores, anomaly, errors]), [])
        return f"scores of {count(len(scores), 'row')}, 1 for {threshold}, and scores of channels"
    labels["anomaly"] = anomaly.astype(int).tolist()
    channels = [str(number) for number in range(rows.n_channels)] if rows.channels is None else rows.channels
    names = ["score", *(f"score_{channel}" for channel in channels)]
    beside = " and ".join([name for name in labels if name != "anomaly"])
    write_table(path, np.column_stack([scores, errors]), names, labels)
    return f"scores of {count(len(scores), 'row')} beside their {beside}; 1 as anomaly is {threshold}"


def _order_in_file(detection: Detection) -> Array:
    """Rows of all series in the order of the file; one series after the other if they come from arrays."""
    positions = np.concatenate([each.rows for each in detection.rows.series])
    if len(np.unique(positions)) < len(positions):
        return np.arange(len(positions))
    return np.argsort(positions, kind="stable")


def _draw(detection: Detection, path: Path) -> str:
    """The series with the most unusual row; says what was drawn."""
    rows = detection.rows
    peaks = find_peaks(detection.scores, detection.errors, 1, detection.detector.width_)
    number = peaks[0].series if peaks else 0
    series = rows.series[number]
    # The channels with the most errors at the highest score, in the order of the file.
    n_drawn = min(MAX_CHANNELS, rows.n_channels)
    channels = sorted(np.argsort(-peaks[0].shares)[:n_drawn].tolist()) if peaks else list(range(n_drawn))
    options: dict[str, Any] = {"channels": channels}
    if series.clock is not None and series.clock.dtype.kind in "iuf":
        options |= {"time": series.clock.to_numpy(dtype=np.float64), "xlabel": rows.times}
    with writing(path):
        display = AnomalyDisplay.from_predictions(
            rows.frame(series),
            detection.scores[number],
            threshold=detection.threshold,
            ax=make_axes((_WIDTH, _panel_height(rows, channels) * (n_drawn + 1) + 1.2)),
            **options,
        )
        save_figure(display.figure_, path)
    some = f", {n_drawn} channels of {rows.n_channels}" if n_drawn < rows.n_channels else ""
    which = "the series" if len(rows.series) == 1 else f"{rows.names} {series.name}, the most unusual series"
    return f"{which}{some}, above its score, with what is beyond the threshold shaded"


def _panel_height(rows: Rows, channels: list[int]) -> float:
    """Inches in which the names of the channels have room, up to a limit."""
    longest = 0 if rows.channels is None else max(len(rows.channels[channel]) for channel in channels)
    return float(np.clip(_LETTER * longest, *_HEIGHTS))
