"""Contracted or written out: don't, do not, and dont."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.phrases import Found, Phrases, phrases, word_set
from evalspec.text.spans import Spans

# ABCD, customers' turns: of eleven forms 188 are contracted, 155 written out and 13 lack the apostrophe: .55.
_CONTRACT_RATE = 0.55
# HINT3, live messages: of the same forms 154 of 212 are written out.
_EXPAND_RATE = 0.7

_WH = word_set("what who where how why when which whatever whoever than as")
_PRONOUNS = word_set("i you u he she it we they there")
_DETERMINERS = word_set("the my this that these those a an your our his her their")
_PARTICIPLES = word_set(
    "been had got made done gone seen sent paid bought lost found taken given tried put set left kept told heard just "
    "already never always also not"
)
_AFTER_D = word_set("like love prefer rather appreciate be have want need hate")
# Without the apostrophe these are other words.
_OTHER_WORD = word_set("we're i'll she'll he'll we'll i'd we'd she'd they'd you'd he'd it'll that'll can't won't")
_IS_NOT_HAS = lazy_pattern(r"(?:been|had|got|gone|become|come|taken|happened|changed|\w+ed)$")
_NEGATED = lazy_pattern(r"n't$|\bnot$|^cannot$")


@operator("contract", version=1, scope="style", languages=("en",))
def contract(text: str, rng: Stream, protected: Spans, *, rate: float = _CONTRACT_RATE) -> str | None:
    """Contract what is written out: do not to don't, I am to I'm."""
    short = table("contractions.txt")

    def choose(place: Found) -> str | None:
        return _as_small(short[place.phrase][0], text[place.start]) if _can_contract(place) else None

    return replaced(text, _written_out(), choose, rng=rng, protected=protected, rate=rate)


@operator("expand", version=1, scope="style", languages=("en",))
def expand(
    text: str, rng: Stream, protected: Spans, *, rate: float = _EXPAND_RATE, into: Literal["words", "bare"] = "words"
) -> str | None:
    """Write contractions out (don't to do not), or with `into: bare` only drop the apostrophe (dont)."""
    full = _contracted()

    def choose(place: Found) -> str | None:
        if into == "bare":
            return None if place.phrase in _OTHER_WORD else _bare(place, text)
        return _as_small(full[place.phrase], text[place.start]) if _can_expand(place) else None

    return replaced(text, _contracted_phrases(), choose, rng=rng, protected=protected, rate=rate)


def _can_contract(place: Found) -> bool:
    if _NEGATED.search(place.phrase):
        # `why do not you` is no English, but people write it: leave it alone.
        return place.following not in _PRONOUNS or place.phrase == "can not"
    if not place.following or place.previous in _WH:
        return False  # `Yes, I am.` and `what it is` keep the verb whole
    if place.phrase.endswith(" have"):
        return place.following in _PARTICIPLES or place.following.endswith("ed")
    return True


def _can_expand(place: Found) -> bool:
    short, following = place.phrase, place.following
    if short.endswith("n't"):
        # In a question the verb stands before its subject: `why don't you` has no written-out order of the same words.
        return following not in _PRONOUNS and not (
            following in _DETERMINERS and (place.previous in _WH or not place.previous)
        )
    if short.endswith("'d"):
        return following in _AFTER_D
    if short.endswith("'s") and short != "let's":
        return not _IS_NOT_HAS.match(following)
    return True


def _as_small(new: str, first: str) -> str:
    # Who writes `i would` writes `i'd`.
    return new[0].lower() + new[1:] if first.islower() else new


def _bare(place: Found, text: str) -> str:
    return re.sub("['’]", "", text[place.start : place.end]).lower()


@functools.cache
def _written_out() -> Phrases:
    return phrases(table("contractions.txt"))


@functools.cache
def _contracted() -> Mapping[str, str]:
    # `cannot` and `can not` share a short form; the first of the list is how it is written out.
    full: dict[str, str] = {}
    for long, (short,) in table("contractions.txt").items():
        full.setdefault(short.lower(), "I" + long[1:] if long.startswith("i ") else long)
    return MappingProxyType(full)


@functools.cache
def _contracted_phrases() -> Phrases:
    return phrases(_contracted())
