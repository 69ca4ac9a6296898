"""Batches for training and validation: in what order, and how they are varied."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_seqae._data._batches import by_length, split
from sklearn_seqae._data._dataset import Batch, SequenceDataset
from sklearn_seqae._data._gaps import GapPatterns

__all__ = ["TrainingBatches", "ValidationBatches", "count_observed", "shifted"]

# What is drawn at random, whatever a session has set as torch's defaults.
_FLOATS: dict[str, Any] = {"dtype": torch.float32, "device": "cpu"}
# Sequences of a batch that are blended into each of the new ones.
_MOST_BLENDED = 256
# Standard deviation of shifts in time, as a share of the sequence's length.
_SHIFT = 0.03
# Shuffled sequences of unequal length are sorted within this many batches.
_BATCHES_PER_BUCKET = 50
# Values that are counted at once, nearly.
_MOST_COUNTED = 2**20


class _Batches:
    """Iterates (module arguments, target) over a data set; subclasses say in what order."""

    def __init__(self, dataset: SequenceDataset, batch_size: int) -> None:
        self.dataset = dataset
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def indices(self) -> list[NDArray[np.int64]]:
        """The sequences of each batch, those of like length together."""
        return split(by_length(np.arange(len(self.dataset)), self.dataset.lengths), self.batch_size)

    def __iter__(self) -> Iterator[tuple[Batch, Tensor]]:
        for indices in self.indices():
            batch = self.dataset.batch(indices)
            yield batch, batch["x"]


class ValidationBatches(_Batches):
    """All sequences once, in a fixed order."""


def count_observed(dataset: SequenceDataset) -> int:
    """How many values of the sequences are not missing."""
    size = max(1, _MOST_COUNTED // (int(dataset.lengths.max()) * dataset.steps.shape[1]))
    return sum(int((~torch.isnan(target)).sum()) for _, target in ValidationBatches(dataset, size))


class TrainingBatches(_Batches):
    """All sequences once an epoch, in a new order each time, shifted, mixed and noisy if so wished.

    Sequences of unequal length are shuffled, then sorted by length within a few batches' worth of them, then the
    batches are shuffled: little padding is computed, and every sequence can meet every other.

    Parameters
    ----------
    dataset : SequenceDataset
        The sequences.
    batch_size : int
        Sequences in a batch; the last one may be smaller.
    seed : int
        Seeds the order, the shifts, the mixing and the noise.
    time_shift : float
        Share of the sequences that are moved in time, see `shifted`.
    mixup : float
        Share of each batch's sequences that are replaced by w a + (1 - w) b, where a and b are sequences of the batch
        and w is uniform in (-0.5, 1.5): mixup (Zhang et al., 2018), also a little beyond the two. The mixture is
        target as well as input.
    blending : float
        Share of these mixtures that are made of all sequences of the batch instead of two: normal, with the batch's
        mean and covariance.
    input_noise : tuple of float
        Standard deviation, per channel, of the normal noise on the input, not on the target (Vincent et al., 2008).
    gaps : GapPatterns or None
        Gaps to make in the input. The target is then what they hide, and nothing else.

    Attributes
    ----------
    noise_share : float
        Share of the noise to add; the training lowers it together with the learning rate, so that the network ends
        on data as it is.
    """

    def __init__(
        self,
        dataset: SequenceDataset,
        batch_size: int,
        seed: int = 0,
        time_shift: float = 0.0,
        mixup: float = 0.0,
        blending: float = 0.0,
        input_noise: tuple[float, ...] = (),
        gaps: GapPatterns | None = None,
    ) -> None:
        super().__init__(dataset, batch_size)
        self.generator = torch.Generator().manual_seed(seed)
        self.time_shift = time_shift
        self.mixup = mixup
        self.blending = blending
        self.input_noise = torch.tensor(input_noise, **_FLOATS) if any(input_noise) else None
        self.gaps = gaps
        self.noise_share = 1.0

    def indices(self) -> list[NDArray[np.int64]]:
        order = _permutation(len(self.dataset), self.generator).numpy()
        if self.dataset.equal_length is not None:
            return split(order, self.batch_size)
        batches = []
        for bucket in split(order, self.batch_size * _BATCHES_PER_BUCKET):
            batches += split(by_length(bucket, self.dataset.lengths), self.batch_size)
        shuffled = _permutation(len(batches), self.generator)
        return [batches[i] for i in shuffled]

    def __iter__(self) -> Iterator[tuple[Batch, Tensor]]:
        for batch, _ in super().__iter__():
            if self.time_shift:
                batch["x"] = shifted(**batch, share=self.time_shift, generator=self.generator)
            if self.mixup:
                batch = self._mix(**batch)
            target = batch["x"]
            if self.input_noise is not None:
                noise = self.noise_share * self.input_noise  # (C,)
                batch["x"] = target + noise * torch.randn(target.shape, generator=self.generator, **_FLOATS)
            if self.gaps is not None:
                hidden = self.gaps.hide(target, batch.get("lengths"), self.generator)
                if hidden.any():
                    batch["x"] = torch.where(hidden, torch.nan, batch["x"])
                    target = torch.where(hidden, target, torch.nan)
            yield batch, target

    def _mix(self, x: Tensor, lengths: Tensor | None = None) -> Batch:
        """Replace some sequences of (B, T, C) by mixtures."""
        n = len(x)
        chosen, blended, weight = torch.rand(3, n, generator=self.generator, **_FLOATS)
        in_pair = chosen < self.mixup
        in_blend = in_pair & (blended < self.blending)
        other = _permutation(n, self.generator)
        mixture = torch.lerp(x[other], x, (2 * weight - 0.5)[:, None, None])  # NaN in either is NaN in the mixture
        in_pair &= ~in_blend
        if _has_gaps(mixture):  # a mixture in which nothing is observed teaches nothing: keep the sequence itself
            in_pair &= ~torch.isnan(mixture).flatten(1).all(dim=1)
        mixture = torch.where(in_pair[:, None, None], mixture, x)
        if self.blending:
            rows = in_blend.nonzero()[:, 0]
            mixture[rows] = self._blend(x, rows)
        if lengths is None:
            return {"x": mixture}
        return {"x": mixture, "lengths": torch.where(in_pair, torch.minimum(lengths, lengths[other]), lengths)}

    def _blend(self, x: Tensor, rows: Tensor) -> Tensor:
        """Sequences in place of some rows of x (B, T, C), normal with its mean and covariance; NaN where x is."""
        members = x[_permutation(len(x), self.generator)[:_MOST_BLENDED]]  # (M, T, C)
        mean, deviations = _mean_and_deviations(members)
        weights = torch.randn(len(rows), len(members), generator=self.generator, **_FLOATS)
        weights /= max(1, len(members) - 1) ** 0.5
        blends = mean + torch.tensordot(weights, deviations, dims=1)
        return torch.where(torch.isnan(x[rows]), torch.nan, blends) if _has_gaps(x) else blends


def _mean_and_deviations(members: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (T, C) of (M, T, C), and what to add up for its covariance, however few are observed at a step."""
    if not _has_gaps(members):
        mean = members.mean(dim=0)
        return mean, members - mean
    observed = ~torch.isnan(members)
    count = observed.sum(dim=0).clamp(min=1).to(members.dtype)  # (T, C)
    mean = members.nansum(dim=0) / count
    return mean, torch.where(observed, members - mean, 0.0) * (len(members) / count).sqrt()


