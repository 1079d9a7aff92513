"""Find the words and phrases of a list in a text, the longest first, as people write them with any case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from evalspec.text.patterns import lazy_pattern

WORD = lazy_pattern(r"[^\W_]+(?:['’][^\W_]+)*")
# Small letters for all, and a blank for what is in no word.
_WORDS_ALONE = bytes(
    ord(one.lower()) if one.isascii() and (one.isalnum() or one == "'") else ord(" ") for one in map(chr, range(256))
)
_LOOSE = lazy_pattern(r"[ ']'|' ")  # an apostrophe that is not between two letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases by their first word; under one word the longest comes first."""

    by_first: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]


class Found(NamedTuple):
    """One place where a phrase stands; a named tuple, since a text holds many and most are only counted."""

    start: int
    end: int
    phrase: str
    text: str
    words: Sequence[str]  # of the text, in lower case
    first: int  # of the phrase's own words
    last: int

    @property
    def previous(self) -> str:
        """The word before, in lower case; empty where punctuation or the beginning stands between."""
        before = self.text[: self.start].rstrip()
        return self.words[self.first - 1] if len(before) < self.start and before[-1:].isalnum() else ""

    @property
    def following(self) -> str:
        """The word behind, in lower case; empty where punctuation or the end stands between."""
        behind = self.text[self.end :]
        after = behind.lstrip()
        return self.words[self.last + 1] if len(after) < len(behind) and after[:1].isalnum() else ""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set: how the small sets of function words are written down."""
    return frozenset(text.split())


def phrases(keys: Iterable[str]) -> Phrases:
    """Build the index of a list of phrases."""
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for key in sorted(set(keys)):
        first, *rest = plain_words(key) or ("",)
        by_first.setdefault(first, []).append((tuple(rest), key))
    return Phrases(
        by_first=MappingProxyType(
            {first: tuple(sorted(ends, key=lambda one: (-len(one[0]), one[1]))) for first, ends in by_first.items()}
        )
    )


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words in lower case, with the typewriter's apostrophe."""
    return tuple(word.lower().replace("’", "'") for word in WORD.findall(text))


def find_phrases(text: str, known: Phrases) -> list[Found]:
    """Return every phrase of the list that stands in the text, from left to right, none over another."""
    by_first = known.by_first
    padded = _padded(text)
    words = padded.split() if padded else plain_words(text)
    firsts = [at for at, word in enumerate(words) if word in by_first]
    if not firsts:
        return []
    starts = None if padded else [match.start() for match in WORD.finditer(text)]
    found: list[Found] = []
    has_hyphen = "-" in text
    free = passed = 0  # the first word that no phrase has taken, and where the last one looked at ends
    for at in firsts:
        word = words[at]
        # One blank is put in front of the text, so that the blank before a word stands where the word does in the text.
        start = starts[at] if starts is not None else padded.find(f" {word} ", passed)
        passed = start + len(word)
        if at < free:
            continue
        following = words[at + 1] if at + 1 < len(words) else ""
        for rest, key in by_first[word]:
            if rest and rest[0] != following:
                continue
            end = _end(text, words, at, passed, rest) if rest else passed
            if end and not (has_hyphen and _is_hyphened(text, start, end)):
                last = at + len(rest)
                found.append(Found(start, end, key, text, words, at, last))
                free = last + 1
                break
    return found


def _padded(text: str) -> str:
    """Return the words of a text in lower case, where they stand, and blanks for all between; empty if not so simple.

    A pattern would take three times as long. The simple texts are of ASCII and have apostrophes inside words alone.
    """
    if not text.isascii():
        return ""
    padded = (b" %b " % text.encode().translate(_WORDS_ALONE)).decode()
    return "" if "'" in padded and _LOOSE.search(padded) else padded


def _end(text: str, words: Sequence[str], at: int, end: int, rest: tuple[str, ...]) -> int:
    """Return where a phrase ends whose first word ends at `end`; 0 when the text goes on otherwise."""
    if tuple(words[at + 1 : at + 1 + len(rest)]) != rest:
        return 0
    for word in rest:
        # The next word stands behind one blank or hyphen, or further away.
        if text[end] not in " -" or not text[end + 1].isalnum():
            return 0
        end += 1 + len(word)
    return end


def _is_hyphened(text: str, start: int, end: int) -> bool:
    # `T-shirt` and `well-known` are words of their own.
    return (start > 1 and text[start - 1] == "-" and text[start - 2].isalnum()) or (
        end + 1 < len(text) and text[end] == "-" and text[end + 1].isalnum()
    )
