"""An autoencoder beside PCA, on sequences that neither has seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._cli._splitting import Rows, Split
from sklearn_seqae._data._sequences import Sequences

__all__ = ["LinearModel", "accuracy", "fit_linear"]

Array = NDArray[Any]


@dataclass(frozen=True)
class LinearModel:
    """PCA of sequences that are laid out as rows of a table.

    Attributes
    ----------
    pca : PCA
        Fitted on the training rows.
    table : ndarray of shape (n_sequences, n_timesteps * n_channels)
        All sequences.
    """

    pca: PCA
    table: Array

    @property
    def codes(self) -> Array:
        """The components of all sequences: (n_sequences, n_components)."""
        return self.pca.transform(self.table)

    def reconstruct(self, rows: Rows) -> Array:
        """Some rows of the table, from their components."""
        return self.pca.inverse_transform(self.pca.transform(self.table[rows]))

    def score(self, rows: Rows, channel_mean: Array) -> float:
        """Share of the variance about the training channel means explained, as `LSTMAutoencoder.score` has it."""
        truth = self.table[rows]
        means = np.resize(channel_mean, truth.shape[1])  # the channels of a step, again for each step
        total = np.square(truth - means).sum()
        error = np.square(truth - self.reconstruct(rows)).sum()
        return float(1 - error / total) if total else float(error == 0)


def fit_linear(sequences: Sequences, training: Rows, n_components: int) -> LinearModel | str:
    """Fit PCA with as many components, or as many as it can have; or say why there is no such thing."""
    if sequences.lengths.min() < sequences.sizes.max():
        return "the sequences differ in length"
    if np.isnan(sequences.steps).any():
        return "values are missing"
    if len(training) < 2:
        return "there is only one training sequence"
    table = sequences.steps.reshape(len(sequences), -1).astype(np.float64)
    if not np.ptp(table[training], axis=0).any():
        return "the training sequences are all the same"
    pca = PCA(min(n_components, len(training), table.shape[1]), random_state=0)
    pca.set_output(transform="default")  # an array, whatever scikit-learn is set to
    return LinearModel(pca.fit(table[training]), table)


def accuracy(codes: Array, labels: Array, split: Split) -> float:
    """Share of the scored sequences whose label a logistic regression tells from the codes."""
    scaler = StandardScaler().set_output(transform="default")
    classifier = make_pipeline(scaler, LogisticRegression(max_iter=1000))
    classifier.fit(codes[split.training], labels[split.training])
    return float(classifier.score(codes[split.scored], labels[split.scored]))
