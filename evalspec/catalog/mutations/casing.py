"""Letter case: all small, all capitals, the last sentence shouted."""

from __future__ import annotations

from evalspec.catalog.mutations.wording import word_count
from evalspec.registry import operator
from evalspec.text.spans import Spans, changed_outside, sentence_spans


@operator("lowercase", version=1, scope="style")
def lowercase(text: str, protected: Spans) -> str | None:
    """Write everything in small letters."""
    new = changed_outside(text, protected, str.lower)
    return new if new != text else None


@operator("uppercase", version=1, scope="style")
def uppercase(text: str, protected: Spans) -> str | None:
    """Write everything in capitals."""
    new = changed_outside(text, protected, str.upper)
    return new if new != text else None


@operator("shout_last", version=1, scope="content")
def shout_last(text: str, protected: Spans) -> str | None:
    """Shout the last sentence of two words or more: capitals, and an exclamation mark for its full stop."""
    sentences = [span for span in sentence_spans(text, protected) if word_count(text[span[0] : span[1]]) > 1]
    if not sentences:
        return None
    start, end = sentences[-1]
    inside = tuple((left - start, right - start) for left, right in protected if start <= left and right <= end)
    sentence = text[start:end]
    shouted = changed_outside(sentence, inside, str.upper)
    if shouted == sentence:
        return None
    if shouted.endswith(".") and not shouted.endswith(".."):
        shouted = shouted[:-1] + "!"
    elif shouted[-1].isalpha() and not (inside and inside[-1][1] == len(sentence)):
        shouted += "!"
    return text[:start] + shouted + text[end:]
