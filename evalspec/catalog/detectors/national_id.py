"""National identity, tax and insurance numbers, told by their check digits and, where those are weak, by a cue.

One detector for each number; another country's is one more decorated function.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from evalspec.catalog.detectors.cues import names_an_id
from evalspec.registry import detector
from evalspec.text.mentions import LETTER
from evalspec.text.patterns import lazy_pattern

_REACH = 40  # characters between a cue and its number: `social security number, as I said, is`
_BEFORE, _AFTER = rf"(?<!{LETTER})(?<![.+\-/#$€£])", rf"(?!{LETTER}|[.\-/,]\d|-{LETTER})"

Span = tuple[int, int]


def _number(body: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return a number wherever it stands, and where it is no part of anything longer.

    The first is compiled and told in a tenth of the time, and nearly all texts do not even hold that.
    """
    whole = rf"{_BEFORE}(?:{body}){_AFTER}"
    return lazy_pattern(body, re.IGNORECASE), lazy_pattern(whole, re.IGNORECASE)


def _cue(words: str) -> re.Pattern[str]:
    return lazy_pattern(rf"(?<!{LETTER})(?:{words})(?!{LETTER})", re.IGNORECASE)


def _numbers(
    text: str,
    number: tuple[re.Pattern[str], re.Pattern[str]],
    cue: re.Pattern[str],
    is_valid: Callable[[str], bool],
    *,
    alone: Callable[[str], bool],
) -> tuple[Span, ...]:
    """Return valid numbers that a cue comes before; `alone` tells what is sure as written if nothing calls it an id."""
    core, pattern = number
    if not core.search(text):
        return ()
    spans = []
    for found in pattern.finditer(text):
        start, written = found.start(), found.group()
        if is_valid(re.sub(r"[ .\-/]", "", written).upper()) and (
            _is_called(text, start, cue) or (alone(written) and not names_an_id(text, start))
        ):
            spans.append(found.span())
    return tuple(spans)


def _is_called(text: str, start: int, cue: re.Pattern[str]) -> bool:
    return cue.search(text, max(0, start - _REACH), start) is not None


def _never(written: str) -> bool:
    return False


def _always(written: str) -> bool:
    return True


