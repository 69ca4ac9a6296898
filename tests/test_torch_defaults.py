"""What a session has set as torch's defaults changes nothing: some compute in float64 elsewhere, others on a GPU."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RAGGED = [np.sin(np.arange(2.0 * n) + n).reshape(n, 2) for n in (9, 5, 12, 7, 6, 11)]

CASES: dict[str, dict[str, Any]] = {
    "default": {"bidirectional": True, "early_stopping": True},
    "varied": {"time_shift": 1.0, "blending": 1.0, "weight_decay": 0.1, "patch_len": 2},
    "plain": {"decoder": "repeat", "output_layer": None, "standardize": False, "loss": "huber"},
}


@pytest.fixture(params=["float64", "meta"])
def other_defaults(request: pytest.FixtureRequest) -> Iterator[None]:
    """Other defaults; on the device "meta", whatever is not told where to be has no values."""
    if request.param == "float64":
        torch.set_default_dtype(torch.float64)
    else:
        torch.set_default_device("meta")
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


def results(case: str) -> list[NDArray[Any]]:
    """What a fit, a training that goes on, and inference give."""
    fitted = tiny(**CASES[case]).fit(RAGGED).partial_fit(RAGGED)
    codes = fitted.transform(RAGGED)
    drawn = fitted.inverse_transform(codes, [len(x) for x in RAGGED])
    return [fitted.loss_curve_, codes, np.concatenate(drawn), fitted.score_samples(RAGGED)]


@pytest.fixture(scope="module")
def usual() -> dict[str, list[NDArray[Any]]]:
    return {case: results(case) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_results_do_not_depend_on_torchs_defaults(
    case: str, usual: dict[str, list[NDArray[Any]]], other_defaults: None
) -> None:
    for found, expected in zip(results(case), usual[case], strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("other_defaults")
def test_the_detector_works_with_other_defaults() -> None:
    X = np.random.default_rng(0).normal(size=(20, 6))
    assert np.isfinite(LSTMOutlierDetector(tiny(), cv=2, random_state=0).fit(X).score_samples(X)).all()


@pytest.mark.usefixtures("other_defaults")
def test_a_state_is_read_back() -> None:
    fitted = tiny().fit(RAGGED)
    loaded = LSTMAutoencoder.__new__(LSTMAutoencoder)
    loaded.__setstate__(fitted.__getstate__())
    np.testing.assert_array_equal(loaded.transform(RAGGED), fitted.transform(RAGGED))
