"""On a GPU: the same results as on the CPU, and models that load without one. Skipped where torch has no GPU."""

import pickle

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sklearn_seqae import LSTMAutoencoder

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def sequences(ragged: bool) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 15, size=30) if ragged else np.full(30, 12)
    return [np.cumsum(rng.normal(size=(length, 2)), axis=0) for length in lengths]


def small(device: str, **params: object) -> LSTMAutoencoder:
    return LSTMAutoencoder(3, hidden_layer_sizes=(8,), max_epochs=3, device=device, random_state=0, **params)  # type: ignore[arg-type]


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_gpu_computes_what_the_cpu_does(ragged: bool, bidirectional: bool) -> None:
    X = sequences(ragged)
    on_cpu, on_gpu = (small(device, bidirectional=bidirectional).fit(X) for device in ("cpu", "cuda"))
    assert on_gpu.module_.mean.is_cuda
    np.testing.assert_allclose(on_gpu.loss_curve_, on_cpu.loss_curve_, rtol=1e-3)
    np.testing.assert_allclose(on_gpu.transform(X), on_cpu.transform(X), atol=1e-3)
    np.testing.assert_allclose(on_gpu.score_samples(X), on_cpu.score_samples(X), rtol=1e-2)


def test_a_model_from_a_gpu_loads_without_one() -> None:
    X = sequences(ragged=True)
    fitted = small("cuda", warm_start=True).fit(X)
    state = pickle.dumps(fitted)
    loaded = pickle.loads(state)
    assert loaded.module_.mean.is_cuda
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
    assert pickle.loads(state).fit(X).n_iter_ == 6
    elsewhere = fitted.__getstate__() | {"device": "cuda:64"}
    blank = LSTMAutoencoder()
    blank.__setstate__(elsewhere)
    np.testing.assert_allclose(blank.transform(X), fitted.transform(X), atol=1e-5)


def test_the_gpus_generator_is_left_as_it_is() -> None:
    before = torch.cuda.get_rng_state()
    small("cuda", dropout=0.5).fit(sequences(ragged=False))
    assert torch.equal(torch.cuda.get_rng_state(), before)
