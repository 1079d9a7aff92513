"""The live side of asking: journal, endpoints, prices and transports put together for one build.

Imported by the first question that the tape cannot answer: a build that asks nothing pays for none of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from evalspec.digests import digest
from evalspec.edges.models.asking import Asker, Count, Pace, Price, Rules
from evalspec.edges.models.endpoints import state_folder
from evalspec.edges.models.journal import Journal
from evalspec.edges.models.journal_file import JOURNAL_NAME
from evalspec.edges.models.transport import DEADLINE_SECONDS
from evalspec.model.asking import Reply
from evalspec.model.spec import Spec
from evalspec.pricing import cap_of, prices_of
from evalspec.reaching import Ways, reach
from evalspec.stages.resolving.data import spec_digest

PACE = Pace()


def plan_name(spec: Spec) -> str:
    """Return the name under which the dollars of a build and its resumes are counted."""
    return digest([spec.name, spec_digest(spec)])


def has_journal() -> bool:
    """Tell whether this user has ever asked a model; to look must not make a journal."""
    return os.path.exists(os.path.join(state_folder(os.environ), JOURNAL_NAME))


def open_journal() -> Journal:
    """Open the user's journal."""
    return Journal(state_folder(os.environ))


def open_asker(
    spec: Spec,
    journal: Journal,
    tape: Mapping[str, Reply],
    *,
    jobs: int,
    tell: Callable[[Count], None],
    deadline: float = DEADLINE_SECONDS,
) -> Asker:
    """Return what asks for one build, within its budget."""
    ways = Ways(reach(), jobs=jobs)
    prices = prices_of(spec, ways.reach)
    rules = Rules(
        plan=plan_name(spec),
        jobs=jobs,
        cap=cap_of(spec),
        way=ways.of,
        price=Price(
            highest=lambda request: prices[request.model].highest(request),
            actual=lambda request, reply: prices[request.model].actual(request, reply),
        ),
        pace=replace(PACE, deadline=deadline),
    )
    return Asker(journal, tape, rules, tell)
