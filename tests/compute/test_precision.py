"""Mixed precision: what is computed in eight bits and what is not, and that settings are left as they were."""

import gc
import weakref
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._compute._precision import _setting, autocast, exact_float32, in_float32
from tests.detectors import waves

KINDS: dict[str, dict[str, Any]] = {
    "default": {},
    "both directions": {"bidirectional": True, "early_stopping": True},
    "textbook": {"hidden_layer_sizes": (), "decoder": "repeat", "output_layer": None, "patch_len": 1},
    "no linear path": {"linear_path": False, "dropout": 0.2, "hidden_layer_sizes": (8, 8)},
}


class Types(Callback):
    """Records in what type the layers answer."""

    found: dict[str, set[torch.dtype]]

    def on_train_begin(self, net: Any, *_: Any, **kwargs: Any) -> None:
        Types.found = {}
        for name, layer in net.module_.named_modules():
            layer.register_forward_hook(lambda *call, name=name: self.note(name, call[-1]))

    def note(self, name: str, output: Any) -> None:
        if torch.is_grad_enabled():
            Types.found.setdefault(name, set()).add((output if isinstance(output, torch.Tensor) else output[0]).dtype)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_mixed_precision_learns_as_well(kind: str, ragged: bool) -> None:
    X: Any = [wave[: 8 + i % 12] for i, wave in enumerate(waves(40))] if ragged else waves(40)
    params = {"max_epochs": 15, "random_state": 0, **KINDS[kind]}
    exact, mixed = (LSTMAutoencoder(3, precision=name, **params).fit(X) for name in ("float32", "bfloat16"))
    assert (mixed.loss_curve_ != exact.loss_curve_).any()
    assert mixed.score(X) == pytest.approx(exact.score(X), abs=0.01)
    assert mixed.transform(X).dtype == mixed.reconstruct(X)[0].dtype == np.float32
    assert {parameter.dtype for parameter in mixed.module_.parameters()} == {torch.float32}


def test_codes_and_the_linear_path_have_all_bits() -> None:
    LSTMAutoencoder(3, max_epochs=1, precision="bfloat16", callbacks=[Types()], random_state=0).fit(waves(20))
    for name in ("encoder.layers.0.forward_lstm", "decoder.layers.0"):
        assert Types.found[name] == {torch.bfloat16}
    for name in ("encoder.layers.1.forward_lstm", "encoder.linear_path", "linear_path"):
        assert Types.found[name] == {torch.float32}


def test_a_forward_pass_in_float32_is_so_within_mixed_precision_alone() -> None:
    class Layer(nn.Linear):
        forward = in_float32(nn.Linear.forward)

    layer, plain, x = Layer(2, 2), nn.Linear(2, 2), torch.ones(1, 2)
    with autocast("bfloat16", "cpu"):
        assert layer(x.bfloat16()).dtype == torch.float32
        assert plain(x).dtype == torch.bfloat16  # before and after
    with autocast("float32", "cpu"):
        assert plain(x).dtype == torch.float32


def test_tf32_is_off_while_anybody_wants_it_off_and_then_as_before() -> None:
    def setting() -> Any:
        settings, name, _ = _setting()
        return getattr(settings, name)

    before, (_, _, off), seen = setting(), _setting(), []
    both_in, one_out = Barrier(2), Barrier(2)

    def first() -> None:
        with exact_float32("cuda"):
            both_in.wait()
        one_out.wait()

    thread = Thread(target=first)
    thread.start()
    with exact_float32("cuda:0"):
        both_in.wait()
        one_out.wait()
        seen.append(setting())
    thread.join()
    with exact_float32("cpu"):
        seen.append(setting())
    assert seen == [off, before]
    assert setting() == before


def test_a_fit_leaves_nothing_for_the_garbage_collector() -> None:
    nets = []

    class Witness(Callback):
        def on_train_begin(self, net: Any, *_: Any, **kwargs: Any) -> None:
            nets.append(weakref.ref(net))

    gc.disable()
    try:
        LSTMAutoencoder(3, max_epochs=1, callbacks=[Witness()], random_state=0).fit(waves(20))
        LSTMAutoencoder(3, max_epochs=1, random_state=0, early_stopping=True, callbacks=[Witness()]).fit(waves(20))
        assert [net() for net in nets] == [None, None]  # and with it what a GPU would hold
    finally:
        gc.enable()
