"""Slips of single letters, one walk over the text for all of them."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from evalspec.catalog.mutations.wording import KEPT
from evalspec.catalog.words import words
from evalspec.stream import Stream
from evalspec.text.spans import Spans, is_protected

# Word, index of the letter, stream, language; None when the letter cannot slip that way.
Slip = Callable[[str, int, Stream, str], str | None]

# Slips per letter of words of four and more. HINT3, live messages: .0057 over all, .039 in messages that have one
# (a child is drawn again until it has one, so short texts come out near the second).
LETTER_RATE = 0.02
MIN_WORD = 4  # shorter words are one slip apart from too many others (as in `text/nearness.py`)
MAX_WORD = 40  # what is longer is no word that a person typed

_LAYOUTS = MappingProxyType(
    {
        "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
        "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
        "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
    }
)
_LAYOUT_OF = MappingProxyType({"de": "qwertz", "fr": "azerty"})
_ROW_SHIFT = (0.0, 0.25, 0.75)  # how far a row is set to the right, in keys
_STOPS = frozenset(' \t\n\r.,;:!?"()[]{}<>/\\|+=*&^%$#@~`_-–—…“”«»¿¡।。，！？、：；')


def _neighbours(rows: tuple[str, ...]) -> MappingProxyType[str, str]:
    places = {key: (row, at + _ROW_SHIFT[row]) for row, keys in enumerate(rows) for at, key in enumerate(keys)}
    near = {
        key: "".join(
            other
            for other, (other_row, other_at) in places.items()
            if other != key and abs(row - other_row) <= 1 and abs(at - other_at) <= 1.0
        )
        for key, (row, at) in places.items()
    }
    return MappingProxyType(near)


_NEAR = MappingProxyType({name: _neighbours(rows) for name, rows in _LAYOUTS.items()})


def slipped(text: str, slip: Slip, *, rng: Stream, protected: Spans, language: str, rate: float) -> str | None:
    """Let letters slip at `rate` per letter, at most one in a word; None when none did.

    First letters stay, as people rarely get them wrong; short words, numbers as words and negations stay too, and
    a slip that would make another word is not made.
    """
    primary = language.partition("-")[0]
    pieces: list[str] = []
    done, size = 0, len(text)
    at = rng.gap(rate)
    while at < size:
        if at >= done and text[at] not in _STOPS:
            start = at
            while start > done and text[start - 1] not in _STOPS:
                start -= 1
            end = at + 1
            while end < size and text[end] not in _STOPS:
                end += 1
            word = text[start:end]
            if not may_slip(word) or (protected and is_protected(protected, start, end)):
                at = end - 1  # gaps have no memory: what may not slip is passed over at once
            elif at > start:
                new = _slipped_word(word, at - start, slip, rng, primary)
                if new is not None:
                    pieces.append(text[done:start])
                    pieces.append(new)
                    done = end
        at += 1 + rng.gap(rate)
    if not pieces:
        return None
    pieces.append(text[done:])
    return "".join(pieces)


def may_slip(word: str) -> bool:
    """Return True for a word of letters that have case, long enough, that carries no negation or number."""
    # Scripts without case (Devanagari, Han, Arabic) join or stand for words: a slip there is another kind of error.
    return (
        MIN_WORD <= len(word) <= MAX_WORD
        and word.isalpha()
        and word[1].swapcase() != word[1]
        and word.lower() not in KEPT
    )


def _slipped_word(word: str, at: int, slip: Slip, rng: Stream, primary: str) -> str | None:
    # Where the letter cannot slip, the next one does: so the rate holds for every kind of slip.
    inner = len(word) - 1
    for step in range(inner):
        new = slip(word, 1 + (at - 1 + step) % inner, rng, primary)
        if new is not None and new.lower() not in words("common.txt"):
            return new
    return None


def near_key(word: str, at: int, rng: Stream, primary: str) -> str | None:
    """Hit the key next to the right one."""
    letter = word[at]
    near = _NEAR[_LAYOUT_OF.get(primary, "qwerty")].get(letter.lower())
    if not near:
        return None
    new = rng.choice(near)
    return word[:at] + (new.upper() if letter.isupper() else new) + word[at + 1 :]


def exchanged(word: str, at: int, rng: Stream, primary: str) -> str | None:
    """Exchange a letter with the one after it."""
    if at + 1 >= len(word) or word[at] == word[at + 1]:
        return None
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def dropped(word: str, at: int, rng: Stream, primary: str) -> str | None:
    """Leave out a letter inside the word; the last one stays, for it often carries number or tense."""
    if at + 1 >= len(word):
        return None
    return word[:at] + word[at + 1 :]


def doubled(word: str, at: int, rng: Stream, primary: str) -> str | None:
    """Write a letter twice, if it is not double already."""
    if word[at] == word[at - 1] or (at + 1 < len(word) and word[at] == word[at + 1]):
        return None
    return word[: at + 1] + word[at:]
