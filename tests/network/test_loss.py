"""The loss: the mean over what was observed, in standard units."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_seqae._network._loss import MaskedLoss
from tests.networks import assert_close, sequences


def huber(error: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(error) < 1, 0.5 * error**2, np.abs(error) - 0.5)


NAIVE_LOSSES: dict[str, Callable[..., Any]] = {"mse": np.square, "mae": np.abs, "huber": huber}


@st.composite
def partly_missing_targets(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A prediction and a target with NaN in all places but at least one."""
    shape = tuple(draw(st.integers(1, 4)) for _ in range(3))
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    prediction, target = generator.normal(scale=3, size=(2, *shape)).astype(np.float32)
    missing = generator.random(shape) < draw(st.sampled_from([0.0, 0.3, 0.9]))
    missing.flat[generator.integers(missing.size)] = False
    return prediction, np.where(missing, np.float32(np.nan), target)


@pytest.mark.parametrize("loss", NAIVE_LOSSES)
@given(pair=partly_missing_targets())
def test_a_loss_is_the_mean_over_what_was_observed(
    loss: str, pair: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> None:
    prediction, target = pair
    scale = np.arange(1, target.shape[2] + 1) / 2
    masked_loss = MaskedLoss(loss, mean=[5.0] * len(scale), scale=scale.tolist())
    standardized = ((prediction - 5.0) / scale).astype(np.float32)
    actual = masked_loss(torch.from_numpy(standardized), torch.from_numpy(target))
    error = (prediction.astype(float) - target) / scale
    observed = error[~np.isnan(error)]
    assert actual.shape == ()
    assert actual.item() == pytest.approx(NAIVE_LOSSES[loss](observed).mean(), rel=1e-4, abs=1e-5)


@given(pair=partly_missing_targets())
def test_a_loss_of_ones_own_gets_the_observed_values_in_units_of_the_scale(
    pair: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    prediction, target = map(torch.from_numpy, pair)
    n_channels = target.shape[2]
    calls: list[tuple[Tensor, Tensor]] = []

    def largest_error(prediction: Tensor, target: Tensor) -> Tensor:
        calls.append((prediction, target))
        return (prediction - target).abs().max()

    masked_loss = MaskedLoss(largest_error, mean=[1.0] * n_channels, scale=[4.0] * n_channels)
    actual = masked_loss((prediction - 1) / 4, target)
    observed = ~torch.isnan(target)
    ((got_prediction, got_target),) = calls
    assert got_prediction.shape == got_target.shape
    assert got_target.shape == (target.shape if observed.all() else (int(observed.sum()),))
    assert_close(got_target.flatten(), (target[observed] - 1) / 4)
    assert_close(got_prediction.flatten(), (prediction[observed] - 1) / 4)
    assert_close(actual, (prediction - target)[observed].abs().max() / 4)


def test_a_module_can_be_the_loss() -> None:
    x = sequences()
    assert_close(MaskedLoss(nn.SmoothL1Loss(), [0.0] * 2, [1.0] * 2)(x, x + 3), torch.tensor(2.5))


@pytest.mark.parametrize("loss", NAIVE_LOSSES)
def test_what_is_missing_has_no_gradient(loss: str) -> None:
    prediction, target = sequences().requires_grad_(), sequences() + 1
    target[1, 2:, 0] = torch.nan
    MaskedLoss(loss, [0.0] * 2, [1.0] * 2)(prediction, target).backward()
    gradient = prediction.grad
    assert gradient is not None
    assert torch.equal(gradient != 0, ~torch.isnan(target))


@pytest.mark.parametrize("loss", NAIVE_LOSSES)
def test_a_prediction_is_never_broadcast_to_its_target(loss: str) -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 7, 1\), but its target \(4, 7, 2\)"):
        MaskedLoss(loss, [0.0] * 2, [1.0] * 2)(sequences(n_channels=1), sequences())
