"""`LSTMSeriesOutlierDetector`: finds unusual rows of long series."""

import copy
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._base import all_or_nothing, spawn_seeds
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._period import find_width
from sklearn_seqae._data._sequences import Sequences
from sklearn_seqae._data._series import Series, join_windows, validate_series
from sklearn_seqae._data._statistics import channel_statistics
from sklearn_seqae._inference._neighbours import Memory
from sklearn_seqae._inference._passes import encode
from sklearn_seqae._inference._series_scores import SeriesScoring, Trace
from sklearn_seqae._inference._stretches import Fold, hold_stretches_out, windows_of
from sklearn_seqae._series_parts import Task, default_autoencoder, hold_out
from sklearn_seqae._template import AutoencoderTemplate, fit_to_the_end

__all__ = ["LSTMSeriesOutlierDetector"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Held-out scores that are kept for the threshold, the newest.
_MOST_SCORES = 100_000


def _is_causal(detector: Any) -> bool:
    """Whether scores of rows are those that `update` gives."""
    if not detector.causal:
        raise AttributeError("update is for causal=True: scores, and the threshold, are of other windows without it.")
    return True


class LSTMSeriesOutlierDetector(AutoencoderTemplate, OutlierMixin, BaseEstimator):
    """Outlier detection in long series, row by row, by an LSTM autoencoder of their windows.

    An autoencoder learns to draw windows of a series. A window is unusual where its code is far from those of the
    training windows, and where it is drawn badly; a row is as unusual as the windows around it, and more so where it is
    itself drawn worse than usual.

    Parameters
    ----------
    autoencoder : LSTMAutoencoder or None, default=None
        What learns the windows; it is cloned. None stands for ``LSTMAutoencoder(time_shift=0)`` with 8 components a
        channel, at most 32. Its parameters can be set and searched over as ``autoencoder__latent_dim`` etc., also
        where it is None.
    width : int or "auto", default="auto"
        Rows of a window. "auto" is as many periods of the series as have about 64 rows, see Notes.
    causal : bool, default=False
        Whether the score of a row knows nothing later: it is then the mean over the last `width_` windows, of which
        the last ends with it, and rows can be scored as they come, by :meth:`update`. If not, it is the mean over all
        windows around it.
    contamination : float or "auto", default="auto"
        How `offset_` is chosen, below which a row is an outlier. A share in (0, 0.5] marks this share of the training
        rows. "auto" takes them to be normal, and marks a share of `false_alarm_rate` of *new* normal rows: see Notes.
    false_alarm_rate : float, default=0.05
        Share of new normal rows that ``contamination="auto"`` lets be marked.
    n_windows : int, default=2000
        Most windows to train on, spread evenly over the series.
    cv : int, default=2
        How many times stretches of time are held out; each takes a further fit.
    n_jobs : int or None, default=None
        Number of processes for these fits, as everywhere in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Determines which windows are trained on, a seed for each fit on a part of the data, and one for `autoencoder_`
        where it has no `random_state` of its own. None starts from the autoencoder's, which stays as it is.

    Attributes
    ----------
    autoencoder_ : LSTMAutoencoder
        Fitted on windows of all rows.
    width_ : int
        Rows of a window.
    offset_ : float
        Threshold of :meth:`score_samples`; ``decision_function = score_samples - offset_``.
    held_out_scores_ : ndarray of shape (n_rows,)
        Scores of the training rows, in their order, those of several series end to end, by autoencoders that were not
        trained on them: what is unusual among them shows here, and less in :meth:`score_samples`, for which it was
        learned. NaN where there is none: where stretches held out are shorter than a window, where series are too
        short to hold rows out and ``contamination`` is a share, and for `causal` the first rows of a stretch.
    n_features_in_ : int
        Channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the channels, where X was a DataFrame with string names, or a list of such.

    See Also
    --------
    LSTMOutlierDetector : Judges whole sequences.
    AnomalyDisplay : Draws a series above its scores.

    Notes
    -----
    **Width.** "auto" is the smallest multiple of the period that has 64 rows, or as many periods as fit into a
    sixteenth of the series, but one at least. The period is the lag of the first peak of the autocorrelation, averaged
    over the channels without their linear trends, that is nearly as high as the highest; it has at most 512 rows, and a
    third of the longest series. Where there is none, the width is 64, or a sixteenth of the series; but where rows
    that follow each other are not even alike, it is 1.

    **Score.** Codes are in natural proportions, so that the mean distance D of a window's code to the five nearest of
    the training windows is one between sequences, and D² and the sum Q of the squared errors of its reconstruction add
    up: the two parts of what principal components know as T² and Q statistics, but D is measured to where the data
    lives. Components of the code of which training holds fewer than six independent values (their number over the
    integrated autocorrelation time) are left out of D: they drift, and leaving their range says nothing. A row has the
    mean of D² + Q over the windows that it is in, once more averaged over `width_` rows, and divided by the 99 %
    quantile of held-out rows. Where its own squared error, averaged over an eighth of the width, is beyond the
    largest of held-out rows, the excess over that, in its units, is added: it finds what is short.

    **Noise.** A network can learn noise by heart. Where the autoencoder errs more on rows held out than as many
    principal components do, each time, it is left as it starts, which is as principal components (``max_epochs=1``),
    unless its `max_epochs` is given.

    **Threshold.** The rows are divided into up to ten stretches of time, of which every `cv`-th is held out at once.
    They are scored by an autoencoder of windows that are at least `width_` rows away from them, and the threshold is
    the quantile of these held-out scores at which a further row is beyond it with probability `false_alarm_rate` [1]_.

    References
    ----------
    .. [1] V. Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74, 2015.
    .. [2] H. Shin et al., "Continual learning with deep generative replay", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder, LSTMSeriesOutlierDetector
    >>> rng = np.random.default_rng(0)
    >>> X = np.sin(np.arange(600) / 4)[:, np.newaxis] + rng.normal(0, 0.1, size=(600, 1))
    >>> X[550:555] = 0
    >>> autoencoder = LSTMAutoencoder(latent_dim=4, max_epochs=20, time_shift=0)
    >>> detector = LSTMSeriesOutlierDetector(autoencoder, n_windows=200, random_state=0).fit(X[:400])
    >>> detector.width_
    25
    >>> int(detector.score_samples(X).argmin()) in range(540, 565)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [LSTMAutoencoder, None],
        "width": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "causal": ["boolean"],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="neither")],
        "n_windows": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    autoencoder_: LSTMAutoencoder
    width_: int
    offset_: float
    held_out_scores_: Float64
    _codes: Float32
    _counts: NDArray[np.bool_]
    _units: tuple[float, float]
    _recent_rows: Float32
    _recent_trace: Float64

    def __init__(
        self,
        autoencoder: LSTMAutoencoder | None = None,
        *,
        width: int | str = "auto",
        causal: bool = False,
        contamination: float | str = "auto",
        false_alarm_rate: float = 0.05,
        n_windows: int = 2000,
        cv: int = 2,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.width = width
        self.causal = causal
        self.contamination = contamination
        self.false_alarm_rate = false_alarm_rate
        self.n_windows = n_windows
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @staticmethod
    def _default_autoencoder() -> LSTMAutoencoder:
        return default_autoencoder(1)

    # Fitting

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> "LSTMSeriesOutlierDetector":
        """Learn what is normal in a series.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            A series, whose rows are successive time steps, or several. Most of it is normal. NaN is a missing value.
            A Series of pandas or polars is a series of one channel; a list of lists of numbers is one of rows.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : LSTMSeriesOutlierDetector
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as series, has no values, or is too short for windows of `width` rows, of which some
            must be left when a stretch of time is held out. The estimator is then as it was.
        KeyboardInterrupt
            If Ctrl-C ends one of the fits: a threshold that is left unfinished is none.
        """
        with all_or_nothing(self):
            series = validate_series(self, X, reset=True)
            self.width_ = self._find_width(series)
            folds = self._hold_out(series)
            template = default_autoencoder(series.n_channels) if self.autoencoder is None else self._template()
            with self._going_on(template, lambda: [series.steps, series.sizes]) as (autoencoder, seed):
                windows_seed, whole_seed, parts_seed = spawn_seeds(seed, 3)
                windows, owner = self._training_windows(series, series.window_starts(self.width_), windows_seed)
                scale = channel_statistics(windows)[1]
                task = Task(series, self.width_, self.n_windows, len(windows), self.causal, scale)
                seeds = spawn_seeds(parts_seed, len(folds))
                autoencoder, held_out = hold_out(autoencoder, task, folds, seeds, self.n_jobs)
                self.autoencoder_ = fit_to_the_end(autoencoder, windows, whole_seed)
                self._remember(SeriesScoring.of(self.autoencoder_, windows, owner, self.width_, self.causal))
                self._set_units(series, held_out)
                self._set_offset(series, -self._scoring.join(held_out))
            self._begin_stream()
            return self

    def _find_width(self, series: Series) -> int:
        if isinstance(self.width, str):
            return find_width(series)
        longest = int(series.sizes.max())
        if longest < self.width:
            raise ValueError(
                f"n_samples={longest} rows are fewer than width={self.width}, the rows of a window. Pass a longer "
                'series, a smaller width, or width="auto".'
            )
        return int(self.width)

    def _hold_out(self, series: Series) -> list[Fold]:
        """What is held out; nothing where a series is too short for it and the threshold does not need it."""
        try:
            return hold_stretches_out(series, self.width_, self.cv)
        except ValueError:
            if self.contamination == "auto":
                raise
            return []

    def _training_windows(self, series: Series, starts: Int64, seed: int) -> tuple[Sequences, Int64]:
        windows, owner = windows_of(series, starts, self.n_windows, self.width_, seed)
        if len(windows) == 0:
            raise ValueError(
                "Input X contains NaN only in the rows to train on: a series needs observed values. Pass one that has "
                "them, or leave the stretch without values out."
            )
        return windows, owner

    def _remember(self, scoring: SeriesScoring) -> None:
        """Keep what scores need of the training windows."""
        self._codes, self._counts, self._units = scoring.codes, scoring.counts, scoring.units

    def _set_units(self, series: Series, held_out: Trace) -> None:
        """Measure scores by what is usual for held-out rows; for those of training, where none are held out."""
        scoring = self._scoring
        if np.isnan(held_out.windows).all():
            traces = [scoring.smooth(scoring.trace(steps)) for steps in series]
            held_out = Trace(*map(np.concatenate, zip(*traces, strict=True)))
        self._remember(scoring.calibrated(held_out))

    def _set_offset(self, series: Series, held_out_scores: Float64) -> None:
        """The threshold, from held-out scores or from those of the training rows."""
        self.held_out_scores_ = held_out_scores
        if isinstance(self.contamination, str):
            known = held_out_scores[~np.isnan(held_out_scores)]
            if len(known) == 0:
                raise ValueError(
                    "There are no rows with values to hold out while others are trained on. Pass a series with values "
                    "in more of its rows, or a share as contamination."
                )
            self.offset_ = float(np.quantile(known, self.false_alarm_rate, method="weibull"))
        else:
            self.offset_ = float(np.nanpercentile(self._score(series), 100 * self.contamination))

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X: Any, y: Any = None) -> "LSTMSeriesOutlierDetector":
        """Learn on from rows that came later.

        The first call is :meth:`fit`. Later ones train for one epoch on windows of X, and on windows drawn from the
        remembered codes, so that what was learned before is not forgotten (generative replay, [2]_). The rows of X
        are judged before they are learned, and these scores join `held_out_scores_`, of which the threshold is
        taken anew.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            At least `width_` rows.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : LSTMSeriesOutlierDetector
            The estimator, trained on.

        Raises
        ------
        ValueError
            As in :meth:`fit`.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X)
        with all_or_nothing(self):
            series = validate_series(self, X, reset=False)
            starts = self._starts(series)
            scores = self._score(series)
            windows, _ = self._training_windows(series, starts, self._draw_seed())
            self._learn_on(windows)
            self._set_offset(series, np.append(self.held_out_scores_, scores)[-_MOST_SCORES:])
            return self

    def _starts(self, series: Series) -> Int64:
        longest = int(series.sizes.max())
        if longest < self.width_:
            raise ValueError(
                f"X has {longest} rows, fewer than a window's: pass at least width_={self.width_} at once."
            )
        return series.window_starts(self.width_)

    def _learn_on(self, windows: Sequences) -> None:
        both = join_windows(windows, self._scoring.replay())
        self.autoencoder_ = copy.deepcopy(self.autoencoder_).partial_fit(both)
        codes = encode(self.autoencoder_.module_, SequenceDataset.of(both))
        self._codes = Memory.of(codes, self.n_windows).points.astype(np.float32)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "offset_")

    # Using

    def score_samples(self, X: Any) -> Any:
        """How usual each row is.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            Series like those of :meth:`fit`.

        Returns
        -------
        scores : ndarray of shape (n_timesteps,), or list of them
            At most 0; the lower, the more unusual. Without unit. NaN where no window with the row has a value.
        """
        return self._judge(X, self._score)

    def decision_function(self, X: Any) -> Any:
        """:meth:`score_samples` above the threshold.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            Series like those of :meth:`fit`.

        Returns
        -------
        decision : ndarray of shape (n_timesteps,), or list of them
            Negative for outliers.
        """
        return self._judge(X, lambda series: self._score(series) - self.offset_)

    def predict(self, X: Any) -> Any:
        """Tell unusual rows from others.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            Series like those of :meth:`fit`.

        Returns
        -------
        labels : ndarray of shape (n_timesteps,), or list of them
            -1 for outliers, 1 for others, also for those without a score.
        """
        return self._judge(X, lambda series: np.where(self._score(series) < self.offset_, -1, 1))

    def score_timesteps(self, X: Any) -> Any:
        """How unusual each value is: which channel makes a row unusual.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels), or list of such
            Series like those of :meth:`fit`.

        Returns
        -------
        errors : ndarray of shape (n_timesteps, n_channels), or list of them
            Squared errors of the reconstruction in units of the channels' variances, the mean over a row's windows;
            the higher, the more unusual; NaN where X has no value.
        """
        return self._judge(X, lambda series: np.concatenate([self._scoring.of_values(steps) for steps in series]))

    @available_if(_is_causal)
    def update(self, X: Any) -> Float64:
        """Score rows as they come, each call going on where the last one stopped.

        The first call begins a series, and :meth:`fit` forgets it. To go on behind a series that is known, pass its
        last `width_` rows first.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_timesteps, n_channels)
            The next rows, of which there may be one.

        Returns
        -------
        scores : ndarray of shape (n_timesteps,)
            As :meth:`score_samples` gives them for all rows since the first call; those below `offset_` are outliers.
        """
        check_is_fitted(self)
        series = validate_series(self, X, reset=False)
        if series.is_list:
            raise ValueError(
                "update takes the next rows of one series, got a list of series. Pass one after the other."
            )
        scoring, known = self._scoring, len(self._recent_rows)
        steps = np.concatenate([self._recent_rows, series.steps])
        trace = Trace(*self._recent_trace) + scoring.trace(steps, known)
        scores = scoring.join(scoring.smooth(trace))[len(trace.own) - len(series.steps) :]
        self._recent_rows = steps[max(0, len(steps) - self.width_ + 1) :].copy()
        self._recent_trace = np.array(trace.from_row(max(0, len(trace.own) - self.width_ + 1)))
        return -scores

    def _begin_stream(self) -> None:
        """Forget the rows of earlier calls of `update`."""
        self._recent_rows = np.empty((0, self.n_features_in_), dtype=np.float32)
        self._recent_trace = np.empty((2, 0))

    def _judge(self, X: Any, judge: Callable[[Series], NDArray[Any]]) -> Any:
        """What is said of each row of X, as X came."""
        check_is_fitted(self)
        series = validate_series(self, X, reset=False)
        return series.restore(judge(series))

    def _score(self, series: Series) -> Float64:
        scoring = self._scoring
        return -np.concatenate([scoring.of_rows(steps) for steps in series])

    @property
    def _scoring(self) -> SeriesScoring:
        fitted = self.autoencoder_
        state = self._codes, self._counts, self.width_, self.causal, self._units
        return SeriesScoring(fitted.module_, fitted.channel_scale_, *state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
