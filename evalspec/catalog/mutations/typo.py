"""Typos of all kinds, mixed as in collections of real ones."""

from __future__ import annotations

from evalspec.catalog.mutations.slips import LETTER_RATE, doubled, dropped, exchanged, near_key, slipped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans

# Shares of the single slips in two public collections of misspellings (W-NUT 2015 pairs and NL-Augmenter's list, mean
# of both; wrong vowels are the operator `misspell`, last letters stay): missing .48, neighbour .25, order .14,
# twice .13.
_CUMULATED = ((0.48, dropped), (0.73, near_key), (0.87, exchanged), (1.0, doubled))


@operator("typo", version=1, scope="style")
def typo(text: str, rng: Stream, protected: Spans, language: str, *, rate: float = LETTER_RATE) -> str | None:
    """Mix slips of the keyboard: missing, neighbouring, exchanged and doubled letters."""
    return slipped(text, _mixed, rng=rng, protected=protected, language=language, rate=rate)


def _mixed(word: str, at: int, rng: Stream, primary: str) -> str | None:
    drawn = rng.unit()
    slip = next(slip for bound, slip in _CUMULATED if drawn < bound)
    return slip(word, at, rng, primary)
