"""Replace a file whole: write a temporary beside it, sync it, and rename it into its place.

A writer holds the kernel's lock on its temporary, so that two writers of one file take turns, and what a killed one
left behind is known by its lock being free and removed by the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SUFFIX = ".evalspec.tmp"
_MODE_BITS = 0o777


@contextmanager
def replacing(path: str) -> Iterator[int]:
    """Give the number of an empty temporary that takes the place of `path` at the end, or is gone after an exception.

    A reader, or a power cut, finds the old file or the new one. A link at `path` is replaced, never written through.
    Raises OSError.
    """
    temporary = _beside(path)
    mode = _mode_of(path)
    number = _create(temporary, mode)
    try:
        if mode is not None:
            os.fchmod(number, mode)
        yield number
        os.fsync(number)
        os.replace(temporary, path)
    except BaseException:
        _discard(number, temporary)
        raise
    os.close(number)


def write_all(number: int, raw: bytes) -> None:
    """Write all bytes; the kernel may take fewer at a time."""
    left = memoryview(raw)
    while left:
        left = left[os.write(number, left) :]


def sync_folder(folder: str) -> None:
    """Make the renames in a folder durable; Windows has no such call and needs none."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove_leftovers(folder: str) -> None:
    """Remove the temporaries that killed writers left in a folder; those of writers at work stay. Never fails."""
    if os.path.islink(folder):
        return
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(".") and name.endswith(SUFFIX):
                with suppress(OSError):
                    _clear(os.path.join(folder, name), wait=False)


def _beside(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder or os.curdir, f".{name}{SUFFIX}")


def _create(path: str, mode: int | None) -> int:
    """Create a temporary and lock it; wait for one that is in use."""
    while True:
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else mode)
        except FileExistsError:
            _clear(path, wait=True)
            continue
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            # Between the two calls another writer may have taken it for a leftover.
            if _stands_at(number, path):
                return number
        except BaseException:
            _discard(number, path)
            raise
        os.close(number)


def _discard(number: int, path: str) -> None:
    """Close a temporary and remove it; not what stands there now if it was renamed and another writer has begun."""
    with suppress(OSError):
        if _stands_at(number, path):
            os.unlink(path)
    os.close(number)


def _clear(path: str, *, wait: bool) -> None:
    """Remove a temporary that no writer holds, or that one held until now."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        os.unlink(path)  # a link, so nobody's temporary
        return
    try:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _stands_at(number, path):
            os.unlink(path)
    except BlockingIOError:
        return
    finally:
        os.close(number)


def _stands_at(number: int, path: str) -> bool:
    """Tell whether the open file is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(number), os.lstat(path))
    except FileNotFoundError:
        return False


def _mode_of(path: str) -> int | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(status.st_mode) & _MODE_BITS if stat.S_ISREG(status.st_mode) else None
