"""Two languages in one message, as bilingual writers mix them."""

from __future__ import annotations

import functools
from typing import Literal

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import column
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Found, Phrases, phrases, word_set
from evalspec.text.spans import Spans

# Hinglish-TOP: .39 of the words of a mixed sentence stay English; of those that our dictionary knows the rest
# is switched.
_RATE = 0.6
# After these the word is a verb, and the dictionary knows it as a noun.
_BEFORE_VERB = word_set("to i you we they please pls plz can could will would should must cannot not and")
_VERBS_TOO = word_set(
    "order return refund help name list purchase change question message phone rain trip box bill answer"
)
_COLUMNS = {"es": 1, "de": 2, "fr": 3, "hi-Latn": 4}


@operator("code_switch", version=1, scope="style", languages=("en",))
def code_switch(
    text: str,
    rng: Stream,
    protected: Spans,
    *,
    rate: float = _RATE,
    into: Literal["es", "de", "fr", "hi-Latn"] = "es",
) -> str | None:
    """Switch markers, phrases and common nouns into another language."""
    other = column("code_switch.txt", _COLUMNS[into])

    def choose(place: Found) -> str | None:
        if place.phrase in _VERBS_TOO and (not place.previous or place.previous in _BEFORE_VERB):
            return None
        if place.following == "to" and place.phrase in ("i want", "i need"):
            return None  # `i want to` is a phrase of its own where the language has one
        return other[place.phrase][0]

    return replaced(text, _known(into), choose, rng=rng, protected=protected, rate=rate)


@functools.cache
def _known(into: str) -> Phrases:
    return phrases(column("code_switch.txt", _COLUMNS[into]))
