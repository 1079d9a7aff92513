"""The surface of a text: tidy what templates leave behind, and type as one real user did."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.style import apply_style, sentence_case, word_count

MIN_BARE_WORDS = 6  # a shorter text says nothing about whether its writer uses commas and full stops

# "Can you tell me if it is late." is a question that lost its mark when a user's phrase was put before a sentence.
_QUESTION = lazy_pattern(
    r"((?:^|[.!?]\s+)(?:(?:hi|hey|hello)(?: there)?,? )?(?:please )?"
    r"(?:(?:can|could|would|will) (?:you|someone|anyone)|do you know|how (?:do|can) I)\b[^.!?\n]*)\.",
    re.IGNORECASE,
)
_END = lazy_pattern(r"[.!?…]['\")\]]*$")


def tidy(text: str) -> str:
    """Close the gaps that empty choices leave, mend marks that met, and start sentences with a capital."""
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" *\n *", "\n", text)
    text = re.sub(r" +([,.!?;:…])", r"\1", text)
    text = re.sub(r"([.!?,;:]),+", r"\1", text)
    text = re.sub(r",+([.!?;:])", r"\1", text)
    text = re.sub(r"(?<!\.)\.([!?])", r"\1", text)
    text = re.sub(r"([!?])\.(?!\.)", r"\1", text)
    text = re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)
    text = _QUESTION.sub(r"\1?", text)
    return sentence_case(text.strip().lstrip(",;:.").lstrip())


def as_user(text: str, written: Sequence[str], rng: Stream, *, protected: Sequence[str] = ()) -> str:
    """Type `text` as the writer of `written` types: lower case throughout, marks left out, the last one left off."""
    sample = "\n".join(written)
    letters = [letter for letter in sample if letter.isalpha()]
    style: dict[str, str] = {}
    if letters and sample == sample.lower():
        style["casing"] = "lower"
        if word_count(sample) >= MIN_BARE_WORDS and not re.search(r"[.,;:!]", sample):
            style["punctuation"] = "none"
    dressed = apply_style(text, style, rng, protected=protected)
    first = written[0].rstrip() if written else ""
    if first and not _END.search(first):
        dressed = re.sub(r"[.!?…]+$", "", dressed)
    elif not _END.search(dressed) and first:
        dressed += "."
    return dressed
