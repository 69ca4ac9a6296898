"""The sequence 0.0 ... 0.4 as the only training sequence, and every system that was tried on it."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._network._loss import MaskedLoss
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder

SEQUENCE = np.array([[0.0, 0.1, 0.2, 0.3, 0.4]])
LATENT_DIM = 20
SEEDS = range(10)

# One or a few steps of training leave a network that explains nothing, which the estimator says.
untrained = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def copied(**changes: Any) -> LSTMAutoencoder:
    """The widely copied LSTM(latent_dim) -> RepeatVector(T) -> LSTM(n_channels), trained by plain Adam."""
    params: dict[str, Any] = {
        "latent_dim": LATENT_DIM,
        "hidden_layer_sizes": (),
        "decoder": "repeat",
        "output_layer": None,
        "patch_len": 1,
        "standardize": False,
        "input_noise": 0,
        "mixup": 0,
        "time_shift": 0,
        "max_grad_norm": None,
        "learning_rate": 1e-3,
        "learning_rate_schedule": "constant",
        "random_state": 0,
    }
    return LSTMAutoencoder(**(params | changes))


class CopiedNetwork(nn.Module):
    """The same in torch alone: implicit zero states, and the last hidden state from what the LSTM returns."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(n_channels, LATENT_DIM, batch_first=True)
        self.decoder = nn.LSTM(LATENT_DIM, n_channels, batch_first=True)

    def encode(self, x: Tensor) -> Tensor:
        _, (hidden, _) = self.encoder(x)
        return hidden[-1]

    def forward(self, x: Tensor) -> Tensor:
        outputs, _ = self.decoder(self.encode(x).unsqueeze(1).expand(-1, x.shape[1], -1))
        return outputs


def weights_by_plain_names(estimator: LSTMAutoencoder) -> dict[str, Tensor]:
    """The fitted parameters, under the names that `CopiedNetwork` has for them."""
    plain_names = {"encoder.layers.0.forward_lstm.": "encoder.", "decoder.layers.0.": "decoder."}
    weights = {}
    for name, parameter in estimator.module_.named_parameters():
        (prefix,) = (prefix for prefix in plain_names if name.startswith(prefix))
        weights[plain_names[prefix] + name.removeprefix(prefix)] = parameter.detach()
    return weights


def plain_copy(estimator: LSTMAutoencoder) -> CopiedNetwork:
    network = CopiedNetwork(estimator.n_channels_in_)
    network.load_state_dict(weights_by_plain_names(estimator), strict=True)
    return network


def largest_error(estimator: LSTMAutoencoder, X: NDArray[np.float64]) -> float:
    return float(np.abs(estimator.reconstruct(X) - X).max())


# The copied network


@untrained
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_copied_network_has_the_parameters_of_two_plain_lstms(n_channels: int) -> None:
    weights = weights_by_plain_names(copied(max_epochs=1).fit(np.zeros((2, 5, n_channels))))
    plain = dict(CopiedNetwork(n_channels).named_parameters())
    assert {name: parameter.shape for name, parameter in weights.items()} == {
        name: parameter.shape for name, parameter in plain.items()
    }


@untrained
@pytest.mark.parametrize("shape", [(1, 5), (1, 5, 1), (4, 6, 3)], ids=str)
def test_the_copied_network_computes_what_two_plain_lstms_do(shape: tuple[int, ...]) -> None:
    X = SEQUENCE.reshape(shape) if shape[0] == 1 else np.random.default_rng(0).normal(size=shape)
    estimator = copied(max_epochs=20).fit(X)
    network = plain_copy(estimator)
    x = torch.tensor(X, dtype=torch.float32).reshape(*shape[:2], -1)
    with torch.no_grad():
        codes, outputs = network.encode(x).numpy(), network(x).numpy()
    assert codes.shape == (len(X), LATENT_DIM)
    assert_allclose(estimator.transform(X), codes, atol=1e-6)
    assert_allclose(estimator.reconstruct(X), outputs.reshape(shape), atol=1e-6)
    assert_allclose(estimator.inverse_transform(codes), outputs.reshape(shape), atol=1e-6)


