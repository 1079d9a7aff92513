"""The block `gates`: each a measure, the cases it looks at, and a bound; on top of the defaults of the purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, cast

from evalspec.diagnostics import did_you_mean
from evalspec.model.defaults import BESIDE_SEEDS, OF_THE_SET, RELATIVE, default_rules
from evalspec.model.spec import GateRule, Pool, Purpose, Screening, Source, Task
from evalspec.model.vocabulary import (
    BOUND_BY_THE_MIX,
    HELD_AGAINST,
    LEXICAL,
    MINILM,
    SPACES,
    TWO_QUESTIONS,
    spaces_with,
)
from evalspec.registry import Member
from evalspec.stages.resolving.matches import Slicer, match_of, slice_known
from evalspec.stages.resolving.policy import embedder_named
from evalspec.stages.resolving.tree import Node, Scope

BOUNDS = ("min", "max", "within", "change")
# What a lock says nothing of, so that nobody can tell how it was.
NO_CHANGE: Mapping[str, str] = MappingProxyType(
    {
        "agreement": "a lock holds what was decided, and not what each reader said",
        "related_judges": "a lock holds cases, and not who was to judge them",
    }
)
COVERED = frozenset({"production", "traffic", "document"})


def gates_of(
    scope: Scope, slicer: Slicer, purpose: Purpose, sources: tuple[Source, ...], pools: tuple[Pool, ...]
) -> tuple[GateRule, ...]:
    """Resolve the gates of a spec; naming a measure takes its default gate away, for the group or source it names."""
    defaults = _defaults(purpose, slicer.task, sources, pools)
    given = []
    for name, node in scope.root.entries_at("gates"):
        rule = _gate(scope, name, node, slicer)
        if rule is not None:
            given.append(rule)
    kept = [one for one in defaults if not any(_replaces(rule, one) for rule in given)]
    taken = {rule.name for rule in given}
    renamed = [replace(one, name=f"{one.name}_{one.of or 'default'}") if one.name in taken else one for one in kept]
    return tuple(sorted([*given, *renamed], key=lambda rule: rule.name))


def _defaults(
    purpose: Purpose, task: Task, sources: tuple[Source, ...], pools: tuple[Pool, ...]
) -> tuple[GateRule, ...]:
    kinds = [(source.name, source.kind) for source in sources]
    rotating = [pool for pool in pools if pool.rotate_after is not None]
    ages = [
        GateRule(
            name="age" if len(rotating) == 1 else f"age_{pool.name}",
            measure="age",
            where=(("pool", (pool.name,)),),
            max=pool.rotate_after,
            is_default=True,
        )
        for pool in rotating
    ]
    return (*default_rules(purpose, [group for group, _ in task.key_terms], kinds), *ages)


def _replaces(rule: GateRule, default: GateRule) -> bool:
    if rule.measure in TWO_QUESTIONS and rule.space not in (None, LEXICAL):
        return False
    if rule.change is not None and rule.min is rule.max is rule.within is None and rule.severity != "off":
        return False  # it asks what the default does not, and would take its bound away unseen
    return rule.measure == default.measure and rule.of in (None, default.of)


def _gate(scope: Scope, name: str, node: Node, slicer: Slicer) -> GateRule | None:
    given = node.get("measure")
    measure = given.string if given else name
    member = scope.catalog.find("measure", measure)
    if member is None:
        known = scope.catalog.names("measure")
        message = f"there is no measure `{measure}`" if given else f"gate `{name}` is no measure and names none"
        hint = None if given else "say which with `measure`"
        at = given.at if given else node.key_at
        scope.problems.add("C205", message, at=at, label=did_you_mean(measure, known), hint=hint)
        return None
    slices, by = slicer.of_cases(), node.get("by")
    if by is not None:
        slice_known(scope, by.string, by.at, slices, of="cases")
    _check_bounds(scope, name, node, measure, member.traits.get("low"), member.traits.get("high"))
    _check_fit(scope, name, node, member)
    return GateRule(
        name=name,
        measure=measure,
        of=_held_against(scope, name, node, measure),
        space=_space(scope, node, measure),
        where=match_of(scope, node.get("where"), slices, of="cases"),
        by=by.string if by else None,
        min=node.number("min"),
        max=node.number("max"),
        within=node.number("within"),
        change=node.number("change"),
        severity=cast(Literal["error", "warning", "off"], node.text("severity") or "error"),  # the schema lists them
        at=node.key_at,
    )


def _check_fit(scope: Scope, name: str, node: Node, member: Member) -> None:
    """Refuse bounds and slices that a measure has no answer to: the gate could never pass or fail."""
    measure, where, by = member.name, node.get("where"), node.get("by")
    slices = [name for name, _ in where.entries()] if where is not None else []
    change, within = node.get("change"), node.get("within")
    on_pools = set(slices) <= {"pool"} and (by is None or by.string == "pool")
    if change is not None and measure in NO_CHANGE:
        message = f"`{measure}` has no change: {NO_CHANGE[measure]}"
        scope.problems.add("C226", message, at=change.at, hint="bound the figure itself, by `min` or `max`")
    elif change is not None and measure == "survival" and not on_pools:
        message = f"gate `{name}`: of a dropped candidate a lock says the pool alone, so survival changes pool by pool"
        hint = "`where: {pool: NAME}`, `by: pool`, or neither for all that was made"
        scope.problems.add("C226", message, at=change.at, hint=hint)
    if within is not None and measure not in BESIDE_SEEDS | RELATIVE:
        message = f"`within` is relative to the seeds, and there is no `{measure}` of the seeds"
        scope.problems.add("C226", message, at=within.at, hint="bound the figure itself, by `min` or `max`")
    if measure in OF_THE_SET:
        for given in (where, by):
            if given is not None:
                scope.inert(given, f"`{measure}` is one figure of the whole set")
    if measure == "survival" and len(slices) + (by is not None) > 1:
        hint = "name one slice in `where`, or `by` alone"
        message = f"gate `{name}`: survival is known by one slice at a time"
        scope.problems.add("C226", message, at=node.key_at, hint=hint)
    if measure in BOUND_BY_THE_MIX and not on_pools and not any(node.get(bound) for bound in BOUNDS):
        hint = "add `min` or `max`"
        scope.problems.add("C226", f"gate `{name}`: the mix declares shares of pools alone", at=node.key_at, hint=hint)


def _held_against(scope: Scope, name: str, node: Node, measure: str) -> str | None:
    wanted, of = HELD_AGAINST.get(measure), node.get("of")
    if wanted is None:
        if of is not None:
            scope.inert(of, f"`{measure}` is held against nothing")
        return None
    if of is None:
        what = "key-term group" if wanted == "terms" else "source"
        hint = "add `of`: one under `task.key_terms`" if wanted == "terms" else "add `of`: a source"
        scope.problems.add("C209", f"gate `{name}` does not say of which {what}", at=node.key_at, hint=hint)
        return None
    if scope.refers("terms" if wanted == "terms" else "source", of.string, of.at) and wanted == "source":
        kind = scope.kinds["source"].get(of.string, "production")
        if kind not in COVERED:
            scope.problems.add(
                "C224",
                f"nothing is to cover a {kind} source",
                at=of.at,
                hint="coverage is of production, traffic or documents",
            )
    return of.string


def _space(scope: Scope, node: Node, measure: str) -> str | None:
    space = node.get("space")
    if space is None:
        return None
    known = SPACES.get(measure)
    if known is None:
        scope.inert(space, f"`{measure}` has no space")
    elif space.string not in (*known, *spaces_with(known, embedder_named(scope.root.get("screen")))):
        scope.problems.add(
            "C204", f"`{measure}` has no space `{space.string}`", at=space.at, label=did_you_mean(space.string, known)
        )
    return space.string


def check_spaces(scope: Scope, gates: Iterable[GateRule], screen: Screening) -> None:
    """Refuse a gate over a space that nothing measures: an embedder's, and `screen` does not name it."""
    for rule in gates:
        if rule.space == MINILM != screen.embedder:
            scope.problems.add(
                "C204",
                f"gate `{rule.name}` judges the space `{rule.space}`, and `embedder` is {screen.embedder}",
                at=rule.at,
                hint=f"say `embedder: {rule.space}` under `screen`, or take `space` out",
            )


