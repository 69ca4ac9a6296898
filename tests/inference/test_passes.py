"""Inference: all sequences, batch by batch, in their order."""

from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._inference import _passes
from sklearn_seqae._network._sequence_autoencoder import SequenceAutoencoder
from tests.datasets import Parts, dataset_of, random_parts
from tests.threads import torch_threads


@pytest.fixture(params=["one layer", "patches", "both ways"])
def module(request: pytest.FixtureRequest) -> SequenceAutoencoder:
    settings: dict[str, dict[str, Any]] = {
        "one layer": {"decoder": "repeat"},
        "patches": {"hidden_layer_sizes": (5,), "patch_len": 3, "mean": [1.0, -1.0], "scale": [2.0, 0.5]},
        "both ways": {"hidden_layer_sizes": (5,), "bidirectional": True, "patch_len": 2, "reverse_target": True},
    }
    return SequenceAutoencoder(2, 3, reference_timesteps=5, seed=0, **settings[request.param]).eval()


@pytest.fixture(params=["equal", "unequal", "missing"])
def parts(request: pytest.FixtureRequest) -> Parts:
    lengths = [5] * 11 if request.param == "equal" else [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    parts = random_parts(lengths)
    if request.param == "missing":
        parts[2][1] = np.nan
        parts[5][3:, 0] = np.nan
    return parts


@pytest.fixture(params=[(1024, 2**16), (4, 2**16), (1024, 20), (1, 1)], ids=["all", "by 4", "by 20 steps", "by 1"])
def _inference_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many sequences go through the network at once."""
    monkeypatch.setattr(_passes, "_SEQUENCES_AT_ONCE", request.param[0])
    monkeypatch.setattr(_passes, "_STEPS_AT_ONCE", request.param[1])


@pytest.mark.usefixtures("_inference_size")
def test_inference_equals_one_at_a_time_in_the_same_order(module: SequenceAutoencoder, parts: Parts) -> None:
    dataset = dataset_of(parts)
    lengths = dataset.lengths
    with torch.inference_mode():
        alone = [torch.from_numpy(part)[None] for part in parts]
        codes = np.concatenate([module.encode(x).numpy() for x in alone])
        drawn = np.concatenate([module(x)[0].numpy() for x in alone])
        states = [module.hidden_states(x)[0].numpy() for x in alone]
    truth = np.concatenate(parts)
    unit = np.array([0.1, 7.0])
    squares = ((drawn - truth).astype(float) / unit) ** 2
    errors = [np.nansum(part) for part in np.split(squares, np.cumsum(lengths)[:-1])]
    close: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(_passes.encode(module, dataset), codes, **close)
    found_states, n_patches = _passes.encode_timesteps(module, dataset)
    assert n_patches.tolist() == [len(part) for part in states]
    np.testing.assert_allclose(found_states, np.concatenate(states), **close)
    np.testing.assert_allclose(_passes.decode(module, codes, lengths), drawn, **close)
    np.testing.assert_allclose(_passes.reconstruct(module, dataset), drawn, **close)
    for one, other in zip(_passes.encode_and_reconstruct(module, dataset), (codes, drawn), strict=True):
        np.testing.assert_allclose(one, other, **close)
    found, counts = _passes.squared_errors(module, dataset, unit)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, errors, rtol=1e-5)
    assert counts.tolist() == [np.sum(~np.isnan(part)) for part in parts]


class OnlySingle(torch.Tensor):
    """A tensor on a device without float64, as Apple's are; off it, any tensor."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        found = super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]
        if isinstance(found, torch.Tensor) and found.dtype == torch.float64:
            raise TypeError("this device has no float64")
        return found


def test_errors_need_no_float64_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    module, dataset = SequenceAutoencoder(2, 3), dataset_of(random_parts([4, 2, 3]))
    expected = _passes.squared_errors(module, dataset, np.ones(2))
    on_cpu = _passes.on_device
    monkeypatch.setattr(
        _passes,
        "on_device",
        lambda *given: {name: value.as_subclass(OnlySingle) for name, value in on_cpu(*given).items()},
    )
    with pytest.raises(TypeError, match="no float64"):
        torch.zeros(1).as_subclass(OnlySingle).double()
    for found, wanted in zip(_passes.squared_errors(module, dataset, np.ones(2)), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.usefixtures("_inference_size")
@pytest.mark.parametrize("n_threads", [2, 3])
def test_inference_is_the_same_for_any_number_of_threads(
    module: SequenceAutoencoder, n_threads: int, parts: Parts
) -> None:
    dataset = dataset_of(parts)
    alone = _passes.encode(module, dataset), _passes.reconstruct(module, dataset)
    with torch_threads(n_threads):
        together = _passes.encode(module, dataset), _passes.reconstruct(module, dataset)
        assert torch.get_num_threads() == n_threads
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_error_in_one_batch_ends_the_others(n_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_passes, "_SEQUENCES_AT_ONCE", 1)
    module = SequenceAutoencoder(2, 3)
    calls: list[int] = []

    def encode(x: torch.Tensor, lengths: Any = None) -> torch.Tensor:
        calls.append(len(x))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "encode", encode)
    with torch_threads(n_threads), pytest.raises(KeyboardInterrupt):
        _passes.encode(module, dataset_of(random_parts([4] * 2000)))
    assert len(calls) < 2000


def test_inference_switches_dropout_off() -> None:
    module = SequenceAutoencoder(2, 3, hidden_layer_sizes=(8,), dropout=0.5).train()
    dataset = dataset_of(random_parts([4, 2, 3]))
    np.testing.assert_array_equal(_passes.encode(module, dataset), _passes.encode(module, dataset))
    np.testing.assert_array_equal(_passes.reconstruct(module.train(), dataset), _passes.reconstruct(module, dataset))
