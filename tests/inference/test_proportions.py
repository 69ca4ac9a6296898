"""Codes in natural proportions."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._inference import _proportions
from sklearn_seqae._inference._proportions import set_natural_proportions
from sklearn_seqae._network._projection import Projection
from tests.datasets import dataset_of
from tests.tiny import tiny

ignore_collapse = pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")


class Linear(nn.Module):
    """An autoencoder whose hidden states are the first values of a sequence, drawn by a linear map."""

    def __init__(self, decoder: Any, scale: Any = (1.0,)) -> None:
        super().__init__()
        self.decoder = torch.as_tensor(decoder, dtype=torch.float32)  # (K, T * C)
        self.code_size, self.n_channels = len(self.decoder), len(scale)
        self.mean, self.scale = torch.zeros(len(scale)), torch.tensor(scale)
        self.projection: Projection | None = Projection(self.code_size)

    def multiply_adds(self, *_: int) -> int:
        return 1

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        assert self.projection is not None
        return self.projection(x.flatten(1)[:, : self.code_size])

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        drawn = x.flatten(1)[:, : self.code_size] @ self.decoder
        return drawn.reshape(len(x), -1, self.n_channels)[:, : x.shape[1]] * self.scale


def states(n: int = 50, n_timesteps: int = 4, n_channels: int = 1) -> SequenceDataset:
    rng = np.random.default_rng(0)
    return dataset_of(list(rng.normal(0, 0.1, (n, n_timesteps, n_channels)).astype(np.float32)))


def test_a_decoder_by_hand() -> None:
    """The second value of a state changes what is drawn the most; the first draws one step."""
    module = Linear([[1.0, 0.0, 0.0, 0.0], [0.0, 3.0, 4.0, 0.0]])
    set_natural_proportions(module, states())
    assert module.projection is not None
    torch.testing.assert_close(module.projection.weight, torch.tensor([[0.0, 1.0], [5.0, 0.0]]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_distances_are_those_of_what_is_drawn_in_standard_units(n_channels: int) -> None:
    rng = np.random.default_rng(1)
    scale = [1000.0, 0.01][:n_channels]
    module = Linear(rng.normal(size=(3, 6 * n_channels)), scale)
    dataset = states(n_timesteps=6, n_channels=n_channels)
    set_natural_proportions(module, dataset)
    x = dataset.batch(np.arange(50))["x"]
    codes, drawn = module.encode(x).numpy(), (module(x) / module.scale).flatten(1).numpy()
    np.testing.assert_allclose(pdist(codes), pdist(drawn), rtol=1e-4)
    assert module.projection is not None
    assert (module.projection.weight.norm(dim=0).diff() < 0).all()


def test_again_changes_nothing() -> None:
    module, dataset = Linear(np.random.default_rng(1).normal(size=(3, 4))), states()
    set_natural_proportions(module, dataset)
    assert module.projection is not None
    once = module.projection.weight.clone()
    set_natural_proportions(module, dataset)
    torch.testing.assert_close(module.projection.weight, once)


def test_a_direction_that_draws_nothing_can_still_be_undone() -> None:
    module, dataset = Linear([[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]), states()
    set_natural_proportions(module, dataset)
    assert module.projection is not None
    hidden = torch.tensor([[0.1, 0.2], [-0.3, 0.4]])
    torch.testing.assert_close(module.projection.undo(module.projection(hidden)), hidden)


@pytest.mark.parametrize("n", [1, 5])
def test_states_that_are_all_alike_leave_the_projection(n: int) -> None:
    module = Linear(np.ones((3, 4)))
    set_natural_proportions(module, dataset_of([np.ones((4, 1), np.float32)] * n))
    assert module.projection is not None
    assert torch.equal(module.projection.weight, torch.eye(3))


def test_more_values_in_a_code_than_in_a_sequence() -> None:
    codes = tiny(latent_dim=5, max_epochs=20).fit_transform(np.random.default_rng(0).normal(size=(40, 2)))
    assert np.isfinite(codes).all()
    assert np.linalg.matrix_rank(codes - codes.mean(axis=0), tol=0.2) == 2


def waves(n: int = 120) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    phase, height = rng.uniform(0, 2 * np.pi, (n, 1)), rng.uniform(0.5, 2, (n, 1))
    return height * np.sin(phase + np.linspace(0, 6, 24)) + 0.05 * rng.normal(size=(n, 24))


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("unit", [1, 1e4])
def test_codes_are_as_far_apart_as_what_is_drawn(unit: float, ragged: bool) -> None:
    X: Any = waves() * unit
    if ragged:
        X = [x[: 18 + i % 7] for i, x in enumerate(X)]
    autoencoder = LSTMAutoencoder(2, hidden_layer_sizes=16, max_epochs=60, random_state=0).fit(X)
    codes = autoencoder.transform(X)
    drawn = autoencoder.inverse_transform(codes)
    table = np.array([x[:18] for x in drawn]) if ragged else drawn
    distances = pdist(table / autoencoder.channel_scale_), pdist(codes)
    assert np.corrcoef(*distances)[0, 1] > 0.95
    assert 0.8 < np.mean(distances[0]) / np.mean(distances[1]) < 1.2


def test_an_untrained_network_has_the_scores_of_principal_components() -> None:
    X = waves()
    autoencoder = LSTMAutoencoder(3, learning_rate=1e-12, max_epochs=1, time_shift=0, random_state=0).partial_fit(X)
    scores = PCA(2).fit_transform((X - autoencoder.channel_mean_) / autoencoder.channel_scale_)
    codes = autoencoder.transform(X)[:, :2]
    np.testing.assert_allclose(np.abs(codes), np.abs(scores), atol=0.1 * scores.std())  # tanh bends them a little


@ignore_collapse
def test_the_proportions_stay_while_parts_of_the_data_come() -> None:
    X = waves()
    autoencoder = tiny().fit(X)
    before = autoencoder.module_.projection.weight.clone()
    assert torch.equal(autoencoder.partial_fit(X).module_.projection.weight, before)
    assert not torch.equal(autoencoder.set_params(warm_start=True).fit(X).module_.projection.weight, before)


@ignore_collapse
def test_a_textbook_network_has_no_projection() -> None:
    autoencoder = tiny(linear_path=False).fit(waves())
    assert autoencoder.module_.projection is None
    assert np.abs(autoencoder.transform(waves())).max() < 1


@ignore_collapse
@pytest.mark.parametrize("merge_mode", ["sum", "concat"])
def test_both_directions(merge_mode: str) -> None:
    X = waves()
    autoencoder = tiny(bidirectional=True, merge_mode=merge_mode).fit(X)
    drawn = autoencoder.reconstruct(X)
    np.testing.assert_allclose(autoencoder.inverse_transform(autoencoder.transform(X)), drawn, atol=1e-4)


@ignore_collapse
def test_one_thread_and_two() -> None:
    codes = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            codes.append(tiny().fit_transform(waves()))
    np.testing.assert_array_equal(*codes)


def test_large_data_are_seen_through_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly spread, and large enough for the width of the code."""
    seen: list[int] = []

    def encode(module: Any, data: SequenceDataset) -> NDArray[np.float32]:
        seen.append(len(data))
        return np.zeros((len(data), 2), np.float32)

    monkeypatch.setattr(_proportions, "encode", encode)
    for most_sequences, most_values in ((30, 10**6), (30, 80), (1000, 1)):
        monkeypatch.setattr(_proportions, "_MOST_SEQUENCES", most_sequences)
        monkeypatch.setattr(_proportions, "_MOST_VALUES", most_values)
        set_natural_proportions(Linear(np.ones((2, 4))), states(n=50))
    assert seen == [30, 20, 8]
