"""A text as its readers take it: hidden characters gone, digits and full-width letters plain, with the way back.

Detectors look at the folded text, so that `４１１１…`, `९८७६…` and an address with a zero-width space inside are
found; the spans that they give are led back to the text itself, and no other byte of it changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# What nobody sees may stand inside a number or an address; control characters other than these are visible damage.
_HIDDEN = (
    (0x00AD, 0x00AD),
    (0x061C, 0x061C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2069),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE01EF),
)
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63")
_FULL_WIDTH = range(0xFF01, 0xFF5F)  # the printable ASCII characters again, as East Asian fonts have them
_FULL_WIDTH_OFFSET = 0xFEE0


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for each of its characters, where it stood; no places where nothing moved."""

    text: str
    places: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Lead a span of the folded text back to the text that was folded."""
        if self.places is None or start >= end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold a text, one character for one or for none."""
    if text.isascii():
        return Folded(text, None)
    folded = [_fold_char(char) for char in text]
    if all(folded):
        return Folded("".join(folded), None)
    return Folded("".join(folded), tuple(at for at, char in enumerate(folded) if char))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    code = ord(char)
    if any(low <= code <= high for low, high in _HIDDEN):
        return ""
    if code in _FULL_WIDTH:
        return chr(code - _FULL_WIDTH_OFFSET)
    if char in _DASHES:
        return "-"
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    return " " if unicodedata.category(char) == "Zs" else char
