"""Cross-fitting: errors of sequences by networks that were not trained on them, and what they say of new ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_array, check_consistent_length

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._errors import batches_of_rows, root_mean_square, standard_errors
from sklearn_seqae._inference._joint import Known, Measures, held_out_joint_scores
from sklearn_seqae._inference._scoring import ErrorGaussian, Scoring

__all__ = [
    "Network",
    "Part",
    "Split",
    "cross_fit",
    "held_out_measures",
    "out_of_fold_scores",
    "read_groups",
    "require_others",
    "rescale",
    "split_rows",
    "training_size",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Split = tuple[Int64, Int64]

# Parts where the user names no number.
_N_PARTS = 4
# Errors in standard units that are smaller are float32's rounding.
_LEAST_ERROR = 1e-7
# Errors that grow by this share from training to held-out data.
_LEARNED_BY_HEART = 0.1


class Network(NamedTuple):
    """A trained network, and the channels' means and standard deviations (n_channels,) of what it was trained on."""

    module: Any
    mean: Float64
    scale: Float64


@dataclass(frozen=True)
class Part:
    """Held-out sequences, and their errors by a network that was trained on others.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        Which sequences.
    lengths : ndarray of shape (n_rows,)
        Their time steps.
    errors : ndarray of shape (sum(lengths), n_channels)
        In standard units; NaN where nothing was observed.
    unit : ndarray of shape (n_channels,)
        Standard deviation of the data that the network was trained on, in the same units.
    training_size : float
        Root mean square of the same network's errors on what it was trained on.
    measures : Measures or None
        How far the sequences are from those that the network was trained on, in its own standard units; only where a
        score goes by them.
    spacing : float
        How far apart the codes are of what the network was trained on; 0 where that is not known.
    """

    rows: Int64
    lengths: Int64
    errors: Float32
    unit: Float64
    training_size: float
    measures: Measures | None = None
    spacing: float = 0.0


# The parts


def read_groups(groups: ArrayLike | None, n: int) -> NDArray[Any] | None:
    """Labels of n sequences, once there is one for each."""
    if groups is None:
        return None
    labels: NDArray[Any] = check_array(groups, ensure_2d=False, dtype=None, input_name="groups")
    check_consistent_length(np.empty(n), labels)
    return labels


def split_rows(cv: Any, n: int, groups: NDArray[Any] | None, seed: int) -> list[Split]:
    """Rows to train on and rows to hold out, for each part.

    Parameters
    ----------
    cv : int, splitter, iterable of splits, or None
        A number of parts, shuffled, or made of whole groups; None is 4 of them. Or how to split otherwise.
    n : int
        Number of sequences.
    groups : ndarray of shape (n,) or None
        Their groups.
    seed : int
        For shuffling.

    Raises
    ------
    ValueError
        If there is nothing to hold out or nothing to train on, or all of several sequences are of one group.
    """
    from sklearn.model_selection import check_cv  # only a fit waits for it

    if groups is not None and n > 1 and len(np.unique(groups)) == 1:
        raise ValueError(
            f"groups has the one label {groups.tolist()[0]!r} for all {n} sequences, but they are to be split into "
            "parts. Give at least two groups, or leave groups out."
        )
    if cv is None or isinstance(cv, Integral):
        cv = _splitter(_N_PARTS if cv is None else int(cv), n, groups, seed)
    everything = np.arange(n)
    splits = [(everything[train], everything[test]) for train, test in check_cv(cv).split(np.empty(n), None, groups)]
    if not splits:
        raise ValueError(f"cv={cv!r} makes no parts of the {n} sequences: pass an int, or a splitter that makes some.")
    for i, split in enumerate(splits):
        for rows, use in zip(split, ("to train on", "to hold out"), strict=True):
            if len(rows) == 0:
                raise ValueError(
                    f"Part {i} of cv={cv!r} has no sequences {use}. Pass an int, or a splitter whose parts all have "
                    "both."
                )
    return splits


def _splitter(n_parts: int, n: int, groups: NDArray[Any] | None, seed: int) -> Any:
    """Parts by number, at most as many as there are sequences or groups."""
    from sklearn.model_selection import GroupKFold, KFold

    n_parts = min(n_parts, n if groups is None else len(np.unique(groups)))
    if n_parts < 2:
        raise ValueError(
            f"Held-out errors need at least 2 {'sequences' if groups is None else 'groups'}, got "
            f"n_samples={n}{'' if groups is None else ' of one group'}. Pass more, or set a share as "
            'contamination, and scoring="mae".'
        )
    return KFold(n_parts, shuffle=True, random_state=seed) if groups is None else GroupKFold(n_parts)


# Their errors


def cross_fit(
    fit: Callable[[Sequences, int], Network],
    sequences: Sequences,
    splits: Sequence[Split],
    seeds: Sequence[int],
    scale: Float64,
    n_jobs: int | None = None,
    *,
    measured: bool = False,
) -> list[Part]:
    """Errors of each part by a network that is fitted on the others.

    Parameters
    ----------
    fit : callable
        Makes a `Network` of sequences and a seed. It can be pickled, if `n_jobs` asks for processes.
    sequences : Sequences
        All of them.
    splits : list of (training rows, held-out rows)
        The parts.
    seeds : list of int
        One for each part.
    scale : ndarray of shape (n_channels,)
        What to divide each channel's error by.
    n_jobs : int or None, default=None
        Number of processes.
    measured : bool, default=False
        Whether the parts have `measures`.

    Returns
    -------
    list of Part
    """
    run = delayed(_fit_part)
    parts: list[Part] = Parallel(n_jobs=n_jobs)(
        run(fit, sequences, split, seed, scale, measured) for split, seed in zip(splits, seeds, strict=True)
    )
    return parts


