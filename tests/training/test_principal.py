"""The start from principal components."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._network._positional_linear import PositionalLinear
from sklearn_seqae._training import _principal
from sklearn_seqae._training._batching import TrainingBatches
from sklearn_seqae._training._principal import principal_components

ignore_collapse = pytest.mark.filterwarnings("ignore:The autoencoder has collapsed")


def smooth_sequences(n: int = 60, n_timesteps: int = 12, n_channels: int = 1) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    factors = generator.normal(size=(n, 5)) * [4, 2, 1, 0.5, 0.25]
    curves = generator.normal(size=(5, n_timesteps * n_channels)).cumsum(axis=1)
    return (factors @ curves + 7).reshape(n, n_timesteps, n_channels).astype(np.float32)


def dataset_of(X: list[NDArray[np.float32]]) -> SequenceDataset:
    lengths = np.array([len(x) for x in X])
    return SequenceDataset(np.concatenate(X), np.cumsum(lengths) - lengths, lengths)


def components_of(
    X: Any, n_components: int = 3, n_timesteps: int = 12, shifting: float = 0.0
) -> tuple[NDArray[np.float32], ...]:
    mean, scale = np.full(X[0].shape[1], 2.0, np.float32), np.full(X[0].shape[1], 3.0, np.float32)
    found = principal_components(
        dataset_of(list(X)), n_components, n_timesteps, mean, scale, time_shift=shifting, seed=0
    )
    return tuple(tensor.numpy() for tensor in found)


def test_components_are_those_of_the_standardized_data() -> None:
    X = smooth_sequences(n_channels=2)
    mean, components, deviations = components_of(X)
    pca = PCA(3).fit(((X - 2.0) / 3.0).reshape(60, -1))
    np.testing.assert_allclose(mean.ravel(), pca.mean_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(components.reshape(3, -1)), np.abs(pca.components_), atol=1e-4)
    np.testing.assert_allclose(deviations, np.sqrt(pca.explained_variance_), rtol=1e-4)


@pytest.mark.parametrize("kind", ["gaps", "unequal lengths"])
def test_what_is_missing_hardly_shrinks_variances(kind: str) -> None:
    X = smooth_sequences(n=200)
    _, complete, expected = components_of(X)
    rng = np.random.default_rng(0)
    if kind == "gaps":
        gappy = [np.where(rng.random(x.shape) < 0.3, np.float32(np.nan), x) for x in X]
    else:
        gappy = [x[: rng.integers(6, 13)] for x in X]
    _, components, deviations = components_of(gappy)
    np.testing.assert_allclose(deviations[:2], expected[:2], rtol=0.07)
    agreement = np.abs(np.sum(components.reshape(3, -1) * complete.reshape(3, -1), axis=1))
    assert agreement[:2].min() > 0.97


def test_steps_that_no_sequence_has_are_in_no_component() -> None:
    mean, components, _ = components_of(smooth_sequences(n_timesteps=9))
    np.testing.assert_allclose(mean[9:], 0, atol=1e-6)
    np.testing.assert_allclose(components[:, 9:], 0, atol=1e-6)


@pytest.mark.parametrize(("n_observed", "n_fits"), [(12, 1), (9, 1), ((9, 12), 6)])
def test_what_no_sequence_has_is_not_drawn_from_the_components(
    n_observed: Any, n_fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which takes time, and changes nothing: the last patch of most data is longer than what is left for it."""
    fits: list[Any] = []

    class Counted(PCA):
        def fit(self, X: Any, y: Any = None) -> "Counted":
            fits.append(X)
            super().fit(X)
            return self

    monkeypatch.setattr(_principal, "PCA", Counted)
    components_of([x[:n] for x, n in zip(smooth_sequences(), np.resize(n_observed, 60), strict=True)])
    assert len(fits) == n_fits


