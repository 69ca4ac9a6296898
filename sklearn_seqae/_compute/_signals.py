"""Ctrl-C, for those who cannot stop at any moment."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["noted_interrupts"]


@contextmanager
def noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Note a first Ctrl-C, and let a second one do what the program has it do.

    In threads other than the main one, which Ctrl-C does not reach, and in programs that ignore it, nothing is noted.

    Yields
    ------
    callable
        Whether there was one.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield lambda: False
        return
    noted: list[int] = []
    to_handler: Callable[[int, FrameType | None], Any] = handler

    def note(number: int, frame: FrameType | None) -> None:
        if noted:
            to_handler(number, frame)
        noted.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, handler)
