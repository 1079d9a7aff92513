"""`evalspec plan SPEC`: cells, slots, hours and money, before anything is made."""

from __future__ import annotations

from collections import Counter

import click

from evalspec.cli.arguments import PATH
from evalspec.cli.console import emit, emit_json, examples, print_diagnostics, reporting
from evalspec.cli.plan_money import money_data, money_lines
from evalspec.costing import planned_cost, refuse_dear
from evalspec.edges.models.prices import MILLION
from evalspec.loading import load_spec, read_inputs
from evalspec.model.build import Inputs
from evalspec.model.cost import PlannedCost
from evalspec.model.plan import Plan, Stratum
from evalspec.model.spec import Pool, Spec
from evalspec.planning import plan as lay_out
from evalspec.stages.reporting.figures import percent
from evalspec.stats.tests import DISCORDANCE, POWER, smallest_difference


@click.command("plan", epilog=examples("evalspec plan specs/refund.yaml", "evalspec plan specs/refund.yaml --slots"))
@click.argument("spec", type=PATH)
@click.option("--slots", is_flag=True, help="List the id of every slot that may be opened.")
@reporting
def command(spec: str, slots: bool, how: str) -> int:
    """Show what a build of SPEC would make: cells with the seeds they already hold, slots, review hours, money.

    Nothing is made and nothing is asked. What models will be asked stands as a range: the least if nothing is dropped,
    the most if every candidate that may be made is made, with every repair.
    """
    loaded = load_spec(spec)
    inputs = read_inputs(loaded)
    plan = lay_out(inputs, loaded.catalog)
    cost = planned_cost(loaded, inputs, plan, counts_useless=True)
    refuse_dear(cost, spec)
    if how == "json":
        emit_json(_data(inputs, plan, cost, slots))
        return 0
    print_diagnostics(loaded.warnings, how)
    emit("\n".join(_text(inputs, plan, cost)))
    if slots:
        emit("\n".join(["", *sorted(plan.slots_by_id)]))
    return 0


def _text(inputs: Inputs, plan: Plan, cost: PlannedCost) -> list[str]:
    spec = inputs.spec
    lines = [f"{spec.name}: {spec.mix.size} cases, purpose {spec.purpose}", ""]
    for name, count in spec.mix.counts:
        pool = spec.pool(name)
        strata = [one for one in plan.strata if one.pool == name]
        slots = sum(min(one.budget, len(one.slots)) for one in strata)
        lines.append(f"{name:<14} {count:>5} cases   {slots:>5} slots at most   {_parts(pool, strata)}")
        if pool.axes:
            lines += _grid(pool, strata)
    lines += ["", *_bill(inputs, plan, cost)]
    return lines


def _parts(pool: Pool, strata: list[Stratum]) -> str:
    if pool.axes:
        voices = f", {len(pool.personas)} personas take turns" if pool.personas else ""
        return f"{' x '.join(pool.axes)}: {len(strata)} cells{voices}"
    names = [f"{one.name} {one.places}" for one in strata if one.places]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _grid(pool: Pool, strata: list[Stratum]) -> list[str]:
    """Lay the last axis out in columns; each cell shows cases owed and, in brackets, seeds already there."""
    rows: dict[str, dict[str, str]] = {}
    for stratum in strata:
        *head, last = stratum.name.split(".")
        rows.setdefault(" ".join(head) or pool.axes[0], {})[last] = f"{stratum.places} [{stratum.held}]"
    columns = list(dict.fromkeys(stratum.name.split(".")[-1] for stratum in strata))
    first = max(len(name) for name in rows)
    widths = [max(len(name), 6) for name in columns]
    header = "  ".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True))
    lines = [f"    {'':<{first}}  {header}"]
    for name, cells in rows.items():
        body = "  ".join(f"{cells.get(column, '–'):>{width}}" for column, width in zip(columns, widths, strict=True))
        lines.append(f"    {name:<{first}}  {body}")
    return [*lines, "    cases owed [seeds already there]"]


def _bill(inputs: Inputs, plan: Plan, cost: PlannedCost) -> list[str]:
    spec = inputs.spec
    lines = [f"review     {plan.review_items} decisions, about {plan.review_hours:g} hours"]
    lines += money_lines(cost)
    real = _real(spec)
    smallest = smallest_difference(real, DISCORDANCE) if real else None
    shown = f"a difference of {100 * smallest:.0f} points" if smallest is not None else "no difference"
    lines.append(
        f"power      {real} production cases can show {shown} with {percent(POWER)} power, at {percent(DISCORDANCE)} "
        "of cases changing answer between two models, assumed; score says it again at what it sees"
    )
    if plan.languages and plan.languages[0][0] != "und":
        lines.append("languages  " + ", ".join(f"{tag} {count}" for tag, count in plan.languages))
    return lines


def _real(spec: Spec) -> int:
    counts = Counter(dict(spec.mix.counts))
    return sum(counts[pool.name] for pool in spec.pools if pool.kind == "seed")


def _data(inputs: Inputs, plan: Plan, cost: PlannedCost, slots: bool) -> dict[str, object]:
    spec = inputs.spec
    real = _real(spec)
    return {
        "spec": spec.path,
        "name": spec.name,
        "cases": spec.mix.size,
        "pools": [
            {
                "pool": name,
                "cases": count,
                "slots": sum(len(one.slots) for one in plan.strata if one.pool == name),
                "strata": [
                    {"name": one.name, "places": one.places, "owed": one.owed, "budget": one.budget, "held": one.held}
                    for one in plan.strata
                    if one.pool == name
                ],
            }
            for name, count in spec.mix.counts
        ],
        "review": {"decisions": plan.review_items, "hours": plan.review_hours},
        "usd": cost.most.cost / MILLION,
        "money": money_data(cost),
        "production_cases": real,
        "smallest_difference": smallest_difference(real, DISCORDANCE) if real else None,
        "assumed_discordance": DISCORDANCE,
        "languages": dict(plan.languages),
        **({"slot_ids": sorted(plan.slots_by_id)} if slots else {}),
    }
