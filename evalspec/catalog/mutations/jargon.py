"""Words as people inside a trade write them."""

from __future__ import annotations

import functools

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Found, Phrases, phrases, word_set
from evalspec.text.spans import Spans

# No source of insiders' mails is at hand; the rate is that of chat abbreviations (HINT3 .51), doubled towards what
# a trade's own short forms are: the usual way to write the word.
_RATE = 0.8
_DETERMINERS = word_set("the my our this that your their a an each every")
# As a verb or part of `in order to` the word is not the paper that it names.
_NOUN_ONLY = frozenset(("order", "schedule", "transfer", "statement", "package", "balance"))


@operator("jargon", version=1, scope="style", languages=("en",))
def jargon(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Write the short forms of the trade: PO, inv, ref, qty."""
    short = table("jargon.txt")
    used: dict[str, str] = {}

    def choose(place: Found) -> str | None:
        if place.phrase in _NOUN_ONLY and place.previous not in _DETERMINERS:
            return None
        new = used.setdefault(place.phrase, rng.choice(short[place.phrase]))
        if place.previous in ("a", "an") and (new[0].lower() in "aeiou") != (place.previous == "an"):
            return None
        return new

    return replaced(text, _known(), choose, rng=rng, protected=protected, rate=rate)


@functools.cache
def _known() -> Phrases:
    return phrases(table("jargon.txt"))
