"""Slips to the next key, as hurried fingers make them."""

from __future__ import annotations

from evalspec.catalog.mutations.slips import LETTER_RATE, near_key, slipped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans


@operator("keyboard", version=1, scope="style")
def keyboard(text: str, rng: Stream, protected: Spans, language: str, *, rate: float = LETTER_RATE) -> str | None:
    """Hit the key next to the right one, by the usual keyboard of the language."""
    return slipped(text, near_key, rng=rng, protected=protected, language=language, rate=rate)