class LearningRates(Callback):
    """Remembers the learning rate of each step."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def __deepcopy__(self, memo: Any) -> "LearningRates":
        return self  # not a copy, as a fit would make it: the rates are read afterwards

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        self.rates.append(net.optimizer_.param_groups[0]["lr"])


@untrained
@pytest.mark.parametrize(("loss", "criterion"), [("mse", nn.MSELoss()), ("mae", nn.L1Loss())])
def test_the_copied_network_trains_as_a_plain_loop_with_adam_does(loss: str, criterion: nn.Module) -> None:
    observer = LearningRates()
    estimator = copied(loss=loss, max_epochs=60, callbacks=[observer]).fit(SEQUENCE)
    network = plain_copy(copied(learning_rate=0.0, max_epochs=1).fit(SEQUENCE))  # the initial weights
    optimizer = torch.optim.Adam(network.parameters())
    x = torch.tensor(SEQUENCE, dtype=torch.float32)[:, :, None]
    losses = []
    for rate in observer.rates:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        value: Any = criterion(network(x), x)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    assert observer.rates[-1] == estimator.learning_rate
    assert_allclose(estimator.loss_curve_, losses, rtol=1e-3)
    for name, weight in weights_by_plain_names(estimator).items():
        assert_allclose(weight, network.get_parameter(name).detach(), atol=1e-3)


# The failure: five times the mean


def fit_freely(target: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Minimise the squared error of a prediction that can become anything: no network can do better."""
    prediction = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    optimizer = torch.optim.SGD([prediction], lr=1.0)
    for _ in range(100):
        optimizer.zero_grad()
        loss: Any = F.mse_loss(prediction, target)
        loss.backward()
        optimizer.step()
    return prediction.detach()


def test_a_broadcast_loss_makes_the_mean_the_best_prediction() -> None:
    target = torch.tensor(SEQUENCE.T, dtype=torch.float32)
    with pytest.warns(UserWarning, match="broadcasting"):
        prediction = fit_freely(target, (5, 1, 1))
    assert_allclose(prediction.flatten(), np.full(5, 0.2), atol=1e-6)


def test_equal_shapes_make_the_target_the_best_prediction() -> None:
    target = torch.tensor(SEQUENCE.T, dtype=torch.float32)
    assert_allclose(fit_freely(target, (5, 1)), target, atol=1e-6)


@pytest.mark.parametrize(
    ("prediction_shape", "target_shape"),
    [
        ((5, 1, 1), (5, 1)),
        ((5, 1), (5, 1, 1)),
        ((5, 1, 1), (1, 5, 1)),
        ((1, 1, 1), (1, 5, 1)),
        ((1, 5, 1), (4, 5, 1)),
        ((4, 5, 1), (4, 5, 3)),
        ((4, 5), (4, 5, 1)),
        ((4, 4, 1), (4, 5, 1)),
        ((), (1, 5, 1)),
    ],
)
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", F.smooth_l1_loss])
def test_shapes_that_differ_are_refused(loss: Any, prediction_shape: Any, target_shape: Any) -> None:
    masked_loss = MaskedLoss(loss, mean=[0.0], scale=[1.0])
    with pytest.raises(ValueError, match=f"{re.escape(str(prediction_shape))}.*{re.escape(str(target_shape))}"):
        masked_loss(torch.zeros(prediction_shape), torch.zeros(target_shape))


MISSHAPEN: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, ...]]] = {
    "an axis more": (lambda x: x.unsqueeze(-1), (1, 5, 1, 1)),
    "an axis less": (lambda x: x.squeeze(-1), (1, 5)),
    "time first": (lambda x: x.transpose(0, 1), (5, 1, 1)),
    "one step only": (lambda x: x[:, -1:], (1, 1, 1)),
}


