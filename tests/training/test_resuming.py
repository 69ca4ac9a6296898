"""Going on: with the optimizer, unless it is another; with what a loss has learned; with new random numbers."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from tests.networks import sequences
from tests.tiny import tiny, weights

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

AGAIN = ["fit", "partial_fit"]


class Uncertain(torch.nn.Module):
    """A loss that learns how large errors are: -log p of a normal distribution, up to a constant."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.log_variance = torch.nn.Parameter(torch.tensor(start))

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.exp(-self.log_variance) * (prediction - target).square().mean() + self.log_variance


class Seen(Callback):
    """Tells the training batches and the validation data that a training meets."""

    def __init__(self, tell: Any) -> None:
        self.tell = tell

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        validation = net.get_split_datasets(X)[1]
        self.tell([] if validation is None else np.sort(validation.starts).tolist())

    def on_batch_begin(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if training:
            self.tell(batch[0]["x"].clone())


# The optimizer

OPTIMIZERS: dict[str, Any] = {
    "default": None,
    "amsgrad": {"optimizer__amsgrad": True},
    "sgd": {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9},
    "rmsprop": {"optimizer": torch.optim.RMSprop},
    "lbfgs": {"optimizer": torch.optim.LBFGS},
}


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("before", OPTIMIZERS)
@pytest.mark.parametrize("after", OPTIMIZERS)
def test_the_optimizer_may_change(before: str, after: str, again: str) -> None:
    X = sequences(8).numpy()
    autoencoder = tiny(warm_start=True, max_epochs=1, net_params=OPTIMIZERS[before]).fit(X)
    twin = pickle.loads(pickle.dumps(autoencoder))
    twin._optimizer_state["moments"] = {}
    for estimator in (autoencoder, twin):
        getattr(estimator.set_params(net_params=OPTIMIZERS[after]), again)(X)
    if before != after:  # another's state is not taken over
        np.testing.assert_array_equal(weights(autoencoder), weights(twin))
    else:
        assert not np.array_equal(weights(autoencoder), weights(twin))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_an_optimizer_keeps_is_saved_in_plain_arrays(optimizer: str) -> None:
    def kinds(value: Any) -> set[type]:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        return {type(value)}.union(*map(kinds, items))

    state = tiny(warm_start=True, net_params=OPTIMIZERS[optimizer]).fit(sequences(8).numpy()).__getstate__()
    plain = {dict, list, tuple, np.ndarray, int, float, bool, str, type(None)}
    assert kinds(state["_optimizer_state"]) <= plain


# The loss


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("reload", [False, True])
def test_a_loss_with_parameters_learns_and_goes_on(again: str, reload: bool) -> None:
    X = sequences(8).numpy()
    loss = Uncertain()
    autoencoder = tiny(loss=loss, warm_start=True, learning_rate=0.05, learning_rate_schedule=None).fit(X)
    learned = float(autoencoder._loss_state["values"]["log_variance"])
    assert learned != 0
    assert loss.log_variance.item() == 0  # the parameter is left as it is
    if reload:
        autoencoder = pickle.loads(pickle.dumps(autoencoder))
        assert float(autoencoder._loss_state["values"]["log_variance"]) == learned
    getattr(autoencoder.set_params(learning_rate=0.0), again)(X)
    assert float(autoencoder._loss_state["values"]["log_variance"]) == pytest.approx(learned)


def test_what_a_loss_learned_is_kept_in_plain_arrays() -> None:
    state = tiny(loss=Uncertain()).fit(sequences(8).numpy()).__getstate__()
    assert type(state["_loss_state"]["values"]["log_variance"]) is np.ndarray
    assert tiny(loss=torch.nn.L1Loss()).fit(sequences(8).numpy())._loss_state is None


def test_another_loss_starts_anew() -> None:
    class Other(Uncertain):
        pass

    X = sequences(8).numpy()
    autoencoder = tiny(loss=Uncertain(), warm_start=True, learning_rate=0.05).fit(X)
    autoencoder.set_params(loss=Other(2.0), learning_rate=0.0).fit(X)
    assert float(autoencoder._loss_state["values"]["log_variance"]) == 2.0
    assert autoencoder.set_params(loss="mse").fit(X)._loss_state is None


# The network, compiled


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:The .grad attribute", "ignore:Guards may run slower on Python 3.13.0"
)
@pytest.mark.parametrize("again", AGAIN)
def test_a_compiled_network_goes_on(again: str) -> None:
    X = sequences(8).numpy()
    compiled = {"compile": True, "compile__backend": "eager"}
    autoencoder = tiny(warm_start=True, net_params=compiled).fit(X)
    plain = tiny(warm_start=True).fit(X)
    np.testing.assert_allclose(weights(autoencoder), weights(plain), rtol=1e-4, atol=1e-6)
    for estimator in (autoencoder, plain):
        getattr(estimator, again)(X)
    np.testing.assert_allclose(weights(autoencoder), weights(plain), rtol=1e-4, atol=1e-6)
    pickle.loads(pickle.dumps(autoencoder)).set_params(net_params=None).fit(X)


# Random numbers


@pytest.mark.parametrize("again", AGAIN)
def test_a_training_that_goes_on_has_other_batches(again: str) -> None:
    X = sequences(20).numpy()
    told: list[Any] = []
    autoencoder = tiny(warm_start=True, max_epochs=1, learning_rate=0.0, callbacks=[Seen(told.append)]).fit(X)
    getattr(autoencoder, again)(X)
    getattr(autoencoder, again)(X)
    batches = [value for value in told if isinstance(value, torch.Tensor)]
    assert len(batches) == 3
    assert not any(torch.equal(batches[i], batches[j]) for i, j in [(0, 1), (0, 2), (1, 2)])


def test_neighbours_in_random_state_share_no_batches() -> None:
    X = sequences(20).numpy()
    told: list[Any] = []
    for seed in range(3):
        autoencoder = tiny(max_epochs=1, random_state=seed, callbacks=[Seen(told.append)])
        autoencoder.partial_fit(X).partial_fit(X).partial_fit(X)
    batches = [value.numpy().tobytes() for value in told if isinstance(value, torch.Tensor)]
    assert len(set(batches)) == len(batches) == 9


def test_random_numbers_have_streams_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, batches, principal components, what is set aside, and dropout begin from seeds that all differ."""
    X = sequences(20).numpy()
    seeds: list[int] = []
    manual_seed = torch.Generator.manual_seed

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            seeds.append(seed)
            return manual_seed(self, seed)

    monkeypatch.setattr(torch, "Generator", Generator)
    told: list[int] = []

    class Tell(Callback):
        def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
            told.append(torch.initial_seed())

    autoencoder = tiny(early_stopping=True, dropout=0.1, callbacks=[Tell()]).fit(X)
    seeds += [*told, autoencoder._split_seed]
    assert len(set(seeds)) == len(seeds) == 5


@pytest.mark.parametrize("random_state", [None, 0, np.random.RandomState(0)], ids=str)
def test_what_is_set_aside_stays_aside(random_state: Any) -> None:
    X = sequences(30).numpy()
    told: list[Any] = []
    params = {"early_stopping": True, "max_epochs": 1, "warm_start": True, "callbacks": [Seen(told.append)]}
    autoencoder = tiny(**params, random_state=random_state).fit(X)
    pickle.loads(pickle.dumps(autoencoder.set_params(callbacks=None))).set_params(**params).fit(X)
    autoencoder.set_params(**params).partial_fit(X).fit(X)
    aside = [value for value in told if isinstance(value, list) and value]
    assert len(aside) == 3
    assert aside[0] == aside[1] == aside[2]
