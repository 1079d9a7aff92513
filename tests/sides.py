"""Two sides of a comparison, and a whole small set, for the tests of measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from builders import make_case, make_spec

from evalspec.catalog import load_catalog
from evalspec.model.case import Case, Lineage, Message, Seed
from evalspec.model.outcome import Measurement
from evalspec.model.spec import Spec, Task
from evalspec.stats.comparison import Comparison, Item
from evalspec.stats.scope import MeasureFacts, Scope
from evalspec.stream import Stream

TOPICS = ("parcel", "refund", "invoice", "password", "delivery", "jacket", "voucher", "account", "payment", "courier")
OPENERS = ("where is", "i need", "please check", "what about", "can you find", "nobody answered about", "tell me about")
ENDS = ("today", "since monday", "for my sister", "again", "right now", "from last week", "in the app", "by email")


def plain_texts(count: int, key: str, openers: Sequence[str] = OPENERS) -> list[str]:
    """Short requests drawn from one small language; equal keys give equal texts."""
    found = []
    for at in range(count):
        drawn = Stream("plain", key, str(at))
        found.append(
            f"{drawn.choice(openers)} my {drawn.choice(TOPICS)} {drawn.choice(TOPICS)} {drawn.choice(ENDS)} {at}"
        )
    return found


def make_comparison(pool: Iterable[str], seeds: Iterable[str], draws: int = 199) -> Comparison:
    """A comparison in which each text is a family of its own."""
    return Comparison(
        pool=tuple(Item(id=f"c{at}", turns=(text,), family=f"c{at}") for at, text in enumerate(pool)),
        seeds=tuple(Item(id=f"s{at}", turns=(text,), family=f"s{at}") for at, text in enumerate(seeds)),
        key="test",
        draws=draws,
    )


def make_scope(
    pool: Iterable[str] = (),
    seeds: Iterable[str] = (),
    *,
    cases: Sequence[Case] = (),
    rows: Sequence[Seed] = (),
    facts: MeasureFacts | None = None,
    spec: Spec | None = None,
    terms: Sequence[str] = (),
    space: str | None = None,
    label: str = "pool=prompted",
) -> Scope:
    """A scope over two lists of texts, or over cases and rows."""
    both = make_comparison(pool, seeds)
    return Scope(
        spec=spec or make_spec(),
        facts=facts or MeasureFacts(),
        slice=label,
        cases=tuple(cases),
        all_cases=tuple(cases),
        families={case.id: (case.candidate.lineage.parents or (case.id,))[0] for case in cases},
        seeds=tuple(rows),
        comparison=both,
        source=both.seeds,
        terms=tuple(terms),
        space=space,
    )


def run(name: str, scope: Scope) -> Measurement:
    """Take one measure that gives one figure."""
    member = load_catalog().get("measure", name)
    found = member.function(replace(scope, measure=name, version=member.version))
    assert isinstance(found, Measurement)
    return found


def chat_of(user: Sequence[str], other: str) -> tuple[Message, ...]:
    """A chat of at least four turns in which everyone but the user says `other`."""
    turns = [Message(role="system", content=f"{other} system")]
    for text in user[:-1]:
        turns += [Message(role="user", content=text), Message(role="assistant", content=other)]
    turns += [Message(role="tool", content=f"{other} found"), Message(role="user", content=user[-1])]
    return tuple(turns)


def seed_case(row: Seed, **fields: object) -> Case:
    """The case that a production row becomes."""
    return make_case(
        **{
            "id": f"seed.{row.key}",
            "pool": "seed",
            "technique": "seed",
            "track": "wild",
            "provenance": "prod",
            "input": row.input,
            "expected": row.expected,
            "expected_by": "verified:desk",
            "lineage": Lineage(pool="seed", source=row.source),
        }
        | fields
    )


def with_terms(spec: Spec, *terms: str) -> Spec:
    """The spec with one group of key terms."""
    task = spec.task
    return replace(
        spec,
        task=Task(
            expected=task.expected,
            short_expected=task.short_expected,
            languages=task.languages,
            key_terms=(("ask", terms),),
        ),
    )
