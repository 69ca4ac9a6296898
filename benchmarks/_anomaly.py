"""Outlier detectors on sequences, ours and the rivals, behind one face."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from _datasets import padded
from _quality import Rows
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

from sklearn_seqae import LSTMAutoencoder, LSTMOutlierDetector

__all__ = ["METHODS", "OURS", "Detector", "Method"]

Float64 = NDArray[np.float64]

# Components of PCA: as many as a code has by default, or what explains this share of the training variance.
N_COMPONENTS, EXPLAINED = 8, 0.9
N_TREES = 300
N_NEIGHBOURS = 3  # of LocalOutlierFactor: best on parts of the training splits, of 1, 2, 3, 5, 10 and 20
NU = 0.1  # 0.01 and 0.5 were no better there
# Steps of the optimizer for PyOD's autoencoder where it is trained longer: as many as ours takes at most.
PYOD_STEPS, PYOD_BATCH = 2000, 32
# Width of the copied autoencoder's code, and its training: so many batches, but at least some epochs.
COPIED_DIM, COPIED_STEPS, COPIED_EPOCHS, COPIED_BATCH, COPIED_RATE = 32, 400, 50, 32, 1e-2


class Detector(Protocol):
    """What is fitted to normal sequences, and says how unusual others are."""

    def scores(self, X: Any) -> Float64:
        """How unusual each sequence is, (n_sequences,): higher is more unusual."""


class Method(NamedTuple):
    """A way to make a detector of normal sequences, a seed and, where errors are cross-fitted, the parts.

    It is fitted with no seed, with many, or with few because that takes long.
    """

    fit: Callable[[Any, int, Any], Detector]
    seeds: Literal["none", "many", "few"]


class _Ours:
    """Our detector; scores do not depend on its threshold, so it takes the one that needs no further fits."""

    def __init__(self, X: Any, seed: int, cv: Any, scoring: str) -> None:
        detector = LSTMOutlierDetector(contamination=0.05, scoring=scoring, cv=cv, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a poor fit shows in the scores
            self._detector = detector.fit(X)

    def scores(self, X: Any) -> Float64:
        return -self._detector.score_samples(X)


class _Copied:
    """The sequence autoencoder of Keras's blog: an LSTM layer, its last state repeated, and another LSTM layer.

    With a linear layer behind them: without it, as on the blog, it cannot tell the classes of ItalyPowerDemand.
    Channels are scaled to [0, 1] by the training sequences, as its users do it. The score is the mean absolute error.
    """

    def __init__(self, X: Any, seed: int, *_: Any) -> None:
        steps = np.concatenate(list(X))
        self._low, spread = steps.min(axis=0), np.ptp(steps, axis=0)
        self._spread = np.where(spread > 0, spread, 1)
        n_epochs = max(COPIED_EPOCHS, COPIED_STEPS // -(-len(X) // COPIED_BATCH))
        model = LSTMAutoencoder(
            COPIED_DIM,
            hidden_layer_sizes=(),
            decoder="repeat",
            linear_path=False,
            patch_len=1,
            standardize=False,
            mixup=0,
            blending=0,
            time_shift=0,
            input_noise=0,
            learning_rate=COPIED_RATE,
            learning_rate_schedule=None,
            max_grad_norm=None,
            batch_size=COPIED_BATCH,
            max_epochs=n_epochs,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its collapse, and of lengths
            self._model = model.fit(self._scaled(X))

    def _scaled(self, X: Any) -> list[NDArray[np.float32]]:
        return [((x - self._low) / self._spread).astype(np.float32) for x in X]

    def _errors(self, X: Any) -> list[Float64]:
        """Mean absolute error of each step, sequence by sequence."""
        scaled = self._scaled(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawn = self._model.reconstruct(scaled)
        return [np.abs(x - y).mean(axis=1, dtype=np.float64) for x, y in zip(scaled, drawn, strict=True)]

    def scores(self, X: Any) -> Float64:
        return np.array([errors.mean() for errors in self._errors(X)])


class _OnRows:
    """A detector for rows of a table, on standardised sequences laid out as rows."""

    def __init__(self, X: Any, *_: Any) -> None:
        self._rows = Rows(X)
        self._rows.channel_scales[np.isclose(self._rows.channel_scales, 0)] = 1  # as the autoencoder has it
        self._fit(self._table(X))

    def _table(self, X: Any) -> Float64:
        return self._rows.standardized(X).astype(np.float64)

    def _fit(self, table: Float64) -> None:
        raise NotImplementedError

    def scores(self, X: Any) -> Float64:
        raise NotImplementedError


class _PrincipalErrors(_OnRows):
    """Mean error of PCA's reconstruction, over real steps; `n_components` as PCA has it, at most the rank."""

    def __init__(self, X: Any, seed: int, cv: Any, n_components: float, power: int = 2) -> None:
        self._n_components, self._power = n_components, power
        super().__init__(X)

    def _fit(self, table: Float64) -> None:
        whole = self._n_components >= 1
        n_components = min(int(self._n_components), *table.shape) if whole else self._n_components
        self._model = PCA(n_components, svd_solver="full").fit(table)

    def _errors(self, X: Any) -> Float64:
        """Squared or absolute errors (n, length, C), NaN behind a sequence's end."""
        table = self._table(X)
        errors = np.abs(table - self._model.inverse_transform(self._model.transform(table))) ** self._power
        real = padded(X, self._rows.length)
        return np.where(np.isnan(real), np.nan, errors.reshape(real.shape))

    def scores(self, X: Any) -> Float64:
        return np.nanmean(self._errors(X), axis=(1, 2))


