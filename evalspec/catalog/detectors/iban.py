"""International bank account numbers: the country's length and the check of ISO 13616."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evalspec.registry import detector
from evalspec.text.patterns import lazy_pattern

# SWIFT IBAN registry: total length by country.
LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        country: length
        for length, countries in {
            15: "NO",
            16: "BE",
            18: "DK FI FO GL NL SD",
            19: "MK SI",
            20: "AT BA EE KZ LT LU MN XK",
            21: "CH HR LI LV",
            22: "BG BH CR DE GB GE IE ME RS VA",
            23: "AE GI IL IQ OM TL",
            24: "AD CZ ES MD PK RO SA SE SK TN VG",
            25: "LY PT ST",
            26: "IS TR",
            27: "BI DJ FR GR IT MC MR SM",
            28: "AL AZ BY CY DO GT HU LB NI PL SV",
            29: "BR EG PS QA UA",
            30: "JO KW MU YE",
            31: "MT SC",
            32: "LC",
            33: "RU",
        }.items()
        for country in countries.split()
    }
)
_START = lazy_pattern(r"(?:(?<![A-Za-z0-9])|(?<=IBAN)|(?<=iban))[A-Za-z]{2}\d{2}(?=[ .\-\n]?[A-Za-z0-9])")

_BETWEEN = " .-\n"  # what stands between groups


@detector("iban", version=2)
def iban(text: str) -> tuple[tuple[int, int], ...]:
    """Find bank account numbers whose check digits are right, in groups or in one piece."""
    spans: list[tuple[int, int]] = []
    for found in _START.finditer(text):
        end = _end_of(text, found.start(), LENGTHS.get(found.group()[:2].upper(), 0))
        if end is not None and (not spans or found.start() >= spans[-1][1]):
            spans.append((found.start(), end))
    return tuple(spans)


def _end_of(text: str, start: int, length: int) -> int | None:
    written = ""
    at = start
    while at < len(text) and len(written) < length:
        char = text[at]
        if char.isascii() and char.isalnum():
            written += char.upper()
        elif char not in _BETWEEN or text[at - 1] in _BETWEEN:
            return None
        at += 1
    # A word may be glued to the last digit (`...19IBAN`); one more digit, or a letter after a letter, is a longer code.
    followed = at < len(text) and text[at].isascii() and text[at].isalnum()
    followed = followed and not (text[at - 1].isdigit() and text[at].isalpha())
    return at if length and len(written) == length and not followed and _checks(written) else None


def _checks(written: str) -> bool:
    return int("".join(str(int(char, 36)) for char in written[4:] + written[:4])) % 97 == 1
