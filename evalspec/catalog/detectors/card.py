"""Payment card numbers: an issuer's prefix and length, and the Luhn check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalspec.catalog.detectors.cues import names_an_id
from evalspec.registry import detector
from evalspec.text.mentions import LETTER
from evalspec.text.patterns import lazy_pattern

# Digits with what people put between them; what follows a card (expiry, security code) may be in the run.
_RUN = lazy_pattern(rf"(?<!{LETTER})(?<![.+\-])\d(?:[ .\-]{{0,2}}\n?\d){{12,29}}(?!\d|[.\-]\d|,\d{{1,3}}(?!\d))")
_THIRTEEN_DIGITS = lazy_pattern(r"\d(?:[ .\-]{0,2}\n?\d){12}")  # what a run has in it, told sooner
_GROUP = lazy_pattern(r"\d+")
# How issuers print the groups; a number in other groups has to be the whole run.
_PRINTED = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4))
_UNBROKEN = (15, 16)
_LONGEST_LEAD = 3  # digits before a card that cannot be its first group
_DECIMALS = lazy_pattern(r"[.\-]\d|,\d{1,3}(?!\d)")
_ACCOUNT = lazy_pattern(r"(?<![A-Za-z])[A-Za-z]{2}\d{2}[ \-]?$")  # the head of an account number (ISO 13616)

# Issuer prefixes and lengths (ISO/IEC 7812 ranges as the issuers publish them).
_ISSUERS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (lazy_pattern(r"4"), frozenset({13, 16, 19})),  # Visa
    (lazy_pattern(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset({16})),  # Mastercard
    (lazy_pattern(r"3[47]"), frozenset({15})),  # American Express
    (lazy_pattern(r"6011|64[4-9]|65"), frozenset({16, 19})),  # Discover
    (lazy_pattern(r"30[0-5]|36|38|39"), frozenset({14, 16})),  # Diners
    (lazy_pattern(r"35(?:2[89]|[3-8])"), frozenset({16})),  # JCB
    (lazy_pattern(r"62"), frozenset({16, 17, 18, 19})),  # UnionPay
    (lazy_pattern(r"60|81|82|508"), frozenset({16})),  # RuPay
    (lazy_pattern(r"50|5[6-9]|6[37]"), frozenset({13, 14, 15, 16, 18, 19})),  # Maestro
)


@detector("card", version=2)
def card(text: str) -> tuple[tuple[int, int], ...]:
    """Find card numbers; an unspaced one right after `order` or `tracking` is taken for what it is called."""
    if not _THIRTEEN_DIGITS.search(text):
        return ()
    spans = []
    for found in _RUN.finditer(text):
        for start, end in _candidates(found):
            written = text[start:end]
            digits = re.sub(r"\D", "", written)
            if _is_issued(digits) and passes_luhn(digits) and not _is_something_else(text, start, end):
                spans.append((start, end))
                break
    return tuple(spans)


def _candidates(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a run that may be the card: all of it, then printed groups with digits beside them."""
    yield run.span()
    groups = list(_GROUP.finditer(run.string, *run.span()))
    firsts = [0, 1] if len(groups) > 1 and len(groups[0].group()) <= _LONGEST_LEAD else [0]
    for first in firsts:
        sizes = tuple(len(one.group()) for one in groups[first:])
        if sizes[0] in _UNBROKEN:
            yield groups[first].span()
        for printed in _PRINTED:
            if sizes[: len(printed)] == printed:
                yield groups[first].start(), groups[first + len(printed) - 1].end()
        if first:
            yield groups[first].start(), run.end()


def _is_something_else(text: str, start: int, end: int) -> bool:
    if _ACCOUNT.search(text, max(0, start - 6), start) or _DECIMALS.match(text, end):
        return True
    if not text[start:end].isdigit():
        return False
    return names_an_id(text, start) or (end < len(text) and re.match(LETTER, text[end]) is not None)


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for at, char in enumerate(reversed(digits)):
        value = int(char) * (1 + at % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _is_issued(digits: str) -> bool:
    return any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)
