"""The normal distribution of sequences: its conditional mean by hand, and what nothing can be said of."""

import numpy as np
import pytest
import torch

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._normal import NormalSequences

ONE = np.ones(1)


def estimate(table: np.ndarray, n_timesteps: int | None = None) -> NormalSequences:
    n, size = table.shape
    data = SequenceDataset(table.reshape(-1, 1).astype(np.float32), np.arange(n) * size, np.full(n, size))
    return NormalSequences.of(data, n_timesteps or size, 0 * ONE, ONE, seed=0)


def test_the_conditional_mean_is_that_of_the_textbook() -> None:
    rng = np.random.default_rng(0)
    mean, loadings, noise = rng.normal(size=(6, 1)), rng.normal(size=(6, 2)), 0.3
    x = rng.normal(size=6)
    x[[1, 4]] = np.nan
    z = torch.from_numpy(x.astype(np.float32)).reshape(1, 6, 1)
    found = NormalSequences(mean, loadings, noise).expect(z).ravel().numpy()
    covariance = loadings @ loadings.T + noise * np.eye(6)
    known, unknown = [0, 2, 3, 5], [1, 4]
    gain = covariance[np.ix_(unknown, known)] @ np.linalg.inv(covariance[np.ix_(known, known)])
    np.testing.assert_allclose(found[unknown], (mean.ravel()[unknown] + gain @ (x - mean.ravel())[known]), rtol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_it_learns_what_is_linear(share: float) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 12)) + rng.normal(size=12)
    table = np.where(rng.random(truth.shape) < share, np.nan, truth)
    normal = estimate(table)
    x = truth[:, :, None].astype(np.float32)
    x[:, 3:9] = np.nan
    expected = normal.expect(torch.from_numpy(x)).numpy()[:, 3:9, 0]
    assert np.mean((expected - truth[:, 3:9]) ** 2) < 0.05 * truth.var()


def test_nothing_is_said_of_what_hardly_anyone_has() -> None:
    table = np.random.default_rng(0).normal(size=(60, 5))
    table[:, 2] = np.nan
    table[0, 2] = 1.0
    normal = estimate(table)
    assert np.isnan(normal.mean).ravel().tolist() == [False, False, True, False, False]
    x = torch.zeros(1, 5, 1)
    x[0, 4] = torch.nan
    assert torch.isnan(normal.expect(x)).ravel().tolist() == [False, False, True, False, False]


def test_longer_sequences_go_on_as_they_end_and_shorter_ones_are_cut() -> None:
    normal = estimate(np.random.default_rng(0).normal(size=(30, 5)).cumsum(axis=1))
    x = torch.ones(1, 8, 1)
    x[0, 1] = torch.nan
    expected = normal.expect(x)
    assert (expected[0, 5:] == expected[0, 4]).all()
    torch.testing.assert_close(normal.expect(x[:, :5]), expected[:, :5])
    assert normal.expect(x[:, :3]).shape == (1, 3, 1)


def test_constant_data_has_noise_all_the_same() -> None:
    normal = estimate(np.ones((4, 3)))
    x = torch.ones(1, 3, 1)
    x[0, 1] = torch.nan
    assert normal.expect(x)[0, 1].item() == pytest.approx(1)


def test_sequences_without_gaps_are_not_looked_at() -> None:
    normal = estimate(np.random.default_rng(0).normal(size=(30, 5)))
    assert (normal.expect(torch.ones(2, 5, 1)) == 0).all()