@pytest.mark.parametrize("fault", MISSHAPEN)
def test_a_fit_with_a_misshapen_output_is_refused_and_leaves_no_trace(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    misshape, shape = MISSHAPEN[fault]
    forward = SequenceAutoencoder.forward
    monkeypatch.setattr(SequenceAutoencoder, "forward", lambda *args, **kwargs: misshape(forward(*args, **kwargs)))
    estimator = LSTMAutoencoder(random_state=0)
    before = set(vars(estimator))
    with pytest.raises(ValueError, match=re.escape(str(shape)) + ".*" + re.escape("(1, 5, 1)")):
        estimator.fit(SEQUENCE)
    assert set(vars(estimator)) == before
    with pytest.raises(NotFittedError):
        estimator.transform(SEQUENCE)


# The bound of an LSTM without a linear layer


@untrained
@pytest.mark.parametrize(("standardize", "low", "high"), [(False, -1.0, 1.0), (True, 5.8, 34.2)])
def test_an_lstm_as_output_cannot_reach_data_beyond_its_bounds(standardize: bool, low: float, high: float) -> None:
    X = 100 * SEQUENCE  # mean 20, standard deviation 14.14
    estimator = copied(standardize=standardize, learning_rate=0.05, max_epochs=150).fit(X)
    drawn = estimator.reconstruct(X)
    assert np.all((low <= drawn) & (drawn <= high))
    assert largest_error(estimator, X) > 5


# The plain constructor


def test_the_plain_constructor_learns_the_sequence() -> None:
    estimator = LSTMAutoencoder(latent_dim=LATENT_DIM, random_state=0).fit(SEQUENCE)
    assert estimator.transform(SEQUENCE).shape == (1, LATENT_DIM)
    assert largest_error(estimator, SEQUENCE) < 0.01


@pytest.mark.parametrize(
    ("seed", "scale", "shift"),
    [*((seed, 1, 0) for seed in SEEDS), *((seed, 100, 1000) for seed in SEEDS[:5]), (0, 1, 1000), (0, 1e-4, 0)],
)
def test_a_tenth_of_its_steps_is_enough_at_any_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    X = scale * SEQUENCE + shift
    estimator = LSTMAutoencoder(latent_dim=LATENT_DIM, max_epochs=200, random_state=seed).fit(X)
    assert largest_error(estimator, X) < 0.01 * min(scale, 1)


@untrained
def test_training_is_deterministic() -> None:
    def fit(seed: int) -> LSTMAutoencoder:
        params: dict[str, Any] = {
            "latent_dim": LATENT_DIM,
            "linear_path": False,
        }  # with it, one sequence needs no training
        return LSTMAutoencoder(**params, max_epochs=30, random_state=seed).fit(SEQUENCE)

    first, second, other = fit(1), fit(1), fit(2)
    assert_array_equal(first.loss_curve_, second.loss_curve_)
    assert_array_equal(first.transform(SEQUENCE), second.transform(SEQUENCE))
    assert_array_equal(first.reconstruct(SEQUENCE), second.reconstruct(SEQUENCE))
    assert not np.array_equal(first.transform(SEQUENCE), other.transform(SEQUENCE))


@pytest.mark.parametrize("make", [partial(LSTMAutoencoder, linear_path=False), copied])
def test_the_loss_falls(make: Any) -> None:
    losses = make(latent_dim=LATENT_DIM, max_epochs=100, random_state=0).fit(SEQUENCE).loss_curve_
    first, second, third = (part.mean() for part in np.array_split(losses, 3))
    assert third < second < first / 2


# Layers, directions, channels, batches


def torch_lstm(lstms: list[nn.LSTM], **params: Any) -> nn.LSTM:
    """One `nn.LSTM` with the weights of several: forward and backward of the first layer, of the second, ..."""
    merged = nn.LSTM(lstms[0].input_size, lstms[0].hidden_size, batch_first=True, **params)
    values = [parameter for lstm in lstms for parameter in lstm.parameters()]
    merged.load_state_dict(dict(zip(dict(merged.named_parameters()), values, strict=True)))
    return merged


def lstms_of(layer: Any) -> list[nn.LSTM]:
    return [lstm for lstm in (layer.forward_lstm, layer.backward_lstm) if lstm is not None]


def packed(x: Tensor, lengths: list[int]) -> Any:
    return nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)


