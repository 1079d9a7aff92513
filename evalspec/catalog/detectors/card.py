"""Payment card numbers: an issuer's prefix and length, and the Luhn check digit."""

from __future__ import annotations

import re

from evalspec.catalog.detectors.cues import names_an_id
from evalspec.registry import detector

_RUN = re.compile(r"(?<![\w.,+\-])\d(?:[ \-]?\d){12,18}(?![\w]|[.,\-]\d)")

# Issuer prefixes and lengths (ISO/IEC 7812 ranges as the issuers publish them).
_ISSUERS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (re.compile(r"4"), frozenset({13, 16, 19})),  # Visa
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset({16})),  # Mastercard
    (re.compile(r"3[47]"), frozenset({15})),  # American Express
    (re.compile(r"6011|64[4-9]|65"), frozenset({16, 19})),  # Discover
    (re.compile(r"30[0-5]|36|38|39"), frozenset({14, 16})),  # Diners
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16})),  # JCB
    (re.compile(r"62"), frozenset({16, 17, 18, 19})),  # UnionPay
    (re.compile(r"60|81|82|508"), frozenset({16})),  # RuPay
    (re.compile(r"50|5[6-9]|6[37]"), frozenset({13, 14, 15, 16, 18, 19})),  # Maestro
)


@detector("card", version=1)
def card(text: str) -> tuple[tuple[int, int], ...]:
    """Find card numbers; an unspaced one right after `order` or `tracking` is taken for what it is called."""
    spans = []
    for found in _RUN.finditer(text):
        written = found.group()
        digits = re.sub(r"\D", "", written)
        grouped = not written.isdigit()
        if _is_issued(digits) and passes_luhn(digits) and (grouped or not names_an_id(text, found.start())):
            spans.append(found.span())
    return tuple(spans)


def passes_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for at, char in enumerate(reversed(digits)):
        value = int(char) * (1 + at % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _is_issued(digits: str) -> bool:
    return any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)
