"""Codes in natural proportions: as much as each direction of them changes what is drawn."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._passes import encode, reconstruct

__all__ = ["set_natural_proportions"]

Float64 = NDArray[np.float64]

# Sequences and values to look at, evenly spaced in the training data; never fewer sequences than a few to a component.
_MOST_SEQUENCES = 2_000
_MOST_VALUES = 2**23
_LEAST_SEQUENCES_PER_COMPONENT = 4
# Directions in which states differ by less than this share of the most are constants, and such a share of the largest
# proportion is the smallest that can be undone in float32.
_LEAST_DEVIATION = 1e-3
_LEAST_PROPORTION = 1e-3


def set_natural_proportions(module: Any, dataset: SequenceDataset) -> None:
    """Set the projection such that distances between codes are those between what is drawn of them, nearly.

    Let A be the linear map that comes nearest to the decoder, from the top layer's hidden states to reconstructions in
    standard units, and U S Vᵀ its singular value decomposition. A state h becomes the code h U S, so that A draws it
    with the length of the code, and its values are in the order of how much they change what is drawn. Principal
    components are such codes of a linear autoencoder.

    Parameters
    ----------
    module : SequenceAutoencoder
        A trained network, whose projection is set; nothing is done where it has none.
    dataset : SequenceDataset
        What it was trained on. Where all states are alike, the projection stays as it is.
    """
    if module.projection is None:
        return
    sample = _sample(dataset, module)
    states = encode(module, sample) @ module.projection.inverse.cpu().numpy()  # (n, K)
    with threadpool_limits(1, user_api="blas"):  # the last bits depend on the number of threads
        weight = _natural_map(states - states.mean(axis=0, dtype=np.float64), _drawn(module, sample))
    if weight is not None:
        module.projection.set(torch.from_numpy(weight))


def _sample(dataset: SequenceDataset, module: Any) -> SequenceDataset:
    values = int(dataset.lengths.max()) * module.n_channels
    most = max(_LEAST_SEQUENCES_PER_COMPONENT * module.code_size, min(_MOST_SEQUENCES, _MOST_VALUES // values))
    return dataset.thin(most)


def _drawn(module: Any, sample: SequenceDataset) -> NDArray[np.float32]:
    """Reconstructions as deviations from each position's mean, in standard units; 0 behind an end: (n, T * C)."""
    real = np.arange(sample.lengths.max()) < sample.lengths[:, None]  # (n, T)
    drawn = np.zeros((*real.shape, module.n_channels), dtype=np.float32)
    drawn[real] = reconstruct(module, sample) / module.scale.cpu().numpy()
    drawn -= drawn.sum(axis=0) / real.sum(axis=0)[:, None]
    drawn[~real] = 0
    return drawn.reshape(len(drawn), -1)


def _natural_map(states: Float64, drawn: NDArray[np.float32]) -> Float64 | None:
    """What to multiply states by: (n, K) centred, (n, T * C) -> (K, K), or None where there is nothing to see."""
    decoder = np.linalg.pinv(states, rcond=_LEAST_DEVIATION) @ drawn  # (K, T * C)
    squares, directions = np.linalg.eigh(decoder @ decoder.T)  # K directions, however few values are drawn
    proportions, directions = np.sqrt(np.maximum(squares[::-1], 0)), directions[:, ::-1]
    if not proportions[0] > 0:
        return None
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(len(directions))])
    return directions * signs * np.maximum(proportions, _LEAST_PROPORTION * proportions[0])
