"""A network that is too small and too briefly trained to be good, for tests of everything else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.nn.utils import parameters_to_vector

from sklearn_seqae import LSTMAutoencoder

TINY: dict[str, Any] = {"latent_dim": 3, "hidden_layer_sizes": (5,), "max_epochs": 2, "random_state": 0}


def tiny(**params: Any) -> LSTMAutoencoder:
    """The estimator with these parameters, or others in their stead."""
    return LSTMAutoencoder(**TINY | params)


def weights(autoencoder: LSTMAutoencoder) -> NDArray[np.float32]:
    """All parameters of its network, end to end."""
    return parameters_to_vector(autoencoder.module_.parameters()).detach().numpy()
