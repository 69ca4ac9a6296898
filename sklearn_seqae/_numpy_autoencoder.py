"""`load_numpy`: a saved autoencoder that computes with NumPy alone."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._data._batches import EndToEnd
from sklearn_seqae._data._codes import validate_codes, validate_lengths
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Container, Layout, Sequences, restore
from sklearn_seqae._inference._lengths import warn_of_longer
from sklearn_seqae._numpy._all_sequences import decode, encode, reconstruct, squared_errors
from sklearn_seqae._numpy._forward_pass import ForwardPass
from sklearn_seqae._numpy._saved_values import choice, whole
from sklearn_seqae._storage._formats import check_format
from sklearn_seqae._storage._reading import faults_named, read_value

__all__ = ["NumpyAutoencoder", "load_numpy"]

_READABLE = "LSTMAutoencoder"


class NumpyAutoencoder:
    """A fitted `LSTMAutoencoder` that only computes, with NumPy alone: what :func:`load_numpy` returns.

    Its methods take and return what those of `LSTMAutoencoder` do, to about 1e-6 of the size of the values, and refuse
    the same. Nothing is changed by a call, so that any number of threads may use one model.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a 2-D X, channels of any other.
    feature_names_in_ : ndarray of shape (n_features_in_,), or None
        Names of the columns or channels, where the fitted X had any.
    n_channels_in_ : int
        Channels per time step.
    n_timesteps_in_ : int
        Time steps of the training sequences, of the longest where they differ.
    container_ : {"table", "array", "list", "list_1d"}
        What the fitted X was, and `inverse_transform` returns: 2-D, 3-D, or a list of 2-D or 1-D arrays.
    channel_scale_ : ndarray of shape (n_channels_in_,)
        Standard deviation of the training data's channels.

    See Also
    --------
    LSTMAutoencoder : Describes the methods.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._network = ForwardPass(state["_fitted_module_params"], state["module_"])
        geometry = self._network.geometry
        self.container_: Container = choice(state, "container_", *get_args(Container))
        self.n_channels_in_ = choice(state, "n_channels_in_", geometry.n_channels)
        self.n_timesteps_in_ = choice(state, "n_timesteps_in_", geometry.reference_timesteps)
        n_columns = self.n_timesteps_in_ if self.container_ == "table" else 1
        self.n_features_in_ = choice(state, "n_features_in_", self.n_channels_in_ * n_columns)
        self.feature_names_in_ = _names(state, self.n_features_in_)
        self.channel_scale_ = _deviations(state, self.n_channels_in_)
        self._longest = whole(state, "_longest")

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Encode sequences.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of the fit, as for :meth:`LSTMAutoencoder.transform`. Tables of other libraries need
            narwhals.

        Returns
        -------
        codes : ndarray of shape (n_sequences, n_components)
            One code a sequence, in the order of X.

        Raises
        ------
        ValueError, TypeError
            If X cannot be read as sequences, or not as sequences like those of the fit.
        """
        return encode(self._network, EndToEnd.of(self._read(X)))

    def inverse_transform(self, Z: ArrayLike, lengths: ArrayLike | None = None) -> Any:
        """Draw sequences from codes.

        Parameters
        ----------
        Z : array-like of shape (n_sequences, n_components)
            Codes, be they results of :meth:`transform`, edited, or new.
        lengths : int, array-like of shape (n_sequences,) or None, default=None
            Time steps of each sequence; None stands for `n_timesteps_in_`.

        Returns
        -------
        X : ndarray or list of ndarray
            Sequences in the units and the container of the fitted data.

        Raises
        ------
        ValueError
            If Z is not as wide as the codes, or `lengths` does not fit.
        """
        codes = validate_codes(self, Z, self._network.geometry.code_size)
        n_steps = validate_lengths(lengths, len(codes), self.n_timesteps_in_, self.container_)
        warn_of_longer(n_steps, max(self._longest, self.n_timesteps_in_))
        steps = decode(self._network, codes, n_steps)
        return restore(steps, n_steps, self._layout.sizes(n_steps), self.container_)

    def reconstruct(self, X: Any) -> Any:
        """Encode sequences and draw them again.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, as in :meth:`transform`.

        Returns
        -------
        X_reconstructed : ndarray or list of ndarray
            In the units, container and lengths of X. Missing values are filled in; padding stays NaN.
        """
        sequences = self._read(X)
        return sequences.restore(reconstruct(self._network, EndToEnd.of(sequences)))

    def score_samples(self, X: Any, *, standardized: bool = True) -> NDArray[np.float64]:
        """Minus the mean squared error of each sequence's reconstruction: the higher, the more usual.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, as in :meth:`transform`.
        standardized : bool, default=True
            Whether each channel's errors are in units of `channel_scale_`. If not, they are in the units of X.

        Returns
        -------
        scores : ndarray of shape (n_sequences,)
            Over the observed values of each sequence; without unit, or in squared units of X.
        """
        unit = self.channel_scale_ if standardized else np.ones(self.n_channels_in_)
        errors, counts = squared_errors(self._network, EndToEnd.of(self._read(X)), unit)
        return -errors / counts

    @property
    def _layout(self) -> Layout:
        return Layout(self.container_, self.n_channels_in_, self.n_timesteps_in_)

    def _read(self, X: Any) -> Sequences:
        """X through the door, compared with the fitted data, with a warning where it goes on for longer."""
        sequences = validate_sequences(self, X, fitted=self._layout)
        warn_of_longer(sequences.lengths, self._longest)
        return sequences


class _Saved(NamedTuple):
    """An object in a file: the name of its class, and its state."""

    name: str
    state: Mapping[str, Any]


def load_numpy(path: str | os.PathLike[str]) -> NumpyAutoencoder:
    """Read an `LSTMAutoencoder` that `save` has written, to compute with NumPy instead of torch.

    It is for services that start often, or where there is little room: of this package's dependencies NumPy and
    safetensors are enough, so that a process has its first code where it would still wait for torch. No code of the
    file is run, and no memory taken beyond what the file holds.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    autoencoder : NumpyAutoencoder
        Has `transform`, `inverse_transform`, `reconstruct` and `score_samples`. It cannot be trained.

    Raises
    ------
    ValueError
        If the file is damaged, was written by a later version of the package, or holds anything but a fitted
        `LSTMAutoencoder`. Of a detector, save its `autoencoder_`.
    OSError
        If there is no such file, or it cannot be read.

    See Also
    --------
    load : Reads all that `save` writes, with torch.
    export_onnx : For other runtimes and languages.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder, load_numpy, save
    >>> X = np.random.default_rng(0).normal(size=(50, 10)).cumsum(axis=1)
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, max_epochs=5, random_state=0).fit(X)
    >>> path = os.path.join(tempfile.mkdtemp(), "autoencoder.safetensors")
    >>> save(autoencoder, path)
    >>> bool(np.allclose(load_numpy(path).transform(X), autoencoder.transform(X), atol=1e-5))
    True
    """
    with faults_named(path):
        saved = read_value(path, _Saved)
        name = saved.name if isinstance(saved, _Saved) else "no estimator"
        if name != _READABLE:
            raise ValueError(
                f"it holds {name[:80]}, but NumPy alone computes {_READABLE}s: use load, or of a detector save its "
                "autoencoder_"
            )
        if "module_" not in saved.state:
            raise ValueError(f"its {_READABLE} is not fitted")
        check_format(saved.state["_state_format"], _READABLE)
        return NumpyAutoencoder(saved.state)


def _names(state: Mapping[str, Any], n_features: int) -> NDArray[np.object_] | None:
    """Names of the features, if the state has any."""
    names = state.get("feature_names_in_")
    if names is not None and (not isinstance(names, np.ndarray) or names.dtype != object or len(names) != n_features):
        raise ValueError(f"its feature_names_in_ are not the names of {n_features} features")
    return names


def _deviations(state: Mapping[str, Any], n_channels: int) -> NDArray[np.float64]:
    """Standard deviations, by which errors are divided."""
    scale = np.asarray(state["channel_scale_"], dtype=np.float64)
    if scale.shape != (n_channels,) or not (np.isfinite(scale) & (scale > 0)).all():
        raise ValueError(f"its channel_scale_ is not a positive number for each of {n_channels} channels")
    return scale
