"""The displays, each in a module of its own: pictures in the style of scikit-learn's. They need matplotlib."""

from sklearn_seqae._display_anomaly import AnomalyDisplay
from sklearn_seqae._display_latent import LatentDisplay
from sklearn_seqae._display_loss import LossCurveDisplay
from sklearn_seqae._display_reconstruction import ReconstructionDisplay

__all__ = ["AnomalyDisplay", "LatentDisplay", "LossCurveDisplay", "ReconstructionDisplay"]
