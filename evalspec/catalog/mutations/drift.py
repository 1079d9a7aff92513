"""A second matter in the same message."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import after_greeting, is_lower, is_question, is_reply, lower_first, word_count
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import sentence_spans

_MIN_WORDS = 4
_LONGEST = 300  # characters that are borrowed: a second matter is an afterthought, not another letter
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
_MATTER = re.compile(
    r"\b(?:want|need|would like|i'd like|can|could|will|how|what|where|when|why|does|do|is there|not|never|\w+n['’]t|"
    r"wrong|missing|broken|late|problem|issue|trying|charged|declined|lost|still)\b",
    re.IGNORECASE,
)
_LEANING = re.compile(r"(?:that|this|it|they|he|she|yes|no|ok|okay|sure|but|and|so|there|thanks?)\b", re.IGNORECASE)


@operator("drift", version=1, scope="content", relation="reviewed", languages=("en",))
def drift(text: str, rng: Stream, partner: str | None) -> str | None:
    """Add the matter of another real message as a separate question."""
    if partner is None or word_count(text) < _MIN_WORDS:
        return None
    other = _borrowed(partner)
    if word_count(other) < _MIN_WORDS or _LEANING.match(other) or not _MATTER.search(other) or is_reply(other):
        return None
    if other.casefold() in text.casefold():
        return None
    lead = rng.choice(_QUESTION_LEADS if is_question(other) else _MATTER_LEADS)
    body = text.rstrip()
    if is_lower(body):
        lead = lead.lower()
    closed = body if body[-1:] in ".!?…" else body + "."
    return f"{closed} {lead.format(lower_first(other))}"


def _borrowed(partner: str) -> str:
    body = partner[after_greeting(partner) :].strip()
    end = 0
    for _, stop in sentence_spans(body):
        if stop > _LONGEST:
            break
        end = stop
    return " ".join(body[:end].split("\n"))
