"""Fillers of people who write as they talk."""

from __future__ import annotations

import re

from evalspec.catalog.mutations.wording import (
    after_greeting,
    is_lower,
    is_question,
    is_thanks,
    lower_first,
    upper_first,
    word_count,
)
from evalspec.catalog.words import grouped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.spans import Edit, Spans, edited, is_protected, sentence_spans

# Per place. Fillers are rare in chats (ABCD .6 % of turns, HINT3 .1 %), so no real rate says how dense they come
# in the messages that have them; this gives one or two in a message of two sentences.
_RATE = 0.35
_MIN_WORDS = 4  # `um yes` is one thing, fillers in an id or a single noun another
_WORDS_EACH = 10  # a filler more for every ten words: a message full of them is a caricature
_INTERJECTION = lazy_pattern(
    r"(?:wow|oh|ok|okay|yes|no|yeah|sure|hmm|um|uh|well|but|and|so|or|also|sir|hi|hello|hey)\b", re.IGNORECASE
)
_THANKFUL = lazy_pattern(r"\b(?:thank|thanks|thx|please|pls|plz)\b", re.IGNORECASE)
_JOINT = lazy_pattern(
    r"(?:(?<=[\w,] )|(?<=^))(?:and|but|because|so)(?= (?:i|it|my|the|they|we|you|then|now|when)\b)", re.I
)


@operator("filler", version=1, scope="style", languages=("en",))
def filler(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Put um, like, so yeah where a speaker would: first, after a conjunction, last."""
    edits: list[Edit] = []
    used: set[str] = set()
    most = 1 + word_count(text) // _WORDS_EACH
    for number, (start, end) in enumerate(sentence_spans(text, protected)):
        sentence = text[start:end]
        if word_count(sentence) < _MIN_WORDS or is_thanks(sentence):
            continue
        at = start + after_greeting(sentence) if number == 0 else start
        if rng.chance(rate) and not _INTERJECTION.match(text, at) and not is_protected(protected, at, at + 1):
            edits.append((at, at + 1, _opening(text[at:end], _fresh("start", used, rng))))
        for joint in _JOINT.finditer(text, max(at + 1, start), end):
            if rng.chance(rate) and not is_protected(protected, joint.start(), joint.end() + 1):
                edits.append((joint.end(), joint.end(), " " + _fresh("middle", used, rng)))
        closes = end == len(text.rstrip()) and not is_question(sentence) and not is_protected(protected, end - 1, end)
        closes = closes and not _THANKFUL.search(sentence)
        if closes and rng.chance(rate):
            marks = len(sentence) - len(sentence.rstrip(".! "))
            edits.append((end - marks, end, f", {_fresh('end', used, rng)}{text[end - marks : end].strip()}"))
    kept = sorted(rng.sample(edits, most)) if len(edits) > most else edits
    return edited(text, kept) if kept else None


def _fresh(place: str, used: set[str], rng: Stream) -> str:
    # The same filler twice in one message reads like a machine.
    options = [one for one in grouped("fillers.txt")[place] if not used & set(one.split())]
    chosen = rng.choice(options or grouped("fillers.txt")[place])
    used.update(chosen.split())
    return chosen


def _opening(rest: str, word: str) -> str:
    comma = "" if word.endswith("so") else ","
    return f"{word if is_lower(rest) else upper_first(word)}{comma} {lower_first(rest)[:1]}"
