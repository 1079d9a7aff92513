"""Emoji that fit the message."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from evalspec.catalog.mutations.wording import is_question
from evalspec.catalog.words import table
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import plain_words

# Chance per message. HINT3: .7 % of live messages have one, ABCD none; a child needs one, every second turn is plenty.
_RATE = 0.5
_REPEATS = (1, 1, 1, 2, 3)


@operator("emoji", version=1, scope="style")
def emoji(text: str, rng: Stream, *, rate: float = _RATE) -> str | None:
    """Put one to three of an emoji at the end, chosen by the words of the message."""
    if not any(char.isalpha() for char in text) or not rng.chance(rate):
        return None
    body = text.rstrip()
    return f"{body} {rng.choice(_fitting(body)) * rng.choice(_REPEATS)}{text[len(body) :]}"


def _fitting(text: str) -> tuple[str, ...]:
    by_word = _by_word()
    ranked = [by_word[word] for word in plain_words(text) if word in by_word]
    if ranked:
        return min(ranked)[1]  # the mood outranks the thing that it is about
    return _row("=question" if is_question(text) else "=plain")


def _row(name: str) -> tuple[str, ...]:
    return tuple(table("emoji.txt")[name][0].split())


@functools.cache
def _by_word() -> Mapping[str, tuple[int, tuple[str, ...]]]:
    return MappingProxyType(
        {
            word: (rank, tuple(values[0].split()))
            for rank, (names, values) in enumerate(table("emoji.txt").items())
            if not names.startswith("=")
            for word in names.split()
        }
    )
