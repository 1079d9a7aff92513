"""A second matter in the same message."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import (
    GREETING,
    after_greeting,
    is_lower,
    is_question,
    is_reply,
    lower_first,
    word_count,
)
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.spans import sentence_spans

_MIN_WORDS = 4
_LONGEST = 140  # characters of the other message: a second matter is an afterthought, not another letter
_SIGNED_WORDS = 3  # a last sentence this short signs off: `Thanks. Rae`
_QUESTION_LEADS = (
    "Also, a separate question: {}",
    "Separate question: {}",
    "Totally different question: {}",
    "And a question about something else: {}",
)
_MATTER_LEADS = (
    "One more thing, unrelated: {}",
    "And a different issue: {}",
    "While I'm here, something else: {}",
    "Oh and another thing: {}",
    "Also, on something else: {}",
)
_MATTER = lazy_pattern(
    r"\b(?:want|need|would like|i'd like|can|could|will|how|what|where|when|why|does|do|is there|not|never|\w+n['’]t|"
    r"wrong|missing|broken|late|problem|issue|trying|charged|declined|lost|still)\b",
    re.IGNORECASE,
)
_LEANING = lazy_pattern(r"(?:that|this|it|they|he|she|yes|no|ok|okay|sure|but|and|so|there|thanks?)\b", re.IGNORECASE)


@operator("drift", version=2, scope="content", relation="reviewed", languages=("en",))
def drift(text: str, rng: Stream, partner: str | None) -> str | None:
    """Add the matter of another real message as a separate question."""
    if partner is None or word_count(text) < _MIN_WORDS:
        return None
    other = _borrowed(partner)
    if word_count(other) < _MIN_WORDS or _LEANING.match(other) or not _MATTER.search(other) or is_reply(other):
        return None
    if other.casefold() in text.casefold():
        return None
    if not _is_lower_voice(other) if is_lower(text) else other[:1].islower():
        return None  # another voice: nobody takes up or gives up capitals for the second matter
    lead = rng.choice(_QUESTION_LEADS if is_question(other) else _MATTER_LEADS)
    body = text.rstrip()
    if is_lower(body):
        lead = lead.lower()
    closed = body if body[-1:] in ".!?…" else body + "."
    return f"{closed} {lead.format(lower_first(other))}"


def _is_lower_voice(text: str) -> bool:
    """Return True when nothing but codes, `I` and the first letter is in capitals."""
    words = lower_first(text).split()
    return text[:1].islower() or all(word.isupper() or word == word.lower() for word in words)


def _borrowed(partner: str) -> str:
    """Return the other message without its greeting; nothing when it is a letter, or signed."""
    body = partner[after_greeting(partner) :].strip()
    if len(body) > _LONGEST or "\n" in body or GREETING.match(body):
        return ""
    spans = list(sentence_spans(body))
    if len(spans) > 1 and word_count(body[spans[-1][0] : spans[-1][1]]) <= _SIGNED_WORDS:
        return ""
    return body
