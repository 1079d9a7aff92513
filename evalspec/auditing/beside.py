"""The pools of a set beside real texts: every registered comparison, judged by the gates that a launch brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalspec.auditing.repeats import lowest
from evalspec.digests import digest
from evalspec.model.audit import AuditPool, AuditRow
from evalspec.model.defaults import MIN_SIDE, default_rules
from evalspec.model.outcome import Measurement, Verdict
from evalspec.model.spec import GateRule, Mix, Pool, Source, Spec
from evalspec.model.vocabulary import MEANING
from evalspec.registry import Catalog, Member
from evalspec.stages.gate import gate
from evalspec.stats.comparison import Comparison, Item, Texts
from evalspec.stats.scope import MeasureFacts, Scope, rounded
from evalspec.stats.tests import holm
from evalspec.text.meaning import Embed

MOST_MEASURED = 10_000  # texts of a side; of more, those with the lowest digests stand for all
MOST_CHARACTERS = 8_000_000  # of a side; long texts cost as much as many, and a gigabyte for five million
SOURCE = "real"  # the name of the real texts among sources
WHOLE = "all"
Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the comparisons came to; `names` maps the slices of measurements to pools."""

    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]
    names: Mapping[str, str]
    sizes: Mapping[str, int]  # pool to how many of its cases were measured
    seeds: int  # real texts that were measured
    why_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One pool as the comparisons see it."""

    slice: str
    name: str
    comparison: Comparison
    is_judged: bool


def sample(rows: Sequence[AuditRow]) -> list[AuditRow]:
    """Return at most as many rows as are measured: those with the lowest digests."""
    size = len(rows)
    longest = sum(len(one.text) for one in rows)
    if longest > MOST_CHARACTERS:
        size = max(MIN_SIDE, size * MOST_CHARACTERS // longest)
    return lowest(rows, min(size, MOST_MEASURED))


def compare(
    pools: Sequence[AuditPool],
    seeds: Sequence[AuditRow],
    copied: frozenset[int],
    catalog: Catalog,
    step: Step,
    embed: Embed | None = None,
    embedder: str = "lexical",
) -> Beside:
    """Measure each pool against the real texts; copies of these stand on neither side."""
    fresh = [replace(pool, rows=tuple(row for row in pool.rows if row.line not in copied)) for pool in pools]
    taken = sample(seeds)
    real = _items(taken, "s")
    sides = _sides(fresh, real, embed)
    sizes = {side.name: len(side.comparison.pool) for side in sides}
    evaluable = [side for side in sides if side.comparison.why_not is None]
    if not evaluable:
        return Beside(
            measurements=(),
            verdicts=(),
            names={},
            sizes=sizes,
            seeds=len(real),
            why_not=sides[0].comparison.why_not if sides else "there are no cases",
        )
    spec = _spec(fresh, len(seeds))
    measurements = _measured(evaluable, real, spec, catalog, step, embedder)
    verdicts = gate(measurements, replace(spec, gates=_rules(len(fresh))), None)
    names = {side.slice: side.name for side in sides}
    return Beside(measurements=measurements, verdicts=verdicts, names=names, sizes=sizes, seeds=len(real))


def _items(rows: Sequence[AuditRow], prefix: str) -> tuple[Item, ...]:
    # Each row moves by itself: nobody says which belong together, and people do send the same request.
    return tuple(Item(id=f"{prefix}{row.line}", turns=row.turns, family=f"{prefix}{row.line}") for row in rows)


def _sides(pools: Sequence[AuditPool], real: tuple[Item, ...], embed: Embed | None) -> list[_Side]:
    found = []
    texts = Texts()  # tokens and vectors of the real texts are made once
    for at, pool in enumerate(pools):
        items = _items(sample(pool.rows), "c")
        comparison = Comparison(pool=items, seeds=real, key=digest(["audit", pool.name]), embed=embed, texts=texts)
        side = _Side(slice=f"pool=p{at}", name=pool.name, comparison=comparison, is_judged=pool.origin != "people")
        found.append(side)
    return found


def _spec(pools: Sequence[AuditPool], seeds: int) -> Spec:
    """Return what measures and gates read of a spec: the pools, and which of them a generator may have written."""
    return Spec(
        name="audit",
        path="",
        folder="",
        purpose="smoke",
        sources=(Source(name=SOURCE, kind="production", path=""),),
        pools=tuple(
            Pool(name=f"p{at}", kind="seed" if pool.origin == "people" else "prompted") for at, pool in enumerate(pools)
        ),
        mix=Mix(size=seeds, counts=()),
    )


def _rules(pools: int) -> tuple[GateRule, ...]:
    return default_rules("smoke", (), [(SOURCE, "production")]) if pools else ()


def _measured(
    sides: Sequence[_Side], real: tuple[Item, ...], spec: Spec, catalog: Catalog, step: Step, embedder: str
) -> tuple[Measurement, ...]:
    # What is taken on a whole set alone asks for labels and lineage, which an audited set does not have.
    members = [
        one
        for one in catalog.all("measure")
        if one.traits.get("per") in ("comparison", "source") and one.traits.get("whole") != "only"
    ]
    found: list[Measurement] = []
    for at, member in enumerate(members):
        step("measure", at, len(members))
        spaces: Iterable[str | None] = member.traits.get("spaces") or (None,)
        for space in spaces:
            if space in MEANING and space != embedder:
                continue
            rows = [row for side in sides for row in _one(member, space, side, real, spec)]
            found += _corrected(rows, sides)
    step("measure", len(members), len(members))
    return tuple(found)


def _one(member: Member, space: str | None, side: _Side, real: tuple[Item, ...], spec: Spec) -> tuple[Measurement, ...]:
    is_source = member.traits.get("per") == "source"
    scope = Scope(
        spec=spec,
        facts=MeasureFacts(embed=side.comparison.embed),
        slice=side.slice,
        cases=(),
        all_cases=(),
        families={},
        seeds=(),
        comparison=side.comparison,
        source=real if is_source else (),
        of=SOURCE if is_source else None,
        space=space,
        measure=member.name,
        version=member.version,
        unit=str(member.traits["unit"]),
    )
    result = member.function(scope)
    return result if isinstance(result, tuple) else (result,)


def _corrected(rows: Sequence[Measurement], sides: Sequence[_Side]) -> list[Measurement]:
    """Correct p for the pools that a measure was taken on (Holm): those that are judged, and the others, apart."""
    judged = {side.slice for side in sides if side.is_judged}
    adjusted = list(rows)
    for wanted in (True, False):
        at = [i for i, row in enumerate(adjusted) if row.p is not None and (row.slice in judged) is wanted]
        for i, p in zip(at, holm([adjusted[i].p or 0.0 for i in at]), strict=True):
            adjusted[i] = replace(
                adjusted[i], p=rounded(p), detail={**adjusted[i].detail, "p_one_slice": adjusted[i].p}
            )
    return adjusted
