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
from sklearn_seqae._network._interpolation import curve, find_neighbours, line

__all__ = ["Proposals", "Proposer", "fill"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Proposals(NamedTuple):
    """What missing values might be, in standard units, in the order of the sequences.

    Attributes
    ----------
    values : ndarray of shape (n_missing, 1 + n_others), float32
        On the line; and if something was learned: on the curve, by the normal distribution, by it when moved to where
        the neighbours are, by the networks.
    distance : ndarray of shape (n_missing,), float32
        How far the nearest observed values are; infinite where a channel has none.
    channel : ndarray of shape (n_missing,), int64
        Which channel a value belongs to.
    roughness : ndarray of shape (n_missing,), float32
        Root mean square of the steps from value to value of that channel in its sequence, gaps filled by the line.
    """

    values: Float32
    distance: Float32
    channel: Int64
    roughness: Float32


class Proposer(NamedTuple):
    """What was learned of sequences.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_channels,)
        By which networks and distribution standardize.
    normal : NormalSequences or None
        Their distribution; None where there was nothing to learn from.
    networks : sequence of GapFiller
        Of which the mean is proposed.
    """

    mean: Float64
    scale: Float64
    normal: NormalSequences | None = None
    networks: Sequence[Any] = ()

    def propose(self, batch: Batch, wanted: Tensor) -> Proposals:
        """What the wanted values (B, T, C) of a batch might be."""
        mean, scale = (torch.from_numpy(values.astype(np.float32)) for values in (self.mean, self.scale))
        z = (batch["x"] - mean) / scale
        neighbours = find_neighbours(~torch.isnan(z))
        known = torch.nan_to_num(z)
        straight = line(known, neighbours)
        values = [straight]
        if self.normal is not None:
            curved = curve(known, neighbours)
            usual = self.normal.expect(z)
            moved = usual + straight - line(usual, neighbours)  # the linear interpolation of what it misses
            drawn = torch.stack([_draw(network, batch) for network in self.networks]).mean(dim=0)
            unsaid = torch.isnan(moved)
            values += [curved, *(torch.where(unsaid, curved, value) for value in (usual, moved)), drawn]
        return Proposals(
            torch.stack([value[wanted] for value in values], dim=1).numpy(),
            neighbours.distance[wanted].numpy(),
            wanted.nonzero()[:, 2].numpy(),
            _roughness(straight, batch.get("lengths")).expand_as(wanted)[wanted].numpy(),
        )


def _roughness(straight: Tensor, lengths: Tensor | None) -> Tensor:
    """Root mean squares (B, 1, C) of the steps from value to value; lines are level behind a sequence's end."""
    n_steps = torch.tensor(straight.shape[1] - 1.0) if lengths is None else (lengths - 1.0)[:, None, None]
    return (straight.diff(dim=1).square().sum(dim=1, keepdim=True) / n_steps.clamp(min=1)).sqrt()


def _draw(network: Any, batch: Batch) -> Tensor:
    drawn: Tensor = network(**on_device(batch, network), standardized=True)
    return drawn.cpu()


def fill(dataset: SequenceDataset, proposer: Proposer, weights: DistanceWeights) -> tuple[Float32, Float32]:
    """Fill missing values of all sequences, which lie end to end.

    Returns
    -------
    filled, deviations : ndarray of shape (sum(lengths), n_channels)
        The values in the units of the data, and the standard deviations of their errors; NaN where there was a value.
    """
    mean, scale = proposer.mean, proposer.scale
    filled = np.full((int(dataset.lengths.sum()), len(mean)), np.nan, dtype=np.float32)
    deviations = np.full_like(filled, np.nan)
    starts = np.cumsum(dataset.lengths) - dataset.lengths

    def fill_batch(indices: Int64) -> None:
        batch = dataset.batch(indices)
        missing = torch.isnan(batch["x"])
        if "lengths" in batch:
            missing &= (torch.arange(missing.shape[1]) < batch["lengths"][:, None])[:, :, None]
        if not missing.any():
            return
        proposals = proposer.propose(batch, missing)
        sequence, step, channel = missing.nonzero().numpy().T
        place = starts[indices][sequence] + step, channel
        filled[place] = weights.combine(*proposals[:3]) * scale[channel] + mean[channel]
        deviations[place] = weights.deviation(proposals.distance, channel, proposals.roughness) * scale[channel]

    if proposer.networks:
        for_each_batch(fill_batch, proposer.networks[0], dataset.lengths)
    else:
        fill_batch(np.arange(len(dataset)))
    return filled, deviations
