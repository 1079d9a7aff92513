"""Punctuation: left out, or far too much of it."""

from __future__ import annotations

from evalspec.catalog.mutations.wording import is_question
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern
from evalspec.text.spans import Edit, Spans, edited, is_protected, sentence_spans

_EMOTICON = r"[:;=8][-o*']?[()\[\]DPp/|]|<3|\^_\^"
_MARKS = lazy_pattern(
    rf"(?P<kept>(?<!\w)(?:{_EMOTICON})(?!\w))"
    r"|(?P<initials>(?<=\b[A-Za-z])\.(?=[A-Za-z]\b))"
    r"|(?P<marks>[.,;:!?…¿¡\"“”„«»।。，！？、；：]+|(?<=\s)[–—-]+(?=\s))(?P<blank>\s*)"
)
_RUN = lazy_pattern(r"[?!]+|(?<![.])[.](?![.])(?=\s|$)|[？！]+")

# HINT3, live messages with a multiplied mark: .91 of their marks are (ABCD .70); of these 2 marks 67 %, 3 marks 21 %,
# 4 and more 12 % (33 runs).
_RATE = 0.9
_LENGTHS = ((0.67, 2), (0.88, 3), (0.96, 4), (1.0, 5))


@operator("no_punctuation", version=1, scope="style")
def no_punctuation(text: str, protected: Spans) -> str | None:
    """Leave out marks between and after words; apostrophes, hyphens and smileys stay."""
    edits: list[Edit] = []
    for match in _MARKS.finditer(text):
        if match.lastgroup == "kept" or is_protected(protected, match.start(), match.end()):
            continue
        if match.group("initials"):
            edits.append((match.start(), match.end(), ""))
            continue
        start, end = match.span("marks")
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if before.isspace() and start and end < len(text) and after.isspace():  # a mark that stands alone
            edits.append((start, end + 1, ""))
        else:
            edits.append((start, end, "" if before.isspace() or after.isspace() else " "))
    new = edited(text, edits)
    return new if new != text and new.strip() else None


@operator("multiply_punctuation", version=1, scope="style")
def multiply_punctuation(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Write closing marks several times; a last sentence without any gets them too."""
    edits: list[Edit] = []
    for match in _RUN.finditer(text):
        if is_protected(protected, match.start(), match.end()) or not rng.chance(rate):
            continue
        mark = match.group()[-1]
        if mark == ".":
            edits.append((match.start(), match.end(), "." * max(2, _length(rng))))
        elif len(match.group()) == 1:
            edits.append((match.start(), match.end(), mark * _length(rng)))
    sentences = sentence_spans(text, protected)
    if sentences and text[sentences[-1][1] - 1].isalpha() and text.isascii() and rng.chance(rate):
        start, end = sentences[-1]
        if is_protected(protected, end - 1, end):
            return edited(text, edits) if edits else None
        edits.append((end, end, ("?" if is_question(text[start:end]) else "!") * _length(rng)))
    return edited(text, edits) if edits else None


def _length(rng: Stream) -> int:
    drawn = rng.unit()
    return next(length for bound, length in _LENGTHS if drawn < bound)
