"""A first sentence from somebody who has had enough."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import (
    after_greeting,
    is_question,
    is_reply,
    is_thanks,
    with_opening,
    word_count,
)
from evalspec.catalog.words import grouped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.spans import sentence_spans

_MIN_WORDS = 4
_PROBLEM = lazy_pattern(
    r"\b(?:not|\w+n['’]t|(?:do|did|does|ca|wo|is|was|could|have|has)nt|never|still|wrong|late|missing|broken|damaged|refused|declined|fail(?:s|ed|ing)?|cannot|error|"
    r"lost|stolen|waiting|overcharged|twice|problem|issue|stuck|unable|torn|stain(?:ed)?|delayed|blocked|rejected|"
    r"reverted|disappeared|incorrect|defective|stopped|no longer)\b",
    re.IGNORECASE,
)
# Nobody is furious and grateful in one message.
_CONTENT = lazy_pattern(
    r"\b(?:thank|thanks|thx|great|love|loved|awesome|perfect|happy|excellent|wonderful|lovely|no worries|have a|"
    r"congrat\w*|lol|haha|angry|furious|annoyed|ridiculous|unacceptable|frustrat\w+)\b",
    re.IGNORECASE,
)
_OWN_FAULT = lazy_pattern(r"\b(?:forgot(?:ten)?|misplaced|i lost|my mistake|by mistake)\b", re.IGNORECASE)
_ASKS = lazy_pattern(
    r"\b(?:want|need|would like|can|could|will|help|how|what|where|when|why|please|pls|trying|looking|does|is there)\b",
    re.IGNORECASE,
)


@operator("angry_opener", version=1, scope="content", languages=("en",))
def angry_opener(text: str, rng: Stream) -> str | None:
    """Open with an angry sentence that fits: a problem, a question, or any request."""
    body = text[after_greeting(text) :]
    sentences = sentence_spans(body)
    if word_count(body) < _MIN_WORDS or _CONTENT.search(text) or is_thanks(body) or is_reply(body):
        return None
    if not (_ASKS.search(body) or _PROBLEM.search(body)):
        return None
    openers = grouped("openers.txt")
    fitting = openers["any"]
    if _PROBLEM.search(body) and not _OWN_FAULT.search(body):
        fitting = openers["problem"] + fitting
    elif any(is_question(body[start:end]) for start, end in sentences):
        fitting = openers["question"] + fitting
    return with_opening(text, rng.choice(fitting))
