"""Where a text holds what no operator may touch, and how to edit what lies around it."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from evalspec.text.patterns import lazy_pattern

if TYPE_CHECKING:
    import regex

Span = tuple[int, int]
Spans = tuple[Span, ...]
Edit = tuple[int, int, str]  # start, end, what stands there instead

# A text without any of these has nothing to protect but fact patterns: most short texts leave here.
_TRIGGER = lazy_pattern(r"[\d@<{`\[]|://|www\.|\.(?:com|org|net|io)\b|XX")
_DIGIT = lazy_pattern(r"\d")
_SHAPES = lazy_pattern(
    r"```.*?(?:```|\Z)"  # fenced code
    r"|`[^`\n]{1,400}`"
    r"|\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|\{[A-Za-z_][\w.]{0,60}\}"  # templates
    r"|<[A-Za-z/][^<>\n]{0,80}>"  # placeholders of redaction, tags
    r"|\[[A-Z][A-Z0-9_ ]{2,40}\]"
    r"|(?:https?://|www\.)[^\s<>\"]+"
    r"|[^\s@<>(),;:\"]{1,64}@[^\s@<>(),;:\"]{1,190}\.[^\W\d_]{2,24}"
    r"|(?<!\w)@\w{1,40}"
    r"|\b[\w-]{1,63}\.(?:com|org|net|io)\b(?:/[^\s<>\"]*)?"
    r"|\bX{2,}\b(?:[/-]X+\b)*",  # masks of published complaints
    re.DOTALL,
)
# What ends a token that holds a digit, besides spaces; a comma only where no digit stands on both sides.
_STOPS = frozenset(',;!?()[]{}<>"“”«»…।。，！？、：；|`')
_TAIL = ".:'’-/*_=&"
_HEAD = "'’*:/_=&"
_SENTENCE_END = lazy_pattern(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？।]+|\n+")
_ABBREVIATED = lazy_pattern(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|no|vs|etc|e\.g|i\.e|a\.m|p\.m|approx|inc|ltd|[a-z])\.$", re.I
)


def protected_spans(text: str, patterns: Sequence[str] = ()) -> Spans:
    """Return the stretches that no operator may touch, sorted and apart.

    They are tokens with a digit, e-mail addresses, URLs, handles, placeholders, code, templates, and whatever
    matches one of `patterns` (the facts of the spec).
    """
    return _protected(text, tuple(patterns))


@functools.lru_cache(
    maxsize=1024
)  # an operator that is drawn again, and the check of what it kept, ask about the same text
def _protected(text: str, patterns: tuple[str, ...]) -> Spans:
    found: list[Span] = []
    if _TRIGGER.search(text):
        found.extend(_shaped(text))
        found.extend(_with_digit(text))
    for pattern in patterns:
        found.extend(match.span() for match in _compiled(pattern).finditer(text) if match.end() > match.start())
    return merged(found) if found else ()


def merged(spans: Iterable[Span]) -> Spans:
    """Return spans sorted, with overlapping ones made one."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(apart)


def is_protected(spans: Spans, start: int, end: int) -> bool:
    """Return True when [start, end) shares a character with one of the spans."""
    at = bisect_left(spans, (end,))
    return at > 0 and spans[at - 1][1] > start


def substrings(text: str, spans: Spans) -> tuple[str, ...]:
    """Return what stands in the spans."""
    return tuple(text[start:end] for start, end in spans)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Apply edits that are sorted and do not overlap."""
    pieces: list[str] = []
    done = 0
    for start, end, new in edits:
        pieces.append(text[done:start])
        pieces.append(new)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def changed_outside(text: str, spans: Spans, change: Callable[[str], str]) -> str:
    """Apply `change` to every stretch that is not protected."""
    if not spans:
        return change(text)
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces.append(change(text[done:start]))
        pieces.append(text[start:end])
        done = end
    pieces.append(change(text[done:]))
    return "".join(pieces)


def sentence_spans(text: str, protected: Spans = ()) -> Spans:
    """Return the sentences, without the blanks between them."""
    spans: list[Span] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if is_protected(protected, match.start(), match.end()) and match.group()[0] != "\n":
            continue
        if match.group() == "." and _ABBREVIATED.search(text, max(start, match.end() - 8), match.end()):
            continue
        spans.extend(_trimmed(text, start, match.end()))
        start = match.end()
    spans.extend(_trimmed(text, start, len(text)))
    return tuple(spans)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex  # whoever has no pattern of their own does not wait for it

    return regex.compile(pattern)


def _shaped(text: str) -> Iterator[Span]:
    for match in _SHAPES.finditer(text):
        end = match.end()
        if match.group()[0] in "hw":  # an address at the end of a sentence does not own the full stop
            end = match.start() + len(match.group().rstrip(".,;:!?)'"))
        yield match.start(), end


def _with_digit(text: str) -> Iterator[Span]:
    at, size = 0, len(text)
    while (match := _DIGIT.search(text, at)) is not None:
        start = match.start()
        while start > at and not _ends_token(text, start - 1):
            start -= 1
        end = match.end()
        while end < size and not _ends_token(text, end):
            end += 1
        at = end
        while text[end - 1] in _TAIL:
            end -= 1
        while text[start] in _HEAD:
            start += 1
        yield start, end


def _ends_token(text: str, at: int) -> bool:
    char = text[at]
    if char == ",":
        return not (0 < at < len(text) - 1 and text[at - 1].isdigit() and text[at + 1].isdigit())
    # Chinese and Japanese have no blanks: there a number is its digits alone.
    return char in _STOPS or char.isspace() or ("\u3040" <= char <= "\u9fff")


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
