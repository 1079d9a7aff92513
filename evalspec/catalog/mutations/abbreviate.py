"""Chat abbreviations: u, pls, thx, btw."""

from __future__ import annotations

import functools

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Found, Phrases, phrases, word_set
from evalspec.text.spans import Spans

# HINT3, live messages with at least one abbreviation: .51 of the words that could be short are; ABCD .45.
_RATE = 0.5
# `going to the shop` and `want to` before a noun stay: the short forms take a verb.
_BEFORE_VERB = frozenset({"gonna", "wanna", "gotta"})
_NO_VERB = word_set("the a an my your our his her their this that these those some any and or but")


@operator("abbreviate", version=1, scope="style", languages=("en",))
def abbreviate(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Shorten words and phrases as chats do; one word is shortened one way in one text."""
    short = table("abbreviations.txt")
    used: dict[str, str] = {}

    def choose(place: Found) -> str | None:
        new = used.setdefault(place.phrase, rng.choice(short[place.phrase]))
        if new in _BEFORE_VERB and (not place.following or place.following in _NO_VERB):
            return None
        return new

    return replaced(text, _known(), choose, rng=rng, protected=protected, rate=rate)


@functools.cache
def _known() -> Phrases:
    return phrases(table("abbreviations.txt"))
