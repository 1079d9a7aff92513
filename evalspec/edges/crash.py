"""What is left of a bug: a file for the report of it, with places in the code and nothing of anybody's data."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence

FRAMES = 40  # of each error, half from either end; an endless recursion has a thousand


def write_crash(error: BaseException, arguments: Sequence[str], version: str) -> str | None:
    """Write where a bug happened into a file of the temporary folder and return its path; None where it cannot be.

    Messages of errors, values, file names and arguments but for option names are left out: they may be private.
    """
    text = "\n".join(crash_lines(error, arguments, version)) + "\n"
    try:
        number, path = tempfile.mkstemp(prefix="evalspec-crash-", suffix=".txt")  # readable by its owner alone
        with os.fdopen(number, "w", encoding="utf-8") as handle:
            handle.write(text)
    except OSError:
        return None
    return path


def crash_lines(error: BaseException, arguments: Sequence[str], version: str) -> Iterator[str]:
    """Yield the lines of such a file: versions, the command and its options, then each error's way through the code."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield f"evalspec {version}, Python {python}, {platform.system()} {platform.machine()}"
    named = [one for one in arguments[:1] if one.isalpha()]
    named += [one.partition("=")[0] for one in arguments[1:] if one.startswith("--")]
    yield " ".join(["evalspec", *named])
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield ""
        yield type(cause).__name__
        frames = traceback.extract_tb(cause.__traceback__)
        half = FRAMES // 2
        for at, frame in enumerate(frames):
            if at == half and len(frames) > FRAMES:
                yield f"  ... {len(frames) - FRAMES} more ..."
            if at < half or at >= len(frames) - half:
                # A template's line would be somebody's text.
                line = f": {frame.line}" if frame.filename.endswith(".py") and frame.line else ""
                yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}{line}"
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _place(path: str) -> str:
    """A module's path from its package on: where it is installed names a user."""
    parts = path.replace("\\", "/").split("/")
    for root in ("evalspec", "site-packages", "dist-packages"):
        if root in parts:
            at = len(parts) - 1 - parts[::-1].index(root)
            return "/".join(parts[at + (root != "evalspec") :])
    return parts[-1]
