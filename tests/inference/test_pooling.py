"""Hidden states summed up over the steps."""

from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._inference import _passes
from sklearn_seqae._inference._pooling import SUMMARIES, choose_thresholds, pool_states
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from tests.datasets import dataset_of, random_parts

LENGTHS = [3, 1, 4, 1, 5, 9, 2, 6]
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6}


def network(patch_len: int = 1, **params: Any) -> SequenceAutoencoder:
    return SequenceAutoencoder(2, 3, hidden_layer_sizes=(5,), patch_len=patch_len, seed=0, **params).eval()


@pytest.mark.parametrize("sequences_at_once", [1, 3, 1024])
@pytest.mark.parametrize("params", [{}, {"patch_len": 4}, {"patch_len": 2, "bidirectional": True}])
def test_by_numpy_of_one_sequence_at_a_time(
    params: dict[str, Any], sequences_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_passes, "_SEQUENCES_AT_ONCE", sequences_at_once)
    module, parts = network(**params), random_parts(LENGTHS)
    parts[2][1] = np.nan
    thresholds = np.stack([np.full(module.state_size, level, dtype=np.float32) for level in (-0.1, 0.05)])
    found = pool_states(module, dataset_of(parts), thresholds)
    assert found.dtype == np.float32
    for row, part in zip(found, parts, strict=True):
        with torch.inference_mode():
            states = module.hidden_states(torch.from_numpy(part)[None])[0].numpy()
        expected = [states.max(axis=0), states.min(axis=0), states.mean(axis=0), states.std(axis=0)]
        expected += [np.clip((states - level) / 2e-3 + 0.5, 0, 1).mean(axis=0) for level in thresholds]
        np.testing.assert_allclose(row, np.concatenate(expected), **CLOSE)
    assert found.shape[1] == (len(SUMMARIES) + 2) * module.state_size


def test_a_threshold_is_crossed_gradually() -> None:
    module, dataset = network(), dataset_of(random_parts([1]))
    state = pool_states(module, dataset, np.empty((0, 5), dtype=np.float32))[0, :5]
    shares = [pool_states(module, dataset, state[np.newaxis] - np.float32(d))[0, -5:] for d in (-0.01, 0, 0.01)]
    np.testing.assert_allclose(shares, np.repeat([[0], [0.5], [1]], 5, axis=1), atol=1e-3)


def test_thresholds_part_the_states_evenly() -> None:
    module, parts = network(), random_parts([50] * 40)
    dataset = dataset_of(parts)
    thresholds = choose_thresholds(module, dataset, 4, np.random.RandomState(0))
    assert thresholds.shape == (4, 5)
    assert thresholds.dtype == np.float32
    shares = pool_states(module, dataset, thresholds)[:, 20:].reshape(40, 4, 5).mean(axis=0)
    np.testing.assert_allclose(shares, np.repeat([[0.8], [0.6], [0.4], [0.2]], 5, axis=1), atol=0.01)
    np.testing.assert_array_equal(choose_thresholds(module, dataset, 4, np.random.RandomState(0)), thresholds)


def test_thresholds_of_much_data_come_from_some_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def count(module: Any, dataset: Any) -> Any:
        seen.append(int(dataset.lengths.sum()))
        return _passes.encode_timesteps(module, dataset)

    monkeypatch.setattr("sklearn_seqae._inference._pooling.encode_timesteps", count)
    for steps, expected in ((100, 100), (5, 10), (1000, 400)):
        monkeypatch.setattr("sklearn_seqae._inference._pooling._STEPS", steps)
        choose_thresholds(network(), dataset_of(random_parts([10] * 40)), 2, np.random.RandomState(0))
        assert seen[-1] == expected
