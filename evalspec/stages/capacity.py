"""What each pool can give at most, against what the mix asks of it: refused with the sum before anything is made."""

from __future__ import annotations

from evalspec.diagnostics import Collector, Exit
from evalspec.model.defaults import REVIEW_MINUTES
from evalspec.model.plan import Plan, Stratum, review_hours
from evalspec.model.spec import Pool, Spec
from evalspec.stages.resolving.cells import review_bill


def capacity(spec: Spec, plan: Plan) -> None:
    """Raise when a pool cannot meet its share, a grid has more cells than cases, or review costs over its budget."""
    problems = Collector()
    for pool in spec.pools:
        strata = [one for one in plan.strata if one.pool == pool.name]
        owed = dict(spec.mix.counts).get(pool.name, 0)
        if not owed:
            continue
        if pool.axes and len(strata) > owed:
            _refuse_grid(spec, pool, len(strata), owed, problems)
            continue
        most, sum_ = _most(spec, pool, strata)
        if most < owed:
            problems.add(
                "X520",
                f"`{pool.name}` owes {owed} cases and can give at most {most}",
                at=spec.mix.at,
                label=_share_of(spec, pool),
                notes=[sum_],
                hint=_hint(pool, most),
            )
            continue
        for one in strata:
            if one.budget < one.owed:
                problems.add(
                    "X520",
                    f"`{pool.name}` owes {one.owed} cases in `{one.name}` and may make at most {one.budget} there",
                    at=pool.at,
                    label="this pool",
                    hint=f"raise `max_per_cell` to at least {one.owed}, or lower `per_cell`",
                )
    _refuse_hours(spec, plan.review_items, "", problems)
    problems.raise_errors()


def _most(spec: Spec, pool: Pool, strata: list[Stratum]) -> tuple[int, str]:
    """Return the most a pool can give, and the sum that says so."""
    if pool.kind in ("seed", "golden"):
        rows = sum(stratum.budget for stratum in strata)
        asked = " with what is expected" if spec.task.expected else ""
        return rows, f"`{pool.source}` holds {rows} rows{asked} that this pool may take"
    if pool.kind == "mutation":
        parents, per = _parents(spec, pool, strata), pool.per_parent
        return parents * per, f"{parents} parents in the set x {per} children each = {parents * per}"
    if pool.kind == "redteam":
        carriers = any(slot.parent for stratum in strata for slot in stratum.slots)
        return (10**9 if carriers else 0), "no labelled production row to carry an attack"
    per_cell = [stratum.budget for stratum in strata]
    return sum(per_cell), f"{len(strata)} cells x at most {max(per_cell, default=0)} candidates = {sum(per_cell)}"


def _parents(spec: Spec, pool: Pool, strata: list[Stratum]) -> int:
    ids = {slot.parent_id for stratum in strata for slot in stratum.slots}
    if pool.parents == "any":
        return len(ids)
    counts = dict(spec.mix.counts)
    in_set = sum(counts.get(one.name, 0) for one in spec.pools if one.kind == "seed" and one.source == pool.source)
    return min(len(ids), in_set)


def _share_of(spec: Spec, pool: Pool) -> str:
    share = dict(spec.mix.shares).get(pool.name)
    return f"{pool.name}: {share} of {spec.mix.size}" if share else f"{pool.name}: {dict(spec.mix.counts)[pool.name]}"


def _hint(pool: Pool, most: int) -> str:
    if pool.kind in ("seed", "golden"):
        return f"import more rows of `{pool.source}`, or lower the pool to {most}"
    if pool.kind == "mutation":
        return "raise the share of the seeds, raise `per_parent`, or lower the pool's share"
    if pool.kind == "redteam":
        return "import labelled production rows, or take the pool out"
    return f"raise `max_per_cell`, or lower the pool to {most}"


def _refuse_grid(spec: Spec, pool: Pool, cells: int, owed: int, problems: Collector) -> None:
    problems.add(
        "X521",
        f"`{pool.name}` has {cells} cells and {owed} cases: some cells would stay empty",
        at=pool.at,
        label=" x ".join(pool.axes),
        notes=[review_bill(cells)],
        hint="leave out an axis (a persona may carry it), exclude cells, or raise the share",
    )


def refuse_sure_hours(spec: Spec) -> None:
    """Raise when the pools that people read whole alone cost more than the budget: known without laying out a slot."""
    problems = Collector()
    whole = {pool for pool, share in spec.review.require if share >= 1}
    items = sum(count for pool, count in spec.mix.counts if pool in whole)
    _refuse_hours(spec, items, "at least ", problems)
    problems.raise_errors()


def _refuse_hours(spec: Spec, items: int, least: str, problems: Collector) -> None:
    hours = review_hours(items)
    if spec.budget.hours is not None and hours > spec.budget.hours:
        problems.add(
            "X522",
            f"review would take {least}{hours} hours; the budget is {spec.budget.hours:g}",
            path=spec.path,
            notes=[f"{least}{items} decisions x {REVIEW_MINUTES} minutes"],
            hint="lower the shares of generated pools, `review.require`, or raise `budget.hours`",
            exit=Exit.INVALID,
        )