_SSN = _number(r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{3}\.\d{2}\.\d{4}|\d{9}")
_SSN_CUE = _cue(r"ssn?#?|socials?|social security(?: (?:no|number|#))?|soc sec")


@detector("us_ssn", version=1)
def us_ssn(text: str) -> tuple[Span, ...]:
    """Find American social security numbers; there is no check digit, so bare digits need the words before them."""
    return _numbers(text, _SSN, _SSN_CUE, _is_ssn, alone=lambda written: "-" in written)


def _is_ssn(digits: str) -> bool:
    """Leave out what the Social Security Administration never issues."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


_NINO = _number(r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]")
_NINO_CUE = _cue(r"nino|n\.?i\.?(?: ?(?:no|num|number))?|national insurance(?: (?:no|number))?")
_NINO_PREFIX = lazy_pattern(r"(?!BG|GB|NK|KN|TN|NT|ZZ)(?:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]|QQ)")


@detector("uk_nino", version=1)
def uk_nino(text: str) -> tuple[Span, ...]:
    """Find British national insurance numbers, also the `QQ` that forms show as an example."""
    return _numbers(text, _NINO, _NINO_CUE, _has_nino_prefix, alone=lambda written: written.count(" ") >= 3)


def _has_nino_prefix(number: str) -> bool:
    return _NINO_PREFIX.match(number) is not None


_DNI = _number(r"\d{2}\.?\d{3}\.?\d{3}[ \-]?[A-Z]|[XYZ][ \-]?\d{7}[ \-]?[A-Z]")
_DNI_CUE = _cue(r"d\.?n\.?i\.?|n\.?i\.?e\.?|n\.?i\.?f\.?|documento")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"  # by the number modulo 23


@detector("es_dni", version=1)
def es_dni(text: str) -> tuple[Span, ...]:
    """Find Spanish identity numbers (DNI) and those of foreign residents (NIE) whose letter is right."""
    return _numbers(text, _DNI, _DNI_CUE, _is_dni, alone=_always)


def _is_dni(written: str) -> bool:
    number = written[:-1].translate(str.maketrans("XYZ", "012"))
    return written[-1] == _DNI_LETTERS[int(number) % 23]


_NIR = _number(r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}")
_NIR_CUE = _cue(r"nir|s[ée]cu|s[ée]curit[ée] sociale|n° ?ss")


@detector("fr_nir", version=1)
def fr_nir(text: str) -> tuple[Span, ...]:
    """Find French social security numbers whose key is right."""
    return _numbers(text, _NIR, _NIR_CUE, _is_nir, alone=_always)


def _is_nir(written: str) -> bool:
    number = written[:13].replace("2A", "19").replace("2B", "18")  # Corsica, as INSEE computes the key
    return number.isdigit() and int(written[13:]) == 97 - int(number) % 97


_TAX_ID = _number(r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}")
_TAX_ID_CUE = _cue(r"steuer-?id(?:nr)?|steueridentifikationsnummer|steuernummer|id-?nr\.?|tin|tax id")


@detector("de_tax_id", version=1)
def de_tax_id(text: str) -> tuple[Span, ...]:
    """Find German tax identification numbers (Steuer-ID) after their name."""
    return _numbers(text, _TAX_ID, _TAX_ID_CUE, _is_tax_id, alone=_never)


def _is_tax_id(digits: str) -> bool:
    """Check by ISO 7064 modulo 11, 10; one of the first ten digits stands there two or three times, no other does."""
    rest = 10
    for char in digits[:10]:
        rest = ((int(char) + rest) % 10 or 10) * 2 % 11
    repeated = [count for count in Counter(digits[:10]).values() if count > 1]
    return (11 - rest) % 10 == int(digits[10]) and len(repeated) == 1 and repeated[0] <= 3


_FISCAL_DIGIT = "[0-9LMNPQRSTUV]"  # letters stand for digits where two people would have one code
_FISCAL = _number(
    rf"[A-Z]{{3}} ?[A-Z]{{3}} ?{_FISCAL_DIGIT}{{2}}[A-EHLMPRST]{_FISCAL_DIGIT}{{2}} ?[A-Z]{_FISCAL_DIGIT}{{3}} ?[A-Z]"
)
_FISCAL_CUE = _cue(r"codice fiscale|c\.?f\.?")
# What a character counts at an odd place; at an even place it counts its rank (Ministry of Finance, 23 December 1976).
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (*(1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


@detector("it_fiscal_code", version=1)
def it_fiscal_code(text: str) -> tuple[Span, ...]:
    """Find Italian fiscal codes whose last letter is right."""
    return _numbers(text, _FISCAL, _FISCAL_CUE, _is_fiscal_code, alone=_always)


def _is_fiscal_code(written: str) -> bool:
    total = sum(_ODD[char] for char in written[:15:2])
    total += sum(int(char, 36) - (0 if char.isdigit() else 10) for char in written[1:15:2])
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[total % 26] == written[15]


_PESEL = _number(r"\d{11}")
_PESEL_CUE = _cue(r"pesel\w{0,3}")
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)


@detector("pl_pesel", version=1)
def pl_pesel(text: str) -> tuple[Span, ...]:
    """Find Polish PESEL numbers after their name."""
    return _numbers(text, _PESEL, _PESEL_CUE, _is_pesel, alone=_never)


def _is_pesel(digits: str) -> bool:
    month, day = int(digits[2:4]) % 20, int(digits[4:6])  # the century is added to the month in twenties
    weighed = sum(int(char) * weight for char, weight in zip(digits, _PESEL_WEIGHTS, strict=True))
    return weighed % 10 == 0 and 1 <= month <= 12 and 1 <= day <= 31


_BSN = _number(r"\d{9}|\d{4}\.\d{2}\.\d{3}|\d{3} \d{3} \d{3}")
_BSN_CUE = _cue(r"bsn(?:-?nummer)?|burgerservicenummer|sofi-?nummer")
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


@detector("nl_bsn", version=1)
def nl_bsn(text: str) -> tuple[Span, ...]:
    """Find Dutch citizen service numbers (BSN) after their name."""
    return _numbers(text, _BSN, _BSN_CUE, _is_bsn, alone=_never)


def _is_bsn(digits: str) -> bool:
    return sum(int(char) * weight for char, weight in zip(digits, _BSN_WEIGHTS, strict=True)) % 11 == 0 < int(digits)


_CPF = _number(r"\d{3}\.?\d{3}\.?\d{3}[\-/]?\d{2}")
_CPF_CUE = _cue(r"cpf(?: n[ºo°]\.?)?")


@detector("br_cpf", version=1)
def br_cpf(text: str) -> tuple[Span, ...]:
    """Find Brazilian CPF numbers, in their own dots and dash or after their name."""
    return _numbers(text, _CPF, _CPF_CUE, _is_cpf, alone=lambda written: written.count(".") == 2 and "-" in written)


def _is_cpf(digits: str) -> bool:
    for length in (9, 10):
        weighed = sum(int(char) * (length + 1 - at) for at, char in enumerate(digits[:length]))
        if weighed * 10 % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


_AADHAAR = _number(r"[2-9]\d{3}[ \-]?\d{4}[ \-]?\d{4}")
_AADHAAR_CUE = lazy_pattern(r"\ba+dh?a+r\b|\buid(?:ai)?\b|आधार", re.IGNORECASE)
# Verhoeff's scheme: the multiplication of the dihedral group of order ten, and a permutation by place.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@detector("in_aadhaar", version=1)
def in_aadhaar(text: str) -> tuple[Span, ...]:
    """Find Indian Aadhaar numbers after their name."""
    return _numbers(text, _AADHAAR, _AADHAAR_CUE, passes_verhoeff, alone=_never)


def passes_verhoeff(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others by Verhoeff's scheme."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char)
        for _ in range(place % 8):
            value = _PERMUTATION[value]
        total = _dihedral(total, value)
    return total == 0


def _dihedral(left: int, right: int) -> int:
    """Multiply in the dihedral group of order ten: 0 to 4 are turns, 5 to 9 are mirrorings."""
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right) % 5
    return 5 + (left - right) % 5 if right < 5 else (left - right) % 5
