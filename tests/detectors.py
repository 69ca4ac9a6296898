"""Detectors of small networks, and waves for them to judge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
from tests.tiny import tiny

SETTINGS: dict[str, dict[str, Any]] = {
    "auto": {},
    "mae": {"scoring": "mae"},
    "mse": {"scoring": "mse", "contamination": 0.2},
    "mahalanobis": {"scoring": "mahalanobis"},
}


def model(setting: str = "auto", **params: Any) -> LSTMOutlierDetector:
    defaults: dict[str, Any] = {"autoencoder": tiny(batch_size=4), "cv": 2, "random_state": 0}
    return LSTMOutlierDetector(**defaults | SETTINGS[setting] | params)


def waves(n: int, seed: int = 0) -> NDArray[np.float64]:
    """One period of a sine of any phase, with noise: (n, 20)."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, size=(n, 1))
    return np.sin(phase + np.linspace(0, 2 * np.pi, 20)) + rng.normal(0, 0.1, size=(n, 20))


def wave_detector(**params: Any) -> LSTMOutlierDetector:
    return LSTMOutlierDetector(LSTMAutoencoder(2, hidden_layer_sizes=(16,), max_epochs=30), random_state=0, **params)
