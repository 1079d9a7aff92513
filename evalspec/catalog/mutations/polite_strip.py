"""The request without its manners."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import GREETING, is_lower, upper_first, word_count
from evalspec.registry import operator
from evalspec.text.patterns import lazy_pattern
from evalspec.text.spans import changed_outside, protected_spans

_MIN_WORDS = 3  # what is left must still be a sentence
_MIN_SHARE = 0.4
_CLOSING = lazy_pattern(
    r"(?:^|(?<=[.!?,\n…])|(?<=\s))\s*(?:(?:many |kind )?(?:thanks|thank you|thank u|thx)"
    r"(?: (?:so|very) much| a lot| a bunch| in advance| again| for (?:your|the|any) (?:help|time|assistance|support))*"
    r"|(?:kind |best )?regards|cheers)\s*[.!,]*\s*$",
    re.IGNORECASE,
)
_OPENING = lazy_pattern(r"^\s*(?:sorry to (?:bother|trouble) you|excuse me|sorry)\s*(?:,|\.|\bbut\b)\s*", re.IGNORECASE)
_INSIDE = lazy_pattern(
    r",? ?\b(?:if (?:you (?:do not|don't|dont) mind|that's (?:ok|okay|alright)|it is not too much trouble))\b,?"
    r"|,\s*(?:please|pls|plz)\b(?=\s*[.?!,]|\s*$)"
    r"|\s+(?:please|pls|plz)\b(?=\s*[.?!]|\s*$)"
    r"|\b(?:please|pls|plz|kindly)\b,?(?:\s(?P<next>\w?))?",
    re.IGNORECASE,
)
_NO_VERB_LEFT = lazy_pattern(r"\bwould you mind\b", re.IGNORECASE)


@operator("polite_strip", version=1, scope="style", languages=("en",))
def polite_strip(text: str) -> str | None:
    """Leave out greetings, please, kindly and thanks, when a sentence remains."""
    start = len(text) - len(text.lstrip())
    greeting = GREETING.match(text, start)
    body = text[greeting.end() :] if greeting is not None else text
    closing = _CLOSING.search(body)
    if closing is not None:
        body = body[: closing.start()]
    if _NO_VERB_LEFT.search(body):
        return None  # `would you mind telling me` has no verb of its own without the politeness
    body = _OPENING.sub("", body)
    body = changed_outside(body, protected_spans(body), _without_manners)
    body = body.rstrip(" ,") if body.rstrip(" ,") != body.rstrip() else body
    if body == text or word_count(body) < max(_MIN_WORDS, _MIN_SHARE * word_count(text)):
        return None
    return body if is_lower(text) else upper_first(body.lstrip())


def _without_manners(text: str) -> str:
    return _INSIDE.sub(_next_word, text)


def _next_word(match: re.Match[str]) -> str:
    # `Please tell me` leaves `Tell me`.
    following = match.group("next") or ""
    return following.upper() if match.group()[0].isupper() else following
