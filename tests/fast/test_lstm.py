"""The LSTM layer by a shorter way: the same to the last bit, and torch's own where it does not fit."""

import pytest
import torch

from sklearn_seqae._fast import _lstm
from sklearn_seqae._fast._lstm import run_lstm
from tests.networks import lstm_pair, results, sequences

known = pytest.mark.skipif(not _lstm._KERNEL_IS_KNOWN, reason="torch's kernel is not the one known here, or not there")


@pytest.fixture
def unknown_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lstm, "_KERNEL_IS_KNOWN", False)
    monkeypatch.setattr(torch, "mkldnn_rnn_layer", None)


@known
@pytest.mark.parametrize("has_state", [False, True])
def test_the_short_cut_is_taken_and_gives_the_same_to_the_last_bit(has_state: bool) -> None:
    ours, torchs = lstm_pair(2, 3)
    x = sequences()
    state = (torch.full((len(x), 3), 0.5), torch.full((len(x), 3), -2.0)) if has_state else None
    direct = run_lstm(ours, x, state)
    assert direct is not None
    assert torch.equal(direct[0], ours(x, state)[0])
    for actual, expected in zip(results(ours, x, state), results(torchs, x, state), strict=True):
        assert torch.equal(actual, expected)


@pytest.mark.usefixtures("unknown_kernel")
def test_a_kernel_of_other_arguments_is_not_called() -> None:
    ours, torchs = lstm_pair(2, 3)
    assert run_lstm(ours, sequences(), None) is None
    for actual, expected in zip(results(ours, sequences(), None), results(torchs, sequences(), None), strict=True):
        assert torch.equal(actual, expected)


@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # of setting the flags
@pytest.mark.parametrize("case", ["float64", "no onednn", "autocast", "empty"])
def test_where_the_kernel_cannot_be_used_torch_goes_its_own_way(case: str) -> None:
    lstm, _ = lstm_pair(2, 3)
    x = sequences()
    if case == "float64":
        lstm, x = lstm.double(), x.double()
    if case == "empty":
        x = x[:0]
    with torch.backends.mkldnn.flags(enabled=case != "no onednn"), torch.autocast("cpu", enabled=case == "autocast"):
        assert run_lstm(lstm, x, None) is None
