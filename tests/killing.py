"""Processes that are killed in the middle of a fit, at a moment of one's choice."""

import functools
import itertools
import os
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["before_call", "die", "is_killed"]

Arrange = Callable[[], None]


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
