"""The English words that carry a sentence's frame; with every other word masked they stand for its syntax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

FUNCTION_WORDS_VERSION = 1
Tag = Callable[[str], Sequence[str]]  # a text to the parts of speech of its words

_WORDS = """
    a an the this that these those my your our their his her its
    i you he she it we they me him them us
    and or but so because if when while since until than as
    of in on at to for from with by about into over after before without
    am is are was were be been being do does did have has had
    can could will would should may might must
    not no never don't can't didn't won't isn't
    who what which where how why there here
    please yes very just still also only
"""
FUNCTION_WORDS: frozenset[str] = frozenset(_WORDS.split())


def shapes(words: Sequence[str]) -> tuple[str, ...]:
    """Keep function words, `#` for what has a digit, `W` for every other word."""
    return tuple(map(_shape, words))


@lru_cache(maxsize=1 << 14)  # texts repeat words more than anything
def _shape(word: str) -> str:
    if word in FUNCTION_WORDS:
        return word
    return "#" if any(letter.isdigit() for letter in word) else "W"