def _check_bounds(
    scope: Scope, name: str, node: Node, measure: str, lowest: float | None, highest: float | None
) -> None:
    given = [bound for bound in BOUNDS if node.get(bound) is not None]
    if not given and measure not in BOUND_BY_THE_MIX and node.text("severity") != "off":
        scope.problems.add(
            "C226",
            f"gate `{name}` has no bound",
            at=node.key_at,
            hint="add `min`, `max`, `within` or `change`, or switch it off with `severity: off`",
        )
    low, high = node.number("min"), node.number("max")
    if low is not None and high is not None and low > high:
        scope.problems.add("C226", f"gate `{name}`: min {low:g} exceeds max {high:g}", at=node.key_at)
    for bound, value in (("min", low), ("max", high)):
        child = node.get(bound)
        if value is None or child is None:
            continue
        if (lowest is not None and value < lowest) or (highest is not None and value > highest):
            span = f"{'any' if lowest is None else f'{lowest:g}'} to {'any' if highest is None else f'{highest:g}'}"
            share = highest == 1 and 1 < value <= 100
            hint = f"a share, not a percentage: write {value / 100:g}" if share else None
            scope.problems.add(
                "C226", f"`{measure}` runs from {span}, and {value:g} is outside", at=child.at, hint=hint
            )
    for bound in ("within", "change"):
        child = node.get(bound)
        if child is not None and (node.number(bound) or 0) < 0:
            scope.problems.add("C226", f"`{bound}` is a distance and cannot be negative", at=child.at)
