"""One build of a spec at a time: a kernel lock on a file, which no crash leaves behind."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.edges.files import open_own

SECONDS_BETWEEN_WORDS = 10.0
SECONDS_BETWEEN_TRIES = 0.1
UNTOUCHED = "Lock and report are as they were."


@contextmanager
def hold(folder: str, *, root: str, wait: bool, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the build lock in `folder`, which lies in `root`; wait for another build, or exit 9 without `wait`."""
    try:
        number = open_own(os.path.join(folder, "busy"), root=root)
    except OSError as error:
        # A read-only checkout can be built with --until and verified; what must be written fails with its own words.
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            yield
            return
        message = f"`{folder}` could not be written: {error.strerror or error}"
        problem = Diagnostic(
            code="E907", severity="error", message=message, path=folder, hint=UNTOUCHED, exit=Exit.ENVIRONMENT
        )
        raise BuildError([problem]) from error
    try:
        _acquire(number, folder, wait, say)
        with suppress(OSError):  # who holds it is only said; a full disk fails where it matters
            os.truncate(number, 0)
            os.pwrite(number, str(os.getpid()).encode(), 0)
        _keep_out_of_git(os.path.dirname(folder), root)
        yield
    finally:
        os.close(number)


def _keep_out_of_git(folder: str, root: str) -> None:
    """Leave a `.gitignore` in the folder of working files, as a virtual environment has one."""
    with suppress(OSError):  # a read-only or full disk fails where it matters
        number = open_own(os.path.join(folder, ".gitignore"), root=root)
        try:
            if os.fstat(number).st_size == 0:
                os.pwrite(number, b"*\n", 0)
        finally:
            os.close(number)


def _acquire(number: int, folder: str, wait: bool, say: Callable[[str], None]) -> None:
    spoken = time.monotonic() - SECONDS_BETWEEN_WORDS
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            owner = os.pread(number, 20, 0).decode("ascii", "replace").strip() or "unknown"
            if not wait:
                problem = Diagnostic(
                    code="E910",
                    severity="error",
                    message=f"another build (process {owner}) holds this spec",
                    path=folder,
                    hint="leave out --no-wait to wait for it",
                    exit=Exit.BUSY,
                )
                raise BuildError([problem]) from None
            if time.monotonic() - spoken >= SECONDS_BETWEEN_WORDS:
                spoken = time.monotonic()
                say(f"  waiting for another build of this spec (process {owner})")
            time.sleep(SECONDS_BETWEEN_TRIES)
