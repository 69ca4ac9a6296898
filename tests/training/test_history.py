"""The history: rows of plain numbers, and columns of them on the way to a file and back."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._training._history import completed_epochs, curve, to_columns, to_rows
from tests.networks import sequences
from tests.tiny import tiny

ROWS: list[dict[str, Any]] = [
    {"epoch": 1, "train_loss": 0.5, "best": True},
    {"epoch": 2, "train_loss": 0.25, "valid_loss": 1.5},
    {"epoch": 3, "train_loss": 0.75, "valid_loss": float("inf"), "best": False},
]


def test_a_row_has_the_numbers_of_a_completed_epoch() -> None:
    recorded = {
        "train_loss": np.float64(0.5),
        "a_tensor": torch.tensor(2),
        "a_bool": np.bool_(True),
        "batches": [{"train_loss": 1.0}],
        "a_text": "good",
        "an_array": np.zeros(1),
    }
    (row,) = completed_epochs([recorded, {"epoch": 2}])
    assert row == {"train_loss": 0.5, "a_tensor": 2, "a_bool": True}
    assert [type(value) for value in row.values()] == [float, int, bool]


def test_a_curve_has_nan_where_there_is_no_value() -> None:
    np.testing.assert_array_equal(curve(ROWS, "valid_loss"), np.array([np.nan, 1.5, np.inf], dtype=np.float32))


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []], ids=len)
def test_columns_become_the_same_rows_again(rows: list[dict[str, Any]]) -> None:
    again = to_rows(to_columns(rows))
    assert again == rows
    assert [{name: type(value) for name, value in row.items()} for row in again] == [
        {name: type(value) for name, value in row.items()} for row in rows
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_saved_model_has_its_history() -> None:
    autoencoder = tiny(early_stopping=True).fit(sequences(20).numpy()).partial_fit(sequences(20).numpy())
    assert pickle.loads(pickle.dumps(autoencoder)).history_ == autoencoder.history_
    assert all(type(column) is dict for column in autoencoder.__getstate__()["history_"].values())
