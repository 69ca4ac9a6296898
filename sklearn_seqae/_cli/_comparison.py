"""An autoencoder beside PCA, on sequences that neither has seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from sklearn_seqae._cli._splitting import Rows, Split
from sklearn_seqae._data._sequences import Sequences

__all__ = ["LinearModel", "accuracy", "fit_linear"]

Array = NDArray[Any]


@dataclass(frozen=True)
class LinearModel:
    """PCA of sequences that are laid out as rows of a table, each channel in units of its own deviation.

    Attributes
    ----------
    pca : PCA
        Fitted on the training rows.
    table : ndarray of shape (n_sequences, n_timesteps * n_channels)
        All sequences, standardised by channel.
    mean, scale : ndarray of shape (n_timesteps * n_channels,)
        What each column was standardised by.
    """

    pca: PCA
    table: Array
    mean: Array
    scale: Array

    @property
    def codes(self) -> Array:
        """The components of all sequences: (n_sequences, n_components)."""
        return self.pca.transform(self.table)

    def reconstruct(self, rows: Rows) -> Array:
        """Some rows in the units of the data, from their components: (n_rows, n_timesteps * n_channels)."""
        return self._drawn(rows) * self.scale + self.mean

    def score(self, rows: Rows) -> float:
        """Share of the variance about the training channel means explained, as `LSTMAutoencoder.score` has it."""
        total = np.square(self.table[rows]).sum()
        error = np.square(self.table[rows] - self._drawn(rows)).sum()
        return float(1 - error / total) if total else float(error == 0)

    def _drawn(self, rows: Rows) -> Array:
        return self.pca.inverse_transform(self.pca.transform(self.table[rows]))


def fit_linear(sequences: Sequences, training: Rows, n_components: int, mean: Array, scale: Array) -> LinearModel | str:
    """Fit PCA with as many components, or as many as it can have; or say why there is no such thing.

    Channels are standardised by `mean` and `scale` (n_channels,), as the autoencoder does it: otherwise PCA would see
    to the channels of large numbers alone.
    """
    if sequences.lengths.min() < sequences.sizes.max():
        return "the sequences differ in length"
    if np.isnan(sequences.steps).any():
        return "values are missing"
    if len(training) < 2:
        return "there is only one training sequence"
    table = ((sequences.steps - mean) / scale).reshape(len(sequences), -1)
    if not np.ptp(table[training], axis=0).any():
        return "the training sequences are all the same"
    pca = PCA(min(n_components, len(training), table.shape[1]), random_state=0)
    pca.set_output(transform="default")  # an array, whatever scikit-learn is set to
    # The channels of a step, again for each step.
    return LinearModel(pca.fit(table[training]), table, *(np.resize(each, table.shape[1]) for each in (mean, scale)))


def accuracy(codes: Array, labels: Array, split: Split) -> float:
    """Share of the scored sequences whose label a logistic regression tells from the codes as they come."""
    classifier = LogisticRegression(max_iter=1000).fit(codes[split.training], labels[split.training])
    return float(classifier.score(codes[split.scored], labels[split.scored]))
