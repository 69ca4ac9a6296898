"""LSTM autoencoders for sequences, as scikit-learn estimators."""

from importlib.metadata import version

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._display import AnomalyDisplay, LatentDisplay, LossCurveDisplay, ReconstructionDisplay
from sklearn_seqae._outlier import LSTMOutlierDetector
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
