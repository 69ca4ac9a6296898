"""Windows at random places."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae import LSTMAutoencoder
from sklearn_seqae._data._random_windows import random_windows
from sklearn_seqae._data._readers import validate_sequences
from sklearn_seqae._data._sequences import Sequences

NAN = np.nan


def counted(*lengths: int) -> Sequences:
    """Sequences whose values say where they come from: hundreds for the sequence, the rest for the step."""
    X = [100.0 * i + np.arange(length) for i, length in enumerate(lengths)]
    return validate_sequences(LSTMAutoencoder(), X)


def drawn(sequences: Sequences, width: int, n: int, seed: int = 0) -> NDArray[np.float32]:
    return random_windows(sequences, width, n, np.random.RandomState(seed))


def test_windows_are_stretches_of_sequences_from_all_of_their_places() -> None:
    windows = drawn(counted(9, 4, 6), 4, 400)
    assert windows.shape == (400, 4, 1)
    assert windows.dtype == np.float32
    first = windows[:, 0, 0]
    np.testing.assert_array_equal(windows[:, :, 0], first[:, np.newaxis] + np.arange(4))
    assert set(first) == {*range(6), 100, *range(200, 203)}
    shares = np.bincount((first // 100).astype(int)) / 400
    assert (abs(shares - 1 / 3) < 0.08).all()  # each sequence alike


def test_shorter_sequences_are_windows_as_a_whole() -> None:
    windows = drawn(counted(9, 2), 5, 50)[:, :, 0]
    short = windows[windows[:, 0] >= 100]
    np.testing.assert_array_equal(short, np.tile([100, 101, NAN, NAN, NAN], (len(short), 1)))
    assert 0 < len(short) < 50
    assert drawn(counted(3, 2), 5, 20).shape == (20, 3, 1)


def test_each_window_has_an_observed_value() -> None:
    X = np.full((2, 40), NAN)
    X[0, [3, 30]] = X[1, 39] = 1
    windows = drawn(validate_sequences(LSTMAutoencoder(), X), 5, 100)
    assert (~np.isnan(windows)).any(axis=(1, 2)).all()


def test_the_same_generator_draws_the_same() -> None:
    sequences = counted(9, 4, 6)
    np.testing.assert_array_equal(drawn(sequences, 3, 10), drawn(sequences, 3, 10))
    assert not np.array_equal(drawn(sequences, 3, 10), drawn(sequences, 3, 10, seed=1))
