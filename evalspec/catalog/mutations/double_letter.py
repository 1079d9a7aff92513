"""Letters that the key sent twice."""

from __future__ import annotations

from evalspec.catalog.mutations.slips import LETTER_RATE, doubled, slipped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans


@operator("double_letter", version=1, scope="style")
def double_letter(text: str, rng: Stream, protected: Spans, language: str, *, rate: float = LETTER_RATE) -> str | None:
    """Write single letters twice."""
    return slipped(text, doubled, rng=rng, protected=protected, language=language, rate=rate)
