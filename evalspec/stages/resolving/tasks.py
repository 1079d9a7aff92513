"""The block `task`: parts, facts, checks, rubric, context, languages and key terms."""

from __future__ import annotations

from typing import cast

from evalspec.model.spec import Check, Fact, Part, PartKind, Question, Task
from evalspec.model.vocabulary import CHECKS, PART_KINDS
from evalspec.stages.resolving.facts import fact_of
from evalspec.stages.resolving.paths import path_of, text_or_path
from evalspec.stages.resolving.tree import Node, Scope, kind_of

SHORT_PART = "expected"  # the only part of the short form, as slices name it
PART_KEYS = {
    "label": ("high_stakes", "ordered", "values"),
    "text": (),
    "json": ("schema",),
    "tool_calls": ("tools",),
    "citations": ("from",),
    "query": ("database", "language"),
    "criteria": (),
}


def task_of(scope: Scope) -> Task:
    """Resolve the task; a spec without one has a single-turn task of which nothing is known."""
    node = scope.root.get("task")
    if node is None:
        return Task()
    text, path = text_or_path(scope, node.get("instructions"))
    parts, is_short = _parts(scope, node)
    for one in node.items_at("context"):
        documents_only(scope, one, "context")
    facts = (fact_of(scope, name, fact) for name, fact in node.entries_at("facts"))
    return Task(
        turns="conversation" if node.text("turns") == "conversation" else "single",
        instructions=text,
        instructions_path=path,
        expected=parts,
        short_expected=is_short,
        context=tuple(one.string for one in node.items_at("context")),
        checks=_checks(scope, node),
        rubric=tuple(_question(name, question) for name, question in node.entries_at("rubric")),
        facts=tuple(fact for fact in facts if fact is not None),
        languages=tuple(one.string for one in node.items_at("languages")),
        key_terms=tuple((name, terms.strings) for name, terms in node.entries_at("key_terms")),
    )


def documents_only(scope: Scope, node: Node, what: str) -> None:
    """Check that a name is that of a document source."""
    if scope.refers("source", node.string, node.at) and scope.kinds["source"].get(node.string) != "document":
        scope.problems.add(
            "C224",
            f"`{what}` names document sources, and `{node.string}` is none",
            at=node.at,
            label=f"of kind `{scope.kinds['source'].get(node.string, 'unknown')}`",
        )


def _parts(scope: Scope, task: Node) -> tuple[tuple[Part, ...], bool]:
    node = task.get("expected")
    if node is None:
        return (), False
    if isinstance(node.data, list):
        return (Part(name=SHORT_PART, kind="label", values=node.strings),), True
    parts = (_part(scope, name, part) for name, part in node.entries())
    return tuple(part for part in parts if part is not None), False


def _part(scope: Scope, name: str, node: Node) -> Part | None:
    kind = kind_of(scope, name, node, PART_KINDS, "expected part")
    if kind is None:
        return None
    scope.only(node, ("kind", *PART_KEYS[kind]), f"a part of kind `{kind}`")
    values = tuple(one.string for one in node.items_at("values"))
    if kind == "label" and not values:
        scope.problems.add("C209", f"label part `{name}` has no `values`", at=node.key_at, hint="list its labels")
    for one in node.items_at("high_stakes") if kind == "label" else ():
        if one.string not in values:
            place = node.get("values")
            scope.unknown(
                f"part `{name}` has no label `{one.string}`",
                one.string,
                dict.fromkeys(values, place.key_at if place else None),
                at=one.at,
                declared="labels are declared here",
                code="C211",
            )
    source = _cited(scope, name, node) if kind == "citations" else None
    ordered = node.get("ordered")
    return Part(
        name=name,
        kind=cast(PartKind, kind),  # one of PART_KINDS, as kind_of checked
        values=values,
        ordered=ordered is not None and ordered.data is True,
        high_stakes=tuple(one.string for one in node.items_at("high_stakes")),
        schema=path_of(scope, node.get("schema")),
        tools=path_of(scope, node.get("tools")),
        source=source,
        language=node.text("language"),
        database=path_of(scope, node.get("database")),
    )


def _cited(scope: Scope, name: str, node: Node) -> str | None:
    given = node.get("from")
    if given is not None:
        scope.used.setdefault("source", set())
        documents_only(scope, given, "from")
        return given.string
    known = [source for source, kind in scope.kinds["source"].items() if kind == "document"]
    if len(known) == 1:
        scope.refers("source", known[0], node.key_at)
        return known[0]
    scope.problems.add(
        "C223",
        f"part `{name}` cites one of {len(known)} document sources",
        at=node.key_at,
        hint="say which with `from`" if known else "add a source of kind `document`",
    )
    return None


def _checks(scope: Scope, task: Node) -> tuple[Check, ...]:
    found: list[Check] = []
    for name, node in task.entries_at("checks"):
        if name not in CHECKS:
            scope.unknown(
                f"there is no check `{name}`",
                name,
                dict.fromkeys(CHECKS),
                at=node.key_at,
                declared="",
                code="C205",
            )
            continue
        wanted = CHECKS[name].option
        if not _option_fits(wanted, node.data):
            scope.problems.add(
                "C209" if node.data is None else "C207",
                f"check `{name}` " + (f"needs a {wanted}" if wanted else "takes no option"),
                at=node.key_at if node.data is None else node.at,
                hint=f"write `{name}: {'4000' if wanted == 'whole number' else '[...]'}`" if wanted else None,
            )
        option = tuple(node.data) if isinstance(node.data, list) else node.data
        found.append(Check(name=name, option=option))
    return tuple(found)


def _option_fits(wanted: str | None, value: object) -> bool:
    if wanted is None:
        return value is None
    if wanted == "whole number":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _question(name: str, node: Node) -> Question:
    if isinstance(node.data, str):
        return Question(name=name, question=node.data)
    required = node.get("required")
    text = node.text("question")
    assert text is not None
    return Question(name=name, question=text, required=required is None or required.data is True)


def fact_named(task: Task, name: str) -> Fact | None:
    """Return a fact of the task, or None."""
    return next((fact for fact in task.facts if fact.name == name), None)
