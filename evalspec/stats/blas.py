"""How many threads a matrix product takes: one, where this package spreads the work itself.

OpenBLAS's own threads wait by spinning: on small blocks they double the work and, on a busy machine, the time.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_PREFIXES = ("scipy_openblas_", "openblas_")
_SUFFIXES = ("_num_threads64_", "_num_threads")
_LOCK = threading.Lock()
_USERS: list[int] = []  # the number of threads to go back to, once for each that asked


@cache
def _switches() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return what reads and sets the threads of numpy's own OpenBLAS; None where it is another library."""
    try:
        library = ctypes.CDLL(str(importlib.import_module("numpy._core._multiarray_umath").__file__))
    except (ImportError, OSError):
        return None
    for prefix in _PREFIXES:
        for suffix in _SUFFIXES:
            read, write = (getattr(library, f"{prefix}{verb}{suffix}", None) for verb in ("get", "set"))
            if read is not None and write is not None:
                return read, write
    return None


@contextmanager
def one_thread() -> Iterator[None]:
    """Let matrix products take one thread each while inside; nothing changes where numpy has another BLAS."""
    switches = _switches()
    if switches is None:
        yield
        return
    read, write = switches
    with _LOCK:
        _USERS.append(int(read()) if not _USERS else _USERS[0])
        write(1)
    try:
        yield
    finally:
        with _LOCK:
            before = _USERS.pop()
            if not _USERS:
                write(before)
