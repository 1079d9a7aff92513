"""Phrases of real users that say nothing about their case: how they open, ask, complain and close.

A phrase is taken only when every word of it is in our list of words without a topic, so that a fact, a name, a number
or another issue can never travel with it; it is a clause at most, and never the whole of what one user wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalspec.model.case import Seed, opening
from evalspec.text.patterns import lazy_pattern

KINDS: tuple[str, ...] = ("opening", "want", "wonder", "complaint", "closing")

MIN_WORDS = 2
MAX_WORDS = 9  # a clause, not a sentence
LEAD_WORDS = (3, 7)  # "I would like to", "can you tell me if"

_CLAUSE = lazy_pattern(r"[^.!?;,\n…]+")
_WORD = lazy_pattern(r"[^\W_]+(?:'[^\W_]+)*")
_JOINT = lazy_pattern(r"\s+(?:but|because|and|so)\s+", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTION = _words(
    """
    a about again all already also am an and any anyone anything are as at be been but by can can't cannot
    could did didn't do does doesn't doing don't every for from get getting give go going gonna got had has
    have haven't having he her here him his how i i'd i'll i'm i've if in into is isn't it it's its just keep
    let let's like may maybe me might more much must my myself need needed no not now of off on one only or
    our out over please quite rather real really should since so some someone something somehow still such
    sure than that that's the them then there there's they this thing things those though through till time to
    today too trying tried try until up us very was wasn't way we well were what what's when where which while
    who why will with without won't would wouldn't yet you you're your want wants wanted wanna know knows
    known think thought see say said tell told ask asking asked explain find look looking looks make makes
    mean means seem seems take takes taking wait waiting waited hope hoping hoped wonder wondering figure
    understand come came day days long right soon asap possible able bit lot few whole first last next back
    happen happened happening happens
    """
)
_GREETING = _words("hi hello hey hiya there good morning afternoon evening greetings dear team sir madam everyone")
_NEED = _words(
    """
    help helps helping assist assistance support advise advice question questions issue issues problem
    problems trouble concern
    """
)
_THANKS = _words("thanks thank thankyou thx appreciate appreciated regards cheers grateful kindly pls plz")
_FEELING = _words(
    """
    upset unhappy annoyed annoying angry mad furious frustrated frustrating disappointed disappointing
    ridiculous unacceptable tired sick worried worry worrying concerned confused confusing stressed stressful
    urgent urgently desperate awful terrible horrible poor worst unfair nightmare joke nonsense shame crazy
    insane
    """
)
_NEUTRAL = _FUNCTION | _GREETING | _NEED | _THANKS | _FEELING

_STATES = lazy_pattern(r"(?:please |so )?(?:i|i'm|it|it's|this|that's|really|very|so) ")
# A lead that asks about the past or a plain habit would not fit what the grammar puts behind it.
_WANT = lazy_pattern(
    r"i(?:'d| would| really| just| am|'m| was| need| want| have been|'ve been)(?: just| really)?"
    r"(?: (?:like|love|need|want|trying|hoping|looking|going|wondering how))? to"
)
_WONDER = lazy_pattern(r".*\b(?:know|tell me|wonder|wondering|see|ask|sure|find out) (?:if|whether)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """One phrase, whose it was, and what it does in a message."""

    kind: str
    text: str
    seed: str  # key of the row


def mine(seeds: Sequence[Seed]) -> tuple[Fragment, ...]:
    """Return the phrases that `seeds` lend, at most one of each kind from each, in their order."""
    return tuple(fragment for seed in seeds for fragment in _of(seed))


def _of(seed: Seed) -> tuple[Fragment, ...]:
    text = opening(seed.input).replace("\u2019", "'")
    clauses = [clause.strip() for clause in _CLAUSE.findall(text) if _WORD.search(clause)]
    total = len(_WORD.findall(text))
    found: dict[str, str] = {}
    for place, clause in enumerate(clauses):
        for part in _JOINT.split(clause):
            kind = _kind_of(part, first=place == 0, last=place == len(clauses) - 1)
            if kind and kind not in found and MIN_WORDS <= len(_WORD.findall(part)) <= MAX_WORDS:
                found[kind] = part
        for kind, lead in _leads(clause):
            found.setdefault(kind, lead)
    # The strict inequality is what keeps a whole row out.
    return tuple(
        Fragment(kind=kind, text=_spelled(found[kind]), seed=seed.key)
        for kind in KINDS
        if kind in found and len(_WORD.findall(found[kind])) < total
    )


def _kind_of(clause: str, *, first: bool, last: bool) -> str | None:
    if re.search(r"[^\w\s'-]", clause):
        return None  # brackets, slashes and masks are somebody's data
    words = set(_WORD.findall(clause.lower()))
    if not words <= _NEUTRAL:
        return None
    if (
        words & _FEELING
        and words & {"i", "i'm", "this", "it", "it's", "is", "am", "that's", "so"}
        and "not" not in words
    ):
        return "complaint"
    if first and not last and (words & _GREETING or words & _NEED):
        return "opening"
    if last and not first and (words & _THANKS or (words & _NEED and words & {"please", "can", "could", "me"})):
        return "closing"
    return None


def _leads(clause: str) -> tuple[tuple[str, str], ...]:
    """Return the start of a request as this user puts it, up to where the topic begins."""
    spans = [found.span() for found in _WORD.finditer(clause)]
    words = [clause[start:end].lower() for start, end in spans]
    found: list[tuple[str, str]] = []
    low, high = LEAD_WORDS
    for count in range(min(high, len(words) - 1), low - 1, -1):
        lead = " ".join(words[:count])
        if not set(words[:count]) <= _NEUTRAL or set(words[:count]) & _GREETING:
            continue
        kinds = {kind for kind, _ in found}
        if (
            words[count - 1] == "to"
            and _WANT.fullmatch(lead)
            and "want" not in kinds
            and words[count] not in _NOT_VERBS
        ):
            found.append(("want", lead))
        if words[count - 1] in ("if", "whether") and _WONDER.fullmatch(lead) and "wonder" not in kinds:
            found.append(("wonder", lead))
    return tuple(found)


# "I have to my account" is no request: what follows `to` must be able to be a verb.
_NOT_VERBS = _words("a an the my your our his her their this that these those it me you us them")


def _spelled(phrase: str) -> str:
    """Write a phrase in lower case with a capital I, so that it fits anywhere; the slot's casing comes later."""
    return re.sub(r"\bi\b", "I", " ".join(phrase.lower().split()))
