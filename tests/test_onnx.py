"""Export to ONNX: the same numbers without torch."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector, export_onnx, register_onnx_converter
from sklearn_seqae._onnx import _model
from tests.export.runtime import run
from tests.runtimes import NETWORKS, SIZES, batch, network
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_numbers_as_torch(name: str) -> None:
    module = network(**NETWORKS[name])
    models = {part: _model(module, part).SerializeToString() for part in ("encoder", "decoder", "autoencoder")}
    for n, n_timesteps in SIZES:
        x, lengths = batch(n, n_timesteps)
        real = np.arange(n_timesteps) < lengths[:, None]
        with torch.inference_mode():
            tensors = torch.from_numpy(x), torch.from_numpy(lengths)
            codes, drawn = module.encode(*tensors).numpy(), module(*tensors).numpy()
        close: dict[str, Any] = {"atol": 1e-5, "rtol": 1e-5}
        np.testing.assert_allclose(run(models["encoder"], X=x, lengths=lengths), codes, **close)
        np.testing.assert_allclose(run(models["autoencoder"], X=x, lengths=lengths)[real], drawn[real], **close)
        np.testing.assert_allclose(run(models["decoder"], codes=codes, lengths=lengths)[real], drawn[real], **close)


def test_what_is_behind_an_end_does_not_matter() -> None:
    model = _model(network(), "encoder").SerializeToString()
    x, lengths = batch(5, 10)
    other = np.where(np.arange(10)[:, None] < lengths[:, None, None], x, np.float32(1e6))
    np.testing.assert_array_equal(run(model, X=x, lengths=lengths), run(model, X=other, lengths=lengths))


@pytest.mark.parametrize("as_string", [False, True])
def test_a_fitted_autoencoder(as_string: bool, tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(5, 3, size=(20, 8)).astype(np.float32)
    fitted = tiny(n_channels=2).fit(X)
    path = tmp_path / "encoder.onnx"
    export_onnx(fitted, str(path) if as_string else path)
    codes = run(path.read_bytes(), X=X.reshape(20, 4, 2), lengths=np.full(20, 4))
    np.testing.assert_allclose(codes, fitted.transform(X), atol=1e-5, rtol=1e-5)
    export_onnx(fitted, path, part="decoder")
    drawn = run(path.read_bytes(), codes=codes, lengths=np.full(20, 4))
    np.testing.assert_allclose(drawn.reshape(20, 8), fitted.inverse_transform(codes), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_pipeline(n_channels: int) -> None:
    X = np.random.default_rng(0).normal(size=(40, 12)).astype(np.float32)
    y = X[:, 0] > 0
    pipeline = make_pipeline(StandardScaler(), tiny(n_channels=n_channels), LogisticRegression()).fit(X, y)
    register_onnx_converter()
    model = to_onnx(pipeline, X[:1], options={"zipmap": False})
    import onnxruntime

    labels, shares = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"X": X})
    np.testing.assert_array_equal(labels, pipeline.predict(X))
    np.testing.assert_allclose(shares, pipeline.predict_proba(X), atol=1e-5)


def test_rows_of_a_table_may_be_of_unequal_length() -> None:
    X = np.random.default_rng(0).normal(size=(20, 12)).astype(np.float32)
    X[3, 6:] = X[5, 2:4] = X[7, 11] = np.nan
    fitted = tiny(n_channels=2).fit(X)
    register_onnx_converter()
    codes = run(to_onnx(fitted, X[:1]).SerializeToString(), X=X)
    np.testing.assert_allclose(codes, fitted.transform(X), atol=1e-5, rtol=1e-5)


# What cannot be exported


def test_only_autoencoders(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(20, 6))
    detector = LSTMOutlierDetector(tiny(), cv=2).fit(X)
    with pytest.raises(TypeError, match="takes an LSTMAutoencoder, got LSTMOutlierDetector; of a detector, pass its"):
        export_onnx(detector, tmp_path / "x")
    with pytest.raises(TypeError, match="got KMeans"):
        export_onnx(KMeans(), tmp_path / "x")
    with pytest.raises(NotFittedError):
        export_onnx(LSTMAutoencoder(), tmp_path / "x")
    with pytest.raises(ValueError, match="part must be one of 'encoder', 'decoder', 'autoencoder', got 'all'"):
        export_onnx(detector.autoencoder_, tmp_path / "x", part="all")
    assert not list(tmp_path.iterdir())


def test_skl2onnx_is_for_tables() -> None:
    fitted = tiny().fit(np.random.default_rng(0).normal(size=(20, 6, 1)))
    register_onnx_converter()
    with pytest.raises(TypeError, match="fitted to other sequences: export_onnx"):
        to_onnx(fitted, np.zeros((1, 6), np.float32))


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fitted = tiny().fit(np.random.default_rng(0).normal(size=(20, 6)))
    for package in ("onnx", "skl2onnx"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r'^onnx is needed .* pip install "sklearn-seqae\[onnx\]"'):
        export_onnx(fitted, tmp_path / "x")
    with pytest.raises(ImportError, match=r'^skl2onnx is needed .* pip install "sklearn-seqae\[onnx\]"'):
        register_onnx_converter()
