"""What a level, a cell or a relation says of the expected output: a bare label, or part to value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evalspec.model.spec import Expected, Part, Task
from evalspec.stages.resolving.tree import Node, Scope


def expected_of(scope: Scope, node: Node | None, task: Task) -> Expected | None:
    """Return what is expected, checked against the parts; None when nothing is given."""
    if node is None:
        return None
    parts = {part.name: part for part in task.expected}
    if not parts:
        scope.problems.add(
            "C211",
            "`expected` is given, and the task expects nothing",
            at=node.key_at,
            hint="name the parts or labels under `task.expected`",
        )
        return None
    if isinstance(node.data, str):
        return _bare(scope, node, task)
    if task.short_expected:
        scope.problems.add(
            "C211", "with `expected: [...]` a case expects one plain label", at=node.at, label="expected a label"
        )
        return None
    found: dict[str, object] = {}
    for name, value in node.entries():
        if scope.refers("part", name, value.key_at):
            _check_value(scope, value, parts[name])
            found[name] = value.data
    return found


def expected_parts(expected: Expected | None) -> tuple[str, ...]:
    """Return the names of the parts that an expectation gives; the short form's only part is `expected`."""
    if expected is None:
        return ()
    return ("expected",) if isinstance(expected, str) else tuple(sorted(expected))


def _bare(scope: Scope, node: Node, task: Task) -> Expected | None:
    labels = task.label_parts
    if len(labels) != 1:
        known = ", ".join(f"`{part.name}`" for part in task.expected)
        scope.problems.add(
            "C211",
            f"`{node.string}` does not say which part it is",
            at=node.at,
            label=f"a bare label needs exactly one label part; there are {len(labels)}",
            hint=f"write part and value; the parts are {known}",
        )
        return None
    _label(scope, node, labels[0])
    return node.string if task.short_expected else {labels[0].name: node.string}


def _check_value(scope: Scope, node: Node, part: Part) -> None:
    if part.kind == "label":
        if isinstance(node.data, str):
            _label(scope, node, part)
            return
    elif _FITS[part.kind](node.data):
        return
    scope.problems.add(
        "C211",
        f"part `{part.name}` expects {_FORMS[part.kind]}",
        at=node.at,
        label=f"a part of kind `{part.kind}`",
    )


def _label(scope: Scope, node: Node, part: Part) -> None:
    if node.string in part.values:
        return
    place = scope.names["part"].get(part.name)
    scope.unknown(
        f"part `{part.name}` has no label `{node.string}`",
        node.string,
        dict.fromkeys(part.values, place),
        at=node.at,
        declared="labels are declared here",
        code="C211",
    )


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_calls(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and isinstance(one.get("arguments", {}), dict)
        and set(one) <= {"name", "arguments"}
        for one in value
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_FITS: Mapping[str, Callable[[object], bool]] = {
    "citations": _is_strings,
    "criteria": _is_strings,
    "json": lambda value: isinstance(value, dict),
    "query": _is_text,
    "text": _is_text,
    "tool_calls": _is_calls,
}
_FORMS: Mapping[str, str] = {
    "citations": "a list of section ids",
    "criteria": "a list of statements",
    "json": "an object",
    "label": "one of its labels",
    "query": "a query",
    "text": "a reference answer",
    "tool_calls": "a list of calls with `name` and `arguments`",
}
