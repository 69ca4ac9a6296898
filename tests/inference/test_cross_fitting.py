"""Cross-fitting: the parts, their errors, and that scores of held-out sequences are like those of new ones."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.model_selection import KFold, LeaveOneGroupOut, PredefinedSplit, RepeatedKFold

from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference import _errors
from sklearn_seqae._inference._cross_fitting import (
    Network,
    Part,
    _factor,
    cross_fit,
    out_of_fold_scores,
    require_others,
    rescale,
    split_rows,
    training_size,
)
from sklearn_seqae._inference._joint import Measures
from sklearn_seqae._inference._scoring import ErrorGaussian, Scoring
from tests.inference.drawing import Drawing

NAN = np.nan
ONE = np.ones(2)


def sequences_of(*lists: Any) -> Sequences:
    parts = [np.array(steps, dtype=np.float32).reshape(len(steps), -1) for steps in lists]
    lengths = np.array([len(part) for part in parts])
    return Sequences(np.concatenate(parts), np.cumsum(lengths) - lengths, lengths, lengths, "list")


def part_of(rows: list[int], errors: NDArray[Any], unit: Any = ONE, size: float = 1.0) -> Part:
    """Errors of sequences of two steps."""
    return Part(np.array(rows), np.full(len(rows), 2), errors.astype(np.float32), np.asarray(unit, dtype=float), size)


# The parts


@pytest.mark.parametrize("cv", [None, 4])
def test_parts_by_number_are_shuffled_and_keep_groups_together(cv: int | None) -> None:
    splits = split_rows(cv, 20, None, 0)
    assert len(splits) == 4
    assert sorted(row for _, test in splits for row in test) == list(range(20))
    assert any(np.ptp(test) > 3 for _, test in splits)
    assert [test.tolist() for _, test in splits] != [test.tolist() for _, test in split_rows(cv, 20, None, 1)]
    groups = np.random.default_rng(0).permutation(np.repeat(list("abcdefgh"), 3))
    for train, test in split_rows(cv, 24, groups, 0):
        assert not set(groups[train]) & set(groups[test])


def test_a_splitter_is_given_the_groups() -> None:
    assert len(split_rows(LeaveOneGroupOut(), 6, np.array([1, 1, 2, 2, 3, 3]), 0)) == 3


def test_splits_may_be_positions_or_masks() -> None:
    first = np.array([True, True, False])
    for cv in ([(~first, first)], [([2], [0, 1])], [([-1], [-3, -2])]):
        ((train, test),) = split_rows(cv, 3, None, 0)
        assert (train.tolist(), test.tolist()) == ([2], [0, 1])


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([([0, 1], [])], r"Part 0 of cv=.* has no sequences to hold out"),
        ([([0], [1]), ([], [0, 1])], r"Part 1 of cv=.* has no sequences to train on"),
        ([], "makes no parts of the 2 sequences"),
        (PredefinedSplit([-1, -1]), "makes no parts of the 2 sequences"),
        (1, None),
    ],
)
def test_refuses_parts_of_which_nothing_can_be_learned(cv: Any, message: str | None) -> None:
    if message is None:
        with pytest.raises(ValueError, match="at least 2 sequences"):
            split_rows(cv, 1, None, 0)
        return
    with pytest.raises(ValueError, match=message):
        split_rows(cv, 2, None, 0)


def test_refuses_parts_without_others_to_judge_by() -> None:
    require_others(split_rows(KFold(2), 4, None, 0))
    with pytest.raises(ValueError, match=r"Part 0 of cv holds all .*more parts"):
        require_others([(np.array([2, 3]), np.array([0, 1]))])
    with pytest.raises(ValueError, match="Part 1 of cv"):
        require_others([(np.array([2, 3]), np.array([0, 1])), (np.array([3]), np.array([0, 1, 2]))])


def test_refuses_groups_that_are_one() -> None:
    for cv in (None, 3, KFold(2), LeaveOneGroupOut()):
        with pytest.raises(ValueError, match=r"groups has the one label 7 for all 12 sequences.*at least two groups"):
            split_rows(cv, 12, np.full(12, 7), 0)


# Their errors


def test_each_part_is_drawn_by_the_network_of_the_others() -> None:
    X = sequences_of([1, -1], [2, 2, 2], [-4])
    seen: list[tuple[list[int], int]] = []

    def fit(sequences: Sequences, seed: int) -> Network:
        seen.append((sequences.starts.tolist(), seed))
        return Network(Drawing(0.5, 1), np.zeros(1), np.array([len(seen)]))

    splits = [(np.array([1, 2]), np.array([0])), (np.array([0]), np.array([2, 1]))]
    parts = cross_fit(fit, X, splits, [7, 8], np.array([2.0]))
    assert seen == [([2, 5], 7), ([0], 8)]
    assert [part.rows.tolist() for part in parts] == [[0], [2, 1]]
    assert [part.lengths.tolist() for part in parts] == [[2], [1, 3]]
    assert [part.errors.ravel().tolist() for part in parts] == [[-0.25, 0.25], [1, -0.5, -0.5, -0.5]]
    assert [part.unit.tolist() for part in parts] == [[0.5], [1]]
    assert [part.training_size for part in parts] == pytest.approx([((3 * 0.25 + 1) / 4) ** 0.5, 0.25])


@pytest.mark.parametrize("at_once", [1, 4, 4_000_000])
def test_each_value_counts_the_same_for_the_size_of_errors(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_errors, "_VALUES_AT_ONCE", at_once)
    X = sequences_of([1, NAN, NAN, NAN, 1], [3, 3], [5])
    size = training_size(Drawing(0, 1), X, np.arange(3), np.array([2.0]))
    assert size == pytest.approx(np.sqrt((2 * 1 + 2 * 9 + 25) / 5) / 2)


@pytest.mark.parametrize(
    ("training", "others", "held_out", "factor"),
    [
        (1.0, 1.0, 2.0, 1.0),
        (0.1, 1.0, 2.0, 1.0),  # trained longer: what it has learned by heart says nothing of new data
        (0.1, 1.0, 1.0, 0.1),  # none learns by heart, so this one is better
        (3.0, 1.0, 0.9, 3.0),  # or worse
        (4.0, 1.0, 1.05, 2.0),  # half way
        (0.0, 0.0, 0.0, 1.0),
    ],
)
def test_held_out_errors_are_scaled_to_the_network_in_use(
    training: float, others: float, held_out: float, factor: float
) -> None:
    assert _factor(training, others, held_out) == pytest.approx(factor, rel=1e-4)


def test_all_parts_are_scaled_alike() -> None:
    errors = np.array([[1.0, -1.0], [-1.0, 1.0]])
    parts = [part_of([0], errors, size=0.8), part_of([1], errors, size=np.sqrt(2 - 0.8**2))]
    for part in rescale(parts, 3.0):
        np.testing.assert_allclose(part.errors, 3 * errors, rtol=1e-6)


def test_distances_of_codes_are_scaled_to_the_spacing_of_the_known_ones() -> None:
    measures = Measures(*np.ones((4, 1)))
    for own, spacing, expected in [(2.0, 1.0, 0.5), (0.0, 1.0, 1.0), (2.0, 0.0, 1.0)]:
        part = replace(part_of([0], np.ones((2, 2))), measures=measures, spacing=own)
        (scaled,) = rescale([part], 1.0, spacing)
        assert scaled.measures is not None
        assert scaled.measures.code.tolist() == [expected]
        assert scaled.measures.absolute.tolist() == [1]


# What they say of new sequences


def test_errors_are_in_the_units_of_what_the_network_behind_them_was_trained_on() -> None:
    errors = np.array([[1.0, 2.0], [3.0, 4.0]])
    parts = [part_of([0], errors, unit=[1, 1]), part_of([1], errors, unit=[2, 4])]
    np.testing.assert_allclose(out_of_fold_scores(parts, "mae"), [-10 / 4, -(4 / 2 + 6 / 4) / 4])
    np.testing.assert_allclose(out_of_fold_scores(parts, "mse"), [-30 / 4, -(10 / 4 + 20 / 16) / 4])


def test_each_part_is_judged_by_the_errors_of_sequences_that_are_not_in_it() -> None:
    rng = np.random.default_rng(0)
    splits = split_rows(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0), 9, None, 0)
    parts = [part_of(test.tolist(), rng.normal(size=(2 * len(test), 2))) for _, test in splits]
    found = np.split(out_of_fold_scores(parts, "mahalanobis"), 6)
    for part, scores in zip(parts, found, strict=True):
        others = [
            other.errors[2 * i : 2 * i + 2]
            for other in parts
            for i, row in enumerate(other.rows)
            if row not in part.rows
        ]
        assert len(others) == 12
        expected = Scoring("mahalanobis", ErrorGaussian.of(others)).of_sequences(part.errors, part.lengths)
        np.testing.assert_allclose(scores, expected, rtol=1e-5)
