"""`LSTMFeatures`: turns sequences into a table of features for a linear classifier."""

from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._base import all_or_nothing, spawn_seeds
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._differences import Differences, differences
from sklearn_seqae._data._random_windows import random_windows
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Layout, Sequences
from sklearn_seqae._data._statistics import content_hash
from sklearn_seqae._inference._pooling import SUMMARIES, choose_thresholds, pool_states
from sklearn_seqae._template import AutoencoderTemplate, fit_quietly

__all__ = ["LSTMFeatures"]


class View(NamedTuple):
    """What one autoencoder reads: the values or their differences, in patches of some length."""

    differences: bool
    patch_len: int

    @property
    def name(self) -> str:
        return f"{'differences' if self.differences else 'values'}_patch{self.patch_len}"

    def dataset(self, sequences: Sequences) -> SequenceDataset:
        """The sequences so seen."""
        kind = Differences if self.differences else SequenceDataset
        return kind.of(sequences)

    def windows(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows (n, T, C) so seen."""
        return differences(windows) if self.differences else windows


class LSTMFeatures(AutoencoderTemplate, TransformerMixin, BaseEstimator):
    """Features for classifying: how the hidden states of LSTM autoencoders behave over a sequence.

    A code, the last hidden state, follows the phase of a sequence: it says where everything is. What kind of sequence
    it is shows in what happens anywhere in it. So here autoencoders learn to draw short windows, of the values and of
    their differences; then they read whole sequences, of any length, and each unit of their hidden layers is summed up
    over the steps: by its maximum, minimum, mean and standard deviation, and by the share of the steps in which it is
    above thresholds, as ROCKET [1]_ sums up random convolutions. A linear classifier does the rest: see the example.

    Parameters
    ----------
    autoencoder : LSTMAutoencoder or None, default=None
        What is cloned and fitted, on windows, once for each patch length, and for values and differences. None stands
        for ``LSTMAutoencoder(learning_rate=0.002, max_epochs=2)``. Its parameters can be set and searched over as
        ``autoencoder__hidden_layer_sizes`` etc., also where it is None; its `patch_len` is not used. Its `n_channels`
        says how many channels the steps of a 2-D X have.
    patch_lens : int or array-like of int, default=(1, 4)
        Numbers of successive time steps that make one step of the LSTM layers, of which each has an autoencoder of its
        own. Short ones see details, long ones see further.
    differences : bool, default=True
        Whether there are autoencoders of the differences of successive observed values too.
    n_thresholds : int, default=5
        Number of thresholds of each unit: quantiles, evenly spaced, of its states in the training data.
    window_len : int, default=32
        Time steps of a window that the autoencoders learn from; shorter sequences are learned as a whole.
    n_windows : int, default=2000
        Number of windows that are drawn from the training sequences, an epoch of the training.
    random_state : int, RandomState instance or None, default=None
        Determines the windows, the states that thresholds are taken from, and a seed for each autoencoder, where
        `autoencoder` has no `random_state` of its own. None starts from the autoencoder's, which stays as it is.

    Attributes
    ----------
    autoencoders_ : list of LSTMAutoencoder
        First those of the values, one for each of `patch_lens`, then those of the differences. They are fitted on
        arrays (n_windows, window_len, n_channels_in_).
    thresholds_ : list of ndarray of shape (n_thresholds, width)
        Thresholds for the hidden units of each autoencoder.
    n_features_in_ : int
        Columns of a 2-D X, channels of any other.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of X, where it was a DataFrame with string names, or of listed DataFrames: names of the channels.
    n_channels_in_ : int
        Channels per time step.
    n_timesteps_in_ : int
        Time steps of the training sequences, of the longest where they differ.
    container_ : {"table", "array", "list", "list_1d"}
        What X was: 2-D, 3-D, or a list of 2-D or 1-D arrays.

    See Also
    --------
    LSTMAutoencoder.encode_timesteps : The hidden states themselves.
    LSTMAutoencoder.transform : Codes, from which a sequence can be drawn again: few, for clustering and plotting.

    Notes
    -----
    Features do not depend on the batch, on padding, or on which other sequences are in the call. Missing values are
    read as the channel's mean, and a difference is that from the last observed value. A standard scaler belongs
    between the features and a linear classifier.

    Most of what features are good for lies in the summaries and in the differences: those of networks that were not
    trained (``LSTMAutoencoder(learning_rate=0, max_epochs=1)``) classify about as well, as random convolutions do.
    Training gains a few per cent on some data and loses as much on other; long training is no better than short.

    References
    ----------
    .. [1] A. Dempster, F. Petitjean, G. I. Webb, "ROCKET: exceptionally fast and accurate time series classification
       using random convolutional kernels", Data Mining and Knowledge Discovery 34, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifierCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_seqae import LSTMFeatures
    >>> rng = np.random.default_rng(0)
    >>> phase, frequency = rng.uniform(0, 2 * np.pi, size=(60, 1)), rng.uniform(1, 3, size=(60, 1))
    >>> X, y = np.sin(phase + frequency * np.linspace(0, 2 * np.pi, 30)), frequency.ravel() > 2
    >>> classifier = make_pipeline(LSTMFeatures(n_windows=500, random_state=0), StandardScaler(), RidgeClassifierCV())
    >>> classifier.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [LSTMAutoencoder, None],
        "patch_lens": ["array-like", Interval(Integral, 1, None, closed="left")],
        "differences": ["boolean"],
        "n_thresholds": [Interval(Integral, 0, None, closed="left")],
        "window_len": [Interval(Integral, 1, None, closed="left")],
        "n_windows": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    autoencoders_: list[LSTMAutoencoder]
    thresholds_: list[NDArray[np.float32]]

    def __init__(
        self,
        autoencoder: LSTMAutoencoder | None = None,
        *,
        patch_lens: ArrayLike = (1, 4),
        differences: bool = True,
        n_thresholds: int = 5,
        window_len: int = 32,
        n_windows: int = 2000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.patch_lens = patch_lens
        self.differences = differences
        self.n_thresholds = n_thresholds
        self.window_len = window_len
        self.n_windows = n_windows
        self.random_state = random_state

    @staticmethod
    def _default_autoencoder() -> LSTMAutoencoder:
        return LSTMAutoencoder(learning_rate=2e-3, max_epochs=2)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> "LSTMFeatures":
        """Learn hidden layers, and their thresholds, from the sequences of X.

        Parameters
        ----------
        X : array-like or list of array-likes
            Training sequences, as :meth:`LSTMAutoencoder.fit` takes them.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : LSTMFeatures
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as sequences, or `patch_lens` holds something else than different integers of at least
            1. The estimator is then as it was.
        KeyboardInterrupt
            If Ctrl-C ends one of the trainings.
        """
        with all_or_nothing(self):
            views = self._views()
            template = self._template()
            sequences = validate_sequences(self, X, n_channels=template.n_channels)
            self._set_layout(sequences)
            with self._going_on(template, lambda: content_hash(sequences)) as (autoencoder, seed):
                windows_seed, thresholds_seed, *seeds = spawn_seeds(seed, 2 + len(views))
                rng = np.random.RandomState(windows_seed)
                windows = random_windows(sequences, self.window_len, self.n_windows, rng)
                self.autoencoders_ = [
                    _fit_autoencoder(autoencoder, view, view.windows(windows), seed)
                    for view, seed in zip(views, seeds, strict=True)
                ]
                rng = np.random.RandomState(thresholds_seed)
                self.thresholds_ = [
                    choose_thresholds(fitted.module_, view.dataset(sequences), self.n_thresholds, rng)
                    for view, fitted in zip(views, self.autoencoders_, strict=True)
                ]
            return self

    def _views(self) -> list[View]:
        """What there is to be an autoencoder of."""
        given: Any = self.patch_lens
        patch_lens: list[Any] = [given] if isinstance(given, Integral) else list(given)
        for patch_len in patch_lens:
            if not isinstance(patch_len, Integral) or patch_len < 1:
                raise ValueError(f"patch_lens must hold integers of at least 1, got {patch_len!r} in {patch_lens!r}.")
        if not patch_lens or len(set(patch_lens)) < len(patch_lens):
            raise ValueError(f"patch_lens must hold one or more different integers, got {patch_lens!r}.")
        kinds = (False, True) if self.differences else (False,)
        return [View(is_difference, int(patch_len)) for is_difference in kinds for patch_len in patch_lens]

    def _set_layout(self, sequences: Sequences) -> None:
        self.container_ = sequences.container
        self.n_channels_in_ = sequences.n_channels
        self.n_timesteps_in_ = sequences.n_timesteps

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "thresholds_")

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Sum up the hidden states of sequences.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`, of any length unless X is 2-D.

        Returns
        -------
        features : ndarray of shape (n_sequences, n_features)
            One row a sequence, in the order of X; :meth:`get_feature_names_out` says what is where.
        """
        check_is_fitted(self)
        layout = Layout(self.container_, self.n_channels_in_, self.n_timesteps_in_)
        sequences = validate_sequences(self, X, fitted=layout)
        fitted = zip(self._fitted_views(), self.autoencoders_, self.thresholds_, strict=True)
        tables = [pool_states(one.module_, view.dataset(sequences), levels) for view, one, levels in fitted]
        return np.concatenate(tables, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Only compared with the names and the number that were seen in :meth:`fit`.

        Returns
        -------
        names : ndarray of shape (n_features,)
            Such as "values_patch1_max_unit0", or "differences_patch4_above3_unit17" for the share of the steps above
            the third threshold.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        names = [
            f"{view.name}_{summary}_unit{unit}"
            for view, levels in zip(self._fitted_views(), self.thresholds_, strict=True)
            for summary in (*SUMMARIES, *(f"above{i + 1}" for i in range(len(levels))))
            for unit in range(levels.shape[1])
        ]
        return np.array(names, dtype=object)

    def _fitted_views(self) -> list[View]:
        """What each autoencoder was fitted on."""
        patch_lens = [autoencoder.patch_len_ for autoencoder in self.autoencoders_]
        n_values = len(set(patch_lens))  # different ones, of values first
        return [View(i >= n_values, patch_len) for i, patch_len in enumerate(patch_lens)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _fit_autoencoder(template: LSTMAutoencoder, view: View, windows: NDArray[np.float32], seed: int) -> LSTMAutoencoder:
    # What draws badly may tell classes apart all the same.
    return fit_quietly(clone(template).set_params(patch_len=view.patch_len), windows, seed)
