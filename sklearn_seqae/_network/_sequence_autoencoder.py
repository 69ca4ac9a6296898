"""The network: an LSTM encoder, an LSTM decoder, and the scale of the data between them and the user.

Shapes: B sequences in a batch, T time steps, C channels, P patches of `patch_len` steps, K components of the code. NaN
in a batch is padding or a missing value. All parameters are drawn from a generator of their own, so that building a
network leaves torch's global generator as it is.
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_seqae._compute._threads import suitable_threads
from sklearn_seqae._network._constants import STATE_SCALE
from sklearn_seqae._network._decoder import DecoderInput, SequenceDecoder
from sklearn_seqae._network._encoder import SequenceEncoder
from sklearn_seqae._network._initial_values import initialize, open_gates
from sklearn_seqae._network._positional_linear import PositionalLinear
from sklearn_seqae._network._projection import Projection
from sklearn_seqae._network._recurrent import MergeMode, reverse_steps

__all__ = ["SequenceAutoencoder"]

# Components of less than this share of the largest deviation are rounding errors.
_LEAST_DEVIATION = 1e-4


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
        layers, see `start_from`, and a projection between the top layer's hidden state and the code.
    mean, scale : sequence of float or None
        Per channel, subtracted from and divided out of what the encoder reads; the decoder's output is put back.
    seed : int
        Seeds the initial parameters.
    device : {"cpu", "meta"}
        Where the network is built; on "meta" its parameters have shapes alone, and take no memory.

    Shape
    -----
    Input: (B, T, C), NaN where nothing was observed; lengths (B,), or None where every sequence has T steps.
    Output: (B, T, C), in the units of the input, or with ``standardized=True`` as it is compared with the standardized
    target in training: without the way to the data's units and back.
    """

    mean: Tensor
    scale: Tensor
    code_size: int
    state_size: int

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
        device: str = "cpu",
    ) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.patch_len = patch_len
        self.reverse_target = reverse_target
        kind: dict[str, Any] = {"dtype": torch.float32, "device": device}
        self.register_buffer("mean", torch.tensor([0.0] * n_channels if mean is None else mean, **kind))
        self.register_buffer("scale", torch.tensor([1.0] * n_channels if scale is None else scale, **kind))
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
            device=device,
        )
        self.code_size = self.encoder.code_size
        self.state_size = self.encoder.state_size
        self.decoder = SequenceDecoder(
            self.code_size,
            features,
            hidden_layer_sizes[::-1],
            code_input=decoder,
            output_layer=output_layer,
            reference_length=reference_length,
            dropout=dropout,
            device=device,
        )
        self.linear_path = self.projection = None
        if linear_path:
            self.projection = Projection(self.code_size, device=device)
            self.linear_path = PositionalLinear(reference_length, self.code_size, features, device=device)
        self._n_weights = self._count_weights()
        if device != "meta":
            with suitable_threads(0, brief=True):  # an orthogonal matrix's last bits depend on the number of threads
                initialize(self, torch.Generator("cpu").manual_seed(seed))

    @torch.no_grad()
    def start_from(self, mean: Tensor, components: Tensor, deviations: Tensor) -> None:
        """Set the parameters such that the network computes a principal component analysis, nearly.

        Linear autoencoders are a good start for recurrent ones (Pasa and Sperduti, 2014). Here the cells of the
        encoder's top layer, their gates open, add up the principal components, each scaled to a standard deviation
        of `STATE_SCALE`, where tanh is nearly linear; the projection makes codes of them that are the components'
        scores. The decoder's linear path turns them back, and its LSTM layers are silent at first. Training then has
        only what is not linear left to learn.

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
        projection = self.projection
        assert reader is not None, "there is no linear path to start from"
        assert writer is not None
        assert projection is not None
        n_positions, features, code_size = reader.weight.shape
        weights = torch.zeros(n_positions, features, code_size, dtype=mean.dtype, device=mean.device)
        weights[:, :, : len(components)] = components.reshape(-1, n_positions, features).permute(1, 2, 0)
        deviation = torch.zeros(code_size, dtype=mean.dtype, device=mean.device)
        deviation[: len(deviations)] = deviations
        known = deviation > _LEAST_DEVIATION * deviation.max()
        shrink = torch.where(known, STATE_SCALE / deviation.clamp(min=torch.finfo(deviation.dtype).tiny), 0.0)
        reading = weights * shrink / open_gates(self.encoder.layers[-1], n_positions)
        patch_mean = mean.reshape(n_positions, features)
        reader.weight.copy_(reading / reader.gain)
        reader.bias.copy_(-torch.einsum("pf,pfk->pk", patch_mean, reading))
        gain = torch.where(known, deviation / STATE_SCALE, 0.0)
        writer.weight.copy_((weights * gain).transpose(1, 2))
        writer.bias.copy_(patch_mean)
        least = gain[known].min() if known.any() else 1.0  # a gain of 0 could not be undone
        projection.set(torch.diag(torch.where(known, gain, least)))
        for parameter in self.decoder.output_layer.parameters():
            parameter.zero_()

    def forward(self, x: Tensor, lengths: Tensor | None = None, *, standardized: bool = False) -> Tensor:
        # Without the projection and back, which would cost time and digits.
        return self._draw(self._read(x, lengths), x.shape[1], lengths, standardized=standardized)

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, C) -> (B, K)."""
        hidden = self._read(x, lengths)
        return hidden if self.projection is None else self.projection(hidden)

    def encode_and_draw(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What `encode` and `forward` return, of one reading: (B, T, C) -> (B, K) and (B, T, C)."""
        hidden = self._read(x, lengths)
        code = hidden if self.projection is None else self.projection(hidden)
        return code, self._draw(hidden, x.shape[1], lengths, standardized=False)

    def decode(
        self, code: Tensor, n_timesteps: int, lengths: Tensor | None = None, *, standardized: bool = False
    ) -> Tensor:
        """(B, K) -> (B, n_timesteps, C)."""
        hidden = code if self.projection is None else self.projection.undo(code)
        return self._draw(hidden, n_timesteps, lengths, standardized=standardized)

    def hidden_states(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """States of the encoder's hidden layer, one for each patch: (B, T, C) -> (B, P, `state_size`)."""
        return self.encoder.hidden_states(self._patches(x), self._count_patches(lengths))

    def _read(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """The top layer's last hidden state, before the projection: (B, T, C) -> (B, K)."""
        return self.encoder(self._patches(x), self._count_patches(lengths))

    def _patches(self, x: Tensor) -> Tensor:
        """What the encoder reads: (B, T, C) -> (B, P, p * C)."""
        z = torch.nan_to_num((x - self.mean) / self.scale, nan=0.0)  # what is missing reads as the channel's mean
        missing_steps = -x.shape[1] % self.patch_len
        if missing_steps:
            z = F.pad(z, (0, 0, 0, missing_steps))
        return z.reshape(len(z), -1, self.patch_len * self.n_channels)

    def _draw(self, hidden: Tensor, n_timesteps: int, lengths: Tensor | None, *, standardized: bool) -> Tensor:
        """What such a hidden state says: (B, K) -> (B, n_timesteps, C)."""
        n_patches = _ceil_div(n_timesteps, self.patch_len)
        patches = self.decoder(hidden if self.linear_path is None else hidden / STATE_SCALE, n_patches)  # (B, P, p * C)
        if self.reverse_target:
            patches = reverse_steps(patches, self._count_patches(lengths))
        if self.linear_path is not None:
            patches = patches + self.linear_path(hidden.unsqueeze(1).expand(-1, n_patches, -1))
        z = patches.reshape(len(hidden), -1, self.n_channels)
        if z.shape[1] > n_timesteps:  # a slice of all would be copied on the way back
            z = z[:, :n_timesteps]
        return z if standardized else z * self.scale + self.mean

    def _count_patches(self, lengths: Tensor | None) -> Tensor | None:
        return None if lengths is None else _ceil_div(lengths, self.patch_len)

    def multiply_adds(self, n_sequences: int, n_timesteps: int) -> int:
        """Pairs of a multiplication and an addition in one pass of a batch, nearly: each step uses each weight once.

        The weights of the linear path belong to one step each.
        """
        at_each_step, at_one_step = self._n_weights
        return n_sequences * (at_each_step * _ceil_div(n_timesteps, self.patch_len) + at_one_step)

    def _count_weights(self) -> tuple[int, int]:
        """Parameters that each step uses, and weights of the linear path: the walk through all takes a while."""
        linear = [path.weight for path in (self.encoder.linear_path, self.linear_path) if path is not None]
        n_positional = sum(weight.numel() for weight in linear)
        return sum(parameter.numel() for parameter in self.parameters()) - n_positional, n_positional

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


def _ceil_div(a: Any, b: int) -> Any:
    return -(-a // b)


def _count(n: int, noun: str, plural: str | None = None) -> str:
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
