"""Live candidates to the set: each stratum's first ones by standing, children only with their parents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalspec.model.case import Candidate, Case, Drop, EvalSet
from evalspec.model.ledger import Reviewed
from evalspec.model.plan import Plan
from evalspec.model.spec import Spec
from evalspec.stages.content import content_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The picked cases, and those of them that wait for a person: no lock is written while there are any."""

    evalset: EvalSet
    waiting: Mapping[str, str]  # case id to pending, stale or disputed


def mix(spec: Spec, plan: Plan, reviewed: Reviewed, drops: tuple[Drop, ...], *, approved_only: bool = False) -> Mixed:
    """Pick what each stratum owes, in order of standing, a child only with its parent; the rest are spares.

    `approved_only` leaves out what waits for a person, so that a trial set can be looked at before the review.

    Trial pools owe the set nothing: their candidates are all spares.
    """
    waiting = {
        candidate.id: why
        for why, group in (("pending", reviewed.pending), ("stale", reviewed.stale), ("disputed", reviewed.disputed))
        for candidate in group
    }
    undecided = () if approved_only else (*reviewed.pending, *reviewed.stale, *reviewed.disputed)
    standing = [*reviewed.approved, *undecided]
    by_id = {candidate.id: candidate for candidate in standing}
    picked: dict[str, Candidate] = {}
    for stratum in sorted(plan.strata, key=lambda stratum: spec.pool(stratum.pool).kind == "mutation"):  # parents first
        pool = spec.pool(stratum.pool)
        if pool.trial:
            continue
        order = [by_id[slot.id] for slot in stratum.slots if slot.id in by_id]
        if pool.kind == "mutation" and pool.parents == "with":
            order = [one for one in order if picked.keys() >= set(one.lineage.parents)]
        order.sort(key=lambda candidate: candidate.id not in reviewed.marks)  # stable: reviewed first
        picked |= {candidate.id: candidate for candidate in order[: stratum.places]}
    cases = tuple(
        Case(candidate=picked[case], digest=content_digest(picked[case]), review=reviewed.marks.get(case))
        for case in sorted(picked)
    )
    spares = tuple(by_id[case] for case in sorted(by_id) if case not in picked)
    return Mixed(
        evalset=EvalSet(cases=cases, drops=tuple(sorted(drops, key=lambda drop: drop.id)), spares=spares),
        waiting={case: waiting[case] for case in sorted(picked) if case in waiting},
    )