def shifted(x: Tensor, lengths: Tensor | None = None, *, share: float, generator: torch.Generator) -> Tensor:
    """Move some sequences of (B, T, C) a little in time: training images are moved so in (Simard et al., 2003).

    The number of steps is normal, with a standard deviation of 3 % of the sequence's length, rounded: very short
    sequences stay as they are. The first or last step is repeated where nothing comes from; padding stays behind.
    """
    n, n_timesteps = x.shape[:2]
    size = torch.full((n,), n_timesteps, device="cpu") if lengths is None else lengths
    chosen = torch.rand(n, generator=generator, **_FLOATS) < share
    distance = torch.randn(n, generator=generator, **_FLOATS) * _SHIFT * size
    shift = torch.where(chosen, distance, 0.0).round().long()  # (B,)
    rows = shift.nonzero()[:, 0]  # (M,)
    last = size[rows, None] - 1
    step = torch.arange(n_timesteps, device="cpu")
    source = torch.minimum((step - shift[rows, None]).clamp(min=0), last)
    if lengths is not None:
        source = torch.where(step <= last, source, step)  # (M, T)
    moved = x[rows[:, None], source]
    if _has_gaps(moved):
        emptied = torch.isnan(moved).flatten(1).all(dim=1)  # only what was observed last, or first, was observed at all
        moved = torch.where(emptied[:, None, None], x[rows], moved)
    return x.index_copy(0, rows, moved)


def _has_gaps(x: Tensor) -> bool:
    """Whether there is a NaN: one look at all values, where most data have none, is quicker than a look at each."""
    return math.isnan(x.sum())


def _permutation(n: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=generator, device="cpu")
