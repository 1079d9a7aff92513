"""Words of one side that the other hardly uses, learned from their counts and ranked by how sure their owner is."""

from __future__ import annotations

import math
from collections.abc import Mapping

MIN_COUNT = 10  # of a word on its side; below, a single text decides
MIN_G2 = 10.83  # chi-square of one degree of freedom at p 0.001
_ADDED = 0.5  # to each count, so that a word of one side alone has finite odds


def learned_words(here: Mapping[str, int], there: Mapping[str, int], limit: int) -> dict[str, float]:
    """Return up to `limit` words without digits that `here` uses surely more, by falling log-odds.

    A G-squared of 10.83 asks for evidence, the order by log-odds for contrast: ordered by evidence, the first words
    would be `the`, `of` and `could` (`measures.md`, B).
    """
    size, other = sum(here.values()), sum(there.values())
    found = {}
    for word in sorted(here):
        a, b = here[word], there.get(word, 0)
        if a < MIN_COUNT or any(letter.isdigit() for letter in word):
            continue
        odds = math.log((a + _ADDED) / (size - a + _ADDED)) - math.log((b + _ADDED) / (other - b + _ADDED))
        if odds > 0 and g_squared(a, b, size, other) >= MIN_G2:
            found[word] = odds
    order = sorted(found, key=lambda word: (-round(found[word], 9), word))
    return {word: found[word] for word in order[:limit]}


def g_squared(a: int, b: int, size: int, other: int) -> float:
    """Return the likelihood ratio of the table of a word's and all other tokens on both sides."""
    rate = (a + b) / (size + other)
    parts = ((a, size * rate), (size - a, size * (1 - rate)), (b, other * rate), (other - b, other * (1 - rate)))
    return 2 * math.fsum(seen * math.log(seen / wanted) for seen, wanted in parts if seen > 0 and wanted > 0)
