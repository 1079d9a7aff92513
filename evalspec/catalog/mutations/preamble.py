"""Small talk before the matter."""

from __future__ import annotations

from evalspec.catalog.mutations.wording import after_greeting, is_reply, is_thanks, with_opening, word_count
from evalspec.catalog.words import lines
from evalspec.registry import operator
from evalspec.stream import Stream

_MIN_WORDS = 4  # nobody chats before a bare order number


@operator("preamble", version=1, scope="content", languages=("en",))
def preamble(text: str, rng: Stream) -> str | None:
    """Open with a sentence that has nothing to do with the request."""
    body = text[after_greeting(text) :]
    if word_count(body) < _MIN_WORDS or is_thanks(body) or is_reply(body):
        return None
    return with_opening(text, rng.choice(lines("preambles.txt")))
