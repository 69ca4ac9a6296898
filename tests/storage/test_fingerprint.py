"""Fingerprints: equal for what is equal, in any process; different for what makes a difference."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._storage._fingerprint import fingerprint


def made() -> list[Any]:
    """Values that all differ; the same ones whenever they are made."""
    return [
        None,
        0,
        0.0,
        "0",
        b"0",
        False,
        float("nan"),
        [],
        [0],
        [[0]],
        [0, [1, 2]],
        [[0, 1], 2],
        {},
        {"a": 1, "b": 2},
        {"a": 2, "b": 1},
        {"a": {"b": 1}},
        {1, 2},
        np.arange(4),
        np.arange(4.0),
        np.arange(4).reshape(2, 2),
        np.array(["a", 1], dtype=object),
        torch.arange(4, dtype=torch.float32),
        torch.float32,
        torch.device("cuda:1"),
        torch.device("cuda:0"),
        np.random.RandomState(0),
        np.random.RandomState(1),
        torch.nn.HuberLoss,
        torch.nn.HuberLoss(),
        torch.nn.HuberLoss(delta=2.0),
        torch.nn.Sequential(torch.nn.HuberLoss(), torch.nn.HuberLoss(delta=2.0)),
        torch.nn.Sequential(torch.nn.HuberLoss(delta=2.0), torch.nn.HuberLoss()),
        torch.nn.PReLU(init=0.5),
        torch.nn.PReLU(init=0.25),
        partial(int, base=2),
        partial(int, base=3),
        np.mean,
        len,
        object(),
        [].append,
    ]


def test_different_values_differ() -> None:
    found = [fingerprint(value) for value in made()]
    assert len(set(found)) == len(found)


def test_equal_objects_made_anew_are_equal() -> None:
    assert [fingerprint(value) for value in made()] == [fingerprint(value) for value in made()]


def test_another_process_says_the_same() -> None:
    value = {"a": [1, 0.1, None, "ä"], "b": {"x", "y", "z"}, "c": np.arange(3, dtype=np.float32), "d": len}
    assert fingerprint(value) == "39d07cd755658b61e01734ae1863f4f92f878e10bfb7e32baf3646d65dceeb6d"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], (1, 2)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.float64(0.5), 0.5),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (torch.ones(2), np.ones(2, dtype=np.float32)),
    ],
    ids=range(5),
)
def test_equal_values_are_equal(one: Any, other: Any) -> None:
    assert fingerprint(one) == fingerprint(other)


class Holder:
    def __init__(self, patience: int, connection: Any) -> None:
        self.patience = patience
        self.connection = connection
        self.seen_ = id(connection)


def test_objects_count_by_what_is_plain_in_them() -> None:
    assert fingerprint(Holder(1, object())) == fingerprint(Holder(1, iter([])))
    assert fingerprint(Holder(1, None)) != fingerprint(Holder(2, None))
