"""One key term for another of its group."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.catalog.mutations.lexical import replaced
from evalspec.catalog.words import words
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import Found, phrases, word_set
from evalspec.text.spans import Spans

_RATE = 1.0  # our choice: a user who says `money back` says it throughout
_DETERMINERS = word_set("a an the my this that your our it them")
# Actions that are things as well: `to refund`, `a refund`.
_BOTH = word_set(
    "refund return exchange order charge purchase transfer claim repair credit report change check swap call"
)
_AFTER_WHOLE = word_set("and or but if because please now today asap for on when") | {""}
_BEFORE_VERB = word_set("to please i you we can could should must will would")


@operator("alias", version=1, scope="style", relation="reviewed")
def alias(
    text: str, rng: Stream, protected: Spans, terms: Sequence[tuple[str, Sequence[str]]], *, rate: float = _RATE
) -> str | None:
    """Say a key term of the spec in another word of its group."""
    group_of = {term: tuple(group) for _, group in terms for term in group}

    def choose(place: Found) -> str | None:
        others = [term for term in group_of[place.phrase] if term != place.phrase and _fits(place, term)]
        return rng.choice(others) if others else None

    return replaced(text, phrases(group_of), choose, rng=rng, protected=protected, rate=rate)


def _fits(place: Found, term: str) -> bool:
    """Return True when the sentence can go on with `term`: an action where an action stood, a thing for a thing."""
    starts_action = term.split()[0].lower() in words("actions.txt")
    if _is_action(place):
        # `reverse the charge` and `send it back` have their object: another may not follow.
        return starts_action and (" " not in term or place.following in _AFTER_WHOLE)
    if " " in term and (starts_action or place.previous in ("a", "an")):
        return False
    if starts_action and term not in _BOTH:
        return False
    starts_vowel = term[:1].lower() in "aeiou"
    return {"a": not starts_vowel, "an": starts_vowel}.get(place.previous, True)


def _is_action(place: Found) -> bool:
    first = place.phrase.split()[0].lower()
    if first not in words("actions.txt"):
        return False
    if place.previous in _BEFORE_VERB or place.phrase not in _BOTH:
        return True
    return not place.previous and place.following in _DETERMINERS
