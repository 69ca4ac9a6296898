"""Gaps made on purpose: like those found, and others; always something left, and nothing that was not there."""

import numpy as np
import torch

from sklearn_seqae._data import _gaps
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._gaps import GapPatterns


def dataset(sequences: list[np.ndarray]) -> SequenceDataset:
    lengths = np.array([len(sequence) for sequence in sequences])
    steps = np.concatenate(sequences).astype(np.float32)
    return SequenceDataset(steps, np.cumsum(lengths) - lengths, lengths)


def ragged(n: int = 40) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, 2)) for length in rng.integers(6, 20, size=n)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_what_is_hidden_was_there_and_something_is_left() -> None:
    sequences = ragged()
    for sequence in sequences[::2]:
        sequence[2:5, 0] = np.nan
    data = dataset(sequences)
    patterns = GapPatterns.of(data, seed=0)
    batch = data.batch(np.arange(len(data)))
    for seed in range(20):
        hidden = patterns.hide(batch["x"], batch["lengths"], generator(seed), sparsely=bool(seed % 2))
        observed = ~torch.isnan(batch["x"])
        assert hidden.any()
        assert not (hidden & ~observed).any()
        assert (observed & ~hidden).flatten(1).any(dim=1).all()


def test_sequences_of_one_value_keep_it() -> None:
    x = torch.full((50, 4, 1), torch.nan)
    x[:, 2] = 1.0
    assert not GapPatterns(torch.ones(1, 4, 1, dtype=torch.bool)).hide(x, None, generator()).any()


def test_padding_is_no_gap() -> None:
    assert len(GapPatterns.of(dataset(ragged()), seed=0).found) == 0


def test_gaps_are_made_as_they_were_found() -> None:
    gap = np.zeros((30, 1), dtype=bool)
    gap[11:19] = True
    sequences = [np.ones((30, 1)) for _ in range(10)]
    sequences[3][gap] = np.nan
    patterns = GapPatterns.of(dataset(sequences), seed=0)
    assert patterns.found.shape == (1, 30, 1)
    hidden = patterns.hide(torch.ones(2000, 30, 1), None, generator()).numpy()
    share = (hidden == gap).all(axis=(1, 2)).mean()
    assert abs(share - _gaps._AS_FOUND) < 0.03


def test_without_any_found_there_are_single_values_and_runs() -> None:
    hidden = GapPatterns.of(dataset([np.ones((30, 3))] * 10), seed=0).hide(torch.ones(2000, 30, 3), None, generator())
    n_runs = hidden[:, :1].sum(dim=1) + (hidden[:, 1:] & ~hidden[:, :-1]).sum(dim=1)  # (n, C)
    share = hidden.float().mean(dim=1)
    assert 0.4 < ((n_runs == 1) & (share > 0.04)).all(dim=1).float().mean() < 0.6
    assert 0.1 < share.mean() < 0.4
    together = (hidden == hidden[:, :, :1]).flatten(1).all(dim=1) & hidden.flatten(1).any(dim=1)
    assert 0.1 < together.float().mean() < 0.3


def test_sparsely_runs_are_made_as_a_whole_and_few_of_many() -> None:
    found = torch.zeros(1, 40, 1, dtype=torch.bool)
    found[0, [0, 1, 2, 8, 9, 10, 16, 17, 18, 24, 25, 26, 32, 33, 34]] = True
    thinned = _gaps._thinned(found.expand(4000, -1, -1), generator())
    assert not (thinned & ~found).any()
    runs = thinned[:, [0, 8, 16, 24, 32]]
    for i, start in enumerate((0, 8, 16, 24, 32)):
        assert torch.equal(thinned[:, start + 1], runs[:, i])
        assert torch.equal(thinned[:, start + 2], runs[:, i])
    assert abs(thinned.float().mean() - _gaps._ON_TOP) < 0.02
    rare = torch.zeros(1, 40, 1, dtype=torch.bool)
    rare[0, :5] = True
    assert torch.equal(_gaps._thinned(rare, generator()), rare)


def test_the_generator_decides() -> None:
    patterns, x = GapPatterns.of(dataset(ragged()), seed=0), torch.ones(20, 10, 2)
    first, again, other = (patterns.hide(x, None, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
