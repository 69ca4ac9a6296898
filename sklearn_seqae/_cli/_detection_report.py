"""What the command line prints of long series, and of what is unusual in them."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._cli._detection import Detection, Rows
from sklearn_seqae._cli._messages import count
from sklearn_seqae._cli._unusual import Unusual, find_peaks, find_unusual
from sklearn_seqae._series import LSTMSeriesOutlierDetector

__all__ = ["describe_rows", "describe_threshold", "describe_training", "list_unusual"]

_MOST_LISTED, _MOST_PEAKS = 5, 3
_LONGEST_NAME = 24


def describe_rows(rows: Rows) -> str:
    """Number, length and channels of the series, and how much is missing."""
    lengths = [len(each.values) for each in rows.series]
    missing = sum(np.isnan(each.values).sum() for each in rows.series) / (rows.n_rows * rows.n_channels)
    steps = f"{min(lengths)} to {max(lengths)}" if min(lengths) < max(lengths) else f"{max(lengths)}"
    what = f"one series of {steps} steps" if len(lengths) == 1 else f"{len(lengths)} series of {steps} steps"
    share = f"{100 * missing:.2g} % of the values" if missing else "nothing"
    return f"{what}, {count(rows.n_channels, 'channel')}, {share} missing{f' ({rows.how})' if rows.how else ''}"


def describe_training(rows: Rows, n_training: Sequence[int]) -> str:
    """Which rows are learned from."""
    if sum(n_training) == rows.n_rows:
        return f"Learning from all {rows.n_rows} rows, each judged by what was learned without it"
    of_each = f" of each of {len(rows.series)} series" if len(rows.series) > 1 else ""
    fewest, most = min(n_training), max(n_training)
    which = count(most, "row") if fewest == most else f"{fewest} to {most} rows"
    return f"Learning from the first {which}{of_each}, of {rows.n_rows} rows"


def describe_threshold(detection: Detection) -> Iterator[str]:
    """The width, the threshold and how many rows are beyond it."""
    detector, threshold = detection.detector, detection.threshold
    found = " (found; --width says otherwise)" if detector.width == "auto" and detection.n_training else ""
    yield f"Windows of {count(detector.width_, 'row')}{found}"
    yield f"Threshold {threshold:.3g}{_describe_rate(detector) if detector.contamination == 'auto' else ''}"
    scores = np.concatenate(detection.scores)
    learned = np.concatenate([np.zeros(len(each), bool) for each in detection.scores])
    if detection.n_training is not None:
        learned = np.concatenate(
            [np.arange(len(each)) < n for each, n in zip(detection.scores, detection.n_training, strict=True)]
        )
    if 0 < learned.sum() < len(learned):
        parts = [_share(scores[learned] > threshold, "learned from"), _share(scores[~learned] > threshold, "other")]
        yield f"Beyond it are {' and '.join(parts)}"
    else:
        yield f"Beyond it are {_share(scores > threshold, '')}"
    n_unscored = int(np.isnan(scores).sum())
    if n_unscored:
        yield f"{count(n_unscored, 'row')} without a score, since no value is near"


def _describe_rate(detector: LSTMSeriesOutlierDetector) -> str:
    rate, n_rows = detector.false_alarm_rate, int(np.sum(~np.isnan(detector.held_out_scores_)))
    if n_rows < 1 / rate - 1:
        return f": the highest score of {count(n_rows, 'held-out row')}, too few to tell a rate of {100 * rate:g} %"
    return f": about {100 * rate:g} % of new normal rows score higher"


def _share(beyond: NDArray[np.bool_], kind: str) -> str:
    rows = f"{kind} rows" if kind == "other" else f"rows {kind}".strip()
    return f"{beyond.sum()} of {len(beyond)} {rows} ({100 * beyond.mean():.2g} %)"


def list_unusual(detection: Detection) -> Iterator[str]:
    """The most unusual stretches, a line each; where none is beyond the threshold, the highest peaks."""
    what = detection.scores, detection.errors
    unusual = find_unusual(*what, detection.threshold, detection.detector.width_)
    if unusual:
        more = f", of {len(unusual)}" if len(unusual) > _MOST_LISTED else ""
        yield f"\nThe most unusual {'stretch' if len(unusual) == 1 else 'stretches'}{more}:"
    else:
        unusual = find_peaks(*what, _MOST_PEAKS, detection.detector.width_)
        if not unusual:
            return
        yield "\nNone is beyond the threshold; the highest scores, a window or more apart:"
    lines = [_line(each, detection) for each in unusual[:_MOST_LISTED]]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for cells in lines:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    if unusual[0].score <= detection.threshold and _learned_from_all(detection):
        yield (
            "The rows learned from are taken to be normal, also unusual ones among them; if the beginning of the "
            "series is known to be normal, say how many rows of it with --train."
        )


def _learned_from_all(detection: Detection) -> bool:
    return detection.n_training is not None and sum(detection.n_training) == detection.rows.n_rows


def _line(unusual: Unusual, detection: Detection) -> list[str]:
    """A stretch's series, times, length, score and channel."""
    rows, series = detection.rows, detection.rows.series[unusual.series]
    first, peak, last = (f"{series.times[row]}" for row in (unusual.first, unusual.peak, unusual.last))
    where = "row " if rows.times is None else ""
    cells = [] if rows.names is None else [f"{rows.names} {series.name}"[:_LONGEST_NAME]]
    score = f"score {unusual.score:.3g}"
    if unusual.first < unusual.last:
        n_rows = unusual.last - unusual.first + 1
        cells += [f"{where}{first} to {last}", f"{n_rows} rows", f"{score} at {peak}"]
    else:
        cells += [f"{where}{peak}", "1 row", score]
    if rows.n_channels > 1:
        most = int(np.argmax(unusual.shares))
        name = f"channel {most}" if rows.channels is None else rows.channels[most]
        cells.append(f"{100 * unusual.shares[most]:.0f} % of it in {name}")
    return cells
