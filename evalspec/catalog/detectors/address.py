"""Postal addresses that the words around them call one."""

from __future__ import annotations

import re

from evalspec.registry import detector

_REACH = 60  # characters between the cue and the address

_CUE = re.compile(
    r"\b(?:address(?:es)?|i live (?:at|in|on)|living at|ship(?:ping|ped)? (?:it )?to|"
    r"send (?:it|them|this) to|deliver(?:ed|y)? to|"
    r"mail(?:ed|ing)? to|moved to|residing at|dirección|direccion|domicilio|vivo en|adresse|anschrift|wohne|habite|"
    r"indirizzo|abito|endereço|endereco|moro na|moro em|adres|woon|адрес|pata)\b|地址|住所|पता",
    re.IGNORECASE,
)
_SUFFIX = (
    r"(?:street|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way|place|pl|terrace|ter|circle|cir|"
    r"highway|hwy|parkway|pkwy|square|sq|trail|trl|close|crescent|gardens|row|mews|nagar|marg|colony)"
)
_TAIL = r"(?:,?\s{0,2}(?:apt|apartment|unit|suite|ste|flat|#)\.?\s?#?\w{1,6})?"
_CITY = r"(?:,?\s{1,2}[^\W\d_]+(?:[ \-][^\W\d_]+){0,2},?\s{1,2}[A-Za-z]{2}\.?,?\s{1,2}\d{5}(?:-\d{4})?)"
_STREETS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w#.$])\d{{1,6}}[a-z]?,?\s{{1,2}}(?:[\w.'’\-]+\s{{1,2}}){{1,4}}?{_SUFFIX}\b\.?{_TAIL}{_CITY}?",
        r"\b[^\W\d_]+(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|straat|laan|plein)\s{1,2}\d{1,4}\s?[a-z]?\b"
        r"(?:,?\s{1,2}\d{4,5}\s{1,2}[^\W\d_]+)?",
        r"(?<![\w.])\d{1,4}(?:\s?(?:bis|ter))?,?\s{1,2}(?:rue|avenue|boulevard|place|allée|chemin|impasse|quai)\s{1,2}"
        r"(?:[^\W\d_]+[ '’\-]?){1,5}(?:,?\s{1,2}\d{5}\s{1,2}[^\W\d_]+)?",
        r"\b(?:calle|avenida|avda\.?|plaza|paseo|carrer|rua|via|viale|piazza|corso|travessa)\s{1,2}"
        r"(?:[^\W\d_]+\.?\s{1,2}){0,4}[^\W\d_]+,?\s{1,2}(?:n[º°o.]?\s{0,2})?\d{1,5}\b(?:,?\s{1,2}\d{4,5}\s{1,2}[^\W\d_]+)?",
    )
)


@detector("address", version=1)
def address(text: str) -> tuple[tuple[int, int], ...]:
    """Find a house and street when words before it say that it is an address, or a town and zip code follow it."""
    spans: list[tuple[int, int]] = []
    for pattern in _STREETS:
        for found in pattern.finditer(text):
            before = text[max(0, found.start() - _REACH) : found.start()]
            if _CUE.search(before) or re.search(r"\s[A-Za-z]{2}\.?,?\s{1,2}\d{5}(?:-\d{4})?$", found.group()):
                start, end = found.span()
                spans.append((start, end - (len(found.group()) - len(found.group().rstrip()))))
    return tuple(sorted(dict.fromkeys(spans)))
