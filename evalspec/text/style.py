"""Style facts: what a persona may promise about its writing, how a text is made to keep it, and whether it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern

# Style fact to the values a spec may give it; `length` is kept by what is written, the others by `apply_style`.
STYLE_FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "abbreviations": ("none", "some"),
        "casing": ("as_is", "lower", "sentence", "upper"),
        "emoji": ("none", "some"),
        "length": ("long", "medium", "short", "terse"),
        "punctuation": ("full", "light", "none"),
    }
)

# Words in one message, both ends included. The bands overlap on purpose: people do not count words.
LENGTH_BANDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"terse": (1, 8), "short": (4, 20), "medium": (14, 45), "long": (30, 400)}
)

# Our own list: what people who type fast write, and what it stands for.
ABBREVIATIONS: Mapping[str, str] = MappingProxyType(
    {
        "because": "bc",
        "before": "b4",
        "information": "info",
        "message": "msg",
        "please": "pls",
        "thanks": "thx",
        "though": "tho",
        "tomorrow": "tmrw",
        "with": "w/",
        "you": "u",
        "your": "ur",
    }
)

EMOJI: tuple[str, ...] = ("🙏", "😩", "😤", "🤔", "😬", "🙂", "😕", "🤷")

_WORD = lazy_pattern(r"[^\W_]+(?:['’][^\W_]+)*")
_EMOJI = lazy_pattern("[\U0001f300-\U0001faff\u2600-\u27bf]")
_SENTENCE_START = lazy_pattern(r"(^|[.!?…]['\")\]]*\s+|\n\s*)([^\W\d_])")
_LONE_I = lazy_pattern(r"\bi\b(?!\.)")
# A mark between two digits (3.50, 12:30) or before a digit's own sign is part of a number, not punctuation.
_MARK = lazy_pattern(r"(?<!\d)[.,;:!?…]+|[.,;:!?…]+(?!\d)")
_END = lazy_pattern(r"[.!?…]['\")\]]*$")


def word_count(text: str) -> int:
    """Count words as a reader does: runs of letters and digits, apostrophes inside kept."""
    return len(_WORD.findall(text))


def apply_style(text: str, style: Mapping[str, str], rng: Stream, *, protected: Sequence[str] = ()) -> str:
    """Rewrite the surface of `text` so that it keeps `style`; the protected strings stay byte for byte."""
    for name in ("abbreviations", "punctuation", "emoji", "casing"):  # casing last: emoji and marks have none
        value = style.get(name)
        if value is not None:
            text = _APPLY[name](text, value, rng, tuple(protected))
    return text


def check_style(text: str, style: Mapping[str, str], *, protected: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the style facts that `text` does not keep, sorted; protected strings are not judged.

    The length counts every word, protected or not.
    """
    judged = _outside(text, tuple(protected), lambda part: part, "0")
    return tuple(
        name for name, value in sorted(style.items()) if not _CHECK[name](text if name == "length" else judged, value)
    )


def sentence_case(text: str) -> str:
    """Start every sentence with a capital and write the English pronoun as people are taught to."""
    text = _SENTENCE_START.sub(lambda found: found.group(1) + found.group(2).upper(), text)
    return _LONE_I.sub("I", text)


def _outside(text: str, protected: tuple[str, ...], change: Callable[[str], str], mask: str | None = None) -> str:
    """Change everything but the protected strings, which stay or give way to `mask`."""
    kept = sorted({one for one in protected if one}, key=len, reverse=True)
    if not kept:
        return change(text)
    parts = re.split("(" + "|".join(re.escape(one) for one in kept) + ")", text)
    return "".join((part if mask is None else mask) if at % 2 else change(part) for at, part in enumerate(parts))


def _apply_casing(text: str, value: str, rng: Stream, protected: tuple[str, ...]) -> str:
    if value == "lower":
        return _outside(text, protected, str.lower)
    if value == "upper":
        return _outside(text, protected, str.upper)
    return sentence_case(text) if value == "sentence" else text


def _apply_punctuation(text: str, value: str, rng: Stream, protected: tuple[str, ...]) -> str:
    if value == "none":
        return re.sub(r"[ \t]+", " ", _outside(text, protected, lambda part: _MARK.sub(" ", part))).strip()
    if value == "light":
        plain = _outside(text, protected, lambda part: re.sub(r"[;:]+(?=\s)", ",", re.sub(r"!+", ".", part)))
        return re.sub(r"[.!…]+$", "", plain.rstrip())
    stripped = text.rstrip().rstrip(",;:")
    return stripped if _END.search(stripped) or _EMOJI.search(stripped[-1:]) else stripped + "."


def _apply_emoji(text: str, value: str, rng: Stream, protected: tuple[str, ...]) -> str:
    if value == "none":
        return re.sub(r"[ \t]{2,}", " ", _EMOJI.sub("", text)).strip()
    return text if _EMOJI.search(text) else f"{text} {rng.choice(EMOJI)}"


def _apply_abbreviations(text: str, value: str, rng: Stream, protected: tuple[str, ...]) -> str:
    if value == "none":
        return text

    def shorten(part: str) -> str:
        return _WORD.sub(
            lambda found: ABBREVIATIONS.get(found[0].lower(), found[0]),
            part,
        )

    return _outside(text, protected, shorten)


def _check_length(text: str, value: str) -> bool:
    low, high = LENGTH_BANDS[value]
    return low <= word_count(text) <= high


def _check_casing(text: str, value: str) -> bool:
    if value == "lower":
        return text == text.lower()
    if value == "upper":
        return text == text.upper()
    if value == "sentence":
        starts = _SENTENCE_START.findall(text)
        return all(letter == letter.upper() for _, letter in starts) and (text != text.upper() or text == text.lower())
    return True


def _check_punctuation(text: str, value: str) -> bool:
    bare = _EMOJI.sub("", text).strip()
    if value == "none":
        return not _MARK.search(bare)
    if value == "light":
        return not re.search(r"[.!…]$|[;!]", bare)
    return bool(_END.search(bare))


def _check_emoji(text: str, value: str) -> bool:
    return bool(_EMOJI.search(text)) == (value == "some")


def _check_abbreviations(text: str, value: str) -> bool:
    short = set(ABBREVIATIONS.values())
    found = any(word.lower() in short for word in re.findall(r"[^\W_]+/?", text))
    return found == (value == "some")


_APPLY: Mapping[str, Callable[[str, str, Stream, tuple[str, ...]], str]] = MappingProxyType(
    {
        "abbreviations": _apply_abbreviations,
        "casing": _apply_casing,
        "emoji": _apply_emoji,
        "punctuation": _apply_punctuation,
    }
)

_CHECK: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "abbreviations": _check_abbreviations,
        "casing": _check_casing,
        "emoji": _check_emoji,
        "length": _check_length,
        "punctuation": _check_punctuation,
    }
)
