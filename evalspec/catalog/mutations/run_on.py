"""Sentences that run into each other."""

from __future__ import annotations

from itertools import pairwise

from evalspec.catalog.mutations.wording import is_question, is_thanks, lower_first
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import WORD, word_set
from evalspec.text.spans import Edit, Spans, edited, is_protected, sentence_spans

_RATE = 0.9  # of the borders; our choice: a writer who runs on does it nearly everywhere
_JOINS = (", ", ", ", " ", " and ")  # commas are the commonest splice
_NO_AND = word_set("and but so or because then also please i'm hi hello thanks however which where what")


@operator("run_on", version=1, scope="style", languages=("en",))
def run_on(text: str, rng: Stream, protected: Spans, *, rate: float = _RATE) -> str | None:
    """Join sentences by a comma, a blank or `and`; the next one goes on with a small letter."""
    sentences = sentence_spans(text, protected)
    edits: list[Edit] = []
    for (start, end), (following, last) in pairwise(sentences):
        marked = end
        while marked > start and text[marked - 1] in ".!,;: ":
            marked -= 1
        # A question mark stays: without it the first sentence would be another kind of sentence.
        if marked == start or text[marked - 1] in "?…" or "\n" in text[marked:following]:
            continue
        if is_protected(protected, marked, following) or not rng.chance(rate):
            continue
        join = rng.choice(_JOINS)
        sentence = text[following:last]
        if join == " and " and not _takes_and(text[start:end], sentence):
            join = ", "
        first = WORD.match(sentence)
        if first is None or is_protected(protected, following, following + first.end()):
            edits.append((marked, following, join))
        else:
            edits.append((marked, following + first.end(), join + lower_first(sentence)[: first.end()]))
    return edited(text, edits) if edits else None


def _takes_and(left: str, right: str) -> bool:
    first = WORD.match(right)
    return not (
        first is None
        or first.group().lower() in _NO_AND
        or len(WORD.findall(left)) < 3
        or len(WORD.findall(right)) < 3
        or is_question(right) != is_question(left)
        or is_thanks(right)
    )
