"""The standard streams as a command finds them: closed, full, or in an encoding that cannot spell what is said."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO, cast


def settle_streams() -> None:
    """Make stdin, stdout and stderr open, UTF-8, and stderr no reason to stop.

    A closed stream is opened on the null device: the next file that is opened would else have its number, and what is
    printed would go into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name of a file may hold bytes that are no UTF-8, and the C locale spells nothing beyond ASCII.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr = cast(TextIO, _lossy(2))


def silence(stream: TextIO) -> None:
    """Send what is still to come on a stream to the null device, also what the interpreter flushes at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


class _Lossy(io.RawIOBase):
    """A stream that takes everything and loses what cannot be written; a class because `io` asks for one."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        """Return the number of the stream."""
        return self._number

    def isatty(self) -> bool:
        """Tell whether a terminal shows it."""
        return os.isatty(self._number)

    def writable(self) -> bool:
        """Return that it takes bytes."""
        return True

    def write(self, raw: bytes) -> int:  # type: ignore[override]
        """Write all of the bytes, or lose them."""
        left = memoryview(raw)
        try:
            while left:
                left = left[os.write(self._number, left) :]
        except OSError:
            pass
        return len(raw)


def _lossy(number: int) -> io.TextIOWrapper:
    raw: Any = io.BufferedWriter(_Lossy(number))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
