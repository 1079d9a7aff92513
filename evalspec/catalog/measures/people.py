"""What people and models decided: related judges, survival, agreement, and the age of what they looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby

from evalspec.later import statistics
from evalspec.model.defaults import MIN_AGREEMENT_PAIRS
from evalspec.model.ledger import Ledger, Survival
from evalspec.model.outcome import Measurement
from evalspec.registry import measure
from evalspec.stats.agreement import alpha, disagreement, kappa
from evalspec.stats.intervals import wilson
from evalspec.stats.scope import Scope
from evalspec.stats.tests import ALPHA, fisher, holm


@measure("related_judges", version=1, unit="share", low=0, high=1, better="lower", source="measures.md, B")
def related_judges(scope: Scope) -> Measurement:
    """Return the share of jurors related to the generator or the subject, waived relations included."""
    jury = scope.spec.roles.jury
    if not jury:
        return scope.silent("not applicable: the spec has no jury", n=0)
    found = set()
    for one in scope.facts.related:
        sides = (one.left.split(), one.right.split())
        if any(side[0] in ("generator", "subject") for side in sides):
            found |= {side[1] for side in sides if side[0] in ("jury", "juror")}
    return scope.result(len(found) / len(jury), n=len(jury), detail={"related": sorted(found)})


@measure("survival", version=1, unit="share", low=0, high=1, better="band", source="measures.md, B", per="set")
def survival(scope: Scope) -> tuple[Measurement, ...]:
    """Return kept and fixed over decided candidates, whole and level by level; levels against the rest, Holm."""
    rows = scope.facts.reviewed.survival if scope.facts.reviewed is not None else ()
    if not rows:
        return (scope.silent("not known yet: no candidate has been decided", n=0),)
    found: list[Measurement] = []
    for name, group in groupby(sorted(rows, key=lambda one: (one.slice, one.level)), key=lambda one: one.slice):
        levels = [one for one in group if one.decided]
        found += _levels(scope, name, levels)
    return tuple(found)


def _levels(scope: Scope, name: str, levels: Sequence[Survival]) -> list[Measurement]:
    lived, all_decided = sum(one.kept + one.fixed for one in levels), sum(one.decided for one in levels)
    ps: Sequence[float | None] = [None] * len(levels)
    if name and len(levels) > 1:
        ps = holm(
            [
                fisher(live := one.kept + one.fixed, one.dropped, lived - live, all_decided - lived - one.dropped)
                for one in levels
            ]
        )
    return [
        scope.result(
            one.rate,
            n=one.decided,
            slice=f"{name}={one.level}" if name else "all",
            p=p,
            interval=wilson(one.kept + one.fixed, one.decided),
            detail={
                "kept": one.kept,
                "fixed": one.fixed,
                "dropped": one.dropped,
                "flagged": p is not None and p <= ALPHA,
            },
        )
        for one, p in zip(levels, ps, strict=True)
    ]


@measure("agreement", version=1, unit="share", low=0, high=1, better="higher", source="measures.md, B")
def agreement(scope: Scope) -> tuple[Measurement, ...]:
    """Return the share of pairs of blind raters that agree, on labels given before and on verdicts of reviewers."""
    labels = [seed.votes for seed in scope.seeds if len(seed.votes) > 1]
    verdicts = _verdicts(scope.facts.ledger)
    found = [_agreement(scope, "label", labels), _agreement(scope, "verdict", verdicts)]
    kept = tuple(one for one in found if one is not None)
    return kept or (scope.silent("not known yet: nothing was judged twice, blind", n=0),)


def _verdicts(ledger: Ledger | None) -> list[tuple[str, ...]]:
    units: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    blind: set[tuple[str, str]] = set()  # judged by someone who had not seen what the others said
    for one in ledger.decisions if ledger is not None else ():
        if one.verdict != "retire" and not one.supersedes:
            units[(one.case, one.digest)][one.reviewer] = one.verdict
            if one.blind:
                blind.add((one.case, one.digest))
    return [
        tuple(by[name] for name in sorted(by)) for unit, by in sorted(units.items()) if len(by) > 1 and unit in blind
    ]


def _agreement(scope: Scope, field: str, units: Sequence[Sequence[str]]) -> Measurement | None:
    if not units:
        return None
    apart, pairs = disagreement(units)
    two = all(len(unit) == 2 for unit in units)
    counts = Counter(label for unit in units for label in unit)
    chance_free = kappa([(unit[0], unit[1]) for unit in units]) if two else alpha(units)
    return scope.result(
        1 - apart / pairs,
        n=pairs,
        of=field,
        interval=wilson(pairs - apart, pairs),
        note=f"not known yet: {pairs} blind pairs" if pairs < MIN_AGREEMENT_PAIRS else None,
        detail={
            "disagreement": apart / pairs,
            "kappa" if two else "alpha": chance_free,
            "prevalence": {label: counts[label] / counts.total() for label in sorted(counts)},
            "items": len(units),
        },
    )


@measure("age", version=1, unit="days", low=0, high=None, better="lower", source="measures.md, B", per="pools")
def age(scope: Scope) -> Measurement:
    """Return whole days since the newest row or decision of a pool, the median beside it: one row hides the rest."""
    if scope.facts.today is None:
        return scope.silent("not asked: give a date with --today")
    rows = {seed.key: seed for seed in scope.seeds}
    keys = [case.id.rpartition(".")[2] for case in scope.production]
    dates = [rows[key].time for key in keys if key in rows]
    judged = {one.case: one.date for one in scope.facts.ledger.decisions} if scope.facts.ledger is not None else {}
    dates += [judged.get(case.id) for case in scope.synthetic]
    today = date.fromisoformat(scope.facts.today)
    days = sorted(found for one in dates if (found := _days(one, today)) is not None)
    if not days:
        return scope.silent("not known: no case of this pool has a date")
    return scope.result(
        days[0], n=len(days), detail={"median": statistics.median_low(days), "undated": len(scope.cases) - len(days)}
    )


def _days(time: str | None, today: date) -> int | None:
    try:
        return (today - date.fromisoformat((time or "")[:10])).days
    except ValueError:
        return None
