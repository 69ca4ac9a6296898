"""AdamW's steps by a shorter way: the same to the last bit, and to be continued by either."""

from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._fast import _updates
from sklearn_seqae._fast._updates import Updates
from tests.networks import sequences
from tests.tiny import tiny, weights


def parameters(*sizes: int) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(size, generator=generator)) for size in sizes]


def draw_gradients(parameters: list[torch.nn.Parameter], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def assert_same(ours: torch.optim.AdamW, torchs: torch.optim.AdamW) -> None:
    """Same parameters and states, bit for bit."""
    for mine, theirs in zip(ours.param_groups, torchs.param_groups, strict=True):
        torch.testing.assert_close(mine["params"], theirs["params"], rtol=0, atol=0)
    torch.testing.assert_close(ours.state_dict()["state"], torchs.state_dict()["state"], rtol=0, atol=0)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("eps", [1e-8, 1e-3])
@pytest.mark.parametrize("way", ["as it is", "unknown kernel"])
def test_steps_are_those_of_torch(weight_decay: float, eps: float, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "unknown kernel":
        monkeypatch.setattr(_updates, "_KERNEL_IS_KNOWN", False)
        monkeypatch.setattr(_updates, "_step", None)
    both = [parameters(3, 5, 1), parameters(3, 5, 1)]
    settings: dict[str, Any] = {"weight_decay": weight_decay, "eps": eps, "betas": (0.8, 0.9), "fused": True}
    groups: list[list[dict[str, Any]]] = [[{"params": ps[:1], "weight_decay": 0.0}, {"params": ps[1:]}] for ps in both]
    ours, torchs = [torch.optim.AdamW(group, **settings) for group in groups]
    updates = Updates(ours)
    for step in range(6):
        for ps, optimizer in zip(both, (ours, torchs), strict=True):
            draw_gradients(ps, seed=step)
            optimizer.param_groups[1]["lr"] = 0.1 / (step + 1)
        updates.step()
        torchs.step()
        assert_same(ours, torchs)
    assert float(ours.state[both[0][0]]["step"]) == 6
    assert bool(updates._gathered) == _updates._KERNEL_IS_KNOWN


@pytest.mark.parametrize("without", [0, 3], ids=["at first", "later"])
def test_a_parameter_without_a_gradient_waits(without: int) -> None:
    both = [parameters(3, 5), parameters(3, 5)]
    ours, torchs = [torch.optim.AdamW(ps, fused=True) for ps in both]
    updates = Updates(ours)
    for step in range(6):
        for ps in both:
            draw_gradients(ps, seed=step)
            if step == without:
                ps[1].grad = None
        updates.step()
        torchs.step()
        assert_same(ours, torchs)


def test_training_is_the_same_as_by_torchs_own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    X = sequences(20).numpy()
    params: dict[str, Any] = {"weight_decay": 0.01, "warm_start": True}
    ours = tiny(**params).fit(X).fit(X)
    monkeypatch.setattr(Updates, "step", lambda self: self.optimizer.step())
    torchs = tiny(**params).fit(X).fit(X)
    np.testing.assert_array_equal(weights(ours), weights(torchs))
