"""The network: an LSTM encoder, an LSTM decoder, the scale of the data between them and the user, and the loss.

Shapes: B sequences in a batch, T time steps, C channels, P patches of `patch_len` steps, K components of the code. NaN
in a batch is padding or a missing value. All parameters are drawn from a generator of their own, so that building a
network leaves torch's global generator as it is.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_seqae._compute._threads import suitable_threads
from sklearn_seqae._network._recurrent import LSTM, MergeMode, RecurrentLayer, reverse_steps

__all__ = ["MaskedLoss", "SequenceAutoencoder", "SequenceDecoder", "SequenceEncoder"]

DecoderInput = Literal["repeat", "state", "both"]

# Standard deviation of a code's values at the start from principal components.
CODE_SCALE = 0.1
# Components of less than this share of the largest deviation are rounding errors.
_LEAST_DEVIATION = 1e-4
# Biases of open input and output gates, and of forget gates that keep what there is.
_OPEN_BIAS = 3.0
_KEEP_BIAS = 4.0

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
}


class PositionalLinear(nn.Module):
    """A linear map for each position: the first step meets the first weights, and so on.

    Where it is read by a sum over all positions, it is one linear map from a whole sequence, and the way back one
    linear map to a whole sequence: the two halves of a principal component analysis. Behind the last position, the
    output is zero.

    Parameters
    ----------
    n_positions, in_features, out_features : int
        Number of positions, and features per step before and after.
    gain : float, default=1.0
        Multiplies the weights. Adam moves every weight at the same pace: the more of them are summed up, the slower
        each should go, so a sum over n features wants 1 / n.

    Shape
    -----
    Input: (B, P, in_features), with any number of steps. Output: (B, P, out_features).
    """

    def __init__(self, n_positions: int, in_features: int, out_features: int, *, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.weight = nn.Parameter(torch.empty(n_positions, in_features, out_features))
        self.bias = nn.Parameter(torch.empty(n_positions, out_features))

    def forward(self, x: Tensor) -> Tensor:
        n = min(x.shape[1], len(self.weight))
        y = torch.bmm(x[:, :n].transpose(0, 1), self.gain * self.weight[:n]) + self.bias[:n, None]  # (n, B, out)
        return F.pad(y.transpose(0, 1), (0, 0, 0, x.shape[1] - n))

    def extra_repr(self) -> str:
        n_positions, in_features, out_features = self.weight.shape
        return f"{n_positions=}, {in_features=}, {out_features=}"


class SequenceEncoder(nn.Module):
    """Stacked LSTM layers; the code is the last hidden state of the top one.

    With a linear path, the top layer also gets, at each step, what a linear map makes of the sequence's own step, so
    that its cells can add up principal components (`SequenceAutoencoder.start_from`).

    Parameters
    ----------
    input_size, latent_dim : int
        Features per step, and hidden size of the top layer.
    hidden_layer_sizes : sequence of int
        Widths of the layers below it.
    bidirectional, merge_mode
        As in `RecurrentLayer`.
    dropout : float
        Share of values that is dropped between layers while training.
    linear_positions : int
        Number of positions of the linear path; 0 for none.

    Shape
    -----
    Input: (B, P, input_size), lengths (B,) or None.
    Output: (B, K), K = `code_size`: `latent_dim`, or twice that where two directions are concatenated.
    """

    def __init__(
        self,
        input_size: int,
        latent_dim: int,
        hidden_layer_sizes: Sequence[int] = (),
        *,
        bidirectional: bool = False,
        merge_mode: MergeMode = "concat",
        dropout: float = 0.0,
        linear_positions: int = 0,
    ) -> None:
        super().__init__()
        both_ways: dict[str, Any] = {"bidirectional": bidirectional, "merge_mode": merge_mode}
        self.code_size = latent_dim * (2 if bidirectional and merge_mode == "concat" else 1)
        self.layers = nn.ModuleList()
        size = input_size
        for hidden_size in hidden_layer_sizes:
            layer = RecurrentLayer(size, hidden_size, **both_ways)
            self.layers.append(layer)
            size = layer.output_size
        self.linear_path = None
        if linear_positions:
            gain = 1 / (linear_positions * input_size)
            self.linear_path = PositionalLinear(linear_positions, input_size, self.code_size, gain=gain)
            size += self.code_size
        self.layers.append(RecurrentLayer(size, latent_dim, **both_ways))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        linear = None if self.linear_path is None else self.linear_path(x)  # (B, P, K)
        for depth, layer in enumerate(self.layers):
            if depth > 0:
                x = self.dropout(x)
            if linear is not None and depth == len(self.layers) - 1:
                x = torch.cat([x, linear], dim=2)
            x, last = layer(x, lengths)
        return last


class SequenceDecoder(nn.Module):
    """Stacked LSTM layers that draw a sequence from a code.

    Parameters
    ----------
    code_size, output_size : int
        Width of the code, and of each step that is drawn.
    hidden_layer_sizes : sequence of int
        Widths of the LSTM layers below the output.
    code_input : {"repeat", "state", "both"}
        "repeat" feeds the code at every step, as Keras's RepeatVector does; "state" sets the layers' initial states
        from it and feeds sinusoids of the position (Vaswani et al., 2017); "both" does both.
    output_layer : {"linear", None}
        What makes the output: a linear layer, or a last LSTM layer of `output_size`, which cannot leave (-1, 1).
    reference_length : int
        Number of steps to which the sinusoids' periods relate.
    dropout : float
        Share of values that is dropped between layers while training.

    Shape
    -----
    Input: (B, K), number of steps P. Output: (B, P, output_size).
    """

    N_FREQUENCIES = 4

    def __init__(
        self,
        code_size: int,
        output_size: int,
        hidden_layer_sizes: Sequence[int],
        *,
        code_input: DecoderInput = "both",
        output_layer: Literal["linear"] | None = "linear",
        reference_length: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.repeats_code = code_input != "state"
        self.sets_state = code_input != "repeat"
        self.reference_length = reference_length
        sizes = [*hidden_layer_sizes]
        if output_layer is None:
            sizes.append(output_size)
        sizes = sizes or [code_size]
        input_size = code_size * self.repeats_code + 2 * self.N_FREQUENCIES * self.sets_state
        self.layers = nn.ModuleList(
            LSTM(below, size) for below, size in zip([input_size, *sizes[:-1]], sizes, strict=True)
        )
        self.initial_state = _linear(code_size, 2 * sum(sizes)) if self.sets_state else None
        self.output_layer = _linear(sizes[-1], output_size) if output_layer == "linear" else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, code: Tensor, n_steps: int) -> Tensor:
        x = self._inputs(code, n_steps)
        states = self._initial_states(code)
        for depth, (layer, state) in enumerate(zip(self.layers, states, strict=True)):
            x, _ = layer(x if depth == 0 else self.dropout(x), state)
        return self.output_layer(x.transpose(0, 1)).transpose(0, 1)  # as the LSTM layers leave it, steps first

    def _inputs(self, code: Tensor, n_steps: int) -> Tensor:
        parts = []
        if self.repeats_code:
            parts.append(code.unsqueeze(1).expand(-1, n_steps, -1))  # (B, P, K)
        if self.sets_state:
            parts.append(self._positions(n_steps, code).expand(len(code), -1, -1))  # (B, P, 2 N_FREQUENCIES)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)

    def _positions(self, n_steps: int, like: Tensor) -> Tensor:
        """Sinusoids with periods of 2, 1, 1/2, 1/4 times the reference length: (P, 2 N_FREQUENCIES)."""
        step = torch.arange(n_steps, dtype=like.dtype, device=like.device)
        frequency = 2.0 ** torch.arange(self.N_FREQUENCIES, dtype=like.dtype, device=like.device)
        angle = step[:, None] * frequency * (math.pi / self.reference_length)
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def _initial_states(self, code: Tensor) -> list[tuple[Tensor, Tensor] | None]:
        if self.initial_state is None:
            return [None] * len(self.layers)  # torch's zeros
        sizes = [size for layer in self.layers for size in (layer.hidden_size, layer.hidden_size)]
        states = self.initial_state(code).split(sizes, dim=1)  # each (B, hidden_size)
        return [(h.contiguous(), c.contiguous()) for h, c in zip(states[::2], states[1::2], strict=True)]


class SequenceAutoencoder(nn.Module):
    """Squeezes sequences into codes and draws them again, in the units of the data.

    `patch_len` successive steps are read and drawn at once: a patch of p steps with C channels is one step of p * C
    features to the LSTM layers, which makes long sequences short (Nie et al., 2023, do the same for Transformers).

    With ``hidden_layer_sizes=()``, ``decoder="repeat"``, ``output_layer=None`` and ``patch_len=1`` this is the widely
    copied LSTM(latent_dim) -> RepeatVector(T) -> LSTM(n_channels).

    Parameters
    ----------
    n_channels : int
        Channels per time step.
    latent_dim : int
        Hidden size of the encoder's top layer.
    hidden_layer_sizes : sequence of int
        Widths of the encoder's lower layers; the decoder mirrors them.
    bidirectional, merge_mode
        Whether the encoder reads both ways, and how the directions are put together.
    decoder : {"repeat", "state", "both"}
        How the code enters the decoder.
    output_layer : {"linear", None}
        What makes the output, see `SequenceDecoder`.
    reverse_target : bool
        Whether the decoder draws the last step first (Sutskever et al., 2014; Srivastava et al., 2015).
    patch_len : int
        Time steps that make one step of the LSTM layers.
    reference_timesteps : int
        Usual number of time steps, the unit of the position features.
    dropout : float
        Share of values dropped between layers while training.
    linear_path : bool
        Whether there is a linear way from the sequence to the code and from the code to the sequence beside the LSTM
        layers, see `start_from`.
    mean, scale : sequence of float or None
        Per channel, subtracted from and divided out of what the encoder reads; the decoder's output is put back.
    seed : int
        Seeds the initial parameters.

    Shape
    -----
    Input: (B, T, C), NaN where nothing was observed; lengths (B,), or None where every sequence has T steps.
    Output: (B, T, C), in the units of the input, or with ``standardized=True`` as it is compared with the standardized
    target in training: without the way to the data's units and back.
    """

    mean: Tensor
    scale: Tensor
    code_size: int

    def __init__(
        self,
        n_channels: int,
        latent_dim: int,
        *,
        hidden_layer_sizes: Sequence[int] = (),
        bidirectional: bool = False,
        merge_mode: MergeMode = "concat",
        decoder: DecoderInput = "both",
        output_layer: Literal["linear"] | None = "linear",
        reverse_target: bool = False,
        patch_len: int = 1,
        reference_timesteps: int = 1,
        dropout: float = 0.0,
        linear_path: bool = False,
        mean: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.patch_len = patch_len
        self.reverse_target = reverse_target
        self.register_buffer("mean", torch.tensor([0.0] * n_channels if mean is None else mean))
        self.register_buffer("scale", torch.tensor([1.0] * n_channels if scale is None else scale))
        features = patch_len * n_channels
        reference_length = _ceil_div(reference_timesteps, patch_len)
        self.encoder = SequenceEncoder(
            features,
            latent_dim,
            hidden_layer_sizes,
            bidirectional=bidirectional,
            merge_mode=merge_mode,
            dropout=dropout,
            linear_positions=reference_length if linear_path else 0,
        )
        self.code_size = self.encoder.code_size
        self.decoder = SequenceDecoder(
            self.code_size,
            features,
            hidden_layer_sizes[::-1],
            code_input=decoder,
            output_layer=output_layer,
            reference_length=reference_length,
            dropout=dropout,
        )
        self.linear_path = PositionalLinear(reference_length, self.code_size, features) if linear_path else None
        with suitable_threads(0):  # an orthogonal matrix's last bits depend on the number of threads
            initialize(self, torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def start_from(self, mean: Tensor, components: Tensor, deviations: Tensor) -> None:
        """Set the parameters such that the network computes a principal component analysis, nearly.

        Linear autoencoders are a good start for recurrent ones (Pasa and Sperduti, 2014). Here the cells of the
        encoder's top layer, their gates open, add up the principal components, each scaled to a standard deviation
        of `CODE_SCALE`, where tanh is nearly linear; the decoder's linear path turns them back, and its LSTM layers
        are silent at first. Training then has only what is not linear left to learn.

        Parameters
        ----------
        mean : Tensor of shape (P * p, C)
            Mean of each time step of the standardized data.
        components : Tensor of shape (n_components, P * p, C)
            Principal directions, at most as many as the code has values.
        deviations : Tensor of shape (n_components,)
            Standard deviation of the data along each.
        """
        reader, writer = self.encoder.linear_path, self.linear_path
        assert reader is not None, "there is no linear path to start from"
        assert writer is not None
        n_positions, features, code_size = reader.weight.shape
        weights = torch.zeros(n_positions, features, code_size)
        weights[:, :, : len(components)] = components.reshape(-1, n_positions, features).permute(1, 2, 0)
        deviation = torch.zeros(code_size)
        deviation[: len(deviations)] = deviations
        known = deviation > _LEAST_DEVIATION * deviation.max()
        shrink = torch.where(known, CODE_SCALE / deviation.clamp(min=torch.finfo().tiny), 0.0)
        reading = weights * shrink / _open_gates(self.encoder.layers[-1], n_positions)
        patch_mean = mean.reshape(n_positions, features)
        reader.weight.copy_(reading / reader.gain)
        reader.bias.copy_(-torch.einsum("pf,pfk->pk", patch_mean, reading))
        writer.weight.copy_((weights * torch.where(known, deviation / CODE_SCALE, 0.0)).transpose(1, 2))
        writer.bias.copy_(patch_mean)
        for parameter in self.decoder.output_layer.parameters():
            parameter.zero_()

    def forward(self, x: Tensor, lengths: Tensor | None = None, *, standardized: bool = False) -> Tensor:
        return self.decode(self.encode(x, lengths), x.shape[1], lengths, standardized=standardized)

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, C) -> (B, K)."""
        z = torch.nan_to_num((x - self.mean) / self.scale, nan=0.0)  # what is missing reads as the channel's mean
        missing_steps = -x.shape[1] % self.patch_len
        if missing_steps:
            z = F.pad(z, (0, 0, 0, missing_steps))
        patches = z.reshape(len(z), -1, self.patch_len * self.n_channels)  # (B, P, p * C)
        return self.encoder(patches, self._count_patches(lengths))

    def decode(
        self, code: Tensor, n_timesteps: int, lengths: Tensor | None = None, *, standardized: bool = False
    ) -> Tensor:
        """(B, K) -> (B, n_timesteps, C)."""
        n_patches = _ceil_div(n_timesteps, self.patch_len)
        patches = self.decoder(code if self.linear_path is None else code / CODE_SCALE, n_patches)  # (B, P, p * C)
        if self.reverse_target:
            patches = reverse_steps(patches, self._count_patches(lengths))
        if self.linear_path is not None:
            patches = patches + self.linear_path(code.unsqueeze(1).expand(-1, n_patches, -1))
        z = patches.reshape(len(code), -1, self.n_channels)
        if z.shape[1] > n_timesteps:  # a slice of all would be copied on the way back
            z = z[:, :n_timesteps]
        return z if standardized else z * self.scale + self.mean

    def _count_patches(self, lengths: Tensor | None) -> Tensor | None:
        return None if lengths is None else _ceil_div(lengths, self.patch_len)

    def multiply_adds(self, n_sequences: int, n_timesteps: int) -> int:
        """Pairs of a multiplication and an addition in one pass of a batch, nearly: each step uses each weight once.

        The weights of the linear path belong to one step each.
        """
        n_patches = _ceil_div(n_timesteps, self.patch_len)
        linear = [path.weight for path in (self.encoder.linear_path, self.linear_path) if path is not None]
        n_parameters = sum(parameter.numel() for parameter in self.parameters())
        n_positional = sum(weight.numel() for weight in linear)
        return n_sequences * ((n_parameters - n_positional) * n_patches + n_positional)

    def summary(self, n_timesteps: int) -> str:
        """The way of a sequence through the network, on one line."""
        ends = f"{_count(n_timesteps, 'step')} × {_count(self.n_channels, 'channel')}"
        stations = [ends]
        if self.patch_len > 1:
            stations.append(f"{_count(_ceil_div(n_timesteps, self.patch_len), 'patch', 'patches')} of {self.patch_len}")
        direction = "LSTM" if self.encoder.layers[0].backward_lstm is None else "LSTM in both directions"
        stations += [f"{direction} {layer.hidden_size}" for layer in self.encoder.layers[:-1]]
        stations.append(f"code {self.code_size}")
        stations += [f"LSTM {layer.hidden_size}" for layer in self.decoder.layers]
        return " → ".join([*stations, ends])

    def extra_repr(self) -> str:
        return f"n_channels={self.n_channels}, patch_len={self.patch_len}, reverse_target={self.reverse_target}"


