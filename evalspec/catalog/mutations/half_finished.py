"""Messages sent before they were finished."""

from __future__ import annotations

from evalspec.catalog.mutations.wording import is_thanks
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.phrases import WORD, word_set
from evalspec.text.spans import Spans, is_protected, sentence_spans

_MIN_WORDS = 7
_KEPT_SHARE = 0.6  # of the words: enough to know what it is about
_DOTS = 0.2  # how often the writer leaves dots
# A break after one of these reads as unfinished; after any other word it may read as a whole, other sentence.
_HANGING = word_set(
    "and but because so to the a an my your for with from of in on at that if when is are was i or by as into "
    "about their our"
)
_TURNS_MEANING = word_set("not no never cannot none nothing without except unless")


@operator("half_finished", version=1, scope="content", languages=("en",), relation="reviewed")
def half_finished(text: str, rng: Stream, protected: Spans) -> str | None:
    """Break off inside the last sentence, after a word that asks for another; facts and negations stay."""
    words = list(WORD.finditer(text))
    sentences = sentence_spans(text, protected)
    if len(words) < _MIN_WORDS or not sentences or is_thanks(text[sentences[-1][0] :]):
        return None
    first_cut = max(sentences[-1][0], words[int(len(words) * _KEPT_SHARE)].start(), _last_protected(protected))
    cuts = [
        word.end()
        for word in words[:-1]
        if word.start() >= first_cut
        and word.group().lower() in _HANGING
        and not is_protected(protected, word.start(), word.end())
        and not any(_turns(later.group()) for later in words if later.start() > word.start())
    ]
    if not cuts:
        return None
    return text[: rng.choice(cuts)] + ("..." if rng.chance(_DOTS) else "")


def _last_protected(protected: Spans) -> int:
    return protected[-1][1] if protected else 0


def _turns(word: str) -> bool:
    return word.lower() in _TURNS_MEANING or word.lower().endswith(("n't", "n’t"))
