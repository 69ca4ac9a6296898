"""Rivals that tell how unusual each step of a series is, behind one face.

Where nothing else is said, a rival judges windows that start at each step, as rows of a table, each channel
standardised by the training part; a step's score is the mean over the windows that it is in.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoder, stitch_windows

__all__ = [
    "Context",
    "CopiedAutoencoder",
    "Forest",
    "LocalDensity",
    "Nearest",
    "PrincipalDistances",
    "PrincipalErrors",
    "PyOD",
    "Rival",
    "Width",
]

Float64 = NDArray[np.float64]


class Context(NamedTuple):
    """What a rival is told: the width of our detector's windows, the period of the training part, and a seed."""

    width: int
    period: int
    seed: int


class Width(NamedTuple):
    """How wide a rival's windows are: a number of steps or of periods, or where both are 0, as our detector's are.

    No window is wider than a third of the training part.
    """

    steps: int = 0
    periods: int = 0

    def of(self, context: Context, n_training: int) -> int:
        """The number of steps."""
        wanted = self.steps or self.periods * context.period or context.width
        return max(1, min(wanted, n_training // 3))

    def __str__(self) -> str:
        if self.periods:
            return f"{self.periods} periods" if self.periods > 1 else "one period"
        return f"{self.steps} step{'s' if self.steps > 1 else ''}" if self.steps else "ours"


class Rival(Protocol):
    """What is fitted to parts of a series that are normal, and judges whole series of the same channels."""

    def fit(self, parts: Sequence[Float64], context: Context) -> None:
        """Learn from stretches (n_timesteps_i, n_channels) that do not follow one another."""

    def scores(self, series: Float64) -> Float64:
        """How unusual each step is, (n_timesteps,): higher is more unusual."""


class _OnWindows:
    """A rival that judges windows of a width."""

    def __init__(self, *, width: Width) -> None:
        self._given_width = width

    def fit(self, parts: Sequence[Float64], context: Context) -> None:
        self._width = self._given_width.of(context, sum(map(len, parts)))
        self._scaler = StandardScaler().fit(np.concatenate(parts))
        long = [part for part in parts if len(part) >= self._width]
        self._fit(np.concatenate([self._table(part) for part in long]), context.seed)

    def scores(self, series: Float64) -> Float64:
        of_windows = self._scores(self._table(series))
        return np.asarray(stitch_windows(of_windows, 1, len(series), width=self._width), dtype=np.float64)

    def _table(self, series: Float64) -> Float64:
        windows = sliding_window_view(self._scaler.transform(series), self._width, axis=0)  # (n_windows, C, width)
        return windows.transpose(0, 2, 1).reshape(len(windows), -1)

    def _fit(self, table: Float64, seed: int) -> None:
        raise NotImplementedError

    def _scores(self, table: Float64) -> Float64:
        raise NotImplementedError


class Nearest(_OnWindows):
    """Distance to the nearest training window, or its square, smoothed as our scores are: by a mean over a width."""

    def __init__(self, *, width: Width, smoothed: bool = False) -> None:
        super().__init__(width=width)
        self._smoothed = smoothed

    def _fit(self, table: Float64, seed: int) -> None:
        self._model = NearestNeighbors(n_neighbors=1).fit(table)

    def scores(self, series: Float64) -> Float64:
        scores = super().scores(series)
        return uniform_filter1d(scores, self._width, mode="nearest") if self._smoothed else scores

    def _scores(self, table: Float64) -> Float64:
        return self._model.kneighbors(table)[0][:, 0] ** (2 if self._smoothed else 1)


class PrincipalErrors(_OnWindows):
    """Mean squared error of PCA's reconstruction; `n_components` as PCA has it."""

    def __init__(self, n_components: float, *, width: Width) -> None:
        super().__init__(width=width)
        self._n_components = n_components

    def _fit(self, table: Float64, seed: int) -> None:
        self._model = _principal(table, self._n_components)

    def _scores(self, table: Float64) -> Float64:
        return _residual(self._model, table)


class PrincipalDistances(_OnWindows):
    """T² of PCA's components and Q, the squared error, the larger of the two in units of its 99 % quantile in training.

    That is the usual monitoring of processes: an alarm is raised where either is beyond its limit.
    """

    def __init__(self, n_components: float, *, width: Width) -> None:
        super().__init__(width=width)
        self._n_components = n_components

    def _fit(self, table: Float64, seed: int) -> None:
        self._model = _principal(table, self._n_components)
        self._limits = np.maximum(np.quantile(self._both(table), 0.99, axis=0), 1e-12)

    def _both(self, table: Float64) -> Float64:
        variances = np.maximum(self._model.explained_variance_, 1e-12)
        distances = np.sum(self._model.transform(table) ** 2 / variances, axis=1)
        return np.stack([distances, _residual(self._model, table)], axis=1)

    def _scores(self, table: Float64) -> Float64:
        return np.max(self._both(table) / self._limits, axis=1)


def _principal(table: Float64, n_components: float) -> PCA:
    """PCA with a number of components, at most the rank, or with those that explain a share of the variance."""
    whole = n_components >= 1
    return PCA(min(int(n_components), *table.shape) if whole else n_components, svd_solver="full").fit(table)


def _residual(model: PCA, table: Float64) -> Float64:
    return np.mean((table - model.inverse_transform(model.transform(table))) ** 2, axis=1)


class LocalDensity(_OnWindows):
    """LocalOutlierFactor."""

    def __init__(self, n_neighbors: int, *, width: Width) -> None:
        super().__init__(width=width)
        self._n_neighbors = n_neighbors

    def _fit(self, table: Float64, seed: int) -> None:
        n_neighbors = min(self._n_neighbors, len(table) - 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of windows that are there many times
            self._model = LocalOutlierFactor(n_neighbors=n_neighbors, novelty=True).fit(table)

    def _scores(self, table: Float64) -> Float64:
        return -self._model.score_samples(table)


class Forest(_OnWindows):
    """IsolationForest."""

    def __init__(self, n_trees: int, *, width: Width) -> None:
        super().__init__(width=width)
        self._n_trees = n_trees

    def _fit(self, table: Float64, seed: int) -> None:
        self._model = IsolationForest(n_estimators=self._n_trees, random_state=seed).fit(table)

    def _scores(self, table: Float64) -> Float64:
        return -self._model.score_samples(table)


class PyOD(_OnWindows):
    """PyOD's AutoEncoder, trained for about a number of steps, or as by default for 10 epochs."""

    BATCH = 32  # its default; its loader drops an incomplete batch

    def __init__(self, n_steps: int | None, *, width: Width) -> None:
        super().__init__(width=width)
        self._n_steps = n_steps

    def _fit(self, table: Float64, seed: int) -> None:
        from pyod.models.auto_encoder import AutoEncoder  # type: ignore[import-not-found,unused-ignore]

        batch_size = min(self.BATCH, len(table))
        params: dict[str, Any] = {}
        if self._n_steps is not None:
            params = {"epoch_num": math.ceil(self._n_steps / (len(table) // batch_size)), "preprocessing": False}
        self._model = AutoEncoder(batch_size=batch_size, random_state=seed, verbose=0, **params).fit(table)

    def _scores(self, table: Float64) -> Float64:
        return np.asarray(self._model.decision_function(table), dtype=np.float64)


class CopiedAutoencoder(_OnWindows):
    """LSTM -> RepeatVector -> LSTM with a linear layer, as tutorials have it: mean absolute error of its drawing.

    The training windows are thinned to a bounded number, and the training is stopped at a plateau or after a number of
    epochs.
    """

    N_WINDOWS = 1000
    SETTINGS: dict[str, Any] = {  # noqa: RUF012
        "hidden_layer_sizes": (),
        "decoder": "repeat",
        "linear_path": False,
        "patch_len": 1,
        "standardize": False,  # windows are
        "input_noise": 0.0,
        "mixup": 0.0,
        "blending": 0.0,
        "time_shift": 0.0,
        "max_grad_norm": None,
        "learning_rate": 1e-3,
        "learning_rate_schedule": "constant",
        "batch_size": 32,
    }

    def __init__(self, latent_dim: int, max_epochs: int, *, width: Width) -> None:
        super().__init__(width=width)
        self._changes: dict[str, Any] = {"latent_dim": latent_dim, "max_epochs": max_epochs}

    def _fit(self, table: Float64, seed: int) -> None:
        table = table[:: math.ceil(len(table) / self.N_WINDOWS)]
        model = LSTMAutoencoder(**self.SETTINGS, **self._changes, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a poor fit shows in the scores
            self._model = model.fit(self._sequences(table))

    def _sequences(self, table: Float64) -> NDArray[np.float32]:
        return table.reshape(len(table), self._width, -1).astype(np.float32)

    def _scores(self, table: Float64) -> Float64:
        sequences = self._sequences(table)
        return np.mean(np.abs(sequences - self._model.reconstruct(sequences)), axis=(1, 2), dtype=np.float64)
