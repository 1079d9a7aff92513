"""Misspellings that people make because they do not know better."""

from __future__ import annotations

import functools

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Phrases, phrases
from evalspec.text.spans import Spans

# HINT3, live messages with at least one of our misspellings: .44 of the words that the list knows; ABCD .36.
_RATE = 0.4


@operator("misspell", version=1, scope="style", languages=("en",))
def misspell(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Misspell words as people often do: recieve, definately, adress."""
    wrong = table("misspellings.txt")
    return replaced(
        text, _known(), lambda place: rng.choice(wrong[place.phrase]), rng=rng, protected=protected, rate=rate
    )


@functools.cache
def _known() -> Phrases:
    return phrases(table("misspellings.txt"))
