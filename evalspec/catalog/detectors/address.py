"""Postal addresses that the words around them call one."""

from __future__ import annotations

import re

from evalspec.registry import detector
from evalspec.text.patterns import lazy_pattern

_REACH = 60  # characters between the cue and the address

_CUE = lazy_pattern(
    r"\b(?:address(?:es)?|i live (?:at|in|on)|living at|ship(?:ping|ped)? (?:it )?to|i'?m at|"
    r"send (?:it|them|this)? ?to|deliver(?:ed|y)? to|"
    r"mail(?:ed|ing)? to|moved to|residing at|dirección|direccion|domicilio|vivo en|env[ií]en\w*|\w*adresse|anschrift|"
    r"wohne|liefern an|habite|livrez|livraison|"
    r"indirizzo|abito|endereço|endereco|moro na|moro em|adres\w*|woon|адрес|pata)\b|地址|住所|पता",
    re.IGNORECASE,
)
# A town: capitalised words with the small ones that stand between them.
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞĀ-Ž][^\W\d_]+)"
_TOWN = rf"{_CAPITAL}(?:[ \-](?:(?:de|do|da|am|an|der|la|le|les|sur|of|upon)[ \-]){{0,2}}{_CAPITAL}){{0,2}}"
_POSTCODE = r"(?:\d{5}-\d{3}|\d{2}-\d{3}|\d{4}\s?[A-Z]{2}|\d{4,6})"
_AFTER = rf"(?:,?\s{{1,2}}{_POSTCODE}(?:\s{{1,2}}{_TOWN})?|,\s{{1,2}}{_TOWN}(?:\s{{1,2}}{_POSTCODE})?)?"
_SUFFIX = (
    r"(?:street|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way|place|pl|terrace|ter|circle|cir|"
    r"highway|hwy|parkway|pkwy|square|sq|trail|trl|close|crescent|gardens|grove|row|mews|nagar|marg|colony)"
)
_WORD = r"(?!(?:in|on|a|the|for|and|to|from|down|more)\s)[\w.'’\-]+"  # of a street: `2 people in a row` has no name
_FLAT = r"(?:(?:apt|apartment|unit|suite|ste|flat)\.?\s?\w{1,6},\s{1,2})?"
_TAIL = r"(?:,?\s{0,2}(?:apt|apartment|unit|suite|ste|flat|#)\.?\s?#?\w{1,6})?"
_US_CITY = r"(?:,?\s{1,2}[^\W\d_]+(?:[ \-][^\W\d_]+){0,2},?\s{1,2}[A-Za-z]{2}\.?,?\s{1,2}\d{5}(?:-\d{4})?)"
_UK_CITY = rf"(?:,?\s{{1,2}}{_TOWN}\s{{1,2}}(?-i:[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}))"
_CITY = rf"(?:{_US_CITY}|{_UK_CITY}|,\s{{1,2}}{_CAPITAL}\s{{1,2}}\d{{6}})"
_STREETS: tuple[re.Pattern[str], ...] = tuple(
    lazy_pattern(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_FLAT}(?<![\w#.$])\d{{1,6}}[a-z]?,?\s{{1,2}}(?:{_WORD}\s{{1,2}}){{1,4}}?{_SUFFIX}\b\.?{_TAIL}{_CITY}?",
        rf"\b(?:p\.?\s?o\.?\s?box|rr\s\d{{1,3}}\sbox)\s{{1,2}}\d{{1,6}}{_US_CITY}?",
        rf"\b(?:[^\W\d_]+(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|straat|laan|plein|gracht|kade|singel)|"
        rf"(?-i:[A-ZÄÖÜ][^\W\d_]+ (?:Straße|Str\.|Allee|Platz|Weg))|(?-i:(?:Am|Im|An der|An den|Auf der|Zum|Zur) "
        rf"[A-ZÄÖÜ][^\W\d_]+))\s{{1,2}}\d{{1,4}}\s?(?:[a-z]\b)?{_AFTER}",
        r"(?<![\w.])\d{1,4}(?:\s?(?:bis|ter))?,?\s{1,2}(?:rue|avenue|boulevard|place|allée|chemin|impasse|quai)\s{1,2}"
        rf"(?:[^\W\d_]+[ '’\-]?){{1,5}}{_AFTER}",
        r"(?:\b(?:calle|avenida|avda\.?|plaza|paseo|carrer|rua|via|viale|piazza|corso|travessa)|\bc/)\s{1,2}"
        r"(?:[^\W\d_]+\.?\s{1,2}){0,4}[^\W\d_]+,?\s{1,2}(?:n[º°o.]?\s{0,2})?\d{1,5}\b(?:,\s\d{1,2}[ºª°]\s?\w{1,3})?"
        rf"{_AFTER}",
        rf"(?<!\w)(?:ul\.|al\.|os\.|pl\.|aleje|aleja|ulica)\s{{1,2}}(?:[^\W\d_]+\s{{1,2}}){{1,3}}?\d{{1,4}}[a-z]?"
        rf"(?:/\d{{1,4}})?{_AFTER}",
        rf"\b(?:{_CAPITAL}\s{{1,2}}){{1,3}}?(?:cad|sok|mah|bulv|caddesi|sokak|sokağı|mahallesi)\.?,?\s{{1,2}}"
        rf"(?:no\s?:?\s?)?\d{{1,4}}{_AFTER}",
    )
)
# Written without spaces: from the prefecture, province or city down to the number of the house.
_IDEOGRAPHS = lazy_pattern(
    r"[\u3400-\u9fff]{2,4}[都道府県省市区县][\u3040-\u30ff\u3400-\u9fff]{0,24}\d{1,5}(?:[\-之]\d{1,5}){0,3}(?:号|番地?|丁目|室|楼|栋)?"
)
_DIGIT = lazy_pattern(r"\d")
_TOWN_AND_CODE = lazy_pattern(r"\s[A-Za-z]{2}\.?,?\s{1,2}\d{5}(?:-\d{4})?$")


@detector("address", version=2)
def address(text: str) -> tuple[tuple[int, int], ...]:
    """Find a house and street when words before it say that it is an address, or a town and zip code follow it."""
    if _DIGIT.search(text) is None:  # every form has the number of a house or a box
        return ()
    spans: list[tuple[int, int]] = []
    for pattern in (*_STREETS, _IDEOGRAPHS):
        for found in pattern.finditer(text):
            if _CUE.search(text, max(0, found.start() - _REACH), found.start()) or _TOWN_AND_CODE.search(found.group()):
                start, end = found.span()
                spans.append((start, end - (len(found.group()) - len(found.group().rstrip()))))
    return tuple(sorted(dict.fromkeys(spans)))
