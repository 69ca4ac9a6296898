"""What estimators share that fit an autoencoder of the user's description, the parameter `autoencoder`."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._autoencoder import LSTMAutoencoder
from sklearn_seqae._base import deciding_params, draw_seed
from sklearn_seqae._storage._fingerprint import fingerprint
from sklearn_seqae._storage._parts import PartsFolder

__all__ = ["AutoencoderTemplate", "fit_quietly", "fit_to_the_end"]


class AutoencoderTemplate:
    """A mixin for estimators with the parameters `autoencoder` and `random_state`."""

    autoencoder: LSTMAutoencoder | None
    random_state: int | np.random.RandomState | None

    @staticmethod
    def _default_autoencoder() -> LSTMAutoencoder:
        """What ``autoencoder=None`` stands for."""
        raise NotImplementedError

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also the autoencoder's as ``autoencoder__hidden_layer_sizes`` etc.

        Parameters
        ----------
        **params : dict
            Parameters by name. Those of the autoencoder turn ``autoencoder=None`` into what it stands for.

        Returns
        -------
        self : estimator
            The estimator.
        """
        nested = any(name.startswith("autoencoder__") for name in params)
        if nested and self.autoencoder is None and params.get("autoencoder") is None:
            params = {**params, "autoencoder": self._default_autoencoder()}
        return super().set_params(**params)  # type: ignore[misc]  # of BaseEstimator

    def _template(self) -> LSTMAutoencoder:
        """The autoencoder to fit, not fitted."""
        return self._default_autoencoder() if self.autoencoder is None else clone(self.autoencoder)

    def _draw_seed(self) -> int:
        """A seed of `random_state`, and where that is None of the autoencoder's, which stays as it is."""
        if self.random_state is not None or self.autoencoder is None:
            return draw_seed(self.random_state)
        return draw_seed(copy.deepcopy(self.autoencoder.random_state))  # as its clones'

    @contextmanager
    def _going_on(self, template: LSTMAutoencoder, content: Callable[[], Any]) -> Iterator[tuple[LSTMAutoencoder, int]]:
        """The autoencoder to fit, and a seed: of this fit, or of the same one that was killed, if it has checkpoints.

        `content` is asked for what tells the data from others only where there are some.

        Autoencoders that had been fitted when it was killed are then found, and need not be trained again. Not so where
        several processes train them, each of which would hold a place of its own here: then the one that was being
        fitted goes on, and those before it are fitted again.
        """
        seed = self._draw_seed()
        if template.checkpoint_dir is None or template.distributed:
            yield template, seed
            return
        from sklearn_seqae._training._checkpoints import open_checkpoint

        is_seeded = self.random_state is not None or template.random_state is not None
        params = deciding_params(self) | {"autoencoder": deciding_params(template)}
        decides = [type(self), params, seed if is_seeded else None, content()]
        with open_checkpoint(template.checkpoint_dir, fingerprint(decides), seed) as checkpoint:
            checkpoint.write({})  # the seed
            yield clone(template).set_params(checkpoint_dir=checkpoint.parts), checkpoint.seed
            checkpoint.remove()


def fit_to_the_end(template: LSTMAutoencoder, X: Any, seed: int | None = None) -> LSTMAutoencoder:
    """Fit a clone, with a seed where it has none; pass on Ctrl-C, after which an autoencoder is fitted all the same."""
    autoencoder: LSTMAutoencoder = clone(template)
    if seed is not None and autoencoder.random_state is None:
        autoencoder.set_params(random_state=seed)
    autoencoder.fit(X)
    if isinstance(autoencoder.checkpoint_dir, PartsFolder):
        autoencoder.set_params(checkpoint_dir=autoencoder.checkpoint_dir.given)
    if autoencoder.interrupted_:
        raise KeyboardInterrupt
    return autoencoder


def fit_quietly(template: LSTMAutoencoder, X: Any, seed: int | None = None) -> LSTMAutoencoder:
    """As `fit_to_the_end`, without a word of a poor fit: on a part of the data, the fit on all of it tells of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fit_to_the_end(template, X, seed)
