"""`LSTMAutoencoder`: the scikit-learn face of the sequence autoencoder."""

import copy
import functools
import math
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral, Real
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._base import all_or_nothing, deciding_params, draw_seed, layer_sizes, spawn_seeds
from sklearn_seqae._compute._devices import resolve_device
from sklearn_seqae._compute._processes import Processes, join
from sklearn_seqae._data._callers import level_of_caller
from sklearn_seqae._data._codes import validate_codes, validate_lengths
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Layout, Sequences, restore
from sklearn_seqae._data._statistics import channel_statistics, content_hash, squared_deviations
from sklearn_seqae._fit_tasks import CallbackSupportMixin, FitTasks, with_callbacks
from sklearn_seqae._inference._collapse import find_collapse
from sklearn_seqae._inference._lengths import warn_of_longer
from sklearn_seqae._inference._passes import decode, encode, encode_timesteps, reconstruct, squared_errors
from sklearn_seqae._inference._proportions import set_natural_proportions
from sklearn_seqae._network._persistence import in_memory, module_from_arrays, to_arrays, to_tensors
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from sklearn_seqae._storage._fingerprint import fingerprint
from sklearn_seqae._storage._formats import STATE_FORMAT, check_format
from sklearn_seqae._storage._parts import PartsFolder
from sklearn_seqae._training._auto import auto_batch_size, auto_blending, auto_time_shift
from sklearn_seqae._training._history import Row, curve, to_columns, to_rows
from sklearn_seqae._training._settings import Seeds, TrainingSettings
from sklearn_seqae._training._trained import Resume, Trained

if TYPE_CHECKING:
    from sklearn_seqae._training._checkpoints import Checkpoint

__all__ = ["LSTMAutoencoder"]

# "auto" makes as few patches of the longest training sequence as are still a sequence, none of many more values.
_AUTO_PATCHES = 2
_AUTO_PATCH_VALUES = 1024
# The narrowest and the widest hidden layer that "auto" makes.
_AUTO_WIDTHS = (16, 128)
# What a training that goes on starts from, besides the network.
_START = ("_optimizer_state", "_loss_state", "history_", "_n_trainings", "_split_seed")


class _Call(NamedTuple):
    """How a call of `fit` or `partial_fit` trains.

    Attributes
    ----------
    processes : Processes or None
        Who trains together.
    resumes : bool
        Whether it goes on from what is fitted.
    max_epochs : int or "auto"
        Most epochs.
    keeps_optimizer : bool
        Whether the next call may go on with the optimizer.
    partial : bool
        Whether X is a part of the data.
    """

    processes: Processes | None
    resumes: bool
    max_epochs: int | str
    keeps_optimizer: bool
    partial: bool = False

    @property
    def speaks(self) -> bool:
        """Whether it is this process that speaks for all."""
        return self.processes is None or self.processes.is_first


