"""Text to tokens, openings and n-grams, as every lexical measure counts them.

`re` would cut Hindi and Thai at every vowel sign, and `\\w+` makes a Chinese sentence one token, so the scripts that
are written without spaces give one token a character.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from evalspec.text.patterns import lazy_pattern, lazy_unicode

OPENING_TOKENS = 3  # six tokens hid the stock openings of every generator but one (measures.md, B)

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = rf"[[\p{{L}}\p{{M}}\p{{Nd}}_]--[{_SPACELESS}]]"
_TOKEN = lazy_unicode(rf"(?V1)[[\p{{L}}\p{{M}}\p{{Nd}}]&&[{_SPACELESS}]]\p{{M}}*|{_WORD}+(?:'{_WORD}+)*")
_ASCII_TOKEN = lazy_pattern(r"[a-z0-9_]+(?:'[a-z0-9_]+)*")
_KEPT = bytes(code if chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(128))
_ASCII_WORDS = _KEPT.lower().ljust(256)
_DIGIT = lazy_pattern(r"\d")


def tokens(text: str) -> tuple[str, ...]:
    """Split a text into lower-case tokens: words with inner apostrophes, characters where no spaces are used."""
    if text.isascii():
        if "'" not in text:  # the same words at a third of the cost
            return tuple(text.encode().translate(_ASCII_WORDS).decode().split())
        return tuple(_ASCII_TOKEN.findall(text.lower()))
    folded = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    return tuple(_TOKEN.findall(folded))


def opening_of(turn: Sequence[str]) -> tuple[str, ...]:
    """Return the first three tokens of a turn, `#` for one with a digit; a shorter turn counts as it is."""
    return tuple("#" if _DIGIT.search(token) else token for token in turn[:OPENING_TOKENS])


def ngrams(words: Sequence[str], size: int) -> tuple[tuple[str, ...], ...]:
    """Return the n-grams of one case in order; none when it is shorter than `size`."""
    return tuple(zip(*(words[at:] for at in range(size)), strict=False))


def document_counts(texts: Iterable[Iterable[str]]) -> Counter[str]:
    """Count in how many texts each token stands."""
    counts: Counter[str] = Counter()
    for words in texts:
        counts.update(set(words))
    return counts
