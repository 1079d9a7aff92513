"""The same sentences in another order."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import GREETING, is_thanks, word_count
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.phrases import WORD, word_set
from evalspec.text.spans import Spans, edited, sentence_spans

# A sentence that begins with one of these leans on the one before it.
_LEANING = word_set(
    "it its it's this that that's these those he she they them then so but and or also because therefore however "
    "which after afterwards now instead still otherwise if yes no ok okay sure maybe anyway plus additionally "
    "furthermore meanwhile later there both neither mine while except one ones second secondly finally not same"
)
_LEANS_INSIDE = lazy_pattern(r"\b(?:it|them|this|that|those|these|one|ones|he|she|they|too|again)\b", re.IGNORECASE)
_MIN_WORDS = 3


@operator("reorder", version=1, scope="content", languages=("en",))
def reorder(text: str, rng: Stream, protected: Spans) -> str | None:
    """Put sentences in another order; greetings, thanks and what leans on the sentence before stay where they are."""
    spans = sentence_spans(text, protected)
    first = 1 if spans and _is_greeting(text[spans[0][0] : spans[0][1]]) else 0
    last = len(spans)
    while last > first and (is_thanks(text[spans[last - 1][0] :]) or word_count(text[spans[last - 1][0] :]) < 2):
        last -= 1
    movable = spans[first:last]
    sentences = [text[start:end] for start, end in movable]
    if len(sentences) < 2 or "\n" in text[movable[0][0] : movable[-1][1]]:
        return None  # lines of a form or a list have their own order
    if not all(_stands_alone(one, number) for number, one in enumerate(sentences)):
        return None
    order = rng.shuffled(range(len(sentences)))
    if order == sorted(order):
        order = [*order[1:], order[0]]
    moved = [sentences[at] for at in order]
    if sentences[-1][-1:].isalnum():  # the last sentence had no mark; inside the message it needs one
        moved = [
            one if one is not sentences[-1] or number == len(moved) - 1 else one + "."
            for number, one in enumerate(moved)
        ]
    new = edited(text, [(start, end, one) for (start, end), one in zip(movable, moved, strict=True)])
    return new if new != text else None


def _is_greeting(sentence: str) -> bool:
    return GREETING.match(sentence) is not None or word_count(sentence) <= 1


def _stands_alone(sentence: str, number: int) -> bool:
    match = WORD.search(sentence)
    if match is None or word_count(sentence) < _MIN_WORDS or match.group().lower().replace("’", "'") in _LEANING:
        return False
    # In the first sentence `this` points outside the message; in a later one it may point back.
    return number == 0 or not _LEANS_INSIDE.search(sentence)
