"""AdamW without the import of torch's compiler: the same to the last bit."""

import sys
from inspect import unwrap
from typing import Any

import pytest
import torch

from sklearn_seqae._fast._optimizer import AdamW
from tests.networks import sequences
from tests.tiny import tiny

METHODS = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def parameters() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(size, generator=generator)) for size in (3, 5, 1)]


def trained(optimizer_class: type[torch.optim.AdamW]) -> tuple[list[torch.nn.Parameter], torch.optim.AdamW]:
    """Some steps on a bowl, of which the last two are another optimizer's that goes on from the state."""
    given = parameters()
    groups: list[dict[str, Any]] = [{"params": given[:1], "weight_decay": 0.1}, {"params": given[1:], "lr": 0.1}]
    optimizer = optimizer_class(groups, fused=True)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.stack([parameter.square().sum() for parameter in given]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    losses = [optimizer.step(closure) for _ in range(3)]
    assert losses[0] > losses[-1]
    state = optimizer.state_dict()
    optimizer = optimizer_class(groups, fused=True)
    optimizer.load_state_dict(state)
    closure()
    optimizer.step()
    closure()
    optimizer.step()
    return given, optimizer


def test_steps_and_states_are_those_of_torchs_own() -> None:
    (ours, our_optimizer), (torchs, torchs_optimizer) = trained(AdamW), trained(torch.optim.AdamW)
    torch.testing.assert_close(ours, torchs, rtol=0, atol=0)
    torch.testing.assert_close(our_optimizer.state_dict(), torchs_optimizer.state_dict(), rtol=0, atol=0)
    assert repr(our_optimizer) == repr(torchs_optimizer)


def test_hooks_of_steps_are_called() -> None:
    seen: list[Any] = []
    _, optimizer = trained(AdamW)
    optimizer.register_step_pre_hook(lambda *call: seen.append("before"))
    optimizer.register_step_post_hook(lambda *call: seen.append("after"))
    optimizer.step()
    assert seen == ["before", "after"]


@pytest.mark.parametrize("module", ["torch._dynamo", "torch.fx.experimental.symbolic_shapes"])
def test_a_fit_does_not_import_torchs_compiler(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # whoever imports it fails
    for name in METHODS:  # what torch keeps of an earlier import
        monkeypatch.delattr(unwrap(getattr(torch.optim.AdamW, name)), "__dynamo_disable", raising=False)
    X = sequences(7).numpy()
    fitted = tiny(warm_start=True, batch_size=4).fit(X).fit(X).partial_fit(X)
    assert fitted.score(X) < 1
