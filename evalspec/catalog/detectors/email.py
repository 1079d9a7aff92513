"""Mail addresses."""

from __future__ import annotations

import re

from evalspec.registry import detector

_EMAIL = re.compile(
    r"(?<![\w.+\-@])"
    r"\w[\w.+\-'%]{0,63}@"
    r"(?:\w(?:[\w\-]{0,61}\w)?\.){1,5}[^\W\d_]{2,24}"
    r"(?![\w@]|-\w)"
)


@detector("email", version=1)
def email(text: str) -> tuple[tuple[int, int], ...]:
    """Find mail addresses, also with letters beyond ASCII."""
    if "@" not in text:
        return ()
    return tuple(found.span() for found in _EMAIL.finditer(text) if _is_address(found.group()))


def _is_address(written: str) -> bool:
    masked = set(written.partition("@")[0]) <= set("Xx*")  # as publishers of complaints leave it
    return ".." not in written and not masked
