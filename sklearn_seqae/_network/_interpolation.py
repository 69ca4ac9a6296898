"""Straight lines and smooth curves through the observed values of sequences with gaps.

Shapes: B sequences in a batch, T time steps, C channels. Each channel has neighbours of its own.
"""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Neighbours", "curve", "find_neighbours", "line"]


class Neighbours(NamedTuple):
    """The nearest observed steps of each value, (B, T, C) all; an observed value is its own neighbour.

    Attributes
    ----------
    left, right : Tensor of int64
        The steps; where there is none on one side, that of the other side; where nothing is observed, any.
    before, after : Tensor of float32
        How many steps away they are; infinite where there is none.
    """

    left: Tensor
    right: Tensor
    before: Tensor
    after: Tensor

    @property
    def distance(self) -> Tensor:
        """How far away what is known is: the harmonic mean of both distances, twice that of the only one there is."""
        return 2 / (1 / self.before + 1 / self.after)


def find_neighbours(observed: Tensor) -> Neighbours:
    """Neighbours of each value, by what is observed (B, T, C)."""
    n_timesteps = observed.shape[1]
    step = torch.arange(n_timesteps, device=observed.device)[:, None]  # (T, 1)
    left = torch.where(observed, step, -1).cummax(dim=1).values
    right = torch.where(observed, step, n_timesteps).flip(1).cummin(dim=1).values.flip(1)
    before = torch.where(left < 0, torch.inf, (step - left).float())
    after = torch.where(right == n_timesteps, torch.inf, (right - step).float())
    last = n_timesteps - 1
    first_known, last_known = torch.where(left < 0, right, left), torch.where(right == n_timesteps, left, right)
    return Neighbours(first_known.clamp(0, last), last_known.clamp(0, last), before, after)


def line(x: Tensor, neighbours: Neighbours) -> Tensor:
    """Linear interpolation between neighbours, the nearest value outside of them, 0 where nothing is observed.

    Parameters
    ----------
    x : Tensor of shape (B, T, C)
        Finite values everywhere; those of neighbours count.
    neighbours : Neighbours
        From `find_neighbours`.
    """
    left, right = neighbours.left, neighbours.right
    y = torch.lerp(x.gather(1, left), x.gather(1, right), _share(neighbours))
    return torch.where(_nothing_known(neighbours), 0.0, y)


def curve(x: Tensor, neighbours: Neighbours) -> Tensor:
    """Cubic interpolation, its slopes at neighbours those of parabolas through three observed values (Catmull-Rom).

    Parameters
    ----------
    x, neighbours
        As for `line`, which it is outside of the neighbours.
    """
    left, right = neighbours.left, neighbours.right
    last = x.shape[1] - 1
    further_left = left.gather(1, (left - 1).clamp(min=0))
    further_right = right.gather(1, (right + 1).clamp(max=last))
    gap = (right - left).clamp(min=1).float()
    at_left, at_right = x.gather(1, left), x.gather(1, right)
    chord = (at_right - at_left) / gap
    slope_left = _slope(chord, gap, at_left - x.gather(1, further_left), left - further_left)
    slope_right = _slope(chord, gap, x.gather(1, further_right) - at_right, further_right - right)
    t = _share(neighbours)
    # What a cubic adds to the line (Hermite's form).
    bend = t * (1 - t) * gap * ((1 - t) * (slope_left - chord) - t * (slope_right - chord))
    return line(x, neighbours) + torch.where(torch.isinf(neighbours.before + neighbours.after), 0.0, bend)


def _share(neighbours: Neighbours) -> Tensor:
    """How far a step is on the way from the left to the right neighbour: from 0 to 1."""
    width = (neighbours.right - neighbours.left).float()
    return torch.where(width > 0, neighbours.before / width.clamp(min=1), 0.0)


def _nothing_known(neighbours: Neighbours) -> Tensor:
    return torch.isinf(neighbours.before) & torch.isinf(neighbours.after)


def _slope(chord: Tensor, gap: Tensor, rise: Tensor, width: Tensor) -> Tensor:
    """Slope of the parabola through three points, at the one in the middle; the chord's where there are but two."""
    other = rise / width.clamp(min=1)
    return torch.where(width > 0, (other * gap + chord * width) / (gap + width), chord)
