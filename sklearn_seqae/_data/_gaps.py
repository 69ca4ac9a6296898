"""What gaps look like: those found in a data set, and such as may be elsewhere, to be made on purpose."""

import torch
from torch import Tensor

from sklearn_seqae._data._dataset import SequenceDataset

__all__ = ["GapPatterns"]

# Sequences and values in which gaps are looked for; more would hardly show others.
_MOST_SEQUENCES = 2_000
_MOST_VALUES = 2**23
# Share of the sequences that get gaps as found in the data, if there are any; the others get any.
_AS_FOUND = 0.7
# Any gaps: single values, so many of them, or one run in each channel, so long.
_SHARE_OF_VALUES = (0.05, 0.6)
_SHARE_OF_LENGTH = (0.05, 0.35)
# How often a run is at the same steps in all channels.
_IN_ALL_CHANNELS = 0.3
# Gaps that come on top of gaps hide about this share of a channel: with many more, nothing would be as it was found.
_ON_TOP = 0.25


class GapPatterns:
    """Makes gaps like those of a data set.

    Parameters
    ----------
    found : Tensor of shape (n_found, T, C), bool
        Where sequences with gaps have them.
    """

    def __init__(self, found: Tensor) -> None:
        self.found = found

    @classmethod
    def of(cls, dataset: SequenceDataset, seed: int) -> "GapPatterns":
        """Those of the sequences of a data set, of some drawn at random where there are very many."""
        most = max(1, min(_MOST_SEQUENCES, _MOST_VALUES // (int(dataset.lengths.max()) * dataset.steps.shape[1])))
        batch = dataset.batch(dataset.draw(most, seed))
        missing = torch.isnan(batch["x"])
        if "lengths" in batch:
            missing &= _within(batch["lengths"], missing.shape[1])
        return cls(missing[missing.flatten(1).any(dim=1)])

    def hide(self, x: Tensor, lengths: Tensor | None, generator: torch.Generator, *, sparsely: bool = False) -> Tensor:
        """Values to hide of those observed, of each sequence at most all but one: (B, T, C) -> bool.

        Parameters
        ----------
        x : Tensor of shape (B, T, C)
            Sequences, perhaps with gaps of their own.
        lengths : Tensor of shape (B,) or None
            Their numbers of steps; None where all have T.
        generator : torch.Generator
            What to draw from.
        sparsely : bool, default=False
            Whether of many gaps only some are made: those that are there already stay as they are, so that all of
            them together are hardly more than what was found.
        """
        observed = ~torch.isnan(x)
        size = torch.full((len(x),), x.shape[1], device="cpu") if lengths is None else lengths
        gaps = _any_gaps(x.shape, size, generator)
        if len(self.found):
            donor = self.found[torch.randint(len(self.found), (len(x),), generator=generator, device="cpu")]
            as_found = _fitted_to(donor, x.shape[1])
            if sparsely:
                as_found = _thinned(as_found, generator)
            gaps = torch.where(_uniform((len(x), 1, 1), generator) < _AS_FOUND, as_found, gaps)
        hidden = gaps & observed
        something_left = (observed & ~hidden).flatten(1).any(dim=1)
        return hidden & something_left[:, None, None]


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")


def _between(bounds: tuple[float, float], shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return bounds[0] + (bounds[1] - bounds[0]) * _uniform(shape, generator)


def _within(lengths: Tensor, n_timesteps: int) -> Tensor:
    """Whether a step belongs to its sequence: (B, T, 1)."""
    return (torch.arange(n_timesteps, device="cpu") < lengths[:, None])[:, :, None]


def _any_gaps(shape: torch.Size, lengths: Tensor, generator: torch.Generator) -> Tensor:
    """Single values of half of the sequences, and one run in each channel of the others: (B, T, C)."""
    n, n_timesteps, n_channels = shape
    single = _uniform((n, n_timesteps, n_channels), generator) < _between(_SHARE_OF_VALUES, (n, 1, 1), generator)
    size = lengths[:, None, None]
    width = (_between(_SHARE_OF_LENGTH, (n, 1, n_channels), generator) * size).clamp(min=1)
    start = (_uniform((n, 1, n_channels), generator) * (size - width + 1)).floor()
    together = _uniform((n, 1, 1), generator) < _IN_ALL_CHANNELS
    width, start = (torch.where(together, value[:, :, :1], value) for value in (width, start))
    step = torch.arange(n_timesteps, device="cpu")[:, None]
    run = (step >= start) & (step < start + width)
    return torch.where(_uniform((n, 1, 1), generator) < 0.5, single, run)


def _fitted_to(gaps: Tensor, n_timesteps: int) -> Tensor:
    """Gaps (B, S, C) cut off or continued to (B, n_timesteps, C)."""
    missing_steps = max(0, n_timesteps - gaps.shape[1])
    return torch.cat([gaps, gaps.new_zeros(len(gaps), missing_steps, gaps.shape[2])], dim=1)[:, :n_timesteps]


def _thinned(gaps: Tensor, generator: torch.Generator) -> Tensor:
    """Some of the runs of gaps (B, T, C), each kept or dropped as a whole."""
    begins = gaps.clone()
    begins[:, 1:] &= ~gaps[:, :-1]
    run = begins.cumsum(dim=1)  # number of the run within its channel
    share = gaps.float().mean(dim=1, keepdim=True)
    drawn = _uniform((len(gaps), gaps.shape[1] + 1, gaps.shape[2]), generator).gather(1, run)
    return gaps & (drawn * share < _ON_TOP)