def test_the_seed_alone_decides_on_components_found_at_random() -> None:
    """scikit-learn's solver draws at random where a table is large."""
    X = smooth_sequences(n_timesteps=600)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    first, second = (components_of(X, n_timesteps=600) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # noqa: NPY002


def test_components_are_found_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their last bits depend on the number of threads, and with them the whole training."""
    n_threads: list[int] = []

    class Watched(PCA):
        def fit(self, X: Any, y: Any = None) -> "Watched":
            n_threads.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
            super().fit(X)
            return self

    monkeypatch.setattr(_principal, "PCA", Watched)
    with threadpool_limits(2, user_api="blas"):
        before = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        components_of(smooth_sequences())
        assert [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"] == before
    assert set(n_threads) == {1}


@pytest.mark.parametrize("seed", range(4))
def test_components_of_shifted_sequences_are_nearer_to_those_of_others(seed: int) -> None:
    """A bump at one of few times, and others at other times: shifts fill the times between."""
    step, generator = np.arange(100.0), np.random.default_rng(seed)
    times = generator.uniform(20, 80, size=(110, 1))
    bumps = np.exp(-0.5 * ((step - times) / 3) ** 2).astype(np.float32)[:, :, None]

    def error(shifting: float) -> float:
        mean, components, _ = components_of(bumps[:10], 8, 100, shifting)
        z = ((bumps[10:] - 2) / 3 - mean).reshape(100, -1)
        basis = components.reshape(-1, 100)
        return float(np.square(z - z @ basis.T @ basis).sum())

    assert error(0.5) < 0.85 * error(0.0)


@pytest.mark.parametrize("X", [smooth_sequences(1), np.ones((5, 12, 1), np.float32)])
def test_without_variation_there_are_no_components(X: NDArray[np.float32]) -> None:
    mean, components, deviations = components_of(X)
    np.testing.assert_allclose(mean, (X[0] - 2) / 3, rtol=1e-5)
    assert components.shape == (0, 12, 1)
    assert deviations.shape == (0,)


@pytest.mark.parametrize("n_found", [2, 4])
def test_there_are_fewer_components_where_sequences_are(n_found: int) -> None:
    assert components_of(smooth_sequences(n_found + 1), n_components=9)[1].shape == (n_found, 12, 1)


@ignore_collapse
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"hidden_layer_sizes": (), "decoder": "repeat", "patch_len": 1},
        {"hidden_layer_sizes": (8, 6), "decoder": "state", "patch_len": 5},
        {"bidirectional": True, "merge_mode": "sum", "reverse_target": True},
        {"bidirectional": True, "latent_dim": 2},
    ],
)
def test_training_starts_where_principal_components_end(params: dict[str, Any]) -> None:
    X = smooth_sequences(n_timesteps=13, n_channels=2)
    small: dict[str, Any] = {"latent_dim": 4, "hidden_layer_sizes": (8,), "time_shift": 0, "random_state": 0}
    untrained = LSTMAutoencoder(**small | params, max_epochs=1, learning_rate=0).fit(X)
    z = ((X - untrained.channel_mean_) / untrained.channel_scale_).reshape(60, -1)
    pca = PCA(4).fit(z)
    expected = np.mean((z - pca.inverse_transform(pca.transform(z))) ** 2)
    drawn = (untrained.reconstruct(X) - X) / untrained.channel_scale_
    assert np.mean(drawn**2) == pytest.approx(expected, rel=0.05, abs=2e-3)
    without = LSTMAutoencoder(**untrained.get_params() | {"linear_path": False}).fit(X)
    assert without.score(X) < 0.5 < 0.95 < untrained.score(X)


@ignore_collapse
@pytest.mark.filterwarnings("ignore:.* of .* sequences are longer than any in training")
def test_longer_sequences_than_in_training_are_read_and_drawn() -> None:
    model = LSTMAutoencoder(latent_dim=3, hidden_layer_sizes=(8,), max_epochs=2, random_state=0).fit(smooth_sequences())
    longer = smooth_sequences(n_timesteps=31)
    assert np.isfinite(model.reconstruct(longer)).all()
    np.testing.assert_allclose(model.reconstruct([*longer, longer[0, :5]])[0], model.reconstruct(longer)[0], atol=1e-4)


def test_each_position_has_a_map_of_its_own() -> None:
    layer = PositionalLinear(3, 2, 4, gain=0.5)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    for n_steps in (1, 3, 5):
        x = torch.randn(6, n_steps, 2)
        y = layer(x)
        assert y.shape == (6, n_steps, 4)
        for step in range(n_steps):
            known = step < 3
            expected = 0.5 * x[:, step] @ layer.weight[step] + layer.bias[step] if known else torch.zeros(6, 4)
            torch.testing.assert_close(y[:, step], expected)


def blends(X: list[NDArray[np.float32]], n_epochs: int) -> list[torch.Tensor]:
    batches = TrainingBatches(dataset_of(X), len(X), seed=0, mixup=1.0, blending=1.0)
    return [target for _ in range(n_epochs) for _, target in batches]


def test_blends_have_the_mean_and_the_covariance_of_the_batch() -> None:
    X = smooth_sequences(n=30, n_timesteps=3)
    drawn = torch.cat(blends(list(X), n_epochs=400)).reshape(-1, 3).numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), X.reshape(30, 3).mean(axis=0), atol=0.3)
    covariance = np.cov(X.reshape(30, 3).T)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.1 * covariance.max())
    assert len(np.unique(drawn[:, 0])) > 0.99 * len(drawn)


def test_blends_vary_as_much_where_values_are_missing() -> None:
    """At a step that a third of the sequences has, a blend varies as these do."""
    X = smooth_sequences(n=30, n_timesteps=3)
    X[10:, 1] = np.nan
    drawn = torch.cat([target[~torch.isnan(target[:, 1, 0]), 1] for target in blends(list(X), n_epochs=600)])
    assert np.std(drawn.numpy()) == pytest.approx(np.nanstd(X[:, 1]), rel=0.15)


def test_blends_miss_what_their_sequences_miss() -> None:
    X = smooth_sequences(n=8, n_timesteps=6)
    X[2, 3] = np.nan
    ragged = [*X[:5], *(x[:4] for x in X[5:])]
    for target in blends(ragged, n_epochs=3):
        missing = torch.isnan(target).squeeze(2)
        assert missing.sum() == 3 * 2 + 1
        assert missing[:, :3].sum() == 0


def test_few_sequences_are_blended_and_shifted_more() -> None:
    default, other = LSTMAutoencoder(), LSTMAutoencoder(blending=0.7, time_shift=0.6)
    assert {n: default._blending(n) for n in (1, 500, 1000)} == {1: 0.2, 500: 0.2, 1000: 0.1}
    assert {n: default._time_shift(n) for n in (1, 2, 200, 1000)} == {1: 0, 2: 0.5, 200: 0.5, 1000: 0.1}
    assert (other._blending(5), other._time_shift(5)) == (0.7, 0.6)
