"""Facts that a text states, and how a level or a cell narrows one."""

from __future__ import annotations

import re

from evalspec.diagnostics import Note, did_you_mean
from evalspec.model.spec import Fact, Task
from evalspec.stages.resolving.patterns import pattern_problem
from evalspec.stages.resolving.tree import Node, Scope, number

FORMS = ("absent", "pattern", "range", "values")
Narrowed = tuple[tuple[str, tuple[object, ...]], ...]


def fact_of(scope: Scope, name: str, node: Node) -> Fact | None:
    """Resolve one fact; None when it has no form or two."""
    given = [form for form in FORMS if node.get(form) is not None]
    if len(given) != 1:
        said = " and ".join(f"`{form}`" for form in given) or "none of them"
        scope.problems.add(
            "C213",
            f"fact `{name}` needs exactly one of `range`, `values`, `pattern` and `absent`, and has {said}",
            at=node.key_at,
        )
        return None
    limit = node.get("limit")
    if limit is not None and given != ["range"]:
        scope.inert(limit, "only a `range` has a limit")
    values = node.get("values")
    fact = Fact(
        name=name,
        range=_range(scope, name, node),
        limit=node.number("limit") if given == ["range"] else None,
        values=tuple((value, forms.strings or (value,)) for value, forms in values.entries()) if values else (),
        pattern=node.text("pattern"),
        absent=tuple(one.string for one in node.items_at("absent")),
    )
    if fact.pattern is not None and (fault := pattern_problem(fact.pattern)):
        pattern = node.get("pattern")
        scope.problems.add("C215", f"the pattern of `{name}` {fault}", at=pattern.at if pattern else None)
        return None
    return fact


def narrowed(scope: Scope, node: Node | None, task: Task) -> Narrowed:
    """Resolve what a level or a cell says of facts: fact to a range of two numbers or a list of values."""
    found: list[tuple[str, tuple[object, ...]]] = []
    for name, value in node.entries() if node else ():
        known = next((fact for fact in task.facts if fact.name == name), None)
        if not scope.refers("fact", name, value.key_at) or known is None:
            continue
        chosen = tuple(one.data for one in value.items())
        fault = _range_fault(known, chosen) if known.range is not None else _choice_fault(known, chosen)
        if fault:
            scope.problems.add(
                "C214",
                f"fact `{name}`: {fault}",
                at=value.at,
                notes=[Note(message="the fact is declared here", span=scope.names["fact"].get(name))],
            )
        if known.range is not None and len(chosen) == 1:
            chosen = chosen * 2
        found.append((name, chosen))
    return tuple(found)


def _range(scope: Scope, name: str, node: Node) -> tuple[float, float] | None:
    given = node.get("range")
    if given is None:
        return None
    low, high = (number(one.data) for one in given.items())
    if not low < high:
        scope.problems.add("C213", f"fact `{name}` runs from {low:g} to {high:g}", at=given.at, label="low, then high")
    limit = node.get("limit")
    if limit is not None and not low <= number(limit.data) <= high:
        scope.problems.add(
            "C213",
            f"the limit {number(limit.data):g} of fact `{name}` is outside its range",
            at=limit.at,
            notes=[Note(message=f"the range is {low:g} to {high:g}", span=given.at)],
        )
    return low, high


def _range_fault(fact: Fact, chosen: tuple[object, ...]) -> str | None:
    assert fact.range is not None
    numbers = [one for one in chosen if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != len(chosen) or len(numbers) > 2:
        return "give one number, or the two ends of a range"
    low, high = numbers[0], numbers[-1]
    if low > high:
        return f"{low:g} to {high:g} runs backwards"
    if low < fact.range[0] or high > fact.range[1]:
        return f"{low:g} to {high:g} is not inside {fact.range[0]:g} to {fact.range[1]:g}"
    return None


def _choice_fault(fact: Fact, chosen: tuple[object, ...]) -> str | None:
    if any(not isinstance(one, str) for one in chosen):
        return "its values are strings; quote them"
    words = [str(one) for one in chosen]
    if fact.pattern is not None:
        off = [word for word in words if not re.fullmatch(fact.pattern, word)]
        return f"`{off[0]}` does not match its pattern" if off else None
    known = fact.absent or tuple(value for value, _ in fact.values)
    off = [word for word in words if word not in known]
    return f"there is no value `{off[0]}`; {did_you_mean(off[0], known)}" if off else None
