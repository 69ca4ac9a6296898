"""Arrays in chunks, of dask and Zarr: fitted models are applied to one chunk after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sklearn_seqae import LSTMOutlierDetector
from tests.tiny import tiny

da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CUBE = np.random.default_rng(0).normal(size=(30, 6, 2)).astype(np.float32)
TABLE = CUBE[:, :, 0]


def whole_sequences(chunked: Any) -> Any:
    """As the README tells to."""
    return chunked.rechunk(dict.fromkeys(range(1, chunked.ndim), -1))


@pytest.mark.parametrize("X", [TABLE, CUBE], ids=["table", "cube"])
def test_a_model_is_applied_chunk_by_chunk(X: NDArray[np.float32], tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    da.from_array(X, chunks=(7, 3, 1)[: X.ndim]).to_zarr(str(tmp_path / "X.zarr"))  # chunks that split sequences
    model, chunked = tiny().fit(X), whole_sequences(da.from_zarr(str(tmp_path / "X.zarr")))
    axes = tuple(range(1, X.ndim))  # time, and channels if there are
    codes = chunked.map_blocks(model.transform, dtype=np.float32, chunks=(chunked.chunks[0], 3), drop_axis=axes[1:])
    scores = chunked.map_blocks(model.score_samples, dtype=np.float64, drop_axis=axes)
    drawn = chunked.map_blocks(model.reconstruct, dtype=np.float32)
    for method, lazy in [(model.transform, codes), (model.score_samples, scores), (model.reconstruct, drawn)]:
        expected = method(X)
        assert (lazy.shape, lazy.dtype, lazy.numblocks[0]) == (expected.shape, expected.dtype, 5)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-5, atol=1e-6)


def test_a_detector_is_applied_chunk_by_chunk() -> None:
    detector = LSTMOutlierDetector(tiny(), cv=2, random_state=0).fit(CUBE)
    chunked = whole_sequences(da.from_array(CUBE, chunks=(7, 3, 1)))
    for judge, dtype in [(detector.decision_function, np.float64), (detector.predict, np.int64)]:
        judged = chunked.map_blocks(judge, dtype=dtype, drop_axis=(1, 2)).compute()
        assert judged.dtype == dtype
        np.testing.assert_allclose(judged, judge(CUBE), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("take", [lambda X: X[:15], lambda X: X[15:]], ids=["first half", "second half"])
def test_results_are_named_by_what_a_model_has_learned(take: Callable[[Any], Any]) -> None:
    """dask keeps a result by the name of its task: models of equal parameters must not share names."""
    chunked = da.from_array(CUBE, chunks=(7, -1, -1))

    def name(X: Any) -> str:
        return str(chunked.map_blocks(tiny().fit(X).reconstruct, dtype=np.float32).name)

    assert name(take(CUBE)) == name(take(CUBE)) != name(CUBE)
