"""What "auto" makes of parameters, by the size of the training data."""

from typing import Any

import numpy as np
import pytest

from tests.tiny import tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(shape: tuple[int, ...], **params: Any) -> Any:
    """Fitted to noise for one epoch."""
    X = np.random.default_rng(0).normal(size=shape)
    return tiny(**{"max_epochs": 1, **params}).fit(X)


@pytest.mark.parametrize(
    ("n_timesteps", "n_channels", "expected"),
    [(1, 1, 1), (2, 1, 1), (3, 1, 2), (5, 1, 2), (24, 1, 12), (8, 8, 4), (2048, 1, 1024), (2100, 1, 700), (4, 3000, 1)],
)
def test_patches_are_two_or_of_a_thousand_values(n_timesteps: int, n_channels: int, expected: int) -> None:
    assert fitted((2, n_timesteps, n_channels)).patch_len_ == expected


@pytest.mark.parametrize("n_timesteps", range(2, 40))
def test_more_than_one_step_is_more_than_one_patch(n_timesteps: int) -> None:
    assert fitted((2, n_timesteps), patch_len="auto").patch_len_ < n_timesteps


@pytest.mark.parametrize(("n_values", "expected"), [(1, 16), (4, 16), (5, 32), (31, 128), (500, 128)])
def test_hidden_layers_are_wider_for_more_values(n_values: int, expected: int) -> None:
    assert fitted((2, n_values), hidden_layer_sizes="auto").hidden_layer_sizes_ == (expected,)


@pytest.mark.parametrize(("n", "sizes"), [(3, [3]), (67, [67]), (95, [95]), (97, [49, 48]), (203, [68, 68, 67])])
def test_batches_are_of_nearly_one_size(n: int, sizes: list[int]) -> None:
    seen: list[int] = []

    def loss(prediction: Any, target: Any) -> Any:
        seen.append(len(prediction))
        return ((prediction - target) ** 2).mean()

    fitted((n, 4), loss=loss)
    assert seen[: len(sizes)] == sizes


def test_the_user_names_another_size() -> None:
    model = fitted((67, 4), batch_size=64, verbose=0)
    assert model.history_[0]["train_batch_count"] == 2
