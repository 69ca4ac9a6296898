"""A network that is too small and too briefly trained to be good, for tests of everything else."""

from typing import Any

from sklearn_seqae import LSTMAutoencoder

TINY: dict[str, Any] = {"latent_dim": 3, "hidden_layer_sizes": (5,), "max_epochs": 2, "random_state": 0}


def tiny(**params: Any) -> LSTMAutoencoder:
    """The estimator with these parameters, or others in their stead."""
    return LSTMAutoencoder(**TINY | params)
