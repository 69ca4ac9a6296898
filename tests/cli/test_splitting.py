"""Sequences held out share nothing with those trained on."""

import numpy as np
import pytest

from sklearn_seqae import sliding_windows
from sklearn_seqae._cli._arranged import Windows
from sklearn_seqae._cli._splitting import split_rows, split_windows


def test_split() -> None:
    split = split_rows(10, 0.25, seed=0)
    assert split.held_out
    assert split.kind == "held-out"
    assert len(split.scored) == 3
    np.testing.assert_array_equal(np.sort(np.append(split.training, split.scored)), np.arange(10))
    np.testing.assert_array_equal(split.scored, split_rows(10, 0.25, seed=0).scored)
    assert not np.array_equal(split.scored, split_rows(10, 0.25, seed=1).scored)
    everything = split_rows(10, 0, seed=0)
    assert everything.kind == "training"
    np.testing.assert_array_equal(everything.training, everything.scored)
    with pytest.raises(ValueError):
        split_rows(1, 0.2, seed=0)


def windows_of(lengths: list[int], width: int, stride: int) -> Windows:
    starts = [sliding_windows(np.arange(length), width, stride)[:, 0, 0] for length in lengths]
    series = np.repeat(np.arange(len(lengths)), [len(each) for each in starts])
    return Windows(series, np.concatenate(starts), width)


@pytest.mark.parametrize(("lengths", "width", "stride"), [([100], 10, 1), ([103], 10, 7), ([60, 200], 12, 5)])
def test_held_out_windows_are_the_last_and_share_no_step(lengths: list[int], width: int, stride: int) -> None:
    windows = windows_of(lengths, width, stride)
    split = split_windows(windows, 0.25)
    for number, length in enumerate(lengths):
        own = windows.series == number
        training, scored = (windows.starts[rows[own[rows]]] for rows in (split.training, split.scored))
        assert len(scored) == round(0.25 * own.sum())
        assert scored.max() + width == length
        assert training.min() == 0
        assert training.max() + width <= scored.min()
        left_out = own.sum() - len(scored) - len(training)
        assert left_out <= (width - 1) // stride


def test_windows_that_do_not_overlap_are_all_used() -> None:
    split = split_windows(windows_of([100], 10, 10), 0.2)
    np.testing.assert_array_equal(split.training, np.arange(8))
    np.testing.assert_array_equal(split.scored, [8, 9])


def test_all_windows_are_trained_on_where_none_is_to_be_held_out() -> None:
    split = split_windows(windows_of([30], 10, 5), 0)
    assert not split.held_out
    np.testing.assert_array_equal(split.training, split.scored)


@pytest.mark.parametrize(("lengths", "test_size"), [([10], 0.2), ([12], 0.5), ([10, 10, 10], 0.2)])
def test_too_few_windows_are_refused(lengths: list[int], test_size: float) -> None:
    with pytest.raises(ValueError, match="windows cannot be split"):
        split_windows(windows_of(lengths, 10, 1), test_size)
