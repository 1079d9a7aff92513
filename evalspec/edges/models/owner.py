"""Who holds what in the journal: a file per process under a kernel lock, which a death gives back by itself."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress

FOLDER = "owners"


class Owner:
    """This process as a holder of claims; a class because it holds an open file."""

    def __init__(self, folder: str) -> None:
        """Take a name nobody has; OSError is the caller's to tell."""
        self._folder = os.path.join(folder, FOLDER)
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._sweep()
        while True:
            self.name = secrets.token_hex(8)
            self._held = os.open(self._path(self.name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)
            # Between the open and the lock, another process may have swept the file away as a dead one's.
            if self._stands():
                return
            os.close(self._held)

    def is_alive(self, name: str) -> bool:
        """Tell whether the process of that name still runs; one that cannot be asked counts as alive."""
        try:
            number = os.open(self._path(name), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(number)
        return False

    def release(self) -> None:
        """Give the name up; what is still claimed under it is an orphan's from here on."""
        with suppress(OSError):  # a leftover is an empty file whose lock nobody holds
            os.unlink(self._path(self.name))
        os.close(self._held)

    def _stands(self) -> bool:
        try:
            there = os.stat(self._path(self.name), follow_symlinks=False)
        except FileNotFoundError:
            return False
        held = os.fstat(self._held)
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

    def _sweep(self) -> None:
        """Remove the files of processes that died."""
        for name in os.listdir(self._folder):
            with suppress(OSError):
                number = os.open(self._path(name), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(self._path(name))
                finally:
                    os.close(number)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)