def codes_of_one_lstm(layers: list[Any], x: Tensor, lengths: list[int]) -> Tensor:
    """`nn.LSTM` does it all, where layers are equally wide and directions concatenated."""
    lstms = [lstm for layer in layers for lstm in lstms_of(layer)]
    bidirectional = len(lstms) > len(layers)
    _, (hidden, _) = torch_lstm(lstms, num_layers=len(layers), bidirectional=bidirectional)(packed(x, lengths))
    return torch.cat([*hidden[-2:]], dim=1) if bidirectional else hidden[-1]


def codes_stacked_by_hand(layers: list[Any], x: Tensor, lengths: list[int], merge_mode: str) -> Tensor:
    """Layer by layer."""
    for layer in layers:
        lstms = lstms_of(layer)
        outputs, (hidden, _) = torch_lstm(lstms, bidirectional=len(lstms) > 1)(packed(x, lengths))
        x, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
        code = torch.cat([*hidden], dim=1)
        if len(lstms) > 1 and merge_mode == "sum":
            x = torch.stack(x.chunk(2, dim=2)).sum(dim=0)
            code = hidden.sum(dim=0)
    return code


@untrained
@pytest.mark.parametrize("equal_lengths", [True, False], ids=["equal", "unequal"])
@pytest.mark.parametrize("n_sequences", [1, 4])
@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("direction", ["one-way", "sum", "concat"])
@pytest.mark.parametrize("hidden_layer_sizes", [(), (4,), (4, 4), (6, 5)], ids=str)
def test_the_code_is_the_last_hidden_state_that_torch_computes(
    hidden_layer_sizes: tuple[int, ...], direction: str, n_channels: int, n_sequences: int, equal_lengths: bool
) -> None:
    lengths = [6] * n_sequences if equal_lengths else [3, 6, 1, 5][:n_sequences]
    generator = np.random.default_rng(0)
    X = [generator.normal(size=(length, n_channels)).astype(np.float32) for length in lengths]
    estimator = LSTMAutoencoder(
        4,
        hidden_layer_sizes=hidden_layer_sizes,
        bidirectional=direction != "one-way",
        merge_mode="sum" if direction == "sum" else "concat",
        patch_len=1,
        standardize=False,
        linear_path=False,
        max_epochs=1,
        random_state=0,
    ).fit(X)
    codes = estimator.transform(X)
    assert codes.shape == (n_sequences, 8 if direction == "concat" else 4)
    assert [drawn.shape for drawn in estimator.reconstruct(X)] == [sequence.shape for sequence in X]
    assert [drawn.shape for drawn in estimator.inverse_transform(codes, lengths)] == [x.shape for x in X]

    layers = list(estimator.module_.encoder.layers)
    x = nn.utils.rnn.pad_sequence([torch.from_numpy(sequence) for sequence in X], batch_first=True)
    with torch.no_grad():
        assert_allclose(codes, codes_stacked_by_hand(layers, x, lengths, estimator.merge_mode), atol=1e-6)
        if set(hidden_layer_sizes) <= {4} and direction != "sum":
            assert_allclose(codes, codes_of_one_lstm(layers, x, lengths), atol=1e-6)


@untrained
@pytest.mark.parametrize("output_layer", ["linear", None])
@pytest.mark.parametrize("decoder", ["repeat", "both", "state"])
def test_the_rows_of_a_batch_do_not_meet(decoder: str, output_layer: str | None) -> None:
    X = np.random.default_rng(0).normal(size=(6, 5, 2))
    estimator = LSTMAutoencoder(4, decoder=decoder, output_layer=output_layer, max_epochs=1, random_state=0).fit(X)
    order = [3, 0, 5, 1, 4, 2]
    assert_allclose(estimator.transform(X[order]), estimator.transform(X)[order], atol=1e-6)
    assert_allclose(estimator.reconstruct(X[order]), estimator.reconstruct(X)[order], atol=1e-6)
    for i in range(len(X)):
        assert_allclose(estimator.transform(X[i : i + 1])[0], estimator.transform(X)[i], atol=1e-6)
        assert_allclose(estimator.reconstruct(X[i : i + 1])[0], estimator.reconstruct(X)[i], atol=1e-6)
