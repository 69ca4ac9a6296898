"""`save` and `load`: fitted estimators as files that hold data alone."""

import os
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._features import LSTMFeatures
from sklearn_seqae._imputer import LSTMImputer
from sklearn_seqae._outlier import LSTMOutlierDetector
from sklearn_seqae._series import LSTMSeriesOutlierDetector
from sklearn_seqae._storage._container import write
from sklearn_seqae._storage._formats import FILE_FORMAT
from sklearn_seqae._storage._reading import faults_named, read_value
from sklearn_seqae._storage._values import pack

__all__ = ["load", "save"]

# The classes that a file may hold, by name.
_CLASSES: dict[str, type[BaseEstimator]] = {
    cls.__name__: cls
    for cls in (LSTMAutoencoder, LSTMFeatures, LSTMImputer, LSTMOutlierDetector, LSTMSeriesOutlierDetector)
}


def save(estimator: Any, path: str | os.PathLike[str], *, optimizer: bool = True) -> None:
    """Save an estimator, fitted or not, as a file that holds data alone.

    The file is a safetensors file: arrays, and JSON beside them. Reading it runs no code, so that it may come from
    strangers, which a pickle must not. Other programs read its arrays with any safetensors library. It is written
    under another name and then renamed, so that there is never half a file.

    Parameters
    ----------
    estimator : estimator of this package
        What to save. A pipeline is for `skops`, which knows the other steps too.
    path : str or path-like
        Where to; what is there is replaced. ".safetensors" is the usual ending.
    optimizer : bool, default=True
        Whether to save what the optimizer has learned, if the estimator keeps it (with `warm_start`, and after
        `partial_fit`). It is two thirds of the file; without it, training that goes on starts the optimizer anew.

    Raises
    ------
    TypeError
        If the estimator is none of this package's, or a parameter holds code: a loss, callback or optimizer of one's
        own.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Read it.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder, load, save
    >>> X = np.random.default_rng(0).normal(size=(50, 10)).cumsum(axis=1)
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, max_epochs=5, random_state=0).fit(X)
    >>> path = os.path.join(tempfile.mkdtemp(), "autoencoder.safetensors")
    >>> save(autoencoder, path)
    >>> bool((load(path).transform(X) == autoencoder.transform(X)).all())
    True
    """
    if type(estimator) not in _CLASSES.values():
        raise TypeError(
            f"save takes {', '.join(_CLASSES)}, got {type(estimator).__name__}. For pipelines and other estimators "
            "use skops.io.dump, which runs no code on reading either."
        )

    def describe(value: Any) -> tuple[str, dict[str, Any]] | None:
        return (type(value).__name__, _state(value, optimizer)) if type(value) in _CLASSES.values() else None

    packed = pack(estimator, type(estimator).__name__, describe)
    write(Path(path), packed, {"format": FILE_FORMAT})


def load(path: str | os.PathLike[str]) -> Any:
    """Read an estimator that `save` has written. No code is run, and no memory taken beyond what the file holds.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : LSTMAutoencoder, LSTMFeatures, LSTMImputer, LSTMOutlierDetector or LSTMSeriesOutlierDetector
        As it was saved. One that was fitted on a GPU computes on the CPU where there is none.

    Raises
    ------
    ValueError
        If the file is damaged, was written by a later version of the package, or is none of its files.
    OSError
        If there is no such file, or it cannot be read.

    See Also
    --------
    save : Write it; has an example.
    load_numpy : Read an autoencoder to compute without torch.
    """
    with faults_named(path):
        estimator = read_value(path, _build)
        if type(estimator) not in _CLASSES.values():
            raise ValueError("it holds no estimator")
        return estimator


def _state(estimator: Any, optimizer: bool) -> dict[str, Any]:
    state = dict(estimator.__getstate__())
    if not optimizer and "_optimizer_state" in state:
        state["_optimizer_state"] = {**state["_optimizer_state"], "moments": {}}
    return state


def _build(name: str, state: dict[str, Any]) -> Any:
    """An estimator of its state, or of what claims to be one."""
    if name not in _CLASSES:
        raise ValueError(f"it holds an object of the unknown class {name[:80]!r}")
    cls = _CLASSES[name]
    _check_names(cls, state)
    estimator: Any = object.__new__(cls)
    estimator.__setstate__(state)
    estimator._validate_params()
    return estimator


def _check_names(cls: type[BaseEstimator], state: dict[str, Any]) -> None:
    """Refuse parameters that are missing, and attributes that would hide methods."""
    missing = set(cls._get_param_names()) - state.keys()
    if missing:
        raise ValueError(f"its {cls.__name__} lacks the parameters {sorted(missing)}")
    hiding = sorted(name for name in state if hasattr(cls, name) or not name.isidentifier())
    if hiding:
        raise ValueError(f"its {cls.__name__} has attributes with the names of methods, {hiding}")
