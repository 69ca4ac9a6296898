"""LSTM layers over padded batches, in one direction or both.

Shapes: P steps, B sequences in a batch, F features of a step, H hidden size. Steps come first, so that those of one
time lie side by side.
"""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._numpy._saved_values import SavedWeights

__all__ = ["LSTM", "RecurrentLayer", "reverse_steps"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class LSTM:
    """An LSTM layer in one direction, as `torch.nn.LSTM` computes it.

    A sigmoid is a tanh of half its argument, halved and moved by a half, so that all four gates are one tanh: torch's
    weights are put into the order input, forget, output gate, cell, the first three halved.

    Parameters
    ----------
    weights : SavedWeights
        Has torch's.
    name : str
        What their names begin with.
    input_size, hidden_size : int
        Features per step before and after.
    """

    def __init__(self, weights: SavedWeights, name: str, input_size: int, hidden_size: int) -> None:
        n_gates = 4 * hidden_size
        from_input = weights.take(f"{name}weight_ih_l0", n_gates, input_size)
        from_hidden = weights.take(f"{name}weight_hh_l0", n_gates, hidden_size)
        bias = weights.take(f"{name}bias_ih_l0", n_gates) + weights.take(f"{name}bias_hh_l0", n_gates)
        input_forget, cell, output = np.split(np.arange(n_gates), [2 * hidden_size, 3 * hidden_size])
        order = np.concatenate([input_forget, output, cell])
        halved = np.repeat(np.array([0.5, 1.0], np.float32), [3 * hidden_size, hidden_size])
        self.hidden_size = hidden_size
        self.from_input = np.ascontiguousarray(from_input[order].T) * halved  # (F, 4 H)
        self.from_hidden = np.ascontiguousarray(from_hidden[order].T) * halved  # (H, 4 H)
        self.bias = bias[order] * halved

    def __call__(self, x: Float32, state: tuple[Float32, Float32] | None = None) -> Float32:
        """(P, B, F), and hidden and cell state at the start, (B, H) each -> (P, B, H)."""
        n_steps, n_sequences, n_features = x.shape
        size = self.hidden_size
        gates = (x.reshape(-1, n_features) @ self.from_input).reshape(n_steps, n_sequences, -1)  # (P, B, 4 H)
        gates += self.bias
        outputs = np.empty((n_steps, n_sequences, size), dtype=np.float32)
        hidden, cell = (None, None) if state is None else state
        for gate, output in zip(gates, outputs, strict=True):
            if hidden is not None:  # zeros need no product
                gate += hidden @ self.from_hidden
            np.tanh(gate, out=gate)
            sigmoids = gate[:, : 3 * size]
            sigmoids *= np.float32(0.5)
            sigmoids += np.float32(0.5)
            new = gate[:, :size] * gate[:, 3 * size :]
            cell = new if cell is None else new + gate[:, size : 2 * size] * cell
            hidden = np.multiply(gate[:, 2 * size : 3 * size], np.tanh(cell), out=output)
        return outputs


class RecurrentLayer:
    """One LSTM layer of the encoder, in one direction or both.

    Parameters
    ----------
    weights, name, input_size, hidden_size
        As for `LSTM`, the size for each direction.
    bidirectional : bool
        Whether a second LSTM reads the sequence backwards.
    merge_mode : {"sum", "concat"}
        How the directions' outputs are put together.
    """

    def __init__(
        self,
        weights: SavedWeights,
        name: str,
        input_size: int,
        hidden_size: int,
        *,
        bidirectional: bool,
        merge_mode: str,
    ) -> None:
        self.forward = LSTM(weights, f"{name}forward_lstm.", input_size, hidden_size)
        self.backward = LSTM(weights, f"{name}backward_lstm.", input_size, hidden_size) if bidirectional else None
        self.sums = merge_mode == "sum"

    def __call__(self, x: Float32, lengths: Int64 | None) -> tuple[Float32, Float32]:
        """(P, B, F) -> all states, and the last one of each sequence, which lies before the padding: (B, width)."""
        outputs = self.forward(x)
        last = outputs[-1] if lengths is None else outputs[lengths - 1, np.arange(x.shape[1])]
        if self.backward is None:
            return outputs, last
        reverse_outputs = reverse_steps(self.backward(reverse_steps(x, lengths)), lengths)
        reverse_last = reverse_outputs[0]
        if self.sums:
            return outputs + reverse_outputs, last + reverse_last
        return np.concatenate([outputs, reverse_outputs], axis=2), np.concatenate([last, reverse_last], axis=1)


def reverse_steps(x: Float32, lengths: Int64 | None) -> Float32:
    """Reverse each sequence of (P, B, F) within its own length; padding stays behind."""
    if lengths is None:
        return x[::-1]
    step = np.arange(len(x))[:, np.newaxis]
    source = np.where(step < lengths, lengths - 1 - step, step)  # (P, B)
    return np.take_along_axis(x, source[:, :, np.newaxis], axis=0)
