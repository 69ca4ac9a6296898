"""Differences of successive observed values."""

import numpy as np
import torch

from sklearn_seqae._data._differences import Differences, differences
from tests.datasets import dataset_of, random_parts

NAN = np.nan


def test_by_hand() -> None:
    x = np.array([[1, 4, 2, 2], [1, NAN, 5, NAN], [NAN, 3, NAN, 7], [NAN, NAN, NAN, NAN]], dtype=np.float32)
    expected = [[0, 3, -2, 0], [0, NAN, 4, NAN], [NAN, 0, NAN, 4], [NAN, NAN, NAN, NAN]]
    before = x.copy()
    found = differences(x[:, :, np.newaxis])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :, 0], expected)
    np.testing.assert_array_equal(x, before)


def test_channels_and_sequences_have_nothing_to_do_with_each_other() -> None:
    x = np.stack(random_parts([6] * 5))
    x[2, 1, 0] = x[3, 4:, 1] = NAN
    together = differences(x)
    for i in range(5):
        for channel in range(2):
            alone = differences(x[i : i + 1, :, channel : channel + 1])
            np.testing.assert_array_equal(together[i, :, channel], alone[0, :, 0])
    np.testing.assert_array_equal(differences(x[:2]), together[:2])  # where nothing is missing


def test_a_data_set_of_differences_is_one_in_its_parts_too() -> None:
    parts = random_parts([4, 1, 3])
    dataset = Differences(dataset_of(parts).steps, *(np.array(a) for a in ([0, 4, 5], [4, 1, 3])))
    for data, rows in ((dataset, [0, 1, 2]), (dataset.subset(np.array([2, 1])), [2, 1])):
        batch = data.batch(np.arange(len(rows)))
        for x, length, row in zip(batch["x"], batch["lengths"], rows, strict=True):
            np.testing.assert_array_equal(x[:length], differences(parts[row][np.newaxis])[0])
            assert torch.isnan(x[length:]).all()
