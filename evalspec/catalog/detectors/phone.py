"""Telephone numbers, told from order ids, tracking numbers, amounts and dates by how they are written or introduced."""

from __future__ import annotations

from evalspec.catalog.detectors.cues import names_a_phone, names_an_id
from evalspec.later import phonenumbers
from evalspec.registry import detector
from evalspec.text.mentions import LETTER
from evalspec.text.patterns import lazy_pattern

_RUN = lazy_pattern(
    rf"(?<!{LETTER})(?<![.,/#$€£₹¥@+(])(?<!\d[:\-])(?:\+\s?|00)?\(?\d(?:[ .\-/()]{{0,3}}\d){{6,16}}"
    rf"(?!{LETTER}|[.,:/\-]\d|%|\s?@)"
)
_SEVEN_DIGITS = lazy_pattern(r"\d(?:[ .\-/()]{0,3}\d){6}")  # what a run has in it, told sooner
_NORTH_AMERICAN = lazy_pattern(r"(?:\+?1[ .\-]?)?(?:\(\d{3}\) ?|\d{3}[.\-])\d{3}[ .\-]\d{4}")
_PARENTHESES = lazy_pattern(r"(?:\+?1[ .\-]?)?\(\d{3}\) ?\d{3}[ .\-]?\d{4}")
_DATE = lazy_pattern(
    r"(?:19|20)\d\d([ .\-/])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|"
    r"(?:0?[1-9]|[12]\d|3[01])([ .\-/])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d|(?:19|20)\d\d ?[\-/] ?(?:19|20)\d\d|"
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
_FEWEST, _MOST = 9, 13  # digits of a national number with its trunk prefix; fewer are anything
# Where most English, Spanish, French, German, Portuguese, Italian, Hindi, Dutch and Polish is written; a number
# without its country's prefix is tried in each, and only where words around it call it a telephone number.
REGIONS = (
    "US",
    "GB",
    "IN",
    "DE",
    "FR",
    "ES",
    "MX",
    "BR",
    "IT",
    "NL",
    "PL",
    "PT",
    "AU",
    "CH",
    "AT",
    "BE",
    "RU",
    "JP",
    "CN",
    "TR",
    "IE",
)


@detector("phone", version=2)
def phone(text: str) -> tuple[tuple[int, int], ...]:
    """Find telephone numbers: written internationally, in North American groups, or called one by the words before."""
    if not _SEVEN_DIGITS.search(text):
        return ()
    spans = []
    for found in _RUN.finditer(text):
        start, end = found.span()
        end -= len(found.group()) - len(found.group().rstrip(" .-/("))
        if _is_phone(text, start, text[start:end]):
            spans.append((start, end))
    return tuple(spans)


def _is_phone(text: str, start: int, written: str) -> bool:
    if _DATE.fullmatch(written):
        return False
    if written.startswith("+"):
        return _is_possible(written)
    if _PARENTHESES.fullmatch(written):
        return True
    if names_a_phone(text, start):
        return _looks_dialled(written) or any(_is_valid(written, region) for region in REGIONS)
    if names_an_id(text, start):
        return False
    if _NORTH_AMERICAN.fullmatch(written):
        return _is_valid(written, "US")
    return written.startswith("00") and not written.isdigit() and _is_valid("+" + written[2:], None)


def _is_possible(written: str) -> bool:
    """Tell whether a number with its country's prefix is as long as numbers of that country are."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(written, None))
    except phonenumbers.NumberParseException:
        return False


def _looks_dialled(written: str) -> bool:
    """Tell whether a number that is called one is written like one, also where no line was ever given it."""
    digits = sum(char.isdigit() for char in written)
    grouped = not written.isdigit()
    return _NORTH_AMERICAN.fullmatch(written) is not None or (
        _FEWEST <= digits <= _MOST and (grouped or written.startswith("0"))
    )


def _is_valid(written: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False
