"""SIGINT, SIGTERM and SIGHUP end the program in order: what is open is closed, what is half-written is taken away."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_received: list[int] = []


class Stopped(SystemExit):
    """A signal ended the program, with code 128 + number; a class to tell it from an exit of a library."""

    def __init__(self, code: int, said: str = "stopped; nothing was half-written") -> None:
        """`said` is the last line that the user reads."""
        super().__init__(code)
        self.said = said


def end_on_signals() -> None:
    """Let the first of the signals raise `Stopped` and the second end at once; nohup's ignored one stays ignored."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def received() -> int | None:
    """Return the number of the signal that asked the program to end, or None: a library may have lost the exception."""
    return _received[0] if _received else None


@contextmanager
def heard(hear: Callable[[int], None]) -> Iterator[None]:
    """Within, the first signal calls `hear` in place of ending the program; the second ends it at once.

    Outside of the main thread, and with handlers of somebody else's, signals do what they did.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, _leave)
        hear(number)

    found = (getattr(signal, name, None) for name in NAMES)
    before = {one: signal.getsignal(one) for one in found if one is not None and signal.getsignal(one) is _stop}
    for one in before:
        signal.signal(one, first)
    try:
        yield
    finally:
        for one, handler in before.items():
            if signal.getsignal(one) is first:
                signal.signal(one, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    for name in NAMES:
        other = getattr(signal, name, None)
        if other is not None and signal.getsignal(other) is _stop:
            signal.signal(other, _leave)
    raise Stopped(128 + number)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