class LSTMAutoencoder(CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """LSTM autoencoder: squeezes sequences into codes of fixed width and draws them again.

    An LSTM encoder reads a sequence; its last hidden state is the code. An LSTM decoder draws the sequence from the
    code alone [1]_. Use it as a transformer that turns sequences of equal or unequal length, with or without missing
    values, into a table for clustering and classifying; as a generator of sequences from codes; and, by the error of
    its reconstruction, as a judge of what is unusual.

    Codes are in natural proportions: two of them are about as far apart as what is drawn of them, in units of
    `channel_scale_`, and their values are in the order of how much they change what is drawn. They have the size of
    principal component scores, and need no scaling.

    The parameters stand in groups, and within each in order of use:

    - the network: `latent_dim` to `output_layer`; from `bidirectional` on, they are there for models as others build
      them;
    - the data: `n_channels`, `standardize`;
    - how training sequences are varied: `mixup` to `input_noise`;
    - the optimisation: `loss` to `warm_start`;
    - the run: `checkpoint_dir` to `verbose`.

    Parameters
    ----------
    latent_dim : int, default=8
        Hidden size of the encoder's top layer, and so the number of values in a code (twice that where two directions
        are concatenated). The first parameter to search over; more is not always better on data not seen in training.
    hidden_layer_sizes : int, array-like of int or "auto", default="auto"
        Widths of the LSTM layers below the code, as the encoder has them; the decoder mirrors them. ``()`` leaves one
        layer of width `latent_dim` on either side. "auto" is one layer, 128 wide, narrower for sequences of fewer
        than 32 values.
    patch_len : int or "auto", default="auto"
        Number of successive time steps that make one step of the LSTM layers. "auto" makes 2 such steps, or patches, of
        the longest training sequence, more where a patch would have more than 1024 values: training is much faster,
        and better, than with `patch_len=1`, with which the layers step through time as a textbook LSTM does.
    linear_path : bool, default=True
        Whether there is a linear map from the sequence to the code, and from the code to the sequence, beside the LSTM
        layers. It starts as a principal component analysis of the training data [5]_, so that training has only what
        is not linear left to learn: the best way to precise reconstructions, and to good ones from few sequences. It
        spans as many steps as the longest training sequence. With it, the encoder's top layer is an LSTM with a
        projection [7]_, by which codes get their natural proportions; without it, codes are the bare hidden state of a
        textbook LSTM, between -1 and 1. Without effect where `output_layer=None`.
    dropout : float, default=0.0
        Share of values dropped between LSTM layers while training. Without hidden layers it has no effect, and a fit
        warns of it, as `torch.nn.LSTM` does.
    bidirectional : bool, default=False
        Whether the encoder reads each sequence in both directions.
    merge_mode : {"concat", "sum"}, default="concat"
        How the two directions are put together, in the code too: "concat" makes it `2 * latent_dim` wide.
    decoder : {"both", "repeat", "state"}, default="both"
        How the code enters the decoder. "repeat" feeds it at every step; "state" sets the initial states from it and
        feeds features of the position in the sequence; "both" does both.
    reverse_target : bool, default=False
        Whether the decoder draws the last step first [1]_.
    output_layer : {"linear", None}, default="linear"
        What makes the output. None leaves it to a last LSTM layer, which cannot leave (-1, 1); it is there to
        reproduce models that are built so.
    n_channels : int, default=1
        Channels per time step of a 2-D X, whose columns then hold all channels of the first step, all of the second,
        and so on; likewise of listed sequences of one axis. Other kinds of X say it themselves.
    standardize : bool, default=True
        Whether the network subtracts the training mean of each channel, divides by its standard deviation, and does
        the opposite on its output. The loss is then in these units.
    mixup : float, default=1.0
        Share of the training sequences that are replaced by a mixture of two, new in each epoch [3]_. It is what
        keeps the network from learning few sequences by heart.
    blending : float or "auto", default="auto"
        Share of these mixtures that are made of all sequences of a batch instead of two: normal, with the batch's mean
        and covariance. On such data principal components are the best code, so this holds the network near them
        where there are too few sequences to learn more from. "auto" is 1/5 of up to 500 sequences, and 100 sequences
        an epoch of more.
    time_shift : float or "auto", default="auto"
        Share of the training sequences that are moved in time, new in each epoch [6]_: by a number of steps that is
        normal with a standard deviation of 3 % of the sequence's length, the first or last step repeated. Few sequences
        teach more so, unless the time at which something happens is exact, or matters. "auto" is 1/2 of up to 200
        sequences, 100 sequences an epoch of more, and none of a single one.
    input_noise : float, default=0.1
        Standard deviation of normal noise on the encoder's input while training, in units of `channel_scale_` [2]_. It
        fades with the learning rate.
    loss : {"mse", "mae", "huber"} or callable, default="mse"
        What is minimised, as a mean in which each observed value has the same weight. A callable, such as a
        `torch.nn.Module` or a class of them, gets the prediction and the target of a batch, two tensors of equal
        shape, and returns their mean loss, a scalar; where values are missing, it gets two vectors of the observed
        values. A fit trains with a copy, whose parameters, if it has any, are trained along, and go on with
        `warm_start` and :meth:`partial_fit`.
    max_epochs : int or "auto", default="auto"
        Most passes over the training data. "auto" is 2000 batches, but at least 10 epochs.
    batch_size : int or "auto", default="auto"
        Sequences in a training batch; the last one of an epoch has what is left. "auto" is about 64, such that all
        batches have nearly the same size. Inference chooses its own.
    learning_rate : float, default=0.004
        Highest learning rate of the optimizer (AdamW, which without weight decay is Adam).
    learning_rate_schedule : {"plateau", "constant"} or None, default="plateau"
        "plateau" lowers the learning rate to zero once the loss has stopped improving, or over the last 40 % of
        `max_epochs` [4]_; "constant" keeps it, and ends the training at the plateau. Either lets the rate rise over
        the first 20 batches. None leaves it, weight decay and noise alone, and spends all of `max_epochs`: for
        callbacks that set the rate, or end the training, by themselves. Where a `skorch.callbacks.LRScheduler` is
        among `callbacks`, this is as None.
    weight_decay : float, default=0.0
        Weight decay of the optimizer, also of one named in `net_params`: on weights only, neither biases nor the
        linear path. It fades with the learning rate. AdamW with 0 is Adam.
    max_grad_norm : float or None, default=1.0
        Gradients are scaled down to this Euclidean norm; None leaves them.
    tol : float, default=0.02
        The loss has stopped improving when its mean over `n_iter_no_change` epochs is not lower by this share than
        over as many before. Without effect where `learning_rate_schedule` is None.
    n_iter_no_change : int or "auto", default="auto"
        Number of epochs that are compared for `tol`. "auto" is 50 batches, but at least 10 epochs.
    early_stopping : bool, default=False
        Whether to set part of X aside, judge the progress by the loss on it, and end with the weights that were best
        on it. With `warm_start`, the same rows of the same X are set aside again.
    validation_fraction : float, default=0.1
        Share of X that `early_stopping` sets aside, drawn at random.
    warm_start : bool, default=False
        Whether :meth:`fit` continues from the last fit, optimizer included.
    checkpoint_dir : str, path-like or None, default=None
        A folder in which :meth:`fit` writes a checkpoint after each epoch, so that it may be killed: called again with
        the same data and parameters, it goes on from there, loses one epoch at most, and ends with the same result to
        the last bit as if it had not been killed (on the same kind of machine, with as many threads). See Notes.
    callbacks : list of skorch callbacks or None, default=None
        Called while training, after the estimator's own: callbacks, classes of them, or pairs (name, callback). A
        callback ends the training by raising `KeyboardInterrupt`, as skorch's `EarlyStopping` does. A fit works with
        copies, by `copy.deepcopy`, so that callbacks stay as they were; what cannot be copied, such as open files and
        locks, copies share with them. To know afterwards what a callback saw, let it record numbers in
        ``net.history``: they end up in `history_`. Searches and detectors clone callbacks along with the estimator, so
        that attributes which are no arguments of theirs must end in an underscore, as in skorch.
    net_params : dict or None, default=None
        Further arguments of `skorch.NeuralNet`, such as ``{"optimizer": torch.optim.SGD}``,
        ``{"optimizer__betas": (0.9, 0.98)}``, ``{"compile": True}`` or ``{"callbacks__clipping": None}``. What a
        parameter of the estimator says already is refused. With an `iterator_train` of one's own, sequences are varied
        only if it does so.
    device : str or torch.device, default="cpu"
        Where to compute: "cpu", "cuda", "cuda:1", ..., or another of torch's devices; "auto" takes a CUDA GPU if there
        is one. A saved model has its name.
    precision : {"float32", "bfloat16"}, default="float32"
        What LSTM layers are trained in. "bfloat16" is mixed precision [8]_, for GPUs and processors that have
        instructions for it: faster for wide layers, and for long sequences in small patches, slower for small networks.
        Weights, codes and the linear path stay in float32, in which the fitted model computes.
    distributed : bool, default=False
        Whether processes that torchrun has started train one network together, see Notes. A process that was started
        alone trains alone.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order, the mixing and noise, what is set aside, and what dropout, and
        code of one's own, draw from torch's generators, each by a stream of random numbers of its own; a training that
        goes on has new ones. Pass an int for the same result each time. None is different each time, and does not draw
        from NumPy's global generator.
    verbose : int, default=0
        1 shows a progress bar with the loss, 2 skorch's table.

    Attributes
    ----------
    module_ : torch.nn.Module
        The trained network. It maps sequences of shape (n_sequences, n_timesteps, n_channels), and optionally their
        lengths, to reconstructions; its methods `encode` and `decode` are the halves.
    architecture_ : str
        The way of a sequence through the network, such as "8 steps × 8 channels → 2 patches of 4 → LSTM 128 → code 8 →
        LSTM 128 → 8 steps × 8 channels".
    n_features_in_ : int
        Columns of a 2-D X, channels of any other.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of X, where it was a DataFrame with string names, or of listed DataFrames: names of the channels.
    n_channels_in_ : int
        Channels per time step.
    n_timesteps_in_ : int
        Time steps of the training sequences, of the longest where they differ.
    container_ : {"table", "array", "list", "list_1d"}
        What X was, and `inverse_transform` returns: 2-D, 3-D, or a list of 2-D or 1-D arrays.
    channel_mean_, channel_scale_ : ndarray of shape (n_channels_in_,)
        Mean and standard deviation of the training data's channels.
    hidden_layer_sizes_ : tuple of int
        The widths used.
    patch_len_ : int
        The patch length used.
    n_iter_ : int
        Number of epochs trained.
    history_ : list of dict, of length n_iter_
        What skorch, and callbacks, recorded of each epoch, as far as these are numbers: "epoch", "train_loss",
        "valid_loss", "event_lr" of an `LRScheduler`, and so on. `warm_start` and :meth:`partial_fit` append to it.
    loss_curve_ : ndarray of shape (n_iter_,)
        Mean training loss of each epoch, with mixing and noise.
    validation_loss_curve_ : ndarray of shape (n_iter_,) or (0,)
        Loss on what `early_stopping` set aside; NaN for epochs without it, empty where all are.
    best_loss_ : float
        Lowest loss in an epoch of the last call: on what `early_stopping` set aside, and then the loss of the weights
        that are kept; otherwise on the training data, while the weights are always those of the last epoch.
    interrupted_ : bool
        Whether Ctrl-C ended the last fit before its time.

    See Also
    --------
    sklearn.decomposition.PCA : The best linear code for sequences of equal length without missing values.
    LSTMFeatures : Many features for classifying, from which no sequence can be drawn again.

    Notes
    -----
    Computation is in float32. The number of time steps may differ between `fit` and later calls, except for 2-D X; a
    sequence longer than any in training is encoded and drawn badly, of which a warning tells. A code does not depend on
    padding, on the batch, or on which other sequences are in the call.

    With ``hidden_layer_sizes=(), decoder="repeat", output_layer=None, patch_len=1, standardize=False`` the network is
    the widely copied LSTM(latent_dim) -> RepeatVector(n_timesteps) -> LSTM(n_channels); ``input_noise=0, mixup=0,
    time_shift=0, max_grad_norm=None, learning_rate_schedule="constant", learning_rate=0.001`` trains it with plain
    Adam.

    A checkpoint (`checkpoint_dir`) is named after a hash of the parameters and of all values of X (a second for a
    gigabyte), with `warm_start` also of what the fit goes on from. So many fits may share a folder, such as those of a
    search in several processes, on a cluster too; a fit that runs keeps its checkpoint locked, and an equal one beside
    it has another. It holds data alone, also the seed of ``random_state=None``, and is removed when the fit has ended.
    After Ctrl-C and after an error it stays, and the same fit goes on from it; what is never gone on from may be
    deleted. The folder is made if there is none. What decides a fit counts as it is given: functions and classes by
    their names, other objects by their class and plain attributes, so after changing the code of a loss, empty the
    folder. Callbacks go on with what they keep, in plain values, under names that end in an underscore, as those of
    skorch do, and see all epochs in ``net.history``; whatever else they keep begins anew. A checkpoint of the default
    network takes some 6 ms, that of a very small one 3 ms: a fit whose epochs take no longer may take twice as long.
    Epochs of over a second are also safe from a power cut. :meth:`partial_fit` writes none: `save` after a call keeps
    all that the next one needs. `LSTMOutlierDetector`, `LSTMSeriesOutlierDetector` and `LSTMFeatures`, which fit
    several autoencoders, write checkpoints where their `autoencoder` does, and go on with the one that was being fitted
    when they were killed.

    With ``distributed=True``, processes that ``torchrun`` has started [9]_ train one network together. All make the
    same call of :meth:`fit`, with the same X: each takes its part of every batch, so that `batch_size` counts the
    sequences of all of them, and the losses are those of one process but for rounding, unless `dropout` is used. All
    end with the same weights. On CPUs gloo connects them, on GPUs nccl, where ``device="cuda"`` is the GPU of the
    process's number on its machine. A process group that the program has made is used, and left as it is; any other
    ends with the call. A loss of one's own should be a mean of values' losses, since the parts' losses are averaged;
    `callbacks` are called in every process, and what the callbacks of one end, or Ctrl-C, ends all at the same batch.
    The first process alone warns, shows progress and keeps a checkpoint, from which all go on. An error in one process
    ends the others too, or ``torchrun`` does. Fits in several threads, or in worker processes as of
    ``GridSearchCV(n_jobs=2)``, cannot be distributed.

    References
    ----------
    .. [1] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised learning of video representations using LSTMs",
       ICML 2015.
    .. [2] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and composing robust features with
       denoising autoencoders", ICML 2008.
    .. [3] H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: Beyond empirical risk minimization", ICLR 2018.
    .. [4] S. Hu et al., "MiniCPM: Unveiling the potential of small language models with scalable training
       strategies", COLM 2024.
    .. [5] L. Pasa, A. Sperduti, "Pre-training of recurrent neural networks via linear autoencoders", NIPS 2014.
    .. [6] P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural networks applied to visual
       document analysis", ICDAR 2003.
    .. [7] H. Sak, A. Senior, F. Beaufays, "Long short-term memory recurrent neural network architectures for large
       scale acoustic modeling", Interspeech 2014.
    .. [8] P. Micikevicius et al., "Mixed precision training", ICLR 2018.
    .. [9] S. Li et al., "PyTorch distributed: experiences on accelerating data parallel training", VLDB 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoder
    >>> phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(100, 1))
    >>> X = np.sin(phase + np.linspace(0, 2 * np.pi, 20))
    >>> autoencoder = LSTMAutoencoder(latent_dim=2, random_state=0).fit(X)
    >>> codes = autoencoder.transform(X)
    >>> codes.shape
    (100, 2)
    >>> autoencoder.inverse_transform(codes).shape
    (100, 20)
    >>> autoencoder.score(X) > 0.98
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "patch_len": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "linear_path": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "bidirectional": ["boolean"],
        "merge_mode": [StrOptions({"sum", "concat"})],
        "decoder": [StrOptions({"repeat", "state", "both"})],
        "reverse_target": ["boolean"],
        "output_layer": [StrOptions({"linear"}), None],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "standardize": ["boolean"],
        "mixup": [Interval(Real, 0, 1, closed="both")],
        "blending": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "time_shift": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "loss": [StrOptions({"mse", "mae", "huber"}), callable],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "learning_rate": [Interval(Real, 0, None, closed="left")],
        "learning_rate_schedule": [StrOptions({"plateau", "constant"}), None],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "tol": [Interval(Real, None, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "warm_start": ["boolean"],
        "checkpoint_dir": [str, os.PathLike, None],
        "callbacks": [list, None],
        "net_params": [dict, None],
        "device": [str, torch.device],
        "precision": [StrOptions({"float32", "bfloat16"})],
        "distributed": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    module_: SequenceAutoencoder
    _longest: int
    loss_curve_: NDArray[np.float32]
    validation_loss_curve_: NDArray[np.float32]
    history_: list[Row]
    n_iter_: int
    interrupted_: bool
    _n_trainings: int

    # Codes are the input of `inverse_transform`, and units a choice, not metadata to be routed.
    __metadata_request__inverse_transform: ClassVar[dict[str, Any]] = {"Z": UNUSED}
    __metadata_request__score: ClassVar[dict[str, Any]] = {"standardized": UNUSED}

    def __init__(
        self,
        latent_dim: int = 8,
        *,
        hidden_layer_sizes: ArrayLike = "auto",
        patch_len: int | str = "auto",
        linear_path: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        merge_mode: str = "concat",
        decoder: str = "both",
        reverse_target: bool = False,
        output_layer: str | None = "linear",
        n_channels: int = 1,
        standardize: bool = True,
        mixup: float = 1.0,
        blending: float | str = "auto",
        time_shift: float | str = "auto",
        input_noise: float = 0.1,
        loss: str | Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = "mse",
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        learning_rate: float = 4e-3,
        learning_rate_schedule: str | None = "plateau",
        weight_decay: float = 0.0,
        max_grad_norm: float | None = 1.0,
        tol: float = 2e-2,
        n_iter_no_change: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        checkpoint_dir: str | os.PathLike[str] | None = None,
        callbacks: list[Any] | None = None,
        net_params: dict[str, Any] | None = None,
        device: str | torch.device = "cpu",
        precision: str = "float32",
        distributed: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden_layer_sizes = hidden_layer_sizes
        self.patch_len = patch_len
        self.linear_path = linear_path
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.merge_mode = merge_mode
        self.decoder = decoder
        self.reverse_target = reverse_target
        self.output_layer = output_layer
        self.n_channels = n_channels
        self.standardize = standardize
        self.mixup = mixup
        self.blending = blending
        self.time_shift = time_shift
        self.input_noise = input_noise
        self.loss = loss
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.max_grad_norm = max_grad_norm
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.precision = precision
        self.distributed = distributed
        self.random_state = random_state
        self.verbose = verbose

    # Fitting

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "LSTMAutoencoder":
        """Learn to encode and to draw the sequences of X.

        Parameters
        ----------
        X : array or DataFrame of shape (n_sequences, n_timesteps * n_channels), array of shape (n_sequences, \
                n_timesteps, n_channels), or list of arrays of shape (n_timesteps_i,) or (n_timesteps_i, n_channels)
            Training sequences. NaN behind a sequence's last step is padding, NaN elsewhere a missing value, and so are
            None, pandas' NA and what is masked. Arrays and tables of other libraries (torch, pandas, polars, pyarrow,
            xarray, dask, Zarr) are read as NumPy's; a memory map of float32 in C order stays on disk. A list is always
            one of sequences, lists of numbers included, also where all are of equal length. DataFrames in a list are
            matched by the names of their columns.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : LSTMAutoencoder
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as sequences, if `net_params` contradicts a parameter, if the loss becomes infinite or
            NaN, or if a checkpoint is damaged; with `distributed`, also if processes call it with different data or
            parameters. The estimator is then as it was.
        OSError
            If a checkpoint cannot be written.
        """
        with all_or_nothing(self), join(self.distributed, self.device) as processes:
            resume = self.warm_start and self.__sklearn_is_fitted__()
            return self._fit(X, y, _Call(processes, resume, self.max_epochs, keeps_optimizer=self.warm_start))

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> "LSTMAutoencoder":
        """Train for one epoch on X, from where the last call, or `fit`, stopped.

        The first call decides on the network, the channels' scale and the proportions of codes. The learning rate is
        constant, unless callbacks set it, which then goes on from call to call; `early_stopping` has no effect.

        Parameters
        ----------
        X : array-like or list of array-likes
            Training sequences, as in :meth:`fit`.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : LSTMAutoencoder
            The estimator, trained on.

        Raises
        ------
        ValueError
            As in :meth:`fit`.
        """
        with all_or_nothing(self), join(self.distributed, self.device) as processes:
            resume = self.__sklearn_is_fitted__()
            return self._fit(X, y, _Call(processes, resume, 1, keeps_optimizer=True, partial=True))

    @with_callbacks
    def _fit(self, X: Any, y: Any, call: _Call) -> "LSTMAutoencoder":
        sequences = self._validate(X, reset=not call.resumes)
        seed = self._agree(sequences, draw_seed(self.random_state), call)
        with self._open_checkpoint(sequences, seed, call) as checkpoint:
            self._train(X, y, sequences, seed if checkpoint is None else checkpoint.seed, checkpoint, call)
        return self

    def _agree(self, sequences: Sequences, seed: int, call: _Call) -> int:
        """The seed; that of all processes, where several are about to fit the same."""
        if call.processes is None:
            return seed
        from sklearn_seqae._training._agreement import require_same_fit

        params = deciding_params(self) | {"checkpoint_dir": self.checkpoint_dir is None}  # kept by the first one
        require_same_fit(call.processes, params, sequences, self.n_iter_ if call.resumes else 0)
        agreed: int = call.processes.first(seed)
        return agreed

    @contextmanager
    def _open_checkpoint(self, sequences: Sequences, seed: int, call: _Call) -> Iterator["Checkpoint | None"]:
        """The checkpoint of this fit, or of the same one that was killed; it is removed once the fit has ended.

        Of several processes, the first one keeps it, and the others go on from it too.
        """
        if call.partial or self.checkpoint_dir is None:
            yield None
            return
        from sklearn_seqae._training._checkpoints import CheckpointElsewhere, open_checkpoint

        if not call.speaks:
            yield CheckpointElsewhere(*cast(Processes, call.processes).first(None))
            return
        start = [
            type(self),
            deciding_params(self),
            None if self.random_state is None else seed,  # a new seed each time: the checkpoint's counts
            [self.module_.state_dict(), *(vars(self)[name] for name in _START)] if call.resumes else None,
            content_hash(sequences),
        ]
        with open_checkpoint(self.checkpoint_dir, fingerprint(start), seed) as checkpoint:
            if call.processes is not None:
                call.processes.first((checkpoint.read(), checkpoint.seed))
            yield checkpoint
            if not (self.interrupted_ or isinstance(self.checkpoint_dir, PartsFolder)):
                checkpoint.remove()

    def _train(
        self, X: Any, y: Any, sequences: Sequences, seed: int, checkpoint: "Checkpoint | None", call: _Call
    ) -> None:
        """Train, and set the fitted attributes."""
        from sklearn_seqae._training._train import train  # a fitted model is there sooner without skorch

        n_trainings = self._n_trainings if call.resumes else 0  # each goes on with new streams of random numbers
        weights_seed, split_seed, *seeds = spawn_seeds(seed, 2 + len(Seeds._fields), key=(n_trainings,))
        if not call.resumes:
            self._set_geometry(sequences)
            self._split_seed = split_seed  # what is set aside stays aside
        module_params = self._module_params(weights_seed)
        training_data, validation_data = self._split(sequences, call.partial)
        tasks = FitTasks.of(self, X, y, functools.partial(self._as_if_stopped, training_data)) if call.speaks else None
        trained = train(
            module_params,
            training_data,
            validation_data,
            replace(self._settings(Seeds(*seeds), call, len(training_data)), epochs=tasks),
            self._resume(module_params) if call.resumes else None,
            checkpoint=checkpoint,
            processes=call.processes,
        )
        self._store(trained, module_params, call)
        self._n_trainings = n_trainings + 1
        self._longest = max(int(sequences.lengths.max()), self._longest if call.resumes else 0)  # trained on
        self._finish(training_data, call)
        if self.interrupted_:
            hint = "" if checkpoint is None else f" The same fit goes on from its checkpoint in {self.checkpoint_dir}."
            message = f"Training interrupted by user after {self.n_iter_} epochs.{hint}"
            warnings.warn(message, stacklevel=level_of_caller())
        if tasks is not None:
            tasks.end()

    def _finish(self, training_data: SequenceDataset, call: _Call) -> None:
        """Give codes their proportions, and look whether there is anything in them."""
        try:
            if not call.partial:
                set_natural_proportions(self.module_, training_data)
            if not (call.partial or self.interrupted_):
                self._warn_of_collapse(training_data)
        except KeyboardInterrupt:
            self.interrupted_ = True
        if call.processes is not None:
            self._share(call.processes)

    def _share(self, processes: Processes) -> None:
        """Take over what the first process has learned: equal to the last bit, also on processors of other kinds."""
        processes.share([self.module_.state_dict(), self._optimizer_state, self._loss_state])
        (self.interrupted_,) = processes.any(self.interrupted_ or processes.is_interrupted())

    def _as_if_stopped(self, training_data: SequenceDataset, module: Any) -> dict[str, Any]:
        """The fitted attributes, were the training stopped now."""
        module = copy.deepcopy(module).eval()
        set_natural_proportions(module, training_data)
        return {"module_": module, "_longest": int(training_data.lengths.max())}

    def _validate(self, X: Any, *, reset: bool = False) -> Sequences:
        """X through the door, compared with the fitted data unless `reset`."""
        return validate_sequences(self, X, n_channels=self.n_channels, fitted=None if reset else self._layout)

    @property
    def _layout(self) -> Layout:
        """What sequences are compared with that come after the fit."""
        return Layout(self.container_, self.n_channels_in_, self.n_timesteps_in_)

    def _set_geometry(self, sequences: Sequences) -> None:
        """Record the shape and scale of the training data."""
        self.container_ = sequences.container
        self.n_channels_in_ = sequences.n_channels
        self.n_timesteps_in_ = sequences.n_timesteps
        self.channel_mean_, self.channel_scale_ = channel_statistics(sequences)
        self.patch_len_ = self._patch_len()
        self.hidden_layer_sizes_ = self._hidden_layer_sizes()
        if self.dropout and not self.hidden_layer_sizes_:
            warnings.warn(
                f"dropout={self.dropout} acts between LSTM layers, but hidden_layer_sizes=() leaves one in the encoder "
                "and one in the decoder, so that it has no effect. Add hidden layers, or leave dropout at 0.",
                stacklevel=level_of_caller(),
            )

    def _patch_len(self) -> int:
        if self.patch_len != "auto":
            return int(self.patch_len)
        n_values = self.n_timesteps_in_ * self.n_channels_in_
        n_patches = max(_AUTO_PATCHES, math.ceil(n_values / _AUTO_PATCH_VALUES))
        return max(1, round(self.n_timesteps_in_ / n_patches))

    def _hidden_layer_sizes(self) -> tuple[int, ...]:
        if not isinstance(self.hidden_layer_sizes, str):
            return layer_sizes(self.hidden_layer_sizes)
        n_values = self.n_timesteps_in_ * self.n_channels_in_
        return (int(np.clip(2 ** np.ceil(np.log2(4 * n_values)), *_AUTO_WIDTHS)),)

    def _module_params(self, seed: int) -> dict[str, Any]:
        """Arguments of the network, as plain Python values."""
        n_channels = self.n_channels_in_
        return {
            "n_channels": n_channels,
            "latent_dim": int(self.latent_dim),
            "hidden_layer_sizes": self._hidden_layer_sizes(),
            "bidirectional": bool(self.bidirectional),
            "merge_mode": self.merge_mode,
            "decoder": self.decoder,
            "output_layer": self.output_layer,
            "reverse_target": bool(self.reverse_target),
            "patch_len": self._patch_len(),
            "reference_timesteps": self.n_timesteps_in_,
            "dropout": float(self.dropout),
            "linear_path": bool(self.linear_path) and self.output_layer == "linear",
            "mean": self.channel_mean_.tolist() if self.standardize else [0.0] * n_channels,
            "scale": self.channel_scale_.tolist() if self.standardize else [1.0] * n_channels,
            "seed": seed,
        }

    def _split(self, sequences: Sequences, partial: bool) -> tuple[SequenceDataset, SequenceDataset | None]:
        """All sequences for training, or some set aside at random for validation."""
        from sklearn.model_selection import train_test_split  # as slow to import as skorch, which imports it

        dataset = SequenceDataset.of(sequences)
        if partial or not self.early_stopping:
            return dataset, None
        n_validation = int(np.ceil(self.validation_fraction * len(dataset)))
        if n_validation >= len(dataset):
            warnings.warn(
                f"early_stopping=True would set {n_validation} of {len(dataset)} sequences aside for validation and "
                "leave none for training. All are trained on, and the training loss decides when to stop.",
                stacklevel=level_of_caller(),
            )
            return dataset, None
        training, validation = train_test_split(
            np.arange(len(dataset)), test_size=n_validation, random_state=self._split_seed
        )
        return dataset.subset(np.sort(training)), dataset.subset(np.sort(validation))

    def _batch_size(self, n_sequences: int) -> int:
        return auto_batch_size(n_sequences) if isinstance(self.batch_size, str) else int(self.batch_size)

    def _time_shift(self, n_sequences: int) -> float:
        return auto_time_shift(n_sequences) if isinstance(self.time_shift, str) else float(self.time_shift)

    def _blending(self, n_sequences: int) -> float:
        return auto_blending(n_sequences) if isinstance(self.blending, str) else float(self.blending)

    def _settings(self, seeds: Seeds, call: _Call, n_sequences: int) -> TrainingSettings:
        return TrainingSettings(
            loss=self.loss,
            learning_rate=self.learning_rate,
            learning_rate_schedule="constant"
            if call.partial and self.learning_rate_schedule
            else self.learning_rate_schedule,
            weight_decay=self.weight_decay,
            max_grad_norm=self.max_grad_norm,
            time_shift=self._time_shift(n_sequences),
            mixup=self.mixup,
            blending=self._blending(n_sequences),
            input_noise=self.input_noise,
            batch_size=self._batch_size(n_sequences),
            max_epochs=call.max_epochs,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            device=resolve_device(self.device),
            precision=self.precision,
            callbacks=self.callbacks,
            net_params=self.net_params,
            verbose=int(self.verbose),
            seeds=seeds,
        )

    def _resume(self, module_params: dict[str, Any]) -> Resume:
        """What to continue with, if it is the network that the parameters ask for."""
        fitted = self._fitted_module_params
        for key in module_params.keys() - {"seed", "dropout"}:
            if module_params[key] != fitted[key]:
                name = "standardize" if key in ("mean", "scale") else key
                raise ValueError(
                    f"{name} was {fitted[key]!r} when the network was made, so it cannot be trained further with "
                    f"{module_params[key]!r}. Set {name} back, or fit anew with warm_start=False."
                )
        return Resume(self.module_, self._optimizer_state, self._loss_state, self.history_)

    def _store(self, trained: Trained, module_params: dict[str, Any], call: _Call) -> None:
        """Set the fitted attributes; a continued training appends to the course of the losses."""
        self.module_ = trained.module
        self.architecture_ = trained.module.summary(self.n_timesteps_in_)
        self.history_ = [*(self.history_ if call.resumes else []), *trained.history]
        self.n_iter_ = len(self.history_)
        losses, validation_losses = (curve(trained.history, name) for name in ("train_loss", "valid_loss"))
        judged_by = losses if np.isnan(validation_losses).all() else validation_losses
        self.best_loss_ = float(np.nanmin(judged_by, initial=np.inf))
        if call.resumes:
            n_before = len(self.loss_curve_)
            before = self.validation_loss_curve_ if len(self.validation_loss_curve_) else np.full(n_before, np.nan)
            losses = np.append(self.loss_curve_, losses)
            validation_losses = np.append(before, validation_losses).astype(np.float32)
        self.loss_curve_ = losses
        self.validation_loss_curve_ = validation_losses[: 0 if np.isnan(validation_losses).all() else None]
        self.interrupted_ = trained.interrupted
        self._fitted_module_params = module_params
        self._optimizer_state = trained.optimizer_state | ({} if call.keeps_optimizer else {"moments": {}})
        self._loss_state = trained.loss_state

    def _warn_of_collapse(self, training_data: SequenceDataset) -> None:
        """Warn where the reconstructions say next to nothing about their sequences."""
        training = {
            "learning_rate": self.learning_rate,
            "n_epochs": self.n_iter_,
            "n_batches": self.n_iter_ * -(-len(training_data) // self._batch_size(len(training_data))),
        }
        collapse = find_collapse(self.module_, training_data, self.channel_mean_, self.channel_scale_, training)
        if collapse is not None:
            warnings.warn(collapse, ConvergenceWarning, stacklevel=level_of_caller())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "module_")

    # Using

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Encode sequences: the last hidden state of the encoder's top layer.

        With `linear_path`, it is in natural proportions: the Euclidean distance between two codes is about that between
        what is drawn of them, over all values in units of `channel_scale_`. So codes have the size of principal
        component scores of standardised channels, and go into a classifier or a clustering as they are.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences like those of :meth:`fit`. The number of time steps may differ unless X is 2-D; a warning tells of
            sequences that are longer than any in training.

        Returns
        -------
        codes : ndarray of shape (n_sequences, n_components)
            One code a sequence, in the order of X; `n_components` is `latent_dim`, or twice that where
            ``bidirectional=True`` and ``merge_mode="concat"``.
        """
        check_is_fitted(self)
        return encode(self.module_, SequenceDataset.of(self._read(X)))

    def encode_timesteps(self, X: Any) -> Any:
        """Hidden states over time: what the encoder has in mind at each step.

        They are those of the encoder's hidden layer below the code (of the top one, where there are several), or where
        ``hidden_layer_sizes=()``, of the layer whose last state is the code, before it is brought into natural
        proportions.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, as in :meth:`transform`. They may be longer than any in training, unless X is 2-D.

        Returns
        -------
        states : ndarray of shape (n_sequences, n_patches, width) or list of ndarray of shape (n_patches_i, width)
            An array for a 2-D or 3-D X, a list for a list; values are between -1 and 1 (between -2 and 2 for
            ``merge_mode="sum"``). A row belongs to a patch of `patch_len_` successive time steps, and a sequence of T
            steps has ``ceil(T / patch_len_)`` of them: what the last one lacks is read as the channels' means, like
            missing values. The state of a patch knows it and those before it, with ``bidirectional=True`` all of the
            sequence. In an array, NaN fills what is behind a sequence's end. `width` is the last of
            `hidden_layer_sizes_`, or `latent_dim`; twice that where two directions are concatenated.

        See Also
        --------
        LSTMFeatures : Sums them up to a table of features.
        """
        check_is_fitted(self)
        sequences = self._validate(X)
        states, lengths = encode_timesteps(self.module_, SequenceDataset.of(sequences))
        sizes = -(-sequences.sizes // self.patch_len_)
        return restore(states, lengths, sizes, "list" if sequences.container.startswith("list") else "array")

    def inverse_transform(self, Z: ArrayLike, lengths: ArrayLike | None = None) -> Any:
        """Draw sequences from codes, be they results of :meth:`transform`, edited, or new.

        Parameters
        ----------
        Z : array-like of shape (n_sequences, n_components)
            Codes. With ``linear_path=False`` the encoder's are between -1 and 1 (between -2 and 2 for
            ``merge_mode="sum"``).
        lengths : int, array-like of shape (n_sequences,) or None, default=None
            Time steps of each sequence; None stands for `n_timesteps_in_`.

        Returns
        -------
        X : ndarray or list of ndarray
            Sequences in the units and the container of the fitted data: shape (n_sequences, n_timesteps *
            n_channels), (n_sequences, n_timesteps, n_channels), or a list of (lengths[i],) or (lengths[i],
            n_channels). In an array, NaN fills what is behind a sequence's end.

        Raises
        ------
        ValueError
            If Z is not as wide as the codes, or `lengths` does not fit.
        """
        check_is_fitted(self)
        codes = validate_codes(self, Z, self._n_features_out)
        n_steps = validate_lengths(lengths, len(codes), self.n_timesteps_in_, self.container_)
        warn_of_longer(n_steps, max(self._longest, self.n_timesteps_in_))
        steps = decode(self.module_, codes, n_steps)
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
        check_is_fitted(self)
        sequences = self._read(X)
        return sequences.restore(reconstruct(self.module_, SequenceDataset.of(sequences)))

    def score_samples(self, X: Any, *, standardized: bool = True) -> NDArray[np.float64]:
        """Minus the mean squared error of each sequence's reconstruction: the higher, the more usual.

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, as in :meth:`transform`.
        standardized : bool, default=True
            Whether each channel's errors are in units of `channel_scale_`, its standard deviation in the training
            data, as in the loss. If not, they are in the units of X, and channels of large numbers decide.

        Returns
        -------
        scores : ndarray of shape (n_sequences,)
            Over the observed values of each sequence; without unit, or in squared units of X.
        """
        check_is_fitted(self)
        errors, counts = squared_errors(self.module_, SequenceDataset.of(self._read(X)), self._unit(standardized))
        return -errors / counts

    def score(self, X: Any, y: Any = None, *, standardized: bool = True) -> float:
        """Share of the variance about the training data's channel means that the reconstruction explains, R².

        Parameters
        ----------
        X : array-like or list of array-likes
            Sequences, as in :meth:`transform`.
        y : Ignored
            Present for API consistency.
        standardized : bool, default=True
            Whether errors and variance of each channel are in units of `channel_scale_`, so that channels count alike.
            If not, they are in the units of X, and channels of large numbers decide.

        Returns
        -------
        score : float
            1 is perfect; a model that returns the channel means has 0, a worse one less.
        """
        check_is_fitted(self)
        sequences, unit = self._read(X), self._unit(standardized)
        errors, _ = squared_errors(self.module_, SequenceDataset.of(sequences), unit)
        deviations = np.sum(squared_deviations(sequences, self.channel_mean_) / np.square(unit))
        if deviations == 0:
            return float(errors.sum() == 0)
        return float(1 - errors.sum() / deviations)

    def _read(self, X: Any) -> Sequences:
        """X like the fitted data, with a warning where it goes on for longer."""
        sequences = self._validate(X)
        warn_of_longer(sequences.lengths, self._longest)
        return sequences

    def _unit(self, standardized: bool) -> NDArray[np.float64]:
        """What each channel's errors are counted in."""
        return self.channel_scale_ if standardized else np.ones(self.n_channels_in_)

    @property
    def _n_features_out(self) -> int:
        return self.module_.code_size

    # Persistence: plain Python and NumPy, readable without a GPU and, by skops, without running code

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state["device"] = str(self.device)  # a `torch.device` is not plain
        if self.checkpoint_dir is not None:
            state["checkpoint_dir"] = os.fspath(self.checkpoint_dir)  # nor is a `Path`
        if self.__sklearn_is_fitted__():
            state["module_"] = to_arrays(self.module_.state_dict())
            state["_optimizer_state"] = to_arrays(self._optimizer_state)
            state["_loss_state"] = to_arrays(self._loss_state)
            state["history_"] = to_columns(self.history_)
            state["_state_format"] = STATE_FORMAT
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = in_memory(state)
        if "module_" in state:
            check_format(state.pop("_state_format"), type(self).__name__)
            state["module_"] = module_from_arrays(state["_fitted_module_params"], state["module_"], state["device"])
            state["_optimizer_state"] = to_tensors(state["_optimizer_state"])
            state["_loss_state"] = to_tensors(state["_loss_state"])
            state["history_"] = to_rows(state["history_"])
        super().__setstate__(state)

    # scikit-learn's view of it

    def _sk_visual_block_(self) -> SimpleNamespace:
        """How scikit-learn's HTML diagrams, alone and in a pipeline, show the estimator: with the network's shape.

        scikit-learn asks for the attributes of a private class of its own, which has moved between versions.
        """
        return SimpleNamespace(
            kind="single",
            estimators=self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=getattr(self, "architecture_", None),
            doc_link_label=None,
            dash_wrapped=True,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
