"""Letters that the finger missed."""

from __future__ import annotations

from evalspec.catalog.mutations.slips import LETTER_RATE, dropped, slipped
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans


@operator("drop_letter", version=1, scope="style")
def drop_letter(text: str, rng: Stream, protected: Spans, language: str, *, rate: float = LETTER_RATE) -> str | None:
    """Leave out single letters inside words."""
    return slipped(text, dropped, rng=rng, protected=protected, language=language, rate=rate)
