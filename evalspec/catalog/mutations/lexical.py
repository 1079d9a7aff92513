"""Replace words and phrases of a list at a rate: what misspellings, abbreviations and switches have in common."""

from __future__ import annotations

from collections.abc import Callable

from evalspec.catalog.mutations.wording import cased_like, upper_first
from evalspec.stream import Stream
from evalspec.text.phrases import Found, Phrases, find_phrases
from evalspec.text.spans import Edit, Spans, edited, is_protected


def replaced(
    text: str,
    known: Phrases,
    choose: Callable[[Found], str | None],
    *,
    rng: Stream,
    protected: Spans,
    rate: float,
) -> str | None:
    """Replace each place with the chance `rate` by what `choose` gives, in the case of the old; None without any."""
    edits: list[Edit] = []
    for place in find_phrases(text, known):
        if protected and is_protected(protected, place.start, place.end):
            continue
        if not rng.chance(rate):
            continue
        new = choose(place)
        if new is not None:
            edits.append((place.start, place.end, _cased(text, place, new)))
    return edited(text, edits) if edits else None


def _cased(text: str, place: Found, new: str) -> str:
    old = text[place.start : place.end]
    if old[0] == "I" and not old[1:2].isalpha():
        # The capital of `I` says nothing of the sentence: `because I don't know` becomes `because idk`.
        before = text[: place.start].rstrip()
        return upper_first(new) if not before or before[-1] in ".!?" else new
    return cased_like(old, new)
