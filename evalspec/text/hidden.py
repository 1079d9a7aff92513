"""Characters that a reader cannot see and a model can: bidirectional controls, tags, zero-width and the like."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from evalspec.text.patterns import lazy_pattern, lazy_unicode

HiddenKind = Literal["bidi", "control", "tag", "variation", "zero_width"]

_KINDS: Mapping[HiddenKind, str] = MappingProxyType(
    {
        "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
        "control": "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f",
        "tag": "\U000e0000-\U000e007f",
        "variation": "\U000e0100-\U000e01ef",
        "zero_width": "\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff\uffa0\u3164\u115f\u1160",
    }
)
_ANY = lazy_pattern("|".join(f"(?P<{kind}>[{chars}]+)" for kind, chars in _KINDS.items()))

# A joiner is spelling inside an emoji sequence and in the scripts that shape by it; England's flag is made of tags.
_JOINED = lazy_unicode(
    r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|"
    r"(?<=[\p{Arabic}\p{Syriac}\p{Devanagari}\p{Bengali}\p{Gujarati}\p{Gurmukhi}\p{Kannada}\p{Malayalam}\p{Oriya}"
    r"\p{Tamil}\p{Telugu}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{M}])[\u200c\u200d]|"
    r"(?<=\U0001f3f4)[\U000e0061-\U000e007a]{3,6}\U000e007f"
)


def hidden_characters(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return (start, end, kind) of every run of characters that nobody sees and that no script needs there."""
    if text.isascii() and text.isprintable():
        return ()
    needed = {at for found in _JOINED.finditer(text) for at in range(*found.span())}
    runs = []
    for found in _ANY.finditer(text):
        start, end = found.span()
        while start < end and start in needed:
            start += 1
        if start < end:
            runs.append((start, end, found.lastgroup or ""))
    return tuple(runs)
