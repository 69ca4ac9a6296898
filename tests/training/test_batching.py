"""Batches: what is gathered, in which order, what shifts, mixing and noise do to it, and that order is restored."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._gaps import GapPatterns
from sklearn_seqae._training._batching import TrainingBatches, ValidationBatches
from tests.datasets import dataset_of, random_parts


def numbered(lengths: Any) -> SequenceDataset:
    """Sequences whose every value is their own number."""
    return dataset_of([np.full((length, 1), i, dtype=np.float32) for i, length in enumerate(lengths)])


def epoch(batches: Any) -> list[list[int]]:
    """The numbers of the sequences in each batch."""
    return [batch["x"][:, 0, 0].int().tolist() for batch, _ in batches]


def targets(batches: Any) -> NDArray[np.float32]:
    return np.concatenate([target.numpy() for _, target in batches])


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=60) | st.integers(1, 60).map(lambda n: [3] * n),
    batch_size=st.integers(1, 70),
    kind=st.sampled_from([TrainingBatches, ValidationBatches]),
)
def test_an_epoch_holds_every_sequence_once(lengths: list[int], batch_size: int, kind: Any) -> None:
    batches = kind(numbered(lengths), batch_size)
    for _ in range(2):
        found = epoch(batches)
        assert sorted(number for batch in found for number in batch) == list(range(len(lengths)))
        assert len(found) == len(batches)
        assert sorted(map(len, found))[1:] == [batch_size] * (len(found) - 1)  # at most one is smaller


@pytest.mark.parametrize("lengths", [[3] * 50, [1, 2, 3, 4, 5] * 10], ids=["equal", "unequal"])
def test_the_order_is_seeded_and_new_in_each_epoch(lengths: list[int]) -> None:
    first, second = TrainingBatches(numbered(lengths), 8, seed=1), TrainingBatches(numbered(lengths), 8, seed=1)
    course = [epoch(first) for _ in range(3)]
    assert course == [epoch(second) for _ in range(3)]
    assert course[0] != course[1] != course[2]
    assert course[0] != epoch(TrainingBatches(numbered(lengths), 8, seed=2))
    validation = ValidationBatches(numbered(lengths), 8)
    assert epoch(validation) == epoch(validation)


def test_shifts_mixing_and_noise_are_seeded_and_leave_the_global_generator() -> None:
    dataset = dataset_of(random_parts([5] * 20))
    state = torch.get_rng_state()
    first, second = (
        TrainingBatches(dataset, 8, seed=3, time_shift=0.5, mixup=0.5, input_noise=(0.1, 0.2)) for _ in range(2)
    )
    for _ in range(2):
        for (batch, target), (other_batch, other_target) in zip(first, second, strict=True):
            assert torch.equal(batch["x"], other_batch["x"])
            assert torch.equal(target, other_target)
    assert torch.equal(torch.get_rng_state(), state)


def test_buckets_keep_padding_low_and_the_order_random() -> None:
    lengths = np.random.default_rng(0).integers(1, 101, size=2000)
    batches = TrainingBatches(numbered(lengths), 16)
    share = np.mean([torch.isnan(batch["x"]).double().mean().item() for batch, _ in batches])
    assert share < 0.05  # a random order: about 0.45
    longest = [lengths[numbers].max() for numbers in epoch(batches)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3  # not from long to short
    met: set[int] = set()
    for _ in range(20):
        met.update(next(numbers for numbers in epoch(batches) if 0 in numbers))
    assert len(met) > 50  # companions change


# Shifts. Each value is the number of its step, so that it tells where it came from.


def ramps(lengths: list[int]) -> SequenceDataset:
    return dataset_of([np.arange(length, dtype=np.float32)[:, None] for length in lengths])


def shift_of(x: torch.Tensor) -> int:
    """By how many steps a ramp (T,) was moved."""
    middle = len(x) // 2
    return middle - int(x[middle])


@pytest.mark.parametrize("lengths", [[200] * 50, [200, 100] * 100], ids=["equal", "unequal"])
def test_a_shift_moves_all_steps_and_repeats_the_one_at_the_end(lengths: list[int]) -> None:
    shifts: dict[int, list[int]] = {100: [], 200: []}
    batches = TrainingBatches(ramps(lengths), 10, time_shift=1.0)
    for _ in range(20):
        for batch, target in batches:
            torch.testing.assert_close(batch["x"], target, equal_nan=True)
            sizes = batch["lengths"] if "lengths" in batch else torch.full((len(target),), target.shape[1])
            for x, size in zip(target[:, :, 0], sizes.tolist(), strict=True):
                assert torch.isnan(x[size:]).all()
                shift = shift_of(x[:size])
                assert torch.equal(x[:size], (torch.arange(size) - shift).clamp(0, size - 1).float())
                shifts[size].append(shift)
    for size in set(lengths):
        assert np.mean(shifts[size]) == pytest.approx(0, abs=0.01 * size)
        assert np.std(shifts[size]) == pytest.approx(0.03 * size, rel=0.15)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_shifted_sequences(share: float) -> None:
    found = targets(TrainingBatches(ramps([1000] * 200), 50, time_shift=share))
    moved = np.mean([shift_of(x) != 0 for x in torch.from_numpy(found[:, :, 0])])
    assert moved == pytest.approx(share, abs=0.08)


def test_the_shortest_sequences_are_not_shifted() -> None:
    found = targets(TrainingBatches(ramps([4] * 100), 50, time_shift=1.0))
    np.testing.assert_array_equal(found, np.tile(np.arange(4.0)[:, None], (100, 1, 1)))


def test_gaps_move_along_and_a_sequence_is_never_emptied() -> None:
    parts = random_parts([100] * 40, n_channels=1)
    for part in parts[:20]:
        part[40] = np.nan  # a gap
    for part in parts[20:]:
        part[:-1] = np.nan  # nothing but the last step: a shift to the right would lose it
    found = targets(TrainingBatches(dataset_of(parts), 8, time_shift=1.0))[:, :, 0]
    missing = np.isnan(found).sum(axis=1)
    assert (missing < 100).all()
    assert np.count_nonzero(missing == 1) >= 20
    assert len(set(np.flatnonzero(np.isnan(found[missing == 1]).any(axis=0)))) > 3


def test_shifts_before_mixing_reach_both_sequences_of_a_mixture() -> None:
    """Ramps that differ by their shifts alone: a mixture has steps between them."""
    found = targets(TrainingBatches(ramps([1000] * 40), 40, time_shift=1.0, mixup=1.0))[:, 500, 0]
    assert np.count_nonzero(found != np.round(found)) > 20


# Mixing. Sequence i is the unit vector i, so that a mixture tells its weights.


def units(lengths: list[int]) -> SequenceDataset:
    eye = np.eye(len(lengths), dtype=np.float32)
    return dataset_of([np.repeat(eye[[i]], length, axis=0) for i, length in enumerate(lengths)])


def weights(batches: TrainingBatches) -> NDArray[np.float32]:
    return targets(batches)[:, 0]


def test_a_mixture_is_of_two_sequences_whose_weights_sum_to_one() -> None:
    batches = TrainingBatches(units([3] * 40), 40, mixup=1.0)
    found = np.concatenate([weights(batches) for _ in range(20)])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert (np.count_nonzero(found, axis=1) <= 2).all()
    assert found.min() >= -0.5
    assert found.max() <= 1.5
    own = found.reshape(20, 40, 40)
    values = own[(own != 0) & (own != 1)]
    assert values.min() < -0.4  # beyond the two ...
    assert values.max() > 1.4  # ... on either side
    np.testing.assert_allclose(np.histogram(values, bins=4, range=(-0.5, 1.5))[0] / len(values), 0.25, atol=0.05)
    for batch, target in batches:
        assert (target == target[:, :1]).all()  # one weight for a whole sequence
        assert torch.equal(batch["x"], target)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0.0, 0.0), (0.5, 0.4, 0.6), (1.0, 0.93, 1.0)])
def test_the_share_of_mixtures(share: float, least: float, most: float) -> None:
    batches = TrainingBatches(units([2] * 40), 40, mixup=share)
    found = np.concatenate([weights(batches) for _ in range(10)])
    mixed = (np.count_nonzero(found, axis=1) > 1).mean()  # a sequence's partner may be itself
    assert least <= mixed <= most


def test_a_mixture_reaches_as_far_as_both() -> None:
    lengths = [2, 3, 5, 8]
    n_mixed = 0
    batches = TrainingBatches(units(lengths), 4, mixup=0.7)
    for _ in range(20):
        for batch, target in batches:
            for x, length in zip(target, batch["lengths"].tolist(), strict=True):
                parts = torch.nonzero(x[0]).ravel()
                assert length == min(lengths[i] for i in parts)
                assert not torch.isnan(x[:length]).any()
                assert torch.isnan(x[length:]).all()
                n_mixed += len(parts) == 2
    assert n_mixed > 20


def test_what_is_missing_in_either_is_missing_in_the_mixture() -> None:
    a, b = np.zeros((4, 2), dtype=np.float32), np.ones((4, 2), dtype=np.float32)
    a[1, 0] = b[2, 1] = np.nan
    found = targets(batch for _ in range(20) for batch in TrainingBatches(dataset_of([a, b]), 2, seed=_, mixup=1.0))
    mixed = found[~np.isin(found[:, 0, 0], [0, 1])]
    assert len(mixed) > 5
    assert (np.isnan(mixed) == (np.isnan(a) | np.isnan(b))).all()


def test_a_mixture_without_any_value_is_not_made() -> None:
    a, b = np.zeros((4, 1), dtype=np.float32), np.ones((4, 1), dtype=np.float32)
    a[:2] = b[2:] = np.nan
    for _ in range(10):
        found = targets(TrainingBatches(dataset_of([a, b]), 2, seed=_, mixup=1.0))
        np.testing.assert_array_equal(found[np.argsort(np.nanmax(found, axis=(1, 2)))], [a, b])


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_noise_is_on_the_input_alone(share: float) -> None:
    x = np.random.default_rng(0).normal(size=(300, 6, 3)).astype(np.float32)
    x[:, 1, 0] = np.nan
    x.flags.writeable = False
    dataset = SequenceDataset(x.reshape(-1, 3), np.arange(300) * 6, np.full(300, 6))
    batches = TrainingBatches(dataset, 32, input_noise=(0.1, 2.0, 0.0))
    batches.noise_share = share
    target, noise = [], []
    for batch, clean in batches:
        target.append(clean)
        noise.append(batch["x"] - clean)
    found, drawn = torch.cat(target).numpy(), torch.cat(noise).numpy()
    np.testing.assert_array_equal(found[np.argsort(found[:, 0, 1])], x[np.argsort(x[:, 0, 1])])
    assert np.isnan(drawn[:, 1, 0]).all()
    np.testing.assert_allclose(np.nanstd(drawn, axis=(0, 1)), [0.1 * share, 2.0 * share, 0.0], rtol=0.1)
    np.testing.assert_allclose(np.nanmean(drawn, axis=(0, 1)), 0, atol=0.2)


@pytest.mark.parametrize("lengths", [[4] * 9, [3, 1, 4, 1, 5, 9, 2, 6, 5]], ids=["equal", "unequal"])
def test_a_batch_is_a_copy(lengths: list[int]) -> None:
    dataset = dataset_of(random_parts(lengths))
    before = dataset.steps.copy()
    for batches in (TrainingBatches(dataset, 4, mixup=0.5, input_noise=(1.0, 1.0)), ValidationBatches(dataset, 4)):
        for batch, target in batches:
            batch["x"].zero_()
            target.zero_()
    dataset[0].zero_()
    np.testing.assert_array_equal(dataset.steps, before)


@pytest.mark.parametrize("lengths", [[6] * 40, list(range(4, 44))])
def test_what_is_hidden_is_the_target_and_nothing_else(lengths: list[int]) -> None:
    dataset = ramps(lengths)
    batches = TrainingBatches(dataset, 10, gaps=GapPatterns.of(dataset, seed=0))
    for batch, target in batches:
        hidden = ~torch.isnan(target)
        assert hidden.any()
        assert torch.isnan(batch["x"][hidden]).all()
        assert (~torch.isnan(batch["x"])).flatten(1).any(dim=1).all()


def test_where_nothing_can_be_hidden_all_is_the_target() -> None:
    dataset = ramps([1] * 8)
    for batch, target in TrainingBatches(dataset, 4, gaps=GapPatterns.of(dataset, seed=0)):
        assert torch.equal(batch["x"], target)
