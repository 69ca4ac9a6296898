"""Fits that are interrupted, and processes that are killed in the middle of one, at a moment of one's choice."""

import functools
import itertools
import os
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["before_call", "die", "is_killed", "press_ctrl_c"]

Arrange = Callable[[], None]


def press_ctrl_c() -> None:
    """What Ctrl-C does, also where the tests run in the background, in which shells have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def die(*_: Any, **__: Any) -> None:
    """What SIGKILL does: nothing is closed, written or undone."""
    os.kill(os.getpid(), signal.SIGKILL)


def before_call(owner: Any, name: str, n: int = 1) -> Arrange:
    """Arrange that this process dies before a function, of a class or module, is called for the nth time."""

    def arrange() -> None:
        function, calls = getattr(owner, name), itertools.count(1)

        @functools.wraps(function)
        def mortal(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == n:
                die()
            return function(*args, **kwargs)

        setattr(owner, name, mortal)

    return arrange


def is_killed(work: Callable[[], Any], arrange: Arrange) -> bool:
    """Do some work in a process of its own; whether it was killed, and did not end otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads of pytest's, which a fork leaves behind
        pid = os.fork()
    if pid == 0:
        try:
            arrange()
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL
