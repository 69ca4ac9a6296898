"""The parameters that a network starts with."""

import math
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["initialize", "open_gates"]

# Biases of open input and output gates, and of forget gates that keep what there is.
_OPEN_BIAS = 3.0
_KEEP_BIAS = 4.0


def initialize(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all parameters of a network.

    Each gate's recurrent weights are orthogonal (Saxe et al., 2014), the forget gates are open at first (bias 1;
    Jozefowicz et al., 2015), all other weights come from Glorot's uniform distribution.
    """
    for name, parameter in module.named_parameters():
        kind = name.rsplit(".", 1)[-1]
        with torch.no_grad():
            if "linear_path." in name:
                parameter.zero_()
            elif kind.startswith("weight_hh"):
                for gate in parameter.chunk(4):
                    nn.init.orthogonal_(gate, generator=generator)
            elif kind.startswith("weight_ih"):
                for gate in parameter.chunk(4):
                    nn.init.xavier_uniform_(gate, generator=generator)
            elif kind.startswith("bias_ih"):
                parameter.zero_()
                parameter.chunk(4)[1].fill_(1.0)  # torch's gates: input, forget, cell, output
            elif kind.startswith("bias"):
                parameter.zero_()
            else:
                nn.init.xavier_uniform_(parameter, generator=generator)


def open_gates(layer: Any, n_steps: int) -> Tensor:
    """Let a layer's cells add up its last inputs, one each, and tell the weight of each step in the last hidden state.

    Returns
    -------
    Tensor of shape (n_steps, 1, output_size)
        By it, inputs must be divided for their plain sum to come out.
    """
    size = layer.hidden_size
    admitted, kept = (1 / (1 + math.exp(-bias)) for bias in (_OPEN_BIAS, _KEEP_BIAS))
    age = torch.arange(n_steps - 1, -1, -1, dtype=torch.float32, device="cpu")
    passed_on = admitted**2 * kept**age  # (P,), through input and output gate
    factors: list[Tensor] = []
    for lstm, factor in ((layer.forward_lstm, passed_on), (layer.backward_lstm, passed_on.flip(0))):
        if lstm is None:
            continue
        lstm.weight_ih_l0.zero_()
        lstm.weight_hh_l0.zero_()
        # torch's gates: input, forget, cell, output
        for gate, bias in zip(lstm.bias_ih_l0.chunk(4), (_OPEN_BIAS, _KEEP_BIAS, 0.0, _OPEN_BIAS), strict=True):
            gate.fill_(bias)
        if len(factors) * size < layer.output_size:  # summed directions add up the same values: one is enough
            first = lstm.input_size - layer.output_size + len(factors) * size
            lstm.weight_ih_l0[2 * size : 3 * size, first : first + size].fill_diagonal_(1.0)
            factors.append(factor[:, None].expand(-1, size))
    return torch.cat(factors, dim=1)[:, None]
