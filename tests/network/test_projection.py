"""The projection between the hidden state and the code."""

import pytest
import torch

from sklearn_seqae._network._projection import Projection


def test_nothing_is_changed_at_first() -> None:
    hidden = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    projection = Projection(3)
    assert torch.equal(projection(hidden), hidden)
    assert torch.equal(projection.undo(hidden), hidden)


def test_a_projection_by_hand() -> None:
    projection = Projection(2)
    projection.set(torch.tensor([[2.0, 0.0], [2.0, 4.0]]))
    hidden = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
    assert torch.equal(projection(hidden), torch.tensor([[2.0, 0.0], [2.0, 4.0], [0.0, -4.0]]))
    assert torch.equal(projection.undo(projection(hidden)), hidden)


@pytest.mark.parametrize("ratio", [1.0, 1e3])
def test_it_can_be_undone(ratio: float) -> None:
    generator = torch.Generator().manual_seed(0)
    directions = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    projection = Projection(6)
    projection.set(directions * torch.logspace(0, 1, 6, base=ratio))
    hidden = torch.randn(10, 6, generator=generator)
    torch.testing.assert_close(projection.undo(projection(hidden)), hidden, atol=1e-6 * ratio, rtol=0)


def test_nothing_is_learned_and_all_of_it_is_saved() -> None:
    projection = Projection(4)
    assert not list(projection.parameters())
    assert {name: tuple(value.shape) for name, value in projection.state_dict().items()} == {
        "weight": (4, 4),
        "inverse": (4, 4),
    }
