"""Ctrl-C, and callbacks that end a training: Python raises a `KeyboardInterrupt` for either."""

import dis
import signal
from collections.abc import Iterator
from types import CodeType, TracebackType

__all__ = ["is_raised_on_purpose"]


def is_raised_on_purpose(interrupt: KeyboardInterrupt) -> bool:
    """Whether a ``raise`` statement made it, as in `skorch.callbacks.EarlyStopping`, rather than Ctrl-C.

    The two are equal but for where they come from. Python raises what Ctrl-C means between two instructions of
    whatever runs, or within a call, and never as part of a ``raise``: so the innermost instruction of the traceback
    tells them apart, and nothing has to be installed that others would see. Where the program has a handler of its own
    for the signal, which has a ``raise`` in it, the handler's name is in the traceback.
    """
    *outer, (code, offset) = _stack(interrupt.__traceback__)
    handler = signal.getsignal(signal.SIGINT)
    handlers_code = getattr(getattr(handler, "func", handler), "__code__", None)  # func: of a functools.partial
    if handlers_code is not None and any(handlers_code is known for known, _ in [*outer, (code, offset)]):
        return False
    instructions = {instruction.offset: instruction.opname for instruction in dis.get_instructions(code)}
    return instructions.get(offset) == "RAISE_VARARGS"


def _stack(traceback: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    """Code and offset of the current instruction, outermost first."""
    while traceback is not None:
        yield traceback.tb_frame.f_code, traceback.tb_lasti
        traceback = traceback.tb_next