class _Monitored(_OnRows):
    """T² of PCA's components and Q of what is left, as processes are monitored.

    Their sum, each in units of what is expected of it in the training data (the combined index of Yue and Qin, 2001).
    """

    def _fit(self, table: Float64) -> None:
        n_components = max(1, min(N_COMPONENTS, len(table) - 2, table.shape[1]))
        self._model = PCA(n_components, svd_solver="full").fit(table)
        total = table.var(axis=0, ddof=1).sum()
        self._left = max(total - self._model.explained_variance_.sum(), 1e-9 * total)

    def scores(self, X: Any) -> Float64:
        table = self._table(X)
        scores = self._model.transform(table)
        squares = np.square(table - self._model.inverse_transform(scores)).sum(axis=1)
        unusual = np.square(scores) / self._model.explained_variance_
        return unusual.mean(axis=1) + squares / self._left


class _ScikitLearn(_OnRows):
    """An outlier detector of scikit-learn, made for a number of rows and a seed."""

    def __init__(self, X: Any, seed: int, cv: Any, make: Callable[[int, int], Any]) -> None:
        self._model = make(len(X), seed)
        super().__init__(X)

    def _fit(self, table: Float64) -> None:
        self._model.fit(table)

    def scores(self, X: Any) -> Float64:
        return -self._model.score_samples(self._table(X))


class _Nearest(_OnRows):
    """Distance to the nearest training sequence."""

    def _fit(self, table: Float64) -> None:
        self._model = NearestNeighbors(n_neighbors=1).fit(table)

    def scores(self, X: Any) -> Float64:
        return self._model.kneighbors(self._table(X))[0][:, 0]


class _PyOD(_OnRows):
    """PyOD's AutoEncoder, trained for as long as it is by default or for a number of steps.

    Its data loader drops an incomplete batch, so that there is nothing to train on with fewer sequences than a batch
    has: the batch is then all of them. By default it standardises each column once more, which is better for short
    training; trained longer, it is better without.
    """

    def __init__(self, X: Any, seed: int, cv: Any, n_steps: int | None) -> None:
        self._seed, self._n_steps = seed, n_steps
        super().__init__(X)

    def _fit(self, table: Float64) -> None:
        from pyod.models.auto_encoder import AutoEncoder  # type: ignore[import-not-found,unused-ignore]

        batch_size = min(PYOD_BATCH, len(table))
        params: dict[str, Any] = {}
        if self._n_steps is not None:
            params = {"epoch_num": -(-self._n_steps // (len(table) // batch_size)), "preprocessing": False}
        self._model = AutoEncoder(batch_size=batch_size, random_state=self._seed, verbose=0, **params).fit(table)

    def scores(self, X: Any) -> Float64:
        return np.asarray(self._model.decision_function(self._table(X)), dtype=np.float64)


def _isolation_forest(n: int, seed: int) -> IsolationForest:
    return IsolationForest(n_estimators=N_TREES, random_state=seed)


def _local_outlier_factor(n: int, seed: int) -> LocalOutlierFactor:
    return LocalOutlierFactor(n_neighbors=min(N_NEIGHBOURS, n - 1), novelty=True)


def _one_class_svm(n: int, seed: int) -> OneClassSVM:
    return OneClassSVM(gamma="scale", nu=NU)


OURS = {scoring: f"ours, {scoring}" for scoring in ("joint", "mae", "mse", "mahalanobis")}
METHODS = {
    OURS["joint"]: Method(partial(_Ours, scoring="joint"), "many"),
    OURS["mae"]: Method(partial(_Ours, scoring="mae"), "many"),
    OURS["mse"]: Method(partial(_Ours, scoring="mse"), "few"),
    OURS["mahalanobis"]: Method(partial(_Ours, scoring="mahalanobis"), "few"),
    f"PCA, {N_COMPONENTS} components": Method(partial(_PrincipalErrors, n_components=N_COMPONENTS), "none"),
    f"PCA, {N_COMPONENTS} components, mae": Method(
        partial(_PrincipalErrors, n_components=N_COMPONENTS, power=1), "none"
    ),
    f"PCA, {EXPLAINED:.0%} of variance": Method(partial(_PrincipalErrors, n_components=EXPLAINED), "none"),
    "PCA, T² and Q": Method(_Monitored, "none"),
    "IsolationForest": Method(partial(_ScikitLearn, make=_isolation_forest), "many"),
    "LocalOutlierFactor": Method(partial(_ScikitLearn, make=_local_outlier_factor), "none"),
    "OneClassSVM": Method(partial(_ScikitLearn, make=_one_class_svm), "none"),
    "nearest neighbour": Method(_Nearest, "none"),
    "PyOD AutoEncoder": Method(partial(_PyOD, n_steps=None), "many"),
    "PyOD AutoEncoder, longer": Method(partial(_PyOD, n_steps=PYOD_STEPS), "few"),
    "copied LSTM autoencoder": Method(_Copied, "few"),
}
