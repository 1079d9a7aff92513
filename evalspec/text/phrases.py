"""Find the words and phrases of a list in a text, the longest first, as people write them with any case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evalspec.text.patterns import lazy_pattern

WORD = lazy_pattern(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases by their first word; under one word the longest comes first."""

    by_first: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One place where a phrase stands; `previous` and `following` are the words next to it, in lower case.

    A neighbour is empty where punctuation or an end of the text stands between.
    """

    start: int
    end: int
    phrase: str
    previous: str
    following: str


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
    places = [(match.start(), match.end(), match.group().lower().replace("’", "'")) for match in WORD.finditer(text)]
    found: list[Found] = []
    at = 0
    while at < len(places):
        ends = by_first.get(places[at][2])
        length = 0
        if ends is not None:
            for rest, key in ends:
                if _continues(text, places, at, rest) and not _is_hyphened(text, places, at, len(rest)):
                    length = len(rest) + 1
                    found.append(
                        Found(
                            start=places[at][0],
                            end=places[at + len(rest)][1],
                            phrase=key,
                            previous=_neighbour(text, places, at - 1, at),
                            following=_neighbour(text, places, at + len(rest) + 1, at + len(rest)),
                        )
                    )
                    break
        at += length or 1
    return found


def _continues(text: str, places: list[tuple[int, int, str]], at: int, rest: tuple[str, ...]) -> bool:
    if at + len(rest) >= len(places):
        return False
    for index, word in enumerate(rest, start=at + 1):
        if places[index][2] != word or text[places[index - 1][1] : places[index][0]] not in (" ", "-"):
            return False
    return True


def _is_hyphened(text: str, places: list[tuple[int, int, str]], at: int, more: int) -> bool:
    # `T-shirt` and `well-known` are words of their own.
    start, end = places[at][0], places[at + more][1]
    return (start > 1 and text[start - 1] == "-" and text[start - 2].isalnum()) or (
        end + 1 < len(text) and text[end] == "-" and text[end + 1].isalnum()
    )


def _neighbour(text: str, places: list[tuple[int, int, str]], index: int, of: int) -> str:
    if not 0 <= index < len(places):
        return ""
    left, right = sorted((index, of))
    return places[index][2] if text[places[left][1] : places[right][0]].isspace() else ""
