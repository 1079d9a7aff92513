"""One message in several, several in one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evalspec.catalog.mutations.wording import word_count
from evalspec.model.case import Message
from evalspec.registry import operator
from evalspec.stream import Stream
from evalspec.text.spans import Spans, sentence_spans

_MIN_WORDS = 2  # of each part: nobody sends a lone `I`


@operator("split_turns", version=1, scope="conversation")
def split_turns(messages: Sequence[Message], rng: Stream, protected: Sequence[Spans]) -> tuple[Message, ...] | None:
    """Send one of the user's messages in two or three, cut between sentences."""
    cuts = [
        (at, parts)
        for at, one in enumerate(messages)
        if one.role == "user" and len(parts := _sentences(one.content, protected[at])) > 1
    ]
    if not cuts:
        return None
    at, parts = rng.choice(cuts)
    count = min(len(parts), rng.between(2, 3))
    borders = [0, *sorted(rng.sample(range(1, len(parts)), count - 1)), len(parts)]
    content = messages[at].content
    pieces = [content[parts[left][0] : parts[right - 1][1]] for left, right in pairwise(borders)]
    sent = (Message(role="user", content=piece) for piece in pieces)
    return (*messages[:at], *sent, *messages[at + 1 :])


@operator("merge_turns", version=1, scope="conversation")
def merge_turns(messages: Sequence[Message], rng: Stream) -> tuple[Message, ...] | None:
    """Send a run of the user's messages as one: on one line after a full stop, else on lines of their own."""
    runs = [run for run in _user_runs(messages) if run[1] - run[0] > 1]
    if not runs:
        return None
    start, end = rng.choice(runs)
    content = messages[start].content
    for one in messages[start + 1 : end]:
        closed = content.rstrip()[-1:] in tuple(".!?…。！？।,")
        content = f"{content}{' ' if closed else chr(10)}{one.content}"
    return (*messages[:start], Message(role="user", content=content), *messages[end:])


def _sentences(content: str, protected: Spans) -> Spans:
    # A short first word (`Hi.`) may be a message of its own; a cut before one (`... ok`) may not.
    spans = sentence_spans(content, protected)
    if sum(1 for start, end in spans if word_count(content[start:end]) >= _MIN_WORDS) < 1:
        return ()
    return spans


def _user_runs(messages: Sequence[Message]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = 0
    for at, one in enumerate(messages):
        if one.role != "user":
            start = at + 1
        elif at + 1 == len(messages) or messages[at + 1].role != "user":
            runs.append((start, at + 1))
    return runs
