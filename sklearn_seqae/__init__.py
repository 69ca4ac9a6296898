"""LSTM autoencoders for sequences, as scikit-learn estimators."""

from importlib.metadata import version

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._outlier import LSTMOutlierDetector
from sklearn_seqae._plot._anomaly import AnomalyDisplay
from sklearn_seqae._plot._latent import LatentDisplay
from sklearn_seqae._plot._loss_curve import LossCurveDisplay
from sklearn_seqae._plot._reconstruction import ReconstructionDisplay
from sklearn_seqae._selection import OneStandardErrorRule
from sklearn_seqae._windows import sliding_windows, stitch_windows

__all__ = [
    "AnomalyDisplay",
    "LSTMAutoencoder",
    "LSTMOutlierDetector",
    "LatentDisplay",
    "LossCurveDisplay",
    "OneStandardErrorRule",
    "ReconstructionDisplay",
    "__version__",
    "sliding_windows",
    "stitch_windows",
]

__version__ = version("sklearn-seqae")
