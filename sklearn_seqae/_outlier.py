"""`LSTMOutlierDetector`: finds unusual sequences by what is left of them, where they lie, and how they behave."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._base import all_or_nothing, spawn_seeds
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._statistics import content_hash
from sklearn_seqae._inference._behaviour import Behaviour
from sklearn_seqae._inference._cross_fitting import (
    Network,
    Part,
    Split,
    cross_fit,
    held_out_measures,
    out_of_fold_scores,
    read_groups,
    require_others,
    rescale,
    split_rows,
    training_size,
)
from sklearn_seqae._inference._errors import batches_of_rows, standard_errors
from sklearn_seqae._inference._joint import Known, Spread
from sklearn_seqae._inference._lengths import warn_of_longer
from sklearn_seqae._inference._neighbours import Memory
from sklearn_seqae._inference._scoring import ErrorGaussian, Scoring
from sklearn_seqae._template import AutoencoderTemplate, fit_quietly, fit_to_the_end

__all__ = ["LSTMOutlierDetector"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Scores that go by how something is distributed on sequences that were not trained on.
_BY_HELD_OUT = ("joint", "mahalanobis")
# Of the epochs of the fit to all sequences, what each fit on a part may take at most.
_SHARE_OF_EPOCHS = 0.4


class LSTMOutlierDetector(AutoencoderTemplate, OutlierMixin, BaseEstimator):
    """Outlier detection for sequences, by an LSTM autoencoder that has learned to draw normal ones.

    It is fitted on normal data, or on data of which most is normal. What is unusual about a sequence shows in what its
    reconstruction leaves over, in a code that is far from those of the training sequences, or in how it behaves
    wherever in time; :meth:`score_samples` joins all three, and :meth:`score_timesteps` says where in the sequence
    something is left over.

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
    scoring : {"joint", "mae", "mse", "mahalanobis"}, default="joint"
        "joint" is best on most data: it asks how far a sequence is from what is known, by its error and its code, and
        how unusually it behaves, by a few statistics; see Notes. "mae" and "mse" are the mean absolute
        and the mean squared error of a sequence, each channel in units of its standard deviation in the training data.
        With squares the few largest errors decide, which normal sequences with spikes have, too. "mahalanobis" is the
        mean, over the steps, of the squared Mahalanobis distance of the absolute errors of the channels, as in
        EncDec-AD [1]_: an error counts for more in a channel that is usually drawn well. "joint" and "mahalanobis" need
        errors on data that was not trained on, and so fit more than once, as "auto" does.
    false_alarm_rate : float, default=0.05
        Share of new normal sequences that ``contamination="auto"`` lets be marked. Fewer than ``1 / false_alarm_rate
        - 1`` training sequences cannot tell so small a rate: the threshold is then their largest held-out error.
    cv : int, cross-validation splitter, iterable of splits or None, default=4
        How the training data is split for held-out errors. An int is the number of parts of a shuffled
        :class:`~sklearn.model_selection.KFold`, or with `groups`, of a :class:`~sklearn.model_selection.GroupKFold`;
        None is 4 of them. At least two parts are needed for "mahalanobis".
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
        there was no need of them (``contamination`` a share, ``scoring`` "mae" or "mse").
    codes_ : ndarray of shape (n_codes, n_components)
        Codes of training sequences, at most 500 of them, spread as widely as all; only with ``scoring="joint"``.
    behaviour_ : dict of ndarray
        What statistics of training sequences are like: their "mean" and "scale", the "directions" in which sequences
        differ, the deviation in others ("noise"), and training sequences as "points"; only with ``scoring="joint"``.
    spread_ : ndarray of shape (2, 3)
        Means and standard deviations of the logarithms of the distances that are joined, on held-out sequences: by the
        error, from known reconstructions, of the behaviour; only with ``scoring="joint"``.
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
    **The joint score.** The mean absolute error of the reconstruction says how badly a sequence is drawn. One that is
    drawn well because the network goes on where it has seen nothing is far from all training sequences: D² + Q, with D
    the distance of its code from the three training codes nearest to it and Q the mean squared error, is nearly its
    squared distance from what is drawn of these, as codes are in natural proportions. (Of principal components, Q and
    D are monitored, too [3]_.) Both depend on when something happens. What does not is a sequence's behaviour: the mean
    of each channel, its deviation, and its changes over 1, 2, 4 ... 32 steps (a variogram), the latter as logarithms.
    Its distance is a Mahalanobis distance, shrunk after Ledoit and Wolf, from the three nearest training sequences.
    Where a sequence is short or has gaps, statistics that it cannot tell count as average.

    How unusual a distance d is depends on its spread among normal sequences that were not trained on: with Φ the normal
    distribution's function, m and s mean and standard deviation of its logarithm there, ``1 - Φ((log d - m) / s)`` is
    the probability of a larger one. The score is the sum of two logarithms, as Fisher joins tests [4]_: of the
    probability by the error or from known reconstructions, whichever is smaller, and of that of the behaviour. So
    where normal sequences are drawn badly and unequally, errors count for little. No anomaly is looked at.

    **The threshold.** Errors on training data are smaller than on new data, so a threshold taken from them raises too
    many alarms. "auto" is cross-fitted instead: each part of the training data is scored by an autoencoder that was
    fitted on the other parts, and the threshold is the quantile of these held-out scores at which a further one is
    beyond it with probability `false_alarm_rate` (``numpy.quantile`` with ``method="weibull"``, the interpolated
    quantile of conformal prediction [2]_). It holds for new sequences that come as the training sequences did; as
    `autoencoder_` was fitted on more of them, and for longer, alarms tend to be a little rarer. It takes `cv` further
    fits, each of at most 2/5 of the epochs that `autoencoder_` took: by default, less than twice its time. (Where
    nothing is learned by heart, so that held-out errors are no larger than training errors, they are scaled to the
    training error of `autoencoder_`.)

    Whatever a score goes by is estimated on held-out sequences, each of which counts (Malhotra et al. set a validation
    part aside for it): the spread of the distances for "joint"; for "mahalanobis" the mean and covariance of the
    errors, pooled over all steps and shrunk after Ledoit and Wolf. `held_out_scores_`, and with them the threshold,
    judge each part, or each sequence, by what the others say; the attributes, which judge new sequences, are estimated
    on all.

    References
    ----------
    .. [1] P. Malhotra et al., "LSTM-based encoder-decoder for multi-sensor anomaly detection", ICML 2016 Anomaly
       Detection Workshop.
    .. [2] V. Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74, 2015.
    .. [3] J. E. Jackson, G. S. Mudholkar, "Control procedures for residuals associated with principal component
       analysis", Technometrics 21, 1979.
    .. [4] R. A. Fisher, "Statistical methods for research workers", 4th edition, 1932.

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
        "scoring": [StrOptions({"joint", "mae", "mse", "mahalanobis"})],
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
        scoring: str = "joint",
        false_alarm_rate: float = 0.05,
        cv: Any = 4,
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
            template = self._template()
            sequences = self._validate(X, n_channels=template.n_channels)
            with self._going_on(template, lambda: content_hash(sequences)) as (autoencoder, seed):
                split_seed, whole_seed, parts_seed = spawn_seeds(seed, 3)
                splits = self._splits(len(sequences), groups, split_seed)
                self.autoencoder_ = fit_to_the_end(autoencoder, sequences, whole_seed)
                known = self._know(sequences)
                parts = self._cross_fit(autoencoder, sequences, splits, spawn_seeds(parts_seed, len(splits)), known)
                self._set_model(known, parts)
                self._set_offset(sequences, parts)
            return self

    def _splits(self, n: int, groups: ArrayLike | None, seed: int) -> list[Split]:
        """Training and held-out rows of each part; none where held-out errors are not needed."""
        labels = read_groups(groups, n)
        if self.contamination != "auto" and self.scoring not in _BY_HELD_OUT:
            return []
        splits = split_rows(self.cv, n, labels, seed)
        if self.scoring == "mahalanobis":
            require_others(splits)
        return splits

    def _know(self, sequences: Sequences) -> Known | None:
        """What the joint score compares sequences with; nothing for others."""
        if self.scoring != "joint":
            return None
        fitted = self.autoencoder_
        return Known.of(fitted.module_, sequences, fitted.channel_mean_, fitted.channel_scale_)

    def _cross_fit(
        self,
        autoencoder: LSTMAutoencoder,
        sequences: Sequences,
        splits: list[Split],
        seeds: list[int],
        known: Known | None,
    ) -> list[Part]:
        """Held-out errors, as of the autoencoder in use."""
        if not splits:
            return []
        fitted = self.autoencoder_
        fit = partial(_fit_network, autoencoder, max(1, math.ceil(_SHARE_OF_EPOCHS * fitted.n_iter_)))
        scale = fitted.channel_scale_
        parts = cross_fit(fit, sequences, splits, seeds, scale, self.n_jobs, measured=known is not None)
        size = training_size(fitted.module_, sequences, np.arange(len(sequences)), scale)
        return rescale(parts, size, 0.0 if known is None else known.spacing)

    def _set_model(self, known: Known | None, parts: Sequence[Part]) -> None:
        """What the score goes by besides errors."""
        for name in ("location_", "covariance_", "codes_", "behaviour_", "spread_"):
            if hasattr(self, name):  # of an earlier fit
                delattr(self, name)
        if self.scoring == "mahalanobis":
            gaussian = ErrorGaussian.of(part.errors for part in parts)
            self.location_, self.covariance_ = gaussian.location, gaussian.covariance
        elif known is not None:
            spread = Spread.of(held_out_measures(parts).logarithms())
            self.codes_, self.behaviour_ = known.codes.points, known.behaviour.arrays()
            self.spread_ = np.stack([spread.location, spread.scale])

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
        """How usual each sequence is, as `scoring` measures it.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.

        Returns
        -------
        scores : ndarray of shape (n_sequences,)
            At most 0; the lower, the more unusual. Without unit; with "joint" the logarithm of a probability, nearly.
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
            In the container and lengths of X; the higher, the more unusual; NaN where X has no value. With "joint" and
            "mae" absolute errors in units of the channels' standard deviations, with "mse" squared ones: with "mae" and
            "mse", their mean over a sequence is minus its score. With "mahalanobis" the squared deviation of each
            absolute error from `location_` in units of its own variance, other channels left aside.
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
        if self.scoring == "joint":
            measures = self._known.measure(self.autoencoder_.module_, sequences)
            return Spread(*self.spread_).scores(measures.logarithms())
        scoring = self._scoring
        return np.concatenate(
            [scoring.of_sequences(errors, sequences.lengths[rows]) for rows, errors in self._errors(sequences)]
        )

    @property
    def _known(self) -> Known:
        fitted = self.autoencoder_
        codes = Memory.of_points(self.codes_)
        return Known(codes, Behaviour(**self.behaviour_), fitted.channel_mean_, fitted.channel_scale_)

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


def _fit_network(autoencoder: LSTMAutoencoder, n_epochs: int, sequences: Sequences, seed: int) -> Network:
    """The network of an autoencoder that is fitted for so many epochs, with a seed of its own, for held-out errors."""
    fitted = fit_quietly(clone(autoencoder).set_params(random_state=seed, max_epochs=n_epochs), sequences)
    return Network(fitted.module_, fitted.channel_mean_, fitted.channel_scale_)
