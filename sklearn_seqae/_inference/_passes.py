"""Inference: codes, states, reconstructions and errors of all sequences, batch by batch, put back in their order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._compute._precision import exact_float32
from sklearn_seqae._compute._shortcuts import keep_freed_memory
from sklearn_seqae._compute._threads import parallel_map, suitable_threads
from sklearn_seqae._data._batches import batches_of_like_length, empty_steps, write_steps
from sklearn_seqae._data._dataset import SequenceDataset

__all__ = [
    "decode",
    "encode",
    "encode_and_reconstruct",
    "encode_timesteps",
    "for_each_batch",
    "on_device",
    "reconstruct",
    "squared_errors",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# Batches are as large as suits the hardware, whatever the training's: this many sequences, or near this many steps.
_SEQUENCES_AT_ONCE = 1024
_STEPS_AT_ONCE = 2**15


def encode(module: Any, dataset: SequenceDataset) -> Float32:
    """Codes of all sequences, in their order: (n_sequences, n_components)."""
    codes = np.empty((len(dataset), module.code_size), dtype=np.float32)

    def encode_batch(indices: Int64) -> None:
        codes[indices] = module.encode(**on_device(dataset.batch(indices), module)).cpu().numpy()

    for_each_batch(encode_batch, module, dataset.lengths)
    return codes


def encode_timesteps(module: Any, dataset: SequenceDataset) -> tuple[Float32, Int64]:
    """Hidden states of all sequences, a row a patch, end to end, and the number of patches of each sequence."""
    lengths = -(-dataset.lengths // module.patch_len)
    states = np.empty((int(lengths.sum()), module.state_size), dtype=np.float32)
    offsets = np.cumsum(lengths) - lengths

    def encode_batch(indices: Int64) -> None:
        found = module.hidden_states(**on_device(dataset.batch(indices), module))
        write_steps(states, offsets[indices], lengths[indices], found.cpu().numpy())

    for_each_batch(encode_batch, module, dataset.lengths)
    return states, lengths


def decode(module: Any, codes: Float32, lengths: Int64) -> Float32:
    """A sequence of each code, of the length wanted, end to end: (sum(lengths), n_channels)."""
    steps, offsets = empty_steps(lengths, module.n_channels)

    def decode_batch(indices: Int64) -> None:
        arguments = {"code": torch.from_numpy(codes[indices]), "lengths": torch.from_numpy(lengths[indices])}
        x = module.decode(n_timesteps=int(lengths[indices].max()), **on_device(arguments, module))
        write_steps(steps, offsets[indices], lengths[indices], x.cpu().numpy())

    for_each_batch(decode_batch, module, lengths)
    return steps


def reconstruct(module: Any, dataset: SequenceDataset) -> Float32:
    """All sequences as encoded and decoded again, in their order, end to end: (sum(lengths), n_channels)."""
    steps, offsets = empty_steps(dataset.lengths, module.n_channels)

    def reconstruct_batch(indices: Int64) -> None:
        x = module(**on_device(dataset.batch(indices), module))
        write_steps(steps, offsets[indices], dataset.lengths[indices], x.cpu().numpy())

    for_each_batch(reconstruct_batch, module, dataset.lengths)
    return steps


def encode_and_reconstruct(module: Any, dataset: SequenceDataset) -> tuple[Float32, Float32]:
    """What `encode` and `reconstruct` return, in one pass."""
    codes = np.empty((len(dataset), module.code_size), dtype=np.float32)
    steps, offsets = empty_steps(dataset.lengths, module.n_channels)

    def compute_batch(indices: Int64) -> None:
        code, x = module.encode_and_draw(**on_device(dataset.batch(indices), module))
        codes[indices] = code.cpu().numpy()
        write_steps(steps, offsets[indices], dataset.lengths[indices], x.cpu().numpy())

    for_each_batch(compute_batch, module, dataset.lengths)
    return codes, steps


def squared_errors(module: Any, dataset: SequenceDataset, unit: Float64) -> tuple[Float64, Int64]:
    """Of each sequence, the sum of squared errors and the number of observed values: (n_sequences,) both.

    Each channel's errors are in units of `unit` (n_channels,).
    """
    errors = np.empty(len(dataset))
    counts = np.empty(len(dataset), dtype=np.int64)

    def compare_batch(indices: Int64) -> None:
        batch = on_device(dataset.batch(indices), module)
        error = (module(**batch) - batch["x"]).cpu().double()  # (B, T, C); not every device has float64
        squares = error.square().nansum(dim=1).numpy() / np.square(unit)  # (B, C)
        errors[indices] = squares.sum(axis=1)
        counts[indices] = (~torch.isnan(error)).sum(dim=(1, 2)).numpy()

    for_each_batch(compare_batch, module, dataset.lengths)
    return errors, counts


def for_each_batch(compute: Callable[[Int64], None], module: Any, lengths: Int64) -> None:
    """Prepare the module and torch; compute each batch, of sequences of like length, by their indices.

    Batches may be computed at once, by several threads.
    """
    keep_freed_memory()
    batches = batches_of_like_length(lengths, _SEQUENCES_AT_ONCE, _STEPS_AT_ONCE)
    if module.training:  # walking through all modules takes a while
        module.eval()

    def compute_without_gradients(indices: Int64) -> None:
        with torch.inference_mode():
            compute(indices)

    if len(batches) > 1 and module.mean.device.type == "cpu":
        with parallel_map() as map_:
            for _ in map_(compute_without_gradients, batches):
                pass
        return
    work = module.multiply_adds(len(batches[0]), int(lengths.max()))
    with suitable_threads(work, brief=True), exact_float32(module.mean.device.type):
        for indices in batches:
            compute_without_gradients(indices)


def on_device(arguments: dict[str, Tensor], module: Any) -> dict[str, Tensor]:
    return {name: value.to(module.mean.device) for name, value in arguments.items()}
