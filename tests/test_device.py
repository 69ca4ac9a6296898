"""Devices: what names one, and on a GPU the same results as on the CPU. The latter is skipped where torch has none."""

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

from sklearn_seqae import LSTMAutoencoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
needs_mps = pytest.mark.skipif(not torch.backends.mps.is_available(), reason="needs Apple's GPU")
every_gpu = pytest.mark.parametrize(
    "gpu", [pytest.param("cuda", marks=needs_cuda), pytest.param("mps", marks=needs_mps)]
)


def sequences(ragged: bool) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 15, size=30) if ragged else np.full(30, 12)
    return [np.cumsum(rng.normal(size=(length, 2)), axis=0) for length in lengths]


def small(device: str | torch.device, **params: object) -> LSTMAutoencoder:
    own: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_epochs": 3, "device": device, "random_state": 0}
    return LSTMAutoencoder(3, **own | params)


# What names a device


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu"), "auto"])
def test_a_device_is_named_by_a_string_or_by_torch(device: str | torch.device) -> None:
    X = sequences(ragged=False)
    fitted = small(device).fit(X)
    assert fitted.get_params()["device"] is device
    assert clone(fitted).device == device
    np.testing.assert_allclose(fitted.transform(X), small("cpu").fit(X).transform(X), atol=1e-3)


@pytest.mark.parametrize("device", ["cuda:64", "gpu", "meta", torch.device("meta"), ""])
def test_a_device_that_cannot_compute_here_is_refused_by_name(device: str | torch.device) -> None:
    with pytest.raises(ValueError, match=re.escape(f"device={device!r} cannot be used")):
        small(device).fit(sequences(ragged=False))


# On a GPU


@every_gpu
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_gpu_computes_what_the_cpu_does(gpu: str, ragged: bool, bidirectional: bool) -> None:
    X = sequences(ragged)
    on_cpu, on_gpu = (small(device, bidirectional=bidirectional).fit(X) for device in ("cpu", gpu))
    assert on_gpu.module_.mean.device.type == gpu
    np.testing.assert_allclose(on_gpu.loss_curve_, on_cpu.loss_curve_, rtol=1e-3)
    np.testing.assert_allclose(on_gpu.transform(X), on_cpu.transform(X), atol=1e-3)
    np.testing.assert_allclose(on_gpu.score_samples(X), on_cpu.score_samples(X), rtol=1e-2)


@every_gpu
def test_a_model_from_a_gpu_loads_without_one(gpu: str) -> None:
    X = sequences(ragged=True)
    fitted = small(gpu, warm_start=True).fit(X)
    state = pickle.dumps(fitted)
    loaded = pickle.loads(state)
    assert loaded.module_.mean.device.type == gpu
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
    assert pickle.loads(state).fit(X).n_iter_ == 6
    elsewhere = fitted.__getstate__() | {"device": "cuda:64"}
    blank = LSTMAutoencoder()
    blank.__setstate__(elsewhere)
    np.testing.assert_allclose(blank.transform(X), fitted.transform(X), atol=1e-5)


@every_gpu
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_one_model_gives_the_same_codes_on_a_gpu_and_on_the_cpu(gpu: str, ragged: bool, bidirectional: bool) -> None:
    X = sequences(ragged)
    on_cpu = small("cpu", bidirectional=bidirectional).fit(X)
    on_gpu = LSTMAutoencoder()
    on_gpu.__setstate__(on_cpu.__getstate__() | {"device": gpu})
    assert on_gpu.module_.mean.device.type == gpu
    scale = np.abs(on_cpu.transform(X)).max()
    np.testing.assert_allclose(on_gpu.transform(X), on_cpu.transform(X), atol=1e-4 * scale)


@needs_cuda
def test_a_copy_has_its_weights_as_cudnn_wants_them() -> None:
    X = sequences(ragged=True)
    fitted = small("cuda").fit(X)
    np.testing.assert_array_equal(copy.deepcopy(fitted).transform(X), fitted.transform(X))  # or torch warns


@needs_cuda
def test_a_fit_gives_the_gpus_memory_back() -> None:
    X = np.random.default_rng(0).normal(size=(2000, 100))
    small("cuda").fit(X[:10])  # libraries of the GPU are there for good
    before = torch.cuda.memory_reserved()
    fitted = small("cuda", batch_size=2000).fit(X)
    assert torch.cuda.memory_reserved() <= before + 2**22
    assert fitted.module_.mean.device.type == "cuda"


@needs_cuda
def test_a_search_may_have_several_processes_on_one_gpu() -> None:
    X = sequences(ragged=False)
    grid = {"latent_dim": [1, 2]}
    alone, together = (GridSearchCV(small("cuda"), grid, cv=2, n_jobs=n_jobs).fit(X) for n_jobs in (1, 2))
    found, expected = (search.cv_results_["mean_test_score"] for search in (together, alone))
    np.testing.assert_allclose(found, expected, atol=1e-3)


@needs_cuda
def test_auto_takes_the_gpu() -> None:
    assert small("auto").fit(sequences(ragged=False)).module_.mean.device.type == "cuda"


@every_gpu
def test_mixed_precision_on_a_gpu_learns_as_well(gpu: str) -> None:
    X = sequences(ragged=True)
    scores = [small(gpu, precision=precision).fit(X).score(X) for precision in ("float32", "bfloat16")]
    assert scores[1] == pytest.approx(scores[0], abs=0.01)


@needs_cuda
def test_the_gpus_generator_is_left_as_it_is() -> None:
    before = torch.cuda.get_rng_state()
    small("cuda", dropout=0.5).fit(sequences(ragged=False))
    assert torch.equal(torch.cuda.get_rng_state(), before)


class Failing(Callback):
    """Ends a fit by an error, before the third epoch."""

    fails = True

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        if self.fails and len(net.history) == 3:
            raise RuntimeError("no more")


@every_gpu
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_fit_goes_on_from_a_checkpoint_on_a_gpu(
    gpu: str, dropout: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, params = sequences(ragged=True), {"hidden_layer_sizes": (8, 8), "dropout": dropout, "early_stopping": True}
    estimator = small(gpu, **params, callbacks=[Failing], checkpoint_dir=tmp_path)
    with pytest.raises(RuntimeError, match="no more"):
        estimator.fit(X)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(Failing, "fails", False)
    fitted = estimator.fit(X)
    assert list(tmp_path.iterdir()) == []
    expected = small(gpu, **params, callbacks=[Failing]).fit(X)
    np.testing.assert_allclose(fitted.loss_curve_, expected.loss_curve_, rtol=1e-4)
