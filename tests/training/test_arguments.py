"""Arguments of skorch's net: the weight decay of any optimizer, losses of any kind, batches of one's own."""

from typing import Any

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_seqae._data._dataset import SequenceDataset
from sklearn_seqae._training._batching import ValidationBatches
from tests.networks import sequences
from tests.tiny import tiny, weights

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Derived(torch.optim.AdamW):
    """Hands all arguments on, as many optimizers do that are derived from others."""

    def __init__(self, params: Any, **options: Any) -> None:
        super().__init__(params, **options)


def groups_of(**params: Any) -> dict[str, Any]:
    """Weight decay of each parameter, by name, at the first step."""
    found: dict[str, Any] = {}

    class Look(Callback):
        def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
            names = {parameter: name for name, parameter in net.get_all_learnable_params()}
            for group in net.optimizer_.param_groups:
                found.update({names[parameter]: group["weight_decay"] for parameter in group["params"]})

    tiny(callbacks=[Look()], max_epochs=1, **params).fit(sequences(8).numpy())
    return found


@pytest.mark.parametrize("net_params", [{}, *({"optimizer": o} for o in (torch.optim.SGD, torch.optim.AdamW, Derived))])
@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_weight_decay_reaches_any_optimizer_and_weights_alone(net_params: Any, weight_decay: float) -> None:
    found = groups_of(net_params=net_params, weight_decay=weight_decay)
    spared = {name for name in found if "bias" in name or "linear_path" in name}
    assert {name for name in found if found[name] == 0} == (spared if weight_decay else found.keys())
    assert {found[name] for name in found.keys() - spared} == {weight_decay}
    assert any("linear_path.weight" in name for name in spared)


def test_weight_decay_spares_what_a_loss_learns() -> None:
    class Scaled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.log_scale = torch.nn.Parameter(torch.ones(()))

        def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return (prediction - target).abs().mean() / self.log_scale.exp() + self.log_scale

    assert groups_of(loss=Scaled(), weight_decay=0.5)["loss.log_scale"] == 0


def test_weight_decay_shrinks_weights_with_an_optimizer_of_ones_own() -> None:
    X = sequences(8).numpy()
    params: dict[str, Any] = {"net_params": {"optimizer": torch.optim.SGD}, "max_epochs": 20, "linear_path": False}
    assert np.linalg.norm(weights(tiny(**params, weight_decay=5.0, learning_rate=0.1).fit(X))) < 0.5 * np.linalg.norm(
        weights(tiny(**params, learning_rate=0.1).fit(X))
    )


def test_weight_decay_is_refused_where_it_has_no_effect() -> None:
    X = sequences(8).numpy()
    lbfgs = {"optimizer": torch.optim.LBFGS}
    with pytest.raises(ValueError, match=r"weight_decay=0\.5 has no effect with LBFGS.*Set weight_decay=0"):
        tiny(net_params=lbfgs, weight_decay=0.5).fit(X)
    assert np.isfinite(tiny(net_params=lbfgs).fit(X).loss_curve_).all()


def test_a_loss_may_be_a_class() -> None:
    X = sequences(8).numpy()
    of_class, of_instance = (tiny(loss=loss).fit(X) for loss in (torch.nn.L1Loss, torch.nn.L1Loss()))
    np.testing.assert_array_equal(of_class.loss_curve_, of_instance.loss_curve_)


def test_a_loss_class_that_needs_arguments_is_refused() -> None:
    class Weighted(torch.nn.Module):
        def __init__(self, weight: float) -> None:
            super().__init__()

    with pytest.raises(ValueError, match=r"loss=Weighted is a class.*weight.*pass an instance"):
        tiny(loss=Weighted).fit(sequences(8).numpy())


def test_batches_may_be_the_users() -> None:
    sizes: list[int] = []

    class Pairs(ValidationBatches):
        def __init__(self, dataset: SequenceDataset, batch_size: int, most: int) -> None:
            super().__init__(dataset, min(batch_size, most))

        def __iter__(self) -> Any:
            for batch, target in super().__iter__():
                sizes.append(len(target))
                yield batch, target

    tiny(max_epochs=1, net_params={"iterator_train": Pairs, "iterator_train__most": 2}).fit(sequences(5).numpy())
    assert sizes == [2, 2, 1]
