"""Lines and curves across gaps: by hand, and beside NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.interpolate import CubicHermiteSpline

from sklearn_seqae._network._interpolation import curve, find_neighbours, line

NAN = float("nan")
INF = float("inf")


def channel(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, -1, 1)


def test_neighbours_by_hand() -> None:
    neighbours = find_neighbours(~torch.isnan(channel(NAN, 1, NAN, NAN, 4, NAN)))
    assert neighbours.left.ravel().tolist() == [1, 1, 1, 1, 4, 4]
    assert neighbours.right.ravel().tolist() == [1, 1, 4, 4, 4, 4]
    assert neighbours.before.ravel().tolist() == [INF, 0, 1, 2, 0, 1]
    assert neighbours.after.ravel().tolist() == [1, 0, 2, 1, 0, INF]
    distance = neighbours.distance.ravel()
    assert distance[[0, 5]].tolist() == [2, 2]  # of one side alone, twice its distance
    assert distance[[2, 3]].tolist() == pytest.approx([4 / 3, 4 / 3])


def test_line_by_hand() -> None:
    x = channel(NAN, 1, NAN, NAN, 4, NAN)
    straight = line(torch.nan_to_num(x), find_neighbours(~torch.isnan(x)))
    assert straight.ravel().tolist() == [1, 1, 2, 3, 4, 4]


def test_a_channel_without_values_is_zero_and_its_distances_infinite() -> None:
    neighbours = find_neighbours(torch.zeros(1, 3, 1, dtype=torch.bool))
    for interpolate in (line, curve):
        assert interpolate(torch.full((1, 3, 1), 7.0), neighbours).ravel().tolist() == [0, 0, 0]
    assert torch.isinf(neighbours.distance).all()


def test_line_is_numpys() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 15, 3)).astype(np.float32)
    x[rng.random(x.shape) < 0.6] = np.nan
    tensor = torch.from_numpy(x)
    straight = line(torch.nan_to_num(tensor), find_neighbours(~torch.isnan(tensor))).numpy()
    for sequence, found in zip(x, straight, strict=True):
        for values, drawn in zip(sequence.T, found.T, strict=True):
            known = np.flatnonzero(~np.isnan(values))
            if len(known):
                np.testing.assert_allclose(drawn, np.interp(np.arange(15), known, values[known]), atol=1e-5)


def test_curve_is_the_cubic_of_these_slopes() -> None:
    known, values = np.array([0, 1, 5, 7]), np.array([2.0, 0.0, 3.0, 1.0])
    x = np.full(8, np.nan)
    x[known] = values
    chords = np.diff(values) / np.diff(known)
    middle = (chords[:-1] * np.diff(known)[1:] + chords[1:] * np.diff(known)[:-1]) / (known[2:] - known[:-2])
    spline = CubicHermiteSpline(known, values, [chords[0], *middle, chords[-1]])
    tensor = channel(*x).float()
    drawn = curve(torch.nan_to_num(tensor), find_neighbours(~torch.isnan(tensor))).ravel().numpy()
    np.testing.assert_allclose(drawn, spline(np.arange(8)), atol=1e-5)


def test_curve_draws_a_parabola_where_a_line_does_not() -> None:
    truth = channel(*(float(t * t) for t in range(9)))
    x = truth.clone()
    x[:, 3:6] = NAN
    neighbours = find_neighbours(~torch.isnan(x))
    known = torch.nan_to_num(x)
    assert (curve(known, neighbours) - truth).abs().max() < 1e-4
    assert (line(known, neighbours) - truth).abs().max() > 3


def test_observed_values_stay_and_ends_are_level() -> None:
    x = channel(NAN, NAN, 3, 5, NAN, 1, NAN)
    neighbours = find_neighbours(~torch.isnan(x))
    for interpolate in (line, curve):
        drawn = interpolate(torch.nan_to_num(x), neighbours).ravel().tolist()
        assert drawn[:4] == [3, 3, 3, 5]
        assert drawn[5:] == [1, 1]
