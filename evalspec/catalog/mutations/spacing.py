"""Blanks that are missing, doubled, or before a mark."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import KEPT
from evalspec.catalog.words import words
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.phrases import WORD
from evalspec.text.spans import Edit, Spans, edited, is_protected

# Wrong blanks per blank in messages that have one: HINT3 live .13, ABCD .19.
_RATE = 0.13
# Shares of double, missing after a mark, and before a mark: HINT3 48, 15, 43; ABCD 62, 66, 6. Missing between two
# words cannot be counted by pattern; one in ten is our choice.
_GLUED = 0.1
_DOMAIN_END = lazy_pattern(r"(?:com|org|net|io|co|in|us|me)\b", re.IGNORECASE)
_PLACE = lazy_pattern(r"(?<=\S) (?=\S)|(?<=[^\W\d_])(?=[?!](?:\s|$))")


@operator("spacing", version=1, scope="style")
def spacing(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Drop the blank after a mark, double the one between words, put one before a question mark."""
    edits: list[Edit] = []
    for match in _PLACE.finditer(text):
        start, end = match.span()
        if not rng.chance(rate) or is_protected(protected, start, max(end, start + 1)):
            continue
        new = _blank(text, start, end, rng)
        # A word that grows onto a fact would change it.
        if new == "" and (is_protected(protected, start - 4, start) or is_protected(protected, end, end + 1)):
            new = "  "
        edits.append((start, end, new))
    return edited(text, edits) if edits else None


def _blank(text: str, start: int, end: int, rng: Stream) -> str:
    if start == end:
        return " "
    if text[start - 1] in ",!?" or (text[start - 1] == "." and not _DOMAIN_END.match(text, end)):
        return "" if rng.chance(0.6) else "  "
    if rng.chance(_GLUED) and _can_glue(text, start, end):
        return ""
    return "  "


def _can_glue(text: str, start: int, end: int) -> bool:
    before, after = WORD.findall(text[max(0, start - 40) : start]), WORD.match(text, end)
    if not before or after is None or not text[start - 1].isalpha():
        return False
    left, right = before[-1].lower(), after.group().lower()
    return not ({left, right} & KEPT) and left + right not in words("common.txt") and len(left) > 1 and len(right) > 1
