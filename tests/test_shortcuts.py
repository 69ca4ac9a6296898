"""Without the short cuts of `_fast`, everything comes out the same."""

import sys
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from sklearn_seqae import LSTMAutoencoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def estimator_without(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The estimator, imported where there is no `_fast`."""
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn_seqae"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn_seqae._fast", None)
    assert import_module("sklearn_seqae._compute._shortcuts").Halves is None
    return import_module("sklearn_seqae._autoencoder").LSTMAutoencoder


def results(estimator: Any, params: dict[str, Any]) -> dict[str, Any]:
    """All that training and inference give."""
    X = np.random.default_rng(0).normal(size=(70, 100, 2)).cumsum(axis=1)
    fitted = estimator(max_epochs=1, random_state=0, **params).fit(X).partial_fit(X)
    return {
        "losses": fitted.loss_curve_,
        "codes": fitted.transform(X),
        "reconstructions": fitted.reconstruct(X),
        "scores": fitted.score_samples(X),
        "score": fitted.score(X),
    }


@pytest.mark.parametrize("params", [{}, {"latent_dim": 64, "hidden_layer_sizes": (), "patch_len": 1}], ids=["", "long"])
def test_without_shortcuts_all_results_are_the_same(params: dict[str, Any], estimator_without: Any) -> None:
    assert estimator_without is not LSTMAutoencoder
    usual, plain = results(LSTMAutoencoder, params), results(estimator_without, params)
    for name, expected in usual.items():
        np.testing.assert_allclose(plain[name], expected, rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_fault_within_a_short_cut_is_not_taken_for_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn_seqae._fast")
    monkeypatch.delitem(sys.modules, "sklearn_seqae._compute._shortcuts")
    monkeypatch.delitem(sys.modules, "sklearn_seqae._fast._memory")
    monkeypatch.setitem(sys.modules, "platform", None)
    with pytest.raises(ModuleNotFoundError, match="platform"):
        import_module("sklearn_seqae._compute._shortcuts")
