"""LSTM autoencoders for sequences, as scikit-learn estimators."""

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import LSTMAutoencoder
    from sklearn_seqae._features import LSTMFeatures
    from sklearn_seqae._files import load, save
    from sklearn_seqae._imputer import LSTMImputer
    from sklearn_seqae._numpy_autoencoder import NumpyAutoencoder, load_numpy
    from sklearn_seqae._onnx import export_onnx, register_onnx_converter
    from sklearn_seqae._outlier import LSTMOutlierDetector
    from sklearn_seqae._plot._anomaly import AnomalyDisplay
    from sklearn_seqae._plot._latent import LatentDisplay
    from sklearn_seqae._plot._loss_curve import LossCurveDisplay
    from sklearn_seqae._plot._reconstruction import ReconstructionDisplay
    from sklearn_seqae._selection import OneStandardErrorRule
    from sklearn_seqae._series import LSTMSeriesOutlierDetector
    from sklearn_seqae._windows import sliding_windows, stitch_windows

    __version__: str

__all__ = [
    "AnomalyDisplay",
    "LSTMAutoencoder",
    "LSTMFeatures",
    "LSTMImputer",
    "LSTMOutlierDetector",
    "LSTMSeriesOutlierDetector",
    "LatentDisplay",
    "LossCurveDisplay",
    "NumpyAutoencoder",
    "OneStandardErrorRule",
    "ReconstructionDisplay",
    "__version__",
    "export_onnx",
    "load",
    "load_numpy",
    "register_onnx_converter",
    "save",
    "sliding_windows",
    "stitch_windows",
]

# Importing the package takes no time: a name is imported when it is first asked for, and torch with it (PEP 562).
# Looking up the version takes longer than all else here, so that it is looked up when asked for, too.
_HOMES = {
    "AnomalyDisplay": "_plot._anomaly",
    "LSTMAutoencoder": "_autoencoder",
    "LSTMFeatures": "_features",
    "LSTMImputer": "_imputer",
    "LSTMOutlierDetector": "_outlier",
    "LSTMSeriesOutlierDetector": "_series",
    "LatentDisplay": "_plot._latent",
    "LossCurveDisplay": "_plot._loss_curve",
    "NumpyAutoencoder": "_numpy_autoencoder",
    "OneStandardErrorRule": "_selection",
    "ReconstructionDisplay": "_plot._reconstruction",
    "export_onnx": "_onnx",
    "load": "_files",
    "load_numpy": "_numpy_autoencoder",
    "register_onnx_converter": "_onnx",
    "save": "_files",
    "sliding_windows": "_windows",
    "stitch_windows": "_windows",
}

if not TYPE_CHECKING:  # type checkers would take any name for one that it finds

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            value: Any = version("sklearn-seqae")
        elif name in _HOMES:
            value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
