"""A first Ctrl-C is noted, a second one does what the program has it do."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sklearn_seqae._compute._signals import noted_interrupts


@pytest.fixture(autouse=True)
def python_s_own_handler() -> Iterator[None]:
    """Also where the tests run in the background, in which shells have the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_first_is_noted() -> None:
    with noted_interrupts() as is_interrupted:
        assert not is_interrupted()
        press_ctrl_c()
        assert is_interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_gets_through() -> None:
    with noted_interrupts():
        press_ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_ignores_it_goes_on_doing_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with noted_interrupts() as is_interrupted:
        press_ctrl_c()
        assert not is_interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def handler_in_a_thread() -> object:
    with noted_interrupts() as is_interrupted:
        return signal.getsignal(signal.SIGINT), is_interrupted()


def test_threads_which_it_does_not_reach_leave_it_alone() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(handler_in_a_thread).result() == (signal.default_int_handler, False)
