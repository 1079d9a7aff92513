"""Where values stand in a text once more, however spaced; each position is looked at a bounded number of times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from evalspec.text.patterns import lazy_pattern

Name = TypeVar("Name")

# Chinese, Japanese, Korean and Thai are written without spaces: a word of them ends where the writer means it to.
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# Of a script that parts its words, or a digit. None of the scripts left out has case; with IGNORECASE on, compiling
# would go through their 30,000 letters one by one.
LETTER = rf"(?-i:[^\W{UNSPACED}])"
LONGEST = 200  # characters of a value; what is longer (a private key) tells itself wherever it stands

_UNIT = lazy_pattern(rf"{LETTER}+|\S")
_DIGIT_RUN = lazy_pattern(r"\d(?:[ .\-/()]{0,3}\d)*")


@dataclass
class Values(Generic[Name]):
    """Values to look for, by name: digits in any grouping, and texts by their words and signs."""

    digits: dict[str, Name] = field(default_factory=dict)
    exact: dict[tuple[str, ...], Name] = field(default_factory=dict)
    loose: dict[tuple[str, ...], Name] = field(default_factory=dict)  # in any case
    _lengths: dict[str, set[int]] = field(default_factory=dict)  # by the first unit, casefolded

    def add_digits(self, value: str, name: Name) -> None:
        """Look for a number, whatever stands between its digits."""
        self.digits.setdefault(value, name)

    def add(self, value: str, name: Name, *, any_case: bool) -> None:
        """Look for a text; spaces in it may be wider or narrower."""
        units = tuple(_UNIT.findall(value.casefold() if any_case else value))
        if units and len(value) <= LONGEST:
            (self.loose if any_case else self.exact).setdefault(units, name)
            self._lengths.setdefault(units[0].casefold(), set()).add(len(units))

    def find(self, text: str) -> Iterator[tuple[int, int, Name]]:
        """Yield (start, end, name), the longest first at each place."""
        if self.digits:
            yield from _find_digits(text, self.digits)
        if not self._lengths:
            return
        units = list(_UNIT.finditer(text))
        for at, unit in enumerate(units):
            for length in sorted(self._lengths.get(unit.group().casefold(), ()), reverse=True):
                run = tuple(one.group() for one in units[at : at + length])
                name = self.exact.get(run) or self.loose.get(tuple(one.casefold() for one in run))
                if name is not None and len(run) == length:
                    yield unit.start(), units[at + length - 1].end(), name


def _find_digits(text: str, values: Mapping[str, Name]) -> Iterator[tuple[int, int, Name]]:
    lengths = sorted({len(value) for value in values}, reverse=True)
    for run in _DIGIT_RUN.finditer(text):
        places = [at for at in range(*run.span()) if text[at].isdigit()]
        digits = "".join(text[at] for at in places)
        for first, start in enumerate(places):
            if _joined(text, start - 1):
                continue
            for length in lengths:
                name = values.get(digits[first : first + length]) if first + length <= len(digits) else None
                if name is not None and not _joined(text, places[first + length - 1] + 1):
                    yield start, places[first + length - 1] + 1, name


def _joined(text: str, at: int) -> bool:
    return 0 <= at < len(text) and re.match(LETTER, text[at]) is not None
