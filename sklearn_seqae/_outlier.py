"""`LSTMOutlierDetector`: finds unusual sequences by the error of their reconstruction."""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._base import all_or_nothing, spawn_seeds
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._inference._cross_fitting import (
    Network,
    Part,
    Split,
    cross_fit,
    out_of_fold_scores,
    read_groups,
    require_others,
    rescale,
    split_rows,
    training_size,
)
from sklearn_seqae._inference._errors import batches_of_rows, standard_errors
from sklearn_seqae._inference._lengths import warn_of_longer
from sklearn_seqae._inference._scoring import ErrorGaussian, Scoring
from sklearn_seqae._template import AutoencoderTemplate, fit_to_the_end

__all__ = ["LSTMOutlierDetector"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class LSTMOutlierDetector(AutoencoderTemplate, OutlierMixin, BaseEstimator):
    """Outlier detection by the reconstruction error of an LSTM autoencoder.

    An autoencoder that has learned to draw normal sequences draws others worse. It is fitted on normal data, or on data
    of which most is normal; the error of its reconstruction then says how unusual a sequence is, and
    :meth:`score_timesteps` where in it.

    Parameters
    ----------
    autoencoder : LSTMAutoencoder or None, default=None
        What reconstructs; it is cloned. None stands for ``LSTMAutoencoder(time_shift=0)``: a network that has
        learned to draw sequences moved in time finds it less unusual when something comes early or late. Its
        parameters can be set and searched over as ``autoencoder__latent_dim`` etc., also where it is None.
    contamination : float or "auto", default="auto"
        How `offset_` is chosen, below which a sequence is an outlier. A share in (0, 0.5] marks this share of the
        training sequences, which is right where so many of them are outliers. (Of new sequences it may mark most: the
        network knows few training sequences by heart.) "auto" takes the training sequences to be normal, and sets the
        threshold such that a share of `false_alarm_rate` of *new* normal sequences is marked: see Notes.
    scoring : {"mae", "mse", "mahalanobis"}, default="mae"
        "mae" and "mse" are the mean absolute and the mean squared error of a sequence, each channel in units of its
        standard deviation in the training data. With squares the few largest errors decide, which normal sequences
        with spikes have, too: "mae" tells classes of real data better apart. "mahalanobis" is the mean, over the
        steps, of the squared Mahalanobis distance of the absolute errors of the channels, as in EncDec-AD [1]_: an
        error counts for more in a channel that is usually drawn well. It needs errors on data that was not trained
        on, and so fits more than once, as "auto" does.
    false_alarm_rate : float, default=0.05
        Share of new normal sequences that ``contamination="auto"`` lets be marked. Fewer than ``1 / false_alarm_rate
        - 1`` training sequences cannot tell so small a rate: the threshold is then their largest held-out error.
    cv : int, cross-validation splitter, iterable of splits or None, default=5
        How the training data is split for held-out errors. An int is the number of parts of a shuffled
        :class:`~sklearn.model_selection.KFold`, or with `groups`, of a :class:`~sklearn.model_selection.GroupKFold`;
        None is 5 of them. At least two parts are needed for "mahalanobis".
        Overlapping windows of a series share steps, so shuffled parts of them are not held out at all: pass `groups`
        to :meth:`fit`, or ``cv=KFold(5)``, whose parts are successive.
    n_jobs : int or None, default=None
        Number of processes for the fits on these parts, as everywhere in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Determines the split, a seed for each fit on a part of the data, and one for `autoencoder_` where it has no
        `random_state` of its own. None starts from the autoencoder's, which stays as it is.

    Attributes
    ----------
    autoencoder_ : LSTMAutoencoder
        Fitted on all training sequences.
    offset_ : float
        Threshold of :meth:`score_samples`; ``decision_function = score_samples - offset_``.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of the sequences by autoencoders that were not trained on them, in the order of the parts; empty where
        there was no need of them (``contamination`` a share, ``scoring`` other than "mahalanobis").
    location_ : ndarray of shape (n_channels,)
        Mean of the held-out absolute errors, in standard units; only with ``scoring="mahalanobis"``.
    covariance_ : ndarray of shape (n_channels, n_channels)
        Their covariance, after Ledoit and Wolf; only with ``scoring="mahalanobis"``.
    n_features_in_ : int
        Columns of a 2-D X, channels of any other.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of X, where it was a DataFrame with string names, or of listed DataFrames: names of the channels.

    See Also
    --------
    LSTMAutoencoder.score_samples : Minus the mean squared error, as ``scoring="mse"`` has it.
    sliding_windows : Cuts a long series into sequences.

    Notes
    -----
    Errors on training data are smaller than on new data, so a threshold taken from them raises too many alarms.
    "auto" is cross-fitted instead: each part of the training data is scored by an autoencoder that was fitted on the
    other parts, and the threshold is the quantile of these held-out scores at which a further one is beyond it with
    probability `false_alarm_rate` (``numpy.quantile`` with ``method="weibull"``, the interpolated quantile of conformal
    prediction [2]_). It holds for new sequences that come as the training sequences did; as `autoencoder_` was fitted
    on more of them, alarms tend to be a little rarer. It takes `cv` further fits. (Where nothing is learned by heart,
    so that held-out errors are no larger than training errors, they are scaled to the training error of
    `autoencoder_`.)

    For "mahalanobis" the mean and covariance of the errors are estimated on held-out errors, pooled over all steps
    (Malhotra et al. set a validation part aside; cross-fitting uses each sequence), and the covariance is shrunk after
    Ledoit and Wolf. `held_out_scores_`, and with them the threshold, judge each part by the errors of the others;
    `location_` and `covariance_`, which judge new sequences, are those of all errors.

    References
    ----------
    .. [1] P. Malhotra et al., "LSTM-based encoder-decoder for multi-sensor anomaly detection", ICML 2016 Anomaly
       Detection Workshop.
    .. [2] V. Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector
    >>> rng = np.random.default_rng(0)
    >>> phase = rng.uniform(0, 2 * np.pi, size=(101, 1))
    >>> X = np.sin(phase + np.linspace(0, 2 * np.pi, 20)) + rng.normal(0, 0.1, size=(101, 20))
    >>> X[-1, 10] += 2
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, max_epochs=20)
    >>> detector = LSTMOutlierDetector(autoencoder, random_state=0).fit(X[:100])
    >>> detector.predict(X[-1:])
    array([-1])
    >>> int(detector.score_timesteps(X[-1:]).argmax())
    10
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [LSTMAutoencoder, None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "scoring": [StrOptions({"mae", "mse", "mahalanobis"})],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    autoencoder_: LSTMAutoencoder
    offset_: float

    def __init__(
        self,
        autoencoder: LSTMAutoencoder | None = None,
        *,
        contamination: float | str = "auto",
        scoring: str = "mae",
        false_alarm_rate: float = 0.05,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.contamination = contamination
        self.scoring = scoring
        self.false_alarm_rate = false_alarm_rate
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @staticmethod
    def _default_autoencoder() -> LSTMAutoencoder:
        return LSTMAutoencoder(time_shift=0)

    # Fitting

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, *, groups: ArrayLike | None = None) -> "LSTMOutlierDetector":
        """Learn what is normal from X.

        Parameters
        ----------
        X : array-like or list of array-likes
            Training sequences, as :meth:`LSTMAutoencoder.fit` takes them, most of them normal.
        y : Ignored
            Present for API consistency.
        groups : array-like of shape (n_sequences,) or None, default=None
            Sequences of a group are never in different parts of the training data: give overlapping windows, or
            sequences of one source, the same label.

        Returns
        -------
        self : LSTMOutlierDetector
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as sequences, or cannot be split by `cv` into parts that all have sequences to train on
            and to hold out. The estimator is then as it was.
        KeyboardInterrupt
            If Ctrl-C ends one of the fits: a threshold that is left unfinished is none.
        """
        with all_or_nothing(self):
            split_seed, whole_seed, parts_seed = spawn_seeds(self._draw_seed(), 3)
            autoencoder = self._template()
            sequences = self._validate(X, n_channels=autoencoder.n_channels)
            splits = self._splits(len(sequences), groups, split_seed)
            self.autoencoder_ = fit_to_the_end(autoencoder, sequences, whole_seed)
            parts = self._cross_fit(autoencoder, sequences, splits, spawn_seeds(parts_seed, len(splits)))
            self._set_error_model(parts)
            self._set_offset(sequences, parts)
            return self

    def _splits(self, n: int, groups: ArrayLike | None, seed: int) -> list[Split]:
        """Training and held-out rows of each part; none where held-out errors are not needed."""
        labels = read_groups(groups, n)
        if self.contamination != "auto" and self.scoring != "mahalanobis":
            return []
        splits = split_rows(self.cv, n, labels, seed)
        if self.scoring == "mahalanobis":
            require_others(splits)
        return splits

    def _cross_fit(
        self, autoencoder: LSTMAutoencoder, sequences: Sequences, splits: list[Split], seeds: list[int]
    ) -> list[Part]:
        """Held-out errors, as of the autoencoder in use."""
        if not splits:
            return []
        fitted = self.autoencoder_
        fit = partial(_fit_network, autoencoder)
        parts = cross_fit(fit, sequences, splits, seeds, fitted.channel_scale_, self.n_jobs)
        size = training_size(fitted.module_, sequences, np.arange(len(sequences)), fitted.channel_scale_)
        return rescale(parts, size)

    def _set_error_model(self, parts: Sequence[Part]) -> None:
        if self.scoring == "mahalanobis":
            gaussian = ErrorGaussian.of(part.errors for part in parts)
            self.location_, self.covariance_ = gaussian.location, gaussian.covariance
        elif hasattr(self, "location_"):  # of an earlier fit
            del self.location_, self.covariance_

    def _set_offset(self, sequences: Sequences, parts: Sequence[Part]) -> None:
        """The threshold, from held-out scores or from those of the training data."""
        self.held_out_scores_ = out_of_fold_scores(parts, self.scoring) if parts else np.empty(0)
        if isinstance(self.contamination, str):
            self.offset_ = float(np.quantile(self.held_out_scores_, self.false_alarm_rate, method="weibull"))
        else:
            self.offset_ = float(np.percentile(self._score_sequences(sequences), 100 * self.contamination))

    def _validate(self, X: Any, *, n_channels: int | None = None) -> Sequences:
        """X through the door, compared with the fitted data unless `n_channels` says that it is new."""
        if n_channels is not None:
            return validate_sequences(self, X, n_channels=n_channels)
        return validate_sequences(self, X, fitted=self.autoencoder_._layout)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "offset_")

    # Using

    def score_samples(self, X: Any) -> Float64:
        """How usual each sequence is: minus its error, as `scoring` measures it.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.

        Returns
        -------
        scores : ndarray of shape (n_sequences,)
            At most 0; the lower, the more unusual. Without unit.
        """
        check_is_fitted(self)
        return self._score_sequences(self._read(X))

    def decision_function(self, X: Any) -> Float64:
        """:meth:`score_samples` above the threshold.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.

        Returns
        -------
        decision : ndarray of shape (n_sequences,)
            Negative for outliers.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Tell outliers from normal sequences.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.

        Returns
        -------
        labels : ndarray of shape (n_sequences,)
            -1 for outliers, 1 for others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def score_timesteps(self, X: Any) -> Any:
        """How unusual each value is: where in a sequence, and in which channel, the error lies.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.

        Returns
        -------
        errors : ndarray or list of ndarray
            In the container and lengths of X; the higher, the more unusual; NaN where X has no value. With "mae" and
            "mse" absolute and squared errors in units of the channels' standard deviations and variances, of which the
            mean over a sequence is minus its score; with "mahalanobis" the squared deviation of each absolute error
            from `location_` in units of its own variance, other channels left aside.
        """
        check_is_fitted(self)
        sequences = self._read(X)
        scoring = self._scoring
        values = np.concatenate([scoring.of_values(errors) for _, errors in self._errors(sequences)])
        return sequences.restore(values.astype(np.float32))

    def _read(self, X: Any) -> Sequences:
        """X like the fitted data, with a warning where it goes on for longer."""
        sequences = self._validate(X)
        warn_of_longer(sequences.lengths, self.autoencoder_._longest)
        return sequences

    def _errors(self, sequences: Sequences) -> Iterator[tuple[Int64, Float32]]:
        """Rows of sequences, and their errors in standard units, batch by batch."""
        fitted = self.autoencoder_
        for rows in batches_of_rows(sequences, np.arange(len(sequences))):
            yield rows, standard_errors(fitted.module_, sequences, rows, fitted.channel_scale_)

    def _score_sequences(self, sequences: Sequences) -> Float64:
        scoring = self._scoring
        return np.concatenate(
            [scoring.of_sequences(errors, sequences.lengths[rows]) for rows, errors in self._errors(sequences)]
        )

    @property
    def _scoring(self) -> Scoring:
        if self.scoring == "mahalanobis":
            return Scoring(self.scoring, ErrorGaussian(self.location_, self.covariance_))
        return Scoring(self.scoring)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


def _fit_network(autoencoder: LSTMAutoencoder, sequences: Sequences, seed: int) -> Network:
    """The network of an autoencoder that is fitted with a seed of its own, for held-out errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the fit on all sequences tells of it
        fitted = fit_to_the_end(clone(autoencoder).set_params(random_state=seed), sequences)
    return Network(fitted.module_, fitted.channel_scale_)
