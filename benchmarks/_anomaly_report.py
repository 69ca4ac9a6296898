"""Tables of what `anomaly.py` measures, with what must be known to read them."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from _anomaly import METHODS, OURS
from _anomaly_tasks import Judged
from _report import table
from scipy.stats import rankdata

__all__ = ["class_notes", "class_tables"]

# Results by method and set, classes in order and within each the seeds.
Comparison = Mapping[tuple[str, str], Sequence[Judged]]


def class_tables(found: Comparison, names: Sequence[str], n_seeds: Callable[[str], int]) -> tuple[str, str]:
    """Areas under the ROC curve, and average precisions: a row for each method, a column for each set."""
    ranks = _ranks(found, names)
    header = ["", *names, "mean over sets"]
    areas, precisions = [], []
    for method in _methods(found):
        row = [method, *(f"{_mean(found, 'area', method, name):.3f}" for name in names)]
        seconds = statistics.median(fit.seconds for name in names for fit in found[method, name])
        mean = _mean_over_sets(found, "area", method, names, n_seeds(method))
        areas.append([*row, mean, f"{np.mean(ranks[method]):.1f}", f"{seconds:.2g}"])
        row = [method, *(f"{_mean(found, 'precision', method, name):.3f}" for name in names)]
        precisions.append([*row, _mean_over_sets(found, "precision", method, names, n_seeds(method))])
    first = _methods(found)[0]
    shares = [_mean(found, "share", first, name) for name in names]
    precisions.append(["chance", *(f"{share:.3f}" for share in shares), f"{np.mean(shares):.3f}"])
    return table([*header, "mean rank", "seconds"], areas), table(header, precisions)


def class_notes(found: Comparison, names: Sequence[str], n_seeds: int, n_few_seeds: int, split: str) -> Iterator[str]:
    """What must be known to read the tables of classes, and how ours did."""
    yield "One class is normal and fitted, the others are anomalies. Area under the ROC curve, judged on"
    yield {"test": "the test split", "validation": "a quarter of the normal and all other training sequences"}[split]
    yield f"(chance: 0.5); mean over classes and {n_seeds} seed{'s' if n_seeds > 1 else ''}"
    yield f"({n_few_seeds} for mse, mahalanobis, PyOD's trained longer and the copied autoencoder; none where nothing"
    yield "is random)."
    yield "± is the standard deviation of the mean over sets from seed to seed. Seconds are the median of a fit."
    for method in OURS.values():
        if method in _methods(found):
            yield _standing(found, names, method)


def _standing(found: Comparison, names: Sequence[str], method: str) -> str:
    """On which sets a rival is better than one of ours."""
    rivals = [rival for rival in _methods(found) if rival not in OURS.values()]
    lost = []
    for name in names:
        areas = {rival: _mean(found, "area", rival, name) for rival in rivals}
        best, own = max(areas, key=lambda rival: areas[rival]), _mean(found, "area", method, name)
        if areas[best] > own:
            lost.append(f"{name} ({best}, {areas[best]:.3f} against {own:.3f})")
    means = {m: np.mean([_mean(found, "area", m, name) for name in names]) for m in [*rivals, method]}
    place = sorted(means, key=lambda m: -means[m]).index(method) + 1
    where = f"a rival is better on {', '.join(lost)}" if lost else "no rival is better on any set"
    return f"**{method}**: by mean area, place {place} among {len(rivals)} rivals and itself; {where}."


def _methods(found: Comparison) -> list[str]:
    """Those that were measured."""
    measured = {method for method, _ in found}
    return [method for method in METHODS if method in measured]


def _mean(found: Comparison, quantity: str, method: str, name: str) -> float:
    """Over classes and seeds."""
    return statistics.mean(getattr(fit, quantity) for fit in found[method, name])


def _mean_over_sets(found: Comparison, quantity: str, method: str, names: Sequence[str], n_seeds: int) -> str:
    """The mean over sets, and its deviation from seed to seed."""
    by_seed = [
        statistics.mean(
            statistics.mean(getattr(fit, quantity) for fit in found[method, name][seed::n_seeds]) for name in names
        )
        for seed in range(n_seeds)
    ]
    deviation = f" ± {statistics.stdev(by_seed):.3f}" if n_seeds > 1 else ""
    return f"{statistics.mean(by_seed):.3f}{deviation}"


def _ranks(found: Comparison, names: Sequence[str]) -> dict[str, list[float]]:
    """Rank of each method on each set: 1 has the largest area."""
    methods = _methods(found)
    areas = np.array([[_mean(found, "area", method, name) for name in names] for method in methods])
    return dict(zip(methods, rankdata(-areas.round(4), axis=0).tolist(), strict=True))
