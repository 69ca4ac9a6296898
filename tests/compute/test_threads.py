"""Numbers of threads are limited for those who compute, and for nobody else."""

import os
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_seqae._compute._threads import parallel_map, suitable_threads
from tests.threads import torch_threads
from tests.tiny import tiny

SMALL, LARGE = 0, 10**12


def threads_of_a_new_thread() -> int:
    """What torch gives a thread that meets it for the first time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


@pytest.mark.parametrize(("work", "n_threads"), [(SMALL, 1), (LARGE, 3)])
def test_small_work_has_one_thread_and_new_threads_have_all(work: int, n_threads: int) -> None:
    with torch_threads(3):
        with suitable_threads(work):
            assert torch.get_num_threads() == n_threads
            assert threads_of_a_new_thread() == 3
        assert torch.get_num_threads() == threads_of_a_new_thread() == 3


@pytest.mark.parametrize(("work", "n_threads"), [(SMALL, 1), (LARGE, 2)])
def test_calls_share_the_threads_and_new_threads_have_all(work: int, n_threads: int) -> None:
    with torch_threads(4):
        with parallel_map(2, work) as map_:
            assert list(map_(lambda _: torch.get_num_threads(), range(5))) == [n_threads] * 5
            assert threads_of_a_new_thread() == 4
        assert torch.get_num_threads() == threads_of_a_new_thread() == 4


def test_where_there_are_other_threads_brief_work_does_not_limit_new_ones_either() -> None:
    with torch_threads(3), ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()  # the thread is there, and has yet to meet torch
        with suitable_threads(SMALL, brief=True):
            assert torch.get_num_threads() == 1
            assert pool.submit(torch.get_num_threads).result() == 3
        assert torch.get_num_threads() == threads_of_a_new_thread() == 3


@pytest.mark.parametrize("brief", [False, True])
def test_threads_that_begin_at_once_keep_all_their_threads(brief: bool) -> None:
    def compute(all_are_there: Barrier) -> int:
        all_are_there.wait()
        with suitable_threads(SMALL, brief=brief):
            assert torch.get_num_threads() == 1
        return torch.get_num_threads()

    with torch_threads(3):
        for _ in range(10):
            all_are_there = Barrier(4)
            with ThreadPoolExecutor(4) as pool:
                assert list(pool.map(compute, [all_are_there] * 4)) == [3] * 4


def test_no_thread_is_started_for_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch_threads(3), ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with suitable_threads(SMALL, brief=True):
            pass
        monkeypatch.setattr(Thread, "start", lambda thread: pytest.fail(f"{thread} is started"))
        for _ in range(2):
            with suitable_threads(SMALL, brief=True):
                assert torch.get_num_threads() == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a fork")
def test_a_fork_of_the_process_computes_with_the_same_numbers() -> None:
    with torch_threads(3):
        with suitable_threads(SMALL):
            pass
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # forks beside other threads are deprecated, and common
            child = os.fork()
        if child == 0:
            inside = None
            try:
                signal.alarm(10)  # ends a child that waits for a thread which it does not have
                with suitable_threads(SMALL):
                    inside = torch.get_num_threads(), threads_of_a_new_thread()
            finally:
                os._exit(inside != (1, 3))
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a fork")
def test_a_fork_waits_for_no_thread_that_has_not_come_along() -> None:
    X = np.random.default_rng(0).normal(size=(1000, 100))
    autoencoder = tiny(max_epochs=1)
    with torch_threads(2):
        torch.ones(10**6).exp()  # OpenMP has a second thread from now on
        codes = autoencoder.fit_transform(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            same = False
            try:
                signal.alarm(30)
                same = bool((autoencoder.fit_transform(X) == codes).all())
            finally:
                os._exit(not same)
        assert os.waitpid(child, 0)[1] == 0


def test_an_error_leaves_the_number_as_it_was() -> None:
    with torch_threads(3):
        with pytest.raises(ValueError, match="of the caller"), suitable_threads(SMALL):
            raise ValueError("of the caller")
        assert torch.get_num_threads() == threads_of_a_new_thread() == 3


def test_a_thread_that_first_uses_torch_during_a_fit_has_all_its_threads() -> None:
    seen: list[tuple[int, int]] = []

    def loss(prediction: Any, target: Any) -> Any:
        seen.append((torch.get_num_threads(), threads_of_a_new_thread()))
        return (prediction - target).abs().mean()

    with torch_threads(3):
        tiny(loss=loss).fit(np.random.default_rng(0).normal(size=(20, 6)))
        assert set(seen) == {(1, 3)}
        assert torch.get_num_threads() == 3


def test_where_torch_has_one_number_for_all_threads_it_is_still_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    number = [4]
    monkeypatch.setattr(torch, "get_num_threads", lambda: number[0])
    monkeypatch.setattr(torch, "set_num_threads", lambda n: number.__setitem__(0, n))
    with suitable_threads(SMALL):
        assert torch.get_num_threads() == 1
    assert number == [4]
