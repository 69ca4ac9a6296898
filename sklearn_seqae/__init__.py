"""LSTM autoencoders for sequences, as scikit-learn estimators."""

from importlib.metadata import version

from sklearn_seqae._autoencoder import LSTMAutoencoder

__all__ = ["LSTMAutoencoder", "__version__"]

__version__ = version("sklearn-seqae")
