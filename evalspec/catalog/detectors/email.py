"""Mail addresses."""

from __future__ import annotations

import re

from evalspec.registry import detector

# Chinese, Japanese, Korean and Thai stand against an address without a space, and are no part of it.
_LETTER = r"[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_EMAIL = re.compile(
    rf"(?<![.+\-@])(?<!{_LETTER}){_LETTER}(?:{_LETTER}|[.+\-'%]){{0,63}}@"
    rf"(?:{_LETTER}(?:(?:{_LETTER}|-){{0,61}}{_LETTER})?\.){{1,5}}(?:(?![\d_]){_LETTER}){{2,24}}"
    rf"(?!{_LETTER}|@|-\w)"
)
_FILES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".css", ".js")  # `icon@2x.png`


@detector("email", version=1)
def email(text: str) -> tuple[tuple[int, int], ...]:
    """Find mail addresses, also with letters beyond ASCII."""
    if "@" not in text:
        return ()
    return tuple(found.span() for found in _EMAIL.finditer(text) if _is_address(found.group()))


def _is_address(written: str) -> bool:
    local = written.partition("@")[0]
    masked = len(local) > 1 and set(local) <= set("Xx*")  # as publishers of complaints leave it
    return ".." not in written and not masked and not written.lower().endswith(_FILES)