class MaskedLoss(nn.Module):
    """Mean loss over the observed values of a standardized prediction.

    Parameters
    ----------
    loss : {"mse", "mae", "huber"} or callable
        A callable gets prediction and target, of equal shape, and returns a scalar tensor. Where values are missing,
        both are vectors of the observed values.
    mean, scale : sequence of float
        Per channel, as in `SequenceAutoencoder`; they standardize the target.

    Shape
    -----
    Input: prediction (B, T, C), standardized; target (B, T, C), in the data's units, with NaN where nothing was
    observed. Output: a scalar. For a part of a batch, the number of observed values of all of it makes the output the
    part's share of the mean; a callable cannot do that.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, loss: str | Callable[[Tensor, Tensor], Tensor], mean: Sequence[float], scale: Sequence[float]
    ) -> None:
        super().__init__()
        self.is_custom = not isinstance(loss, str)
        self.loss: Callable[..., Tensor] = _LOSSES[loss] if isinstance(loss, str) else loss
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(scale))

    def forward(self, prediction: Tensor, target: Tensor, n_observed: Tensor | None = None) -> Tensor:
        if prediction.shape != target.shape:
            # Broadcasting would make the mean of the target the best prediction.
            raise ValueError(
                f"The module's output has shape {tuple(prediction.shape)}, but its target {tuple(target.shape)}; they "
                "must be equal."
            )
        target = (target - self.mean) / self.scale
        if math.isnan(target.sum()):  # one look at all of them, in the usual case that nothing is missing
            observed = ~torch.isnan(target)
            if self.is_custom:
                return self.loss(prediction[observed], target[observed])
            if n_observed is None:
                n_observed = observed.sum()
            # What is missing adds nothing to a sum; to leave it out, and to put gradients back, takes far longer.
            prediction, target = torch.where(observed, prediction, 0.0), torch.where(observed, target, 0.0)
        if n_observed is None:
            return self.loss(prediction, target)
        return self.loss(prediction, target, reduction="sum") / n_observed


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


def _open_gates(layer: Any, n_steps: int) -> Tensor:
    """Let a layer's cells add up its last inputs, one each, and tell the weight of each step in the last hidden state.

    Returns
    -------
    Tensor of shape (n_steps, 1, output_size)
        By it, inputs must be divided for their plain sum to come out.
    """
    size = layer.hidden_size
    admitted, kept = (torch.tensor(bias).sigmoid() for bias in (_OPEN_BIAS, _KEEP_BIAS))
    passed_on = admitted**2 * kept ** torch.arange(n_steps - 1, -1, -1)  # (P,), through input and output gate
    factors: list[Tensor] = []
    for lstm, factor in ((layer.forward_lstm, passed_on), (layer.backward_lstm, passed_on.flip(0))):
        if lstm is None:
            continue
        lstm.weight_ih_l0.zero_()
        lstm.weight_hh_l0.zero_()
        bias = torch.tensor([_OPEN_BIAS, _KEEP_BIAS, 0.0, _OPEN_BIAS])  # torch's gates: input, forget, cell, output
        lstm.bias_ih_l0.copy_(bias.repeat_interleave(size))
        if len(factors) * size < layer.output_size:  # summed directions add up the same values: one is enough
            first = lstm.input_size - layer.output_size + len(factors) * size
            lstm.weight_ih_l0[2 * size : 3 * size, first : first + size] = torch.eye(size)
            factors.append(factor[:, None].expand(-1, size))
    return torch.cat(factors, dim=1)[:, None]


def _linear(in_features: int, out_features: int) -> nn.Linear:
    """A linear layer, whose parameters `initialize` has yet to draw."""
    layer: nn.Linear = nn.Linear(in_features, out_features, device="meta").to_empty(device="cpu")
    return layer


def _ceil_div(a: Any, b: int) -> Any:
    return -(-a // b)


def _count(n: int, noun: str, plural: str | None = None) -> str:
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
