"""Whether a network draws what it has not seen better than principal components do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference._passes import reconstruct

__all__ = ["errs_more_than_linear"]

Float32 = NDArray[np.float32]

# Sequences and values to look at, evenly spaced.
_MOST_SEQUENCES = 1_000
_MOST_VALUES = 2**22


def errs_more_than_linear(module: Any, training: SequenceDataset, held_out: SequenceDataset) -> bool:
    """Whether the error on most held-out sequences is above that of as many principal components.

    A network that has learned noise by heart errs more; one that has found what is not linear errs less. Sequences are
    counted, since a few unusual ones would decide on a sum of errors.

    Parameters
    ----------
    module : SequenceAutoencoder
        A trained network.
    training, held_out : SequenceDataset
        What it was trained on, and what it was not; all sequences have the same number of steps.

    Returns
    -------
    bool
        By squared errors of observed values, in standard units.
    """
    from sklearn.decomposition import PCA  # only a fit waits for it

    training, held_out = _some(training), _some(held_out)
    known, new = (_standard(module, dataset) for dataset in (training, held_out))  # (n, T * C)
    pca = PCA(min(module.code_size, *known.shape), random_state=0).fit(np.nan_to_num(known))
    linear = pca.inverse_transform(pca.transform(np.nan_to_num(new)))
    drawn = (reconstruct(module, held_out) - module.mean.cpu().numpy()) / module.scale.cpu().numpy()
    errors = [np.nansum(np.square(rival - new), axis=1) for rival in (drawn.reshape(new.shape), linear)]
    return bool(np.mean(errors[0] > errors[1]) > 0.5)


def _some(dataset: SequenceDataset) -> SequenceDataset:
    values = int(dataset.lengths.max()) * dataset.steps.shape[1]
    most = max(2, min(_MOST_SEQUENCES, _MOST_VALUES // values))
    return dataset.thin(most)


def _standard(module: Any, dataset: SequenceDataset) -> Float32:
    x = dataset.batch(np.arange(len(dataset)))["x"].numpy()
    table: Float32 = (x - module.mean.cpu().numpy()) / module.scale.cpu().numpy()
    return table.reshape(len(x), -1)
