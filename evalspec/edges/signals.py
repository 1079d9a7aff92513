"""SIGINT, SIGTERM and SIGHUP end the program in order: what is open is closed, what is half-written is taken away."""

from __future__ import annotations

import os
import signal
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_received: list[int] = []


class Stopped(SystemExit):
    """A signal ended the program, with code 128 + number; a class to tell it from an exit of a library."""


def end_on_signals() -> None:
    """Let the first of the signals raise `Stopped` and the second end at once; nohup's ignored one stays ignored."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def received() -> int | None:
    """Return the number of the signal that asked the program to end, or None: a library may have lost the exception."""
    return _received[0] if _received else None


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    for name in NAMES:
        other = getattr(signal, name, None)
        if other is not None and signal.getsignal(other) is _stop:
            signal.signal(other, _leave)
    raise Stopped(128 + number)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
