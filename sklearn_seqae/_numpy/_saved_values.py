"""What a file says of a network, believed only where it fits: its arguments, and its weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Geometry", "SavedWeights", "choice", "whole"]

Float32 = NDArray[np.float32]

# Arguments that matter in training alone, or are among the weights.
_WITHOUT_EFFECT = ("dropout", "mean", "scale", "seed")
# No size is beyond this, so that products of two fit into 64 bits.
_LARGEST_SIZE = 2**31


class Geometry(NamedTuple):
    """Arguments of `SequenceAutoencoder` that the forward pass depends on."""

    n_channels: int
    latent_dim: int
    hidden_layer_sizes: tuple[int, ...]
    bidirectional: bool
    merge_mode: str
    decoder: str
    output_layer: str | None
    reverse_target: bool
    patch_len: int
    reference_timesteps: int
    linear_path: bool

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """The arguments as a file has them, checked."""
        unknown = sorted(params.keys() - {*cls._fields, *_WITHOUT_EFFECT})
        if unknown:  # of a later version, or of nobody
            raise ValueError(f"its network has the unknown arguments {str(unknown)[:80]}")
        sizes = params["hidden_layer_sizes"]
        if not isinstance(sizes, tuple):
            raise ValueError(f"its hidden_layer_sizes are {str(sizes)[:80]}, no sizes of layers")
        widths = tuple(whole({"hidden_layer_sizes": size}, "hidden_layer_sizes") for size in sizes)
        return cls(
            n_channels=whole(params, "n_channels"),
            latent_dim=whole(params, "latent_dim"),
            hidden_layer_sizes=widths,
            bidirectional=choice(params, "bidirectional", True, False),
            merge_mode=choice(params, "merge_mode", "sum", "concat"),
            decoder=choice(params, "decoder", "repeat", "state", "both"),
            output_layer=choice(params, "output_layer", "linear", None),
            reverse_target=choice(params, "reverse_target", True, False),
            patch_len=whole(params, "patch_len"),
            reference_timesteps=whole(params, "reference_timesteps"),
            linear_path=choice(params, "linear_path", True, False),
        )

    @property
    def n_features(self) -> int:
        """Values of a patch."""
        return self.patch_len * self.n_channels

    @property
    def n_positions(self) -> int:
        """Patches of a sequence of the usual length."""
        return -(-self.reference_timesteps // self.patch_len)

    @property
    def code_size(self) -> int:
        return self.latent_dim * self.n_directions_side_by_side

    @property
    def n_directions_side_by_side(self) -> int:
        """By how much a layer's output is wider than the layer."""
        return 2 if self.bidirectional and self.merge_mode == "concat" else 1


class SavedWeights:
    """Weights by name, each handed out once, in the shape that is asked for or not at all.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What the file holds.
    """

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._left = dict(arrays)

    def take(self, name: str, *shape: int) -> Float32:
        """The array of that name."""
        if name not in self._left:
            raise ValueError(f"its weights {name!r} are missing")
        array = np.asarray(self._left.pop(name))
        if array.shape != shape or array.dtype != np.float32:
            raise ValueError(
                f"its weights {name!r} are {array.dtype} of shape {array.shape}, where a network of its arguments has "
                f"float32 of shape {shape}"
            )
        return array

    def refuse_left_over(self) -> None:
        """Refuse weights that nothing has asked for."""
        if self._left:
            raise ValueError(f"its weights {sorted(self._left)} are too many")


def whole(values: Mapping[str, Any], name: str) -> int:
    """A size of at least 1."""
    value = values[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < _LARGEST_SIZE:
        raise ValueError(f"its {name} is {str(value)[:80]}, no size of at least 1")
    return value


def choice(values: Mapping[str, Any], name: str, *choices: Any) -> Any:
    """One of some values, of the same type."""
    value = values[name]
    if not any(value == known and type(value) is type(known) for known in choices):
        raise ValueError(f"its {name} is {str(value)[:80]}, none of {', '.join(map(repr, choices))}")
    return value
