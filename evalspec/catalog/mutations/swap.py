"""Two letters in the wrong order, as fast hands type them."""

from __future__ import annotations

from evalspec.catalog.mutations.slips import LETTER_RATE, exchanged, slipped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans


@operator("swap", version=1, scope="style")
def swap(text: str, rng: Stream, protected: Spans, language: str, *, rate: float = LETTER_RATE) -> str | None:
    """Exchange two letters that follow each other."""
    return slipped(text, exchanged, rng=rng, protected=protected, language=language, rate=rate)
