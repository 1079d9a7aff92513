"""Who answers the questions of a build: the tape alone, what is paid for already, or the models themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evalspec.diagnostics import BuildError, Diagnostic, Exit
from evalspec.edges.models.count import Count
from evalspec.edges.untrusted import refuse_untrusted
from evalspec.model.asking import UNASKED, Reply, Request
from evalspec.model.spec import Spec
from evalspec.ports import Ask, request_key
from evalspec.stages.tape import Find, withheld

if TYPE_CHECKING:
    from evalspec.edges.models.asking import Asker
    from evalspec.edges.models.journal import Journal

# `tape`: what is published, as `verify` needs it. `known`: also what this user has paid for. `live`: ask for the rest.
# `batch`: send the rest in batches, and come back another day. `reading`: what is known, and for the rest a reply that
# says so: people read what there is.
Mode = Literal["tape", "known", "live", "batch", "reading"]
JOBS = 64  # calls at once, unless --jobs says otherwise
DEADLINE = 120.0  # seconds of one call by the wall clock, unless --deadline says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How one build may ask."""

    mode: Mode = "known"
    jobs: int = JOBS
    deadline: float = DEADLINE
    trusted: str | None = None  # hash of a commit that a maintainer has read, where its files are a stranger's
    tell: Callable[[Count], None] = lambda count: None
    # Hears of every reply that is handed out, by key: those of the tape, and those that are not on it yet.
    hear: Callable[[Mapping[str, Reply], Mapping[str, Reply]], None] = lambda taped, fresh: None
    begin: Callable[[], None] = lambda: None  # called before the first question that may cost something; may refuse it
    lack: Callable[[Iterable[str]], None] = lambda keys: None  # hears of the keys of replies that nobody has


KNOWN = Asked()
NOT_ASKED = Reply(text="", served="", problem=UNASKED)


@contextmanager
def answering(spec: Spec, tape: Mapping[str, Reply], find: Find, how: Asked) -> Iterator[Ask]:
    """Return the port that answers a build; the journal is opened by the first question that the tape cannot answer.

    Replies are handed out as they may be published, so that a replay from the tape alone gives the same bytes.
    """
    opened: list[tuple[Journal, Asker]] = []
    count = Count()
    scrubbed: dict[str, Reply] = {}  # of replies that have come: looked through while others are still on their way

    def look(key: str, reply: Reply) -> None:
        scrubbed[key] = withheld(reply, find)

    def ask(requests: Sequence[Request]) -> Sequence[Reply]:
        asked = {request_key(one): one for one in requests}
        taped = {key: tape[key] for key in asked if key in tape}
        how.hear(taped, {})
        missing = {key: one for key, one in asked.items() if key not in tape}
        if how.mode == "tape" and missing:
            how.lack(missing)
            raise _not_known(tuple(missing.values()), len(asked), spec, "on the tape")
        if missing:
            # What is on the tape was scrubbed when it was published; other detectors could now find more in it.
            fresh = {key: scrubbed.get(key) or withheld(one, find) for key, one in bought(asked, missing).items()}
            how.hear({}, fresh)
            taped |= fresh
        else:
            count.questions += len(asked)
            count.from_tape += len(asked)
            how.tell(count)
        return [taped[request_key(one)] for one in requests]

    def bought(asked: Mapping[str, Request], missing: Mapping[str, Request]) -> Mapping[str, Reply]:
        if how.mode in ("live", "batch"):
            from evalspec.batching import through_batches

            refuse_untrusted(os.environ, spec.path, how.trusted)
            journal, asker = _once(opened, spec, tape, how, count)
            asker.look = look
            through_batches(journal, asker, missing, spec, submit=how.mode == "batch")
            replies = dict(zip(asked, asker.ask(tuple(asked.values())), strict=True))
            return {key: replies[key] for key in missing}
        from evalspec.live import has_journal

        known = _once(opened, spec, tape, how, count)[0].known(tuple(missing)) if has_journal() else {}
        if how.mode == "reading":
            return {key: known.get(key, NOT_ASKED) for key in missing}
        if unknown := [one for key, one in missing.items() if key not in known]:
            raise _not_known(unknown, len(asked), spec, "known here")
        return known

    try:
        yield ask
    finally:
        for journal, asker in opened:
            asker.close()
            journal.close()


def _once(
    opened: list[tuple[Journal, Asker]], spec: Spec, tape: Mapping[str, Reply], how: Asked, count: Count
) -> tuple[Journal, Asker]:
    if not opened:
        # Imported here: a build that asks nothing must not pay for the loop, the database and the connections.
        from evalspec.live import open_asker, open_journal

        if how.mode in ("live", "batch"):
            how.begin()
        journal = open_journal()
        asker = open_asker(spec, journal, tape, jobs=how.jobs, tell=how.tell, deadline=how.deadline)
        asker.count = count
        opened.append((journal, asker))
    return opened[0]


def _not_known(missing: Sequence[Request], total: int, spec: Spec, where: str) -> BuildError:
    models = ", ".join(f"`{name}`" for name in sorted({one.model for one in missing}))
    problem = Diagnostic(
        code="M150",
        severity="error",
        message=f"{len(missing)} of {total} replies of {models} are not {where}",
        path=spec.path,
        hint=f"evalspec build {spec.path}    asks for them, and publishes them under {spec.name}/tape",
        exit=Exit.OFFLINE,
    )
    return BuildError([problem])
