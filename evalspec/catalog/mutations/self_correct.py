"""Writers who put the wrong word first and correct themselves."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from evalspec.catalog.mutations.wording import cased_like, is_lower
from evalspec.catalog.words import lines, table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Found, Phrases, find_phrases, phrases, plain_words, word_set
from evalspec.text.spans import Spans, is_protected

_MARKERS = (", no wait, ", ", sorry, ", ", I mean ", ", wait no, ", ", no sorry, ", ", er, ", " no, ")
_DETERMINERS = word_set("my the a an this that your our his her their new")
_BEFORE_VERB = word_set("to please i you we can could should must will would cannot can't")
_VERBS = word_set(
    "check change cancel update track send receive buy order return exchange reset delete find book open activate "
    "transfer call email pay replace upgrade"
)
# `credit card`, `gift order`: the word is half of a name.
_COMPOUND = word_set("credit debit gift bank sim virtual prepaid post master top up")
_REPEATED = 0.4  # how often the word before is said again: `my shirt, sorry, my jacket`


@operator("self_correct", version=1, scope="content", languages=("en",))
def self_correct(text: str, rng: Stream, protected: Spans) -> str | None:
    """Write a wrong word, then the right one: `my shirt, sorry, my jacket`; or misspell one and add `*receipt`."""
    said = set(plain_words(text))
    places = [
        (place, [other for other in _others()[_singular(place.phrase)] if not said & {other, other + "s"}])
        for place in find_phrases(text, _known())
        if _fits(place) and not is_protected(protected, place.start, place.end)
    ]
    places = [(place, others) for place, others in places if others]
    if not places:
        return _starred(text, rng, protected)
    place, others = rng.choice(places)
    wrong = rng.choice(others)
    right = text[place.start : place.end]
    if place.phrase != _singular(place.phrase):
        wrong += "es" if wrong.endswith(("s", "x", "ch", "sh")) else "s"
    marker = rng.choice(_MARKERS)
    if is_lower(text):
        marker = marker.lower()
    start = place.start
    again = ""
    if place.previous in _DETERMINERS | {"to"} and text[: place.start].endswith(" "):
        begin = place.start - len(place.previous) - 1
        again = text[begin : place.start].lower() if rng.chance(_REPEATED) else ""
        if place.previous in ("a", "an"):  # the article must go with the wrong word, and come back for the right one
            again = text[begin : place.start].lower()
            start = begin
            article = cased_like(text[begin : begin + 1], "an" if wrong[0] in "aeiou" else "a")
            return f"{text[:start]}{article} {wrong}{marker}{again}{right}{text[place.end :]}"
    return f"{text[:start]}{cased_like(right, wrong)}{marker}{again}{right}{text[place.end :]}"


def _starred(text: str, rng: Stream, protected: Spans) -> str | None:
    wrong = table("misspellings.txt")
    places = [
        place
        for place in find_phrases(text, _misspelled())
        if len(place.phrase) >= 6 and not is_protected(protected, place.start, place.end)
    ]
    if not places:
        return None
    place = rng.choice(places)
    right = text[place.start : place.end]
    slip = cased_like(right, rng.choice(wrong[place.phrase]))
    return f"{text[: place.start]}{slip}{text[place.end :].rstrip()} *{right.lower()}"


def _fits(place: Found) -> bool:
    if place.phrase in _VERBS:
        return place.previous in _BEFORE_VERB
    return place.previous in _DETERMINERS or (
        bool(place.previous)
        and place.previous not in _COMPOUND | _BEFORE_VERB
        and place.phrase != _singular(place.phrase)
    )


def _singular(word: str) -> str:
    return word if word in _others() else word[:-1]


@functools.cache
def _others() -> Mapping[str, tuple[str, ...]]:
    others: dict[str, tuple[str, ...]] = {}
    for line in lines("confusable.txt"):
        group = line.split()
        for word in group:
            others[word] = others.get(word, ()) + tuple(other for other in group if other != word)
    return MappingProxyType(others)


@functools.cache
def _known() -> Phrases:
    plurals = (
        word + "s" for word in _others() if word not in _VERBS and not word.endswith(("s", "x", "ch", "sh", "y"))
    )
    return phrases([*_others(), *plurals])


@functools.cache
def _misspelled() -> Phrases:
    return phrases(table("misspellings.txt"))
