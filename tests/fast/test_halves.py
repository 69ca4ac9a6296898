"""Large batches in two halves: the gradients of the whole, whatever the number of threads; nobody is surprised."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_seqae._compute._threads import parallel_map
from sklearn_seqae._fast import _halves
from sklearn_seqae._fast._halves import Halves
from sklearn_seqae._network._loss import MaskedLoss
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from tests.networks import N_CHANNELS, padded, sequences
from tests.threads import torch_threads
from tests.tiny import tiny, weights

MEAN, SCALE = [1.0, -2.0], [0.5, 3.0]


def make_module(**params: Any) -> SequenceAutoencoder:
    return SequenceAutoencoder(N_CHANNELS, 3, hidden_layer_sizes=(5,), mean=MEAN, scale=SCALE, **params)


def predictor(module: Any) -> Any:
    return lambda inputs: module(**inputs, standardized=True)


def gradients_of_whole(module: Any, criterion: Any, inputs: dict[str, Tensor], target: Tensor) -> tuple[Any, ...]:
    loss = criterion(module(**inputs, standardized=True), target)
    return loss, torch.autograd.grad(loss, list(module.parameters()))


def gradients_of_halves(module: Any, criterion: Any, inputs: dict[str, Tensor], target: Tensor) -> tuple[Any, ...]:
    parameters = list(module.parameters())
    with torch_threads(2), parallel_map(2) as map_:
        loss, prediction = Halves(predictor(module), criterion, map_).backward(inputs, target, parameters)
    assert prediction.shape == target.shape
    assert not loss.requires_grad
    assert not prediction.requires_grad
    return loss, [parameter.grad for parameter in parameters]


@given(
    lengths=st.lists(st.integers(1, 7), min_size=2, max_size=6),
    missing=st.floats(0, 0.6),
    loss=st.sampled_from(["mse", "mae", "huber"]),
    decoder=st.sampled_from(["repeat", "state", "both"]),
    seed=st.integers(0, 9),
)
def test_halves_have_the_gradients_of_the_whole(
    lengths: list[int], missing: float, loss: str, decoder: Any, seed: int
) -> None:
    length = torch.tensor(lengths)
    target = padded(sequences(len(lengths)), length)
    target[torch.rand(target.shape, generator=torch.Generator().manual_seed(seed)) < missing] = float("nan")
    target[0, 0] = 0.5  # something is observed
    inputs = {"x": target} if length.min() == 7 else {"x": target, "lengths": length}
    module = make_module(decoder=decoder, patch_len=2, linear_path=True, reference_timesteps=7)
    criterion = MaskedLoss(loss, MEAN, SCALE)
    expected = gradients_of_whole(module, criterion, inputs, target)
    found = gradients_of_halves(module, criterion, inputs, target)
    torch.testing.assert_close(found, (expected[0], list(expected[1])), rtol=1e-4, atol=1e-6)


def test_a_half_in_which_nothing_is_observed_counts_for_nothing() -> None:
    target = sequences(4)
    target[2:] = float("nan")
    module, criterion = make_module(), MaskedLoss("mse", MEAN, SCALE)
    loss, gradients = gradients_of_halves(module, criterion, {"x": target}, target)
    expected, expected_gradients = gradients_of_whole(module, criterion, {"x": target[:2]}, target[:2])
    torch.testing.assert_close((loss, gradients), (expected, list(expected_gradients)), rtol=1e-5, atol=1e-7)


def test_a_parameter_that_is_not_used_has_no_gradient() -> None:
    module = make_module()
    module.unused = torch.nn.Parameter(torch.ones(3))
    x = sequences()
    with parallel_map(2) as map_:
        Halves(predictor(module), MaskedLoss("mse", MEAN, SCALE), map_).backward({"x": x}, x, list(module.parameters()))
    assert module.unused.grad is None
    assert module.decoder.output_layer.weight.grad is not None


def test_a_shape_that_differs_from_the_targets_is_refused() -> None:
    module = make_module()
    with torch_threads(2), parallel_map(2) as map_, pytest.raises(ValueError, match="they must be equal"):
        Halves(predictor(module), MaskedLoss("mse", MEAN, SCALE), map_).backward(
            {"x": sequences()}, sequences()[:, :5], list(module.parameters())
        )


def test_large_batches_of_small_steps_are_halved() -> None:
    module = SequenceAutoencoder(8, 64, decoder="repeat")
    assert Halves.pay(module, 64, 100)
    assert not Halves.pay(module, 64, 10)
    assert not Halves.pay(module, 1, 10**6)
    wide = SequenceAutoencoder(8, 256, decoder="repeat")
    assert not Halves.pay(wide, 64, 100)


# In training


@pytest.fixture
def halved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Halves pay from the smallest work on; the sizes of the batches that were halved."""
    sizes: list[int] = []
    backward = Halves.backward

    def recorded(self: Halves, inputs: Any, target: Tensor, *args: Any) -> Any:
        sizes.append(len(target))
        return backward(self, inputs, target, *args)

    monkeypatch.setattr(_halves, "_LARGE_WORK", 0)
    monkeypatch.setattr(Halves, "backward", recorded)
    return sizes


def test_training_is_the_same_for_any_number_of_threads(halved: list[int]) -> None:
    X = sequences(21).numpy()
    alone = tiny(batch_size=5).fit(X)
    assert halved == [5, 5, 5, 5] * 2  # a batch of a single sequence is left whole
    with torch_threads(2):
        together = tiny(batch_size=5).fit(X)
        assert torch.get_num_threads() == 2
    np.testing.assert_array_equal(together.loss_curve_, alone.loss_curve_)
    np.testing.assert_array_equal(weights(together), weights(alone))


def test_training_by_halves_learns_what_training_by_whole_batches_does(
    halved: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    X = [x[:n].numpy() for x, n in zip(sequences(20), [7, 6, 5, 4] * 5, strict=True)]
    by_halves = tiny(batch_size=5, max_epochs=10).fit(X)
    assert halved
    halved.clear()
    monkeypatch.setattr(_halves, "_LARGE_WORK", 10**12)
    whole = tiny(batch_size=5, max_epochs=10).fit(X)
    assert not halved
    np.testing.assert_allclose(by_halves.loss_curve_, whole.loss_curve_, rtol=1e-3)


@pytest.mark.parametrize(
    "params",
    [
        {"dropout": 0.2},
        {"loss": torch.nn.L1Loss()},
        {"callbacks": [Callback()]},
        {"net_params": {"optimizer": torch.optim.SGD}},
    ],
    ids=["dropout", "loss", "callbacks", "optimizer"],
)
def test_what_may_look_at_single_steps_sees_whole_batches(halved: list[int], params: dict[str, Any]) -> None:
    tiny(**params).fit(sequences(20).numpy())
    assert not halved


def test_an_interrupt_in_a_half_ends_the_training_in_order(halved: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    forward = SequenceAutoencoder.forward

    def interrupted(self: SequenceAutoencoder, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if len(halved) == 12:
            raise KeyboardInterrupt
        return forward(self, x, *args, **kwargs)

    monkeypatch.setattr(SequenceAutoencoder, "forward", interrupted)
    with torch_threads(2), pytest.warns(UserWarning, match="nterrupt"):
        autoencoder = tiny(batch_size=5, max_epochs=10).fit(sequences(20).numpy())
    assert len(autoencoder.loss_curve_) == 2
    monkeypatch.undo()
    assert np.all(np.isfinite(autoencoder.transform(sequences(20).numpy())))
