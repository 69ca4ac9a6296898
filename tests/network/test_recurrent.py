"""LSTM layers: the same as torch's, and what lengths and directions do to them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from sklearn_seqae._network._recurrent import RecurrentLayer, reverse_steps
from tests.networks import (
    N_SEQUENCES,
    assert_close,
    batches_with_lengths,
    fill_parameters,
    lstm_pair,
    padded,
    results,
    reversed_naively,
    sequences,
)

# One layer in one direction


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 4)),
    hidden_size=st.integers(1, 6),
    has_state=st.booleans(),
    trains=st.booleans(),
)
def test_results_and_gradients_are_those_of_torchs_lstm(
    shape: tuple[int, int, int], hidden_size: int, has_state: bool, trains: bool
) -> None:
    ours, torchs = lstm_pair(shape[2], hidden_size)
    x = sequences(*shape)
    state = tuple(sequences(1, shape[0], hidden_size)[0] * factor for factor in (0.5, 2)) if has_state else None
    ours.train(trains)
    for actual, expected in zip(results(ours, x, state), results(torchs, x, state), strict=True):
        assert actual.shape == expected.shape
        assert torch.equal(actual, expected)
    with torch.inference_mode():
        assert_close(ours(x)[0], torchs.eval()(x)[0])


def autocast_has_an_lstm() -> bool:
    """Whether torch's own LSTM runs under autocast: not every processor has one in bfloat16."""
    try:
        with torch.autocast("cpu"):
            nn.LSTM(2, 3)(torch.zeros(1, 1, 2))
    except RuntimeError:
        return False
    return True


needs_autocast = pytest.mark.skipif(not autocast_has_an_lstm(), reason="torch.nn.LSTM fails under autocast here")


@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # of setting the flags
@pytest.mark.parametrize("case", ["float64", "no onednn", pytest.param("autocast", marks=needs_autocast), "empty"])
def test_in_other_precisions_and_without_onednn_it_is_torchs_lstm(case: str) -> None:
    ours, torchs = lstm_pair(2, 3)
    x = sequences()
    if case == "float64":
        ours, torchs, x = ours.double(), torchs.double(), x.double()
    if case == "empty":
        x = x[:0]
    with torch.backends.mkldnn.flags(enabled=case != "no onednn"), torch.autocast("cpu", enabled=case == "autocast"):
        actual, last = ours(x)
        expected, (torchs_last, _) = torchs(x)
    assert actual.dtype == expected.dtype
    assert torch.equal(actual, expected)
    assert torch.equal(last, torchs_last[0])


@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore::torch.jit.TracerWarning")
def test_a_traced_network_has_an_lstm_that_other_programs_know() -> None:
    ours, _ = lstm_pair(2, 3)
    graph = str(torch.jit.trace(ours, sequences()).inlined_graph)  # type: ignore[no-untyped-call]
    assert "aten::lstm" in graph
    assert "mkldnn" not in graph


# Directions and lengths


@pytest.mark.parametrize("merge_mode", ["sum", "concat"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_initial_states_of_a_layer_are_zeros(bidirectional: bool, merge_mode: str) -> None:
    layer = RecurrentLayer(2, 3, bidirectional=bidirectional, merge_mode=merge_mode)  # type: ignore[arg-type]
    fill_parameters(layer)
    x = sequences()
    zeros = (torch.zeros(N_SEQUENCES, 3), torch.zeros(N_SEQUENCES, 3))
    parts = [layer.forward_lstm(x, zeros)[1]]
    if layer.backward_lstm is not None:
        parts.append(layer.backward_lstm(x.flip(1), zeros)[1])
    expected = torch.cat(parts, dim=1) if merge_mode == "concat" else sum(parts)
    assert torch.equal(layer(x)[1], expected)
    assert torch.equal(layer(x)[1], layer(x)[1])


@pytest.mark.parametrize("merge_mode", ["sum", "concat"])
def test_the_backward_outputs_stand_at_the_steps_that_they_read_last(merge_mode: str) -> None:
    layer = RecurrentLayer(2, 3, bidirectional=True, merge_mode=merge_mode)  # type: ignore[arg-type]
    fill_parameters(layer)
    x, lengths = sequences(), torch.tensor([7, 2, 5, 1])
    outputs, _ = layer(padded(x, lengths, fill=9.0), lengths)
    assert layer.backward_lstm is not None
    for i, length in enumerate(lengths):
        forward, _ = layer.forward_lstm(x[i : i + 1, :length])
        backward, _ = layer.backward_lstm(x[i : i + 1, :length].flip(1))
        parts = [forward, backward.flip(1)]
        expected = torch.cat(parts, dim=2) if merge_mode == "concat" else parts[0] + parts[1]
        assert_close(outputs[i : i + 1, :length], expected)


@given(batches_with_lengths())
def test_reverse_steps_equals_a_naive_loop_and_undoes_itself(batch: tuple[Tensor, list[int]]) -> None:
    x, lengths = batch
    reversed_x = reverse_steps(x, torch.tensor(lengths))
    assert torch.equal(reversed_x, reversed_naively(x, lengths))
    assert torch.equal(reverse_steps(reversed_x, torch.tensor(lengths)), x)
    assert torch.equal(reverse_steps(x), reversed_naively(x, [x.shape[1]] * len(lengths)))
