"""A warning of sequences that are longer than any in training."""

import warnings

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._callers import level_of_caller

__all__ = ["warn_of_longer"]


def warn_of_longer(lengths: NDArray[np.int64], n_timesteps: int) -> None:
    """Warn where sequences of these lengths are longer than the `n_timesteps` of any in training.

    What is beyond is hardly drawn; up to there a sequence a fifth longer is drawn as well as others, one of twice the
    length clearly worse.
    """
    longer = lengths > n_timesteps
    if longer.any():
        warnings.warn(
            f"{longer.sum()} of {len(lengths)} sequences are longer than any in training, {lengths.max()} time steps "
            f"instead of at most {n_timesteps}: what is beyond is hardly drawn, and the longer, the poorer all of it. "
            f"Train on sequences as long, or cut these into pieces of at most {n_timesteps} time steps.",
            stacklevel=level_of_caller(),
        )
