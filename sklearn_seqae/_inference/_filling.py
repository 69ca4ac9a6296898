"""Missing values filled: by lines and curves, by what is usual, by a network, and by all of them together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._data._dataset import Batch, SequenceDataset
from sklearn_seqae._inference._normal import NormalSequences
from sklearn_seqae._inference._passes import for_each_batch, on_device
from sklearn_seqae._inference._stacking import DistanceWeights
from sklearn_seqae._network._interpolation import Neighbours, curve, find_neighbours, line

__all__ = ["Member", "Proposals", "fill", "propose"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Member(NamedTuple):
    """What was learned from a part of the sequences: a `GapFiller`, and their distribution in standard units."""

    network: Any
    normal: NormalSequences


class Proposals(NamedTuple):
    """What missing values might be, in standard units, in the order of the sequences.

    Attributes
    ----------
    values : ndarray of shape (n_missing, 1 + n_others), float32
        On the line; and if there are members: on the curve, by the normal distributions, by the networks.
    distance : ndarray of shape (n_missing,), float32
        How far the nearest observed values are; infinite where a channel has none.
    channel : ndarray of shape (n_missing,), int64
        Which channel a value belongs to.
    """

    values: Float32
    distance: Float32
    channel: Int64


def propose(batch: Batch, members: Sequence[Member], mean: Tensor, scale: Tensor, wanted: Tensor) -> Proposals:
    """What the wanted values (B, T, C) of a batch might be; of several members the mean."""
    z = (batch["x"] - mean) / scale
    neighbours = find_neighbours(~torch.isnan(z))
    known = torch.nan_to_num(z)
    straight = line(known, neighbours)
    values = [straight]
    if members:
        curved = curve(known, neighbours)
        usual = torch.stack([_moved(member.normal.expect(z), straight, neighbours) for member in members]).mean(dim=0)
        drawn = torch.stack([_draw(member.network, batch) for member in members]).mean(dim=0)
        values += [curved, torch.where(torch.isnan(usual), curved, usual), drawn]
    return Proposals(
        torch.stack([value[wanted] for value in values], dim=1).numpy(),
        neighbours.distance[wanted].numpy(),
        wanted.nonzero()[:, 2].numpy(),
    )


def _draw(network: Any, batch: Batch) -> Tensor:
    drawn: Tensor = network(**on_device(batch, network), standardized=True)
    return drawn.cpu()


def _moved(expected: Tensor, straight: Tensor, neighbours: Neighbours) -> Tensor:
    """What is expected, moved to where the neighbours are: with the linear interpolation of what it misses there."""
    return expected + straight - line(expected, neighbours)


def fill(
    dataset: SequenceDataset, members: Sequence[Member], weights: DistanceWeights, mean: Float64, scale: Float64
) -> tuple[Float32, Float32]:
    """Fill missing values of all sequences, which lie end to end.

    Returns
    -------
    filled, deviations : ndarray of shape (sum(lengths), n_channels)
        The values in the units of the data, and the standard deviations of their errors; NaN where there was a value.
    """
    filled = np.full((int(dataset.lengths.sum()), len(mean)), np.nan, dtype=np.float32)
    deviations = np.full_like(filled, np.nan)
    starts = np.cumsum(dataset.lengths) - dataset.lengths
    mean_tensor, scale_tensor = (torch.from_numpy(values.astype(np.float32)) for values in (mean, scale))

    def fill_batch(indices: Int64) -> None:
        batch = dataset.batch(indices)
        missing = torch.isnan(batch["x"])
        if "lengths" in batch:
            missing &= (torch.arange(missing.shape[1]) < batch["lengths"][:, None])[:, :, None]
        if not missing.any():
            return
        proposals = propose(batch, members, mean_tensor, scale_tensor, missing)
        sequence, step, channel = missing.nonzero().numpy().T
        place = starts[indices][sequence] + step, channel
        filled[place] = weights.combine(proposals.values, proposals.distance) * scale[channel] + mean[channel]
        deviations[place] = weights.deviation(proposals.distance, channel) * scale[channel]

    if members:
        for_each_batch(fill_batch, members[0].network, dataset.lengths)
    else:
        fill_batch(np.arange(len(dataset)))
    return filled, deviations