def _fit_part(
    fit: Callable[[Sequences, int], Network],
    sequences: Sequences,
    split: Split,
    seed: int,
    scale: Float64,
    measured: bool,
) -> Part:
    train, test = split
    network = fit(sequences.take(train), seed)
    return Part(
        test,
        sequences.lengths[test],
        standard_errors(network.module, sequences, test, scale),
        network.scale / scale,
        training_size(network.module, sequences, train, scale),
        *(_measure(network, sequences, split) if measured else ()),
    )


def _measure(network: Network, sequences: Sequences, split: Split) -> tuple[Measures, float]:
    known = Known.of(network.module, sequences.take(split[0]), network.mean, network.scale)
    return known.measure(network.module, sequences.take(split[1])), known.spacing


def training_size(module: Any, sequences: Sequences, rows: Int64, scale: Float64) -> float:
    """Root mean square of a network's errors on some sequences, of which few are held at once."""
    return root_mean_square(
        standard_errors(module, sequences, some, scale) for some in batches_of_rows(sequences, rows)
    )


def rescale(parts: Sequence[Part], size: float, spacing: float = 0.0) -> list[Part]:
    """Held-out errors as of a network with this root mean square of training errors, rather than of those behind them.

    And distances of codes as from known ones with this spacing, where there is one: the nearest of fewer are further
    away.

    Where the networks behind them err no more on held-out than on their training data, a network's training error is
    what to expect of it, and that of the one in use may well be another. Where they err more, by a tenth or above,
    training errors say how much is known by heart, and nothing is changed.
    """
    others = np.sqrt(np.mean(np.square([part.training_size for part in parts])))
    factor = np.float32(_factor(size, float(others), root_mean_square(part.errors for part in parts)))
    return [_rescaled(part, factor, spacing) for part in parts]


def _rescaled(part: Part, factor: np.float32, spacing: float) -> Part:
    known = min(part.spacing, spacing) > _LEAST_ERROR
    measures = part.measures and part.measures.rescaled(float(factor), spacing / part.spacing if known else 1.0)
    return replace(part, errors=factor * part.errors, measures=measures)


def _factor(size: float, others: float, held_out: float) -> float:
    others = max(others, _LEAST_ERROR)
    growth = held_out / others - 1
    return float((max(size, _LEAST_ERROR) / others) ** np.clip(1 - growth / _LEARNED_BY_HEART, 0, 1))


# What they say of new sequences


def out_of_fold_scores(parts: Sequence[Part], scoring: str) -> Float64:
    """Scores of held-out sequences as new ones would have them: (n_held_out,), in the order of the parts.

    "joint" needs parts with `measures`.

    Whatever a score goes by is learned anew for each part, from sequences that are not in it: the network, the units,
    and where errors are judged by their distribution, that (`require_others` must hold). A distribution that was
    estimated on the very errors that it judges finds them too usual, the more so the fewer they are for the channels,
    and so does a standard deviation; a threshold taken from such scores raises too many alarms.
    """
    if scoring == "joint":
        return held_out_joint_scores(held_out_measures(parts).logarithms())
    return np.concatenate([_scores_of_new(parts, part, scoring) for part in parts])


def _scores_of_new(parts: Sequence[Part], part: Part, scoring: str) -> Float64:
    if scoring == "mahalanobis":  # the same in any units
        gaussian = ErrorGaussian.of(_others(parts, part.rows))
        return Scoring(scoring, gaussian).of_sequences(part.errors, part.lengths)
    return Scoring(scoring).of_sequences(np.divide(part.errors, part.unit, dtype=np.float32), part.lengths)


def held_out_measures(parts: Sequence[Part]) -> Measures:
    """Of all parts, in their order."""
    measures = [part.measures for part in parts if part.measures is not None]
    assert len(measures) == len(parts), "some parts were not measured"
    return Measures.joined(measures)


def require_others(splits: Sequence[Split]) -> None:
    """Refuse parts beside which nothing is held out.

    Raises
    ------
    ValueError
        If there is such a part.
    """
    for i, (_, test) in enumerate(splits):
        if not any(np.setdiff1d(other, test).size for _, other in splits):
            raise ValueError(
                f'Part {i} of cv holds all sequences that are ever held out, but scoring="mahalanobis" judges the '
                'errors of each part by those of the others. Pass a cv with more parts, or scoring="mae".'
            )


def _others(parts: Sequence[Part], rows: Int64) -> Iterator[Float32]:
    """Held-out errors of all sequences but these, each of which may be in several parts."""
    for part in parts:
        kept = ~np.isin(part.rows, rows)
        if kept.any():
            yield part.errors if kept.all() else part.errors[np.repeat(kept, part.lengths)]
