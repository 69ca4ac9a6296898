"""Processes that train together: as one process would, all the same, none left behind. See `ranks` for what they do."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae import LSTMAutoencoder
from tests.ranks import CASES
from tests.tiny import tiny, weights

pytestmark = [
    pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that start by a fork"),
]

needs_gpus = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
SAME_EVERYWHERE = [*CASES, "in parts", "any seed", "dropout", "Ctrl-C", "stopped by one", "beside a group"]


class Ranks:
    """What one process found alone, and each of two together."""

    def __init__(self, alone: dict[str, Any], together: list[dict[str, Any]]) -> None:
        self.alone = alone
        self.together = together

    def both(self, name: str) -> list[Any]:
        return [found[name] for found in self.together]


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=needs_gpus)])
def ranks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ranks:
    folder = tmp_path_factory.mktemp("ranks")
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.ranks", request.param, str(folder)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Ranks(*pickle.loads((folder / "results.pickle").read_bytes()))


@pytest.mark.parametrize("name", [*CASES, "in parts"])
@pytest.mark.parametrize("what", ["losses", "validation losses", "best loss", "codes"])
def test_two_processes_train_as_one_does(ranks: Ranks, name: str, what: str) -> None:
    for found in ranks.both(name):
        assert np.shape(found[what]) == np.shape(ranks.alone[name][what])
        np.testing.assert_allclose(found[what], ranks.alone[name][what], atol=1e-3 if what == "codes" else 1e-4)


@pytest.mark.parametrize("name", SAME_EVERYWHERE)
def test_all_processes_end_with_the_same_network(ranks: Ranks, name: str) -> None:
    first, second = ranks.both(name)
    for what, value in first.items():
        np.testing.assert_array_equal(value, second[what], err_msg=what)


def test_the_schedule_and_the_best_weights_are_agreed_upon(ranks: Ranks) -> None:
    plateau, early = ranks.both("plateau")[0], ranks.both("early stopping")[0]
    assert 2 < len(plateau["losses"]) < CASES["plateau"][1]["max_epochs"]  # a plateau came, in the same epoch for all
    assert early["best loss"] == early["validation losses"].min() < early["validation losses"][-1]


def test_ctrl_c_in_one_process_ends_all_at_the_same_batch(ranks: Ranks) -> None:
    for found in ranks.both("Ctrl-C"):
        assert found["interrupted"]
        assert len(found["losses"]) == 2  # of nine, in the third


def test_a_callback_of_one_process_ends_all(ranks: Ranks) -> None:
    for found in ranks.both("stopped by one"):
        assert not found["interrupted"]
        assert len(found["losses"]) == 3


def test_a_seed_that_is_drawn_is_new_each_time(ranks: Ranks) -> None:
    assert not np.array_equal(ranks.both("any seed")[0]["weights"], ranks.both("equal lengths")[0]["weights"])


def test_dropout_draws_for_each_part_anew(ranks: Ranks) -> None:
    assert not np.allclose(ranks.both("dropout")[0]["losses"], ranks.alone["equal lengths"]["losses"])


def test_a_fit_that_was_killed_goes_on_from_the_first_process_s_checkpoint(ranks: Ranks) -> None:
    first, second = ranks.both("killed")
    assert "of this process alone" in second["error"]
    assert first["between"] == [".safetensors"]  # one, and no lock
    assert first["left"] == second["left"] == 0
    np.testing.assert_allclose(first["losses"], ranks.alone["killed"]["losses"], atol=1e-4)  # as without a break
    np.testing.assert_array_equal(first["weights"], second["weights"])


def test_everything_around_is_left_as_it_was(ranks: Ranks) -> None:
    assert ranks.both("changed") == [[], []]


def test_a_group_of_the_program_is_left_alone(ranks: Ranks) -> None:
    assert [found["total"] for found in ranks.both("beside a group")] == [2, 2]


def test_the_first_process_speaks_for_all(ranks: Ranks) -> None:
    (table, n_warnings), silent = ranks.both("words")
    assert "train_loss" in table
    assert n_warnings == 1  # of a collapse
    assert silent == ("", 0)


def test_a_detector_fits_each_of_its_networks_together(ranks: Ranks) -> None:
    first, second = ranks.both("detector")
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("other rows", "process 1 differs from process 0 in the shape of X. Read or draw X"),
        ("other order", "differs from process 0 in the values of X."),
        ("other parameters", "differs from process 0 in latent_dim, mixup."),
        ("own batches", "net_params must not set 'iterator_train' where distributed=True"),
        ("not finite", "The training loss became"),
    ],
)
def test_all_processes_refuse_alike(ranks: Ranks, what: str, message: str) -> None:
    first, second = (errors[what] for errors in ranks.both("errors"))
    assert first == second
    assert first.startswith("ValueError")
    assert message in first


@pytest.mark.parametrize(
    ("what", "message"),
    [("unreadable", "contains infinity"), ("of one", "of this process alone"), ("two Ctrl-C", "KeyboardInterrupt")],
)
def test_an_error_of_one_process_ends_the_others(ranks: Ranks, what: str, message: str) -> None:
    first, second = (errors[what] for errors in ranks.both("errors"))
    assert message in second
    assert first.startswith("RuntimeError")
    assert "Process 0 of 2; if another one has failed, see its error." in first


def test_a_process_alone_trains_as_ever() -> None:
    X = np.random.default_rng(0).normal(size=(20, 6))
    np.testing.assert_array_equal(weights(tiny(distributed=True).fit(X)), weights(tiny().fit(X)))


def test_environment_that_says_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    autoencoder = tiny(distributed=True)
    with pytest.raises(ValueError, match="environment variable RANK expected, but not set"):
        autoencoder.fit(np.ones((4, 3)))
    assert not hasattr(autoencoder, "n_iter_")
    assert tiny().fit(np.random.default_rng(0).normal(size=(20, 6))).n_iter_  # who does not ask for it is not concerned


def test_torch_without_process_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.distributed, "is_available", lambda: False)
    with pytest.raises(ValueError, match="which this build of torch does not have"):
        LSTMAutoencoder(distributed=True).fit(np.ones((4, 3)))
