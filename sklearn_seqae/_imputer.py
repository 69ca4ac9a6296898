"""`LSTMImputer`: fills the gaps of sequences."""

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._base import all_or_nothing, draw_seed, layer_sizes, spawn_seeds
from sklearn_seqae._compute._devices import resolve_device
from sklearn_seqae._data._callers import level_of_caller
from sklearn_seqae._data._completion import completed
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._gaps import GapPatterns
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Layout, Sequences
from sklearn_seqae._data._statistics import channel_statistics, observed_channels
from sklearn_seqae._imputer_parts import HeldOut, Task, hide_and_propose, learn_normal, learn_part, pooled
from sklearn_seqae._inference._cross_fitting import Split, read_groups, split_rows
from sklearn_seqae._inference._filling import Proposer, fill
from sklearn_seqae._inference._normal import NormalSequences
from sklearn_seqae._inference._stacking import DistanceWeights
from sklearn_seqae._network._gap_filler import GapFiller
from sklearn_seqae._network._persistence import in_memory, module_from_arrays, to_arrays
from sklearn_seqae._storage._formats import STATE_FORMAT, check_format

__all__ = ["LSTMImputer"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# "auto" makes so many patches of the longest training sequence.
_AUTO_PATCHES = 26


class LSTMImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fills gaps in sequences: by straight lines, and by what an LSTM network and the other sequences know better.

    An imputer for pipelines, as those of :mod:`sklearn.impute`: missing values, NaN, are filled, all others come back
    as they were. It learns from gaps that it makes itself, like those that it finds in X and others beside: networks
    with LSTM layers in both directions [1]_ read the sequences with lines across the gaps, and learn what lines do not
    know. How much of it to believe, by how far away what is known is, is learned from values hidden in sequences that
    a network was not trained on [2]_: where nothing is better than the line, the line stays.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=64
        Widths of the LSTM layers of each network, for each direction.
    patch_len : int or "auto", default="auto"
        Number of successive time steps that make one step of the LSTM layers. "auto" is 1 for up to 51 time steps, and
        makes 26 patches or a few more of the longest training sequence beyond.
    n_channels : int, default=1
        Channels per time step of a 2-D X, whose columns then hold all channels of the first step, all of the second,
        and so on; likewise of listed sequences of one axis. Other kinds of X say it themselves.
    padding : bool or "auto", default="auto"
        Whether NaN at the end of a sequence, in all channels, is padding, which stays: the sequence ends before it.
        Otherwise it is a gap. "auto" takes it for padding in 3-D arrays, as tslearn has it, and for a gap in tables and
        lists, whose sequences have their lengths without it.
    cv : int, cross-validation splitter or iterable of splits, default=3
        How the training data is split: each part trains a network, on which the sequences that are not in it pass
        judgement; the mean over the networks is used. An int is the number of parts of a shuffled
        :class:`~sklearn.model_selection.KFold`, or with `groups`, of a :class:`~sklearn.model_selection.GroupKFold`.
        Overlapping windows of a series share steps: pass `groups` to :meth:`fit`, or ``cv=KFold(3)``, whose parts are
        successive.
    loss : {"mae", "mse", "huber"}, default="mae"
        What the networks minimise on hidden values, in standard units.
    max_epochs : int or "auto", default="auto"
        Passes over its training data of each network. "auto" is 400 batches, but at least 3 epochs.
    learning_rate : float, default=0.008
        Highest learning rate of the optimizer, Adam; it falls to zero over the last 40 % of the epochs.
    n_jobs : int or None, default=None
        Number of processes for the networks' training, as everywhere in scikit-learn.
    device : str or torch.device, default="cpu"
        Where to compute: "cpu", "cuda", "cuda:1", ..., or another of torch's devices; "auto" takes a CUDA GPU if there
        is one.
    random_state : int, RandomState instance or None, default=None
        Determines the split, the initial weights, the order and variation of training sequences, and what is hidden.
        Pass an int for the same result each time.
    verbose : int, default=0
        1 shows a progress bar of each training.

    Attributes
    ----------
    networks_ : list of torch.nn.Module
        The networks, one for each part. Empty where X has a single sequence: its gaps are filled by lines.
    weights_ : ndarray of shape (4, n_distances) or (0, n_distances)
        How much is added to the line of the deviations from it of the proposals (see Notes): a curve, what is usual,
        the same moved to the neighbours, what the networks draw. At the distances 1, 2, 4, ..., and at last where
        nothing is known of a channel.
    channel_weights_ : ndarray of shape (n_channels_in_,)
        By which these are multiplied in each channel: near 0 for one in which lines are best.
    deviations_ : ndarray of shape (n_channels_in_, n_distances)
        Root mean squares of the errors on hidden values, in units of `channel_scale_`, at the same distances, of
        sequences whose values differ by 1 from step to step.
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
    channel_mean_, channel_scale_ : ndarray of shape (n_channels_in_,)
        Mean and standard deviation of the training data's channels. Where nothing at all is known, the mean is filled
        in.
    patch_len_ : int
        The patch length used.

    See Also
    --------
    sklearn.impute.KNNImputer : Fills from similar rows of a table.
    LSTMAutoencoder : Reads sequences with gaps as they are.
    sliding_windows : Cuts a long series into sequences.

    Notes
    -----
    A fill is ``line + sum(w * (proposal - line))``. The proposals are a cubic curve through the neighbours; the
    conditional mean of a normal distribution of whole sequences, its covariance shrunk after Ledoit and Wolf; the same
    plus the linear interpolation of what it misses at the neighbours; and the mean of what the networks draw. The
    weights w are at least zero, depend on the distance of the neighbours and on the channel, and come from ridge
    regression on values hidden in sequences that neither the network nor the distribution in question was learned from.

    Computation is in float32; values that are there keep all their digits. Sequences may be longer than those of the
    fit, unless X is 2-D; so long gaps are then filled as well as lines and the network can do.

    References
    ----------
    .. [1] W. Cao et al., "BRITS: bidirectional recurrent imputation for time series", NeurIPS 2018.
    .. [2] L. Breiman, "Stacked regressions", Machine Learning 24, 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMImputer
    >>> rng = np.random.default_rng(0)
    >>> X = np.sin(rng.uniform(0, 6.28, (60, 1)) + np.linspace(0, 6.28, 20))
    >>> X_with_gaps = X.copy()
    >>> X_with_gaps[:, 8:13] = np.nan
    >>> imputer = LSTMImputer(max_epochs=100, random_state=0)
    >>> bool(np.abs(imputer.fit_transform(X_with_gaps) - X).max() < 0.2)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "patch_len": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "padding": ["boolean", StrOptions({"auto"})],
        "cv": ["cv_object"],
        "loss": [StrOptions({"mse", "mae", "huber"})],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "learning_rate": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [Integral, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    networks_: list[GapFiller]
    weights_: Float64
    channel_weights_: Float64
    deviations_: Float64

    __metadata_request__transform: ClassVar[dict[str, Any]] = {"return_std": UNUSED}

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = 64,
        *,
        patch_len: int | str = "auto",
        n_channels: int = 1,
        padding: bool | str = "auto",
        cv: Any = 3,
        loss: str = "mae",
        max_epochs: int | str = "auto",
        learning_rate: float = 8e-3,
        n_jobs: int | None = None,
        device: str | torch.device = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.patch_len = patch_len
        self.n_channels = n_channels
        self.padding = padding
        self.cv = cv
        self.loss = loss
        self.max_epochs = max_epochs
        self.learning_rate = learning_rate
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    # Fitting

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, groups: ArrayLike | None = None) -> "LSTMImputer":
        """Learn to fill gaps like those of X, and others.

        Parameters
        ----------
        X : array-like or list of array-likes
            Training sequences, as :meth:`LSTMAutoencoder.fit` takes them, with or without gaps.
        y : Ignored
            Present for API consistency.
        groups : array-like of shape (n_sequences,) or None, default=None
            Sequences of a group are never in different parts of the training data: give overlapping windows, or
            sequences of one source, the same label.

        Returns
        -------
        self : LSTMImputer
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as sequences, or cannot be split by `cv`. The estimator is then as it was.
        KeyboardInterrupt
            If Ctrl-C ends one of the trainings.
        """
        with all_or_nothing(self):
            sequences = self._validate(X, reset=True)
            split_seed, gap_seed, parts_seed, normal_seed = spawn_seeds(draw_seed(self.random_state), 4)
            self._set_geometry(sequences)
            splits = self._splits(len(sequences), groups, split_seed)
            task = self._task(sequences, gap_seed)
            seeds = spawn_seeds(parts_seed, len(splits))
            parts = Parallel(n_jobs=self.n_jobs)(
                delayed(learn_part)(task, split, seed) for split, seed in zip(splits, seeds, strict=True)
            )
            self.networks_ = [network for network, _ in parts]
            self._normal = learn_normal(task, task.dataset, normal_seed) if parts else None
            self._network_params = task.network
            self._set_weights([held_out for _, held_out in parts], task, gap_seed)
            return self

    def _validate(self, X: Any, *, reset: bool = False) -> Sequences:
        """X through the door, compared with the fitted data unless `reset`; what is not padding is a gap."""
        fitted = None if reset else Layout(self.container_, self.n_channels_in_, self.n_timesteps_in_)
        sequences = validate_sequences(self, X, n_channels=self.n_channels, fitted=fitted)
        is_padding = sequences.container == "array" if isinstance(self.padding, str) else self.padding
        return sequences if is_padding else replace(sequences, lengths=sequences.sizes)

    def _set_geometry(self, sequences: Sequences) -> None:
        """Record the shape and scale of the training data."""
        self.container_ = sequences.container
        self.n_channels_in_ = sequences.n_channels
        self.n_timesteps_in_ = sequences.n_timesteps
        self.channel_mean_, self.channel_scale_ = channel_statistics(sequences)
        for channel in np.flatnonzero(~observed_channels(sequences)):
            warnings.warn(
                f"Channel {channel} has no value in X: it is filled with zeros.", stacklevel=level_of_caller()
            )
        self.patch_len_ = max(1, self.n_timesteps_in_ // _AUTO_PATCHES) if self.patch_len == "auto" else self.patch_len

    def _splits(self, n: int, groups: ArrayLike | None, seed: int) -> list[Split]:
        """Training and held-out rows of each part; none of a single sequence, which has no others like it."""
        labels = read_groups(groups, n)
        if n > 1:
            return split_rows(self.cv, n, labels, seed)
        warnings.warn(
            "X has a single sequence, n_samples=1: there is nothing to learn from, and its gaps are filled by straight "
            "lines. Cut a long series into windows with sliding_windows.",
            ConvergenceWarning,
            stacklevel=level_of_caller(),
        )
        return []

    def _task(self, sequences: Sequences, seed: int) -> Task:
        """What all parts have in common."""
        dataset = SequenceDataset.of(sequences)
        network = {
            "n_channels": self.n_channels_in_,
            "hidden_layer_sizes": layer_sizes(self.hidden_layer_sizes),
            "patch_len": int(self.patch_len_),
            "mean": self.channel_mean_.tolist(),
            "scale": self.channel_scale_.tolist(),
        }
        training = {
            "loss": self.loss,
            "max_epochs": self.max_epochs,
            "learning_rate": self.learning_rate,
            "device": resolve_device(self.device),
            "verbose": int(self.verbose),
        }
        return Task(dataset, GapPatterns.of(dataset, seed), network, training)

    def _set_weights(self, parts: list[HeldOut], task: Task, seed: int) -> None:
        """Learn how much of what was learned to believe; of lines alone, how wrong they are."""
        found = pooled(parts or [hide_and_propose(task, np.zeros(1, np.int64), self._proposer, seed)])
        stack = DistanceWeights.fit(**found._asdict(), n_sequences=len(task.dataset), n_channels=self.n_channels_in_)
        self.weights_, self.channel_weights_ = stack.weights, stack.channel_weights
        self.deviations_, self._exponent = stack.deviations, stack.exponent

    @property
    def _stack(self) -> DistanceWeights:
        return DistanceWeights(self.weights_, self.channel_weights_, self.deviations_, self._exponent)

    @property
    def _proposer(self) -> Proposer:
        return Proposer(self.channel_mean_, self.channel_scale_, self._normal, self.networks_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    # Using

    def transform(self, X: Any, return_std: bool = False) -> Any:
        """Fill the gaps of sequences.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`.
        return_std : bool, default=False
            Whether to return as well how sure each fill is.

        Returns
        -------
        X_filled : ndarray or list of ndarray
            In the container, shape and dtype of X (float64 where that has no fractions), without gaps; what was there
            is as it was. Padding stays NaN. Lists of equally many numbers come back as an array, as from scikit-learn's
            imputers.
        std : ndarray or list of ndarray
            Only if `return_std`: standard deviations of the fills, in the shape of X; 0 where there was a value. They
            are those of held-out errors as far away from what is known, in the same channel, of sequences as rough.
        """
        check_is_fitted(self)
        sequences = self._validate(X)
        filled, deviations = self._fill(sequences)
        results = [completed(X, sequences, filled)]
        if return_std:
            results.append(sequences.restore(np.nan_to_num(deviations, nan=0.0)))
        if isinstance(X, (list, tuple)) and all(isinstance(x, (list, tuple)) for x in X) and _is_table(results[0]):
            results = [np.array(result) for result in results]
        return tuple(results) if return_std else results[0]

    def _fill(self, sequences: Sequences) -> tuple[Float32, Float32]:
        return fill(SequenceDataset.of(sequences), self._proposer, self._stack)

    # Persistence: plain Python and NumPy, readable without a GPU and, by skops, without running code

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state["device"] = str(self.device)  # a `torch.device` is not plain
        if self.__sklearn_is_fitted__():
            state["networks_"] = [to_arrays(network.state_dict()) for network in self.networks_]
            state["_normal"] = None if self._normal is None else dict(vars(self._normal))
            state["_state_format"] = STATE_FORMAT
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = in_memory(state)
        if "networks_" in state:
            check_format(state["_state_format"], type(self).__name__)
            del state["_state_format"]
            params, device = state["_network_params"], state["device"]
            state["networks_"] = [
                module_from_arrays(params, weights, device, GapFiller) for weights in state["networks_"]
            ]
            if state["_normal"] is not None:
                mean, loadings = (np.array(state["_normal"][name]) for name in ("mean", "loadings"))
                state["_normal"] = NormalSequences(mean, loadings, float(state["_normal"]["noise"]))
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _is_table(sequences: Any) -> bool:
    """Whether they are of one axis and one length."""
    return len({np.shape(sequence) for sequence in sequences}) == 1 and np.ndim(sequences[0]) == 1
