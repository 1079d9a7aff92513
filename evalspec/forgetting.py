"""Replies that a user does not want any more: found among those that a spec asks for, and taken out of the journal.

A build that ends since another model answered keeps what was paid for and uses it again, so that a mended endpoint
alone changes nothing: the replies have to go first. What stands on a tape is published and is never edited.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.asking import Asked
from evalspec.diagnostics import EvalspecError
from evalspec.model.asking import UNASKED, Reply, Request
from evalspec.model.build import Inputs
from evalspec.model.spec import Spec
from evalspec.pipeline import build
from evalspec.ports import request_key
from evalspec.pricing import known_prices
from evalspec.project import Loaded, load_spec, read_inputs, tools_for
from evalspec.taping import read_tape_of

KEY = re.compile(r"[0-9a-f]{8,}")  # of a question, or how it begins
ANOTHER_ANSWERED = ("M202", "M205")  # what ends a build after its replies came


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which replies are meant: all that are given must hold."""

    keys: tuple[str, ...] = ()  # of their questions, or how those begin
    model: str | None = None  # that was asked: its name or its alias
    served: str | None = None  # that answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgettable:
    """One reply that is meant."""

    key: str
    model: str
    served: str
    segment: str | None  # the file of the tape that holds it; None: the journal alone
    price: int | None  # millionths of a dollar, at the list price of today; None where nobody knows it


def forgettable(path: str, wish: Wish) -> tuple[Forgettable, ...]:
    """Return the replies that a spec asks for now, that are here, and that are meant; nobody is asked."""
    loaded = load_spec(path)
    inputs = read_inputs(loaded)
    model = {one.alias: one.model for one in loaded.spec.models}.get(wish.model or "", wish.model)
    wanted = {
        key: (request, reply)
        for key, (request, reply) in _answered(loaded, inputs).items()
        if (not wish.keys or key.startswith(wish.keys))
        and model in (None, request.model)
        and wish.served in (None, reply.served)
    }
    if not wanted:
        return ()
    from evalspec.reaching import reach  # brings the transports along

    segments, prices = _segments(loaded.spec, wanted), known_prices(loaded.spec, reach())
    return tuple(
        Forgettable(
            key=key,
            model=request.model,
            served=reply.served,
            segment=segments.get(key),
            price=price.actual(request, reply) if (price := prices.get(request.model)) is not None else None,
        )
        for key, (request, reply) in sorted(wanted.items())
    )


def forget(keys: Sequence[str]) -> int:
    """Take the replies to these questions out of the journal and return how many were there; what they cost stays."""
    from evalspec.live import has_journal, open_journal

    if not keys or not has_journal():
        return 0
    journal = open_journal()
    try:
        return journal.forget(keys)
    finally:
        journal.close()


def _answered(loaded: Loaded, inputs: Inputs) -> Mapping[str, tuple[Request, Reply]]:
    """Replay the build from what is here, as far as it goes, and return what was asked and answered."""
    found: dict[str, tuple[Request, Reply]] = {}
    with tools_for(loaded, inputs, Asked(mode="reading")) as tools:

        def ask(requests: Sequence[Request]) -> Sequence[Reply]:
            replies = tools.ask(requests)
            for one, reply in zip(requests, replies, strict=True):
                if reply.problem != UNASKED:
                    found[request_key(one)] = (one, reply)
            return replies

        try:
            build(inputs, loaded.catalog, replace(tools, ask=ask), until="review", reading=True)
        except EvalspecError as error:  # that another model answered is why somebody forgets
            if any(one.code not in ANOTHER_ANSWERED for one in error.diagnostics if one.severity == "error"):
                raise
    return found


def _segments(spec: Spec, keys: Collection[str]) -> Mapping[str, str]:
    """Return the file of the tape that each question's reply counts from."""
    found: dict[str, str] = {}
    for segment in read_tape_of(spec).segments:
        for key in segment.replies.keys() & set(keys):
            found.setdefault(key, segment.path)
    return found
