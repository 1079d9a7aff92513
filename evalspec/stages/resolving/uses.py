"""Operators, attacks and relations of a pool: which catalogue entry each is, and its options."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from evalspec.diagnostics import Note, did_you_mean
from evalspec.model.spec import AttackUse, OperatorUse, RelationUse, Task
from evalspec.model.vocabulary import RELATIONS, Relation
from evalspec.registry import Member, Option
from evalspec.stages.resolving.expectation import expected_of
from evalspec.stages.resolving.matches import Slices, excluded, match_of
from evalspec.stages.resolving.tasks import fact_named
from evalspec.stages.resolving.tree import Node, Scope, kind_of

# What a pool without `operators` (`attacks`, `relations`) takes: how hurried people type, in every language, with the
# label untouched; the attacks that need neither a conversation nor a document; the relation that needs no model.
DEFAULT_OPERATORS = ("abbreviate", "lowercase", "no_punctuation", "self_correct", "typo")
DEFAULT_ATTACKS = (
    "fake_system",
    "false_premise",
    "impersonate",
    "indirect_note",
    "leak_system_prompt",
    "override",
    "policy_pressure",
)
DEFAULT_RELATIONS = ("preamble",)
UNIT_OPTIONS = frozenset({"rate"})  # options that are a share, whatever has them
# Technique to the noun of what it uses, the key that holds them, and what stands in for a missing key.
USES = {
    "mutation": ("operator", "operators", DEFAULT_OPERATORS),
    "redteam": ("attack", "attacks", DEFAULT_ATTACKS),
    "metamorphic": ("relation", "relations", DEFAULT_RELATIONS),
}
PLACED = ("exclude", "kind", "where")

Options = tuple[tuple[str, object], ...]


def operators_of(scope: Scope, pool: Node, slices: Slices, rows: str) -> tuple[OperatorUse, ...]:
    """Resolve the operators of a mutation pool."""
    found = (
        _operator(scope, name, node, slices, rows) for name, node in entries_of(pool, "operators", DEFAULT_OPERATORS)
    )
    return tuple(one for one in found if one is not None)


def attacks_of(scope: Scope, pool: Node, task: Task) -> tuple[AttackUse, ...]:
    """Resolve the attacks of a redteam pool."""
    found = (_attack(scope, name, node, task) for name, node in entries_of(pool, "attacks", DEFAULT_ATTACKS))
    return tuple(one for one in found if one is not None)


def relations_of(scope: Scope, pool: Node, slices: Slices, rows: str, task: Task) -> tuple[RelationUse, ...]:
    """Resolve the relations of a metamorphic pool."""
    entries = entries_of(pool, "relations", DEFAULT_RELATIONS)
    found = (_relation(scope, name, node, slices, rows, task) for name, node in entries)
    return tuple(one for one in found if one is not None)


def entries_of(pool: Node, key: str, default: Iterable[str]) -> tuple[tuple[str, Node], ...]:
    """Return the entries of a pool, or those that it takes when it names none."""
    given = pool.entries_at(key)
    return given or tuple((name, Node(pool.document, pool.path, None)) for name in default)


def _operator(scope: Scope, name: str, node: Node, slices: Slices, rows: str) -> OperatorUse | None:
    chain = node.get("kind")
    if chain is not None and isinstance(chain.data, list):
        kinds = [one for one in chain.items() if _in_catalog(scope, one)]
        if len(kinds) != len(chain.items()):
            return None
        members = [scope.catalog.get("operator", one.string) for one in kinds]
    else:
        kind = kind_of(scope, name, node, scope.catalog.names("operator"), "operator")
        if kind is None:
            return None
        members = [scope.catalog.get("operator", kind)]
    return OperatorUse(
        name=name,
        kinds=tuple(member.name for member in members),
        options=_options(scope, node, members, PLACED),
        where=match_of(scope, node.get("where"), slices, of=rows),
        exclude=excluded(scope, node, slices, of=rows),
        at=node.key_at,
    )


def _in_catalog(scope: Scope, node: Node) -> bool:
    known = scope.catalog.names("operator")
    if node.string in known:
        return True
    message = f"there is no kind of operator called `{node.string}`"
    scope.problems.add("C205", message, at=node.at, label=did_you_mean(node.string, known))
    return False


def _attack(scope: Scope, name: str, node: Node, task: Task) -> AttackUse | None:
    if isinstance(node.data, int):
        count: int | None = node.data
        entry = Node(node.document, node.path, None)
    else:
        count, entry = node.whole("count"), node
    kind = kind_of(scope, name, entry, scope.catalog.names("attack"), "attack")
    if kind is None:
        return None
    member = scope.catalog.get("attack", kind)
    options = _options(scope, entry, [member], ("count", "kind"))
    _check_toward(scope, entry.get("toward"), task)
    return AttackUse(name=name, kind=kind, count=count, options=options, at=node.key_at)


def _check_toward(scope: Scope, toward: Node | None, task: Task) -> None:
    """Check that what an attack pushes toward is a label that the task knows."""
    known = [value for part in task.label_parts for value in part.values]
    if toward is None or not isinstance(toward.data, list) or not known:
        return
    for one in toward.items():
        if isinstance(one.data, str) and one.string not in known:
            message = f"the task has no label `{one.string}`"
            scope.problems.add("C211", message, at=one.at, label=did_you_mean(one.string, known))


def _relation(scope: Scope, name: str, node: Node, slices: Slices, rows: str, task: Task) -> RelationUse | None:
    kind = kind_of(scope, name, node, RELATIONS, "relation")
    if kind is None:
        return None
    rule = RELATIONS[kind]
    keys = [*PLACED, *(["fact"] if rule.fact else []), *(["expected"] if rule.label in ("given", "either") else [])]
    scope.only(node, keys, f"relation `{kind}`")
    expected = node.get("expected")
    if rule.label == "given" and expected is None:
        scope.problems.add(
            "C209",
            f"relation `{name}` does not say what the other side of the limit expects",
            at=node.key_at,
            hint="add `expected`",
        )
    return RelationUse(
        name=name,
        kind=kind,
        fact=_moved_fact(scope, name, node, rule, task),
        expected=expected_of(scope, expected, task) if rule.label in ("given", "either") else None,
        where=match_of(scope, node.get("where"), slices, of=rows),
        exclude=excluded(scope, node, slices, of=rows),
        at=node.key_at,
    )


def _moved_fact(scope: Scope, name: str, node: Node, rule: Relation, task: Task) -> str | None:
    given = node.get("fact")
    if rule.fact is None:
        return None
    if given is None:
        scope.problems.add(
            "C209",
            f"relation `{name}` does not say which fact it moves",
            at=node.key_at,
            hint="add `fact`: one under `task.facts` " + _WANTED[rule.fact],
        )
        return None
    if not scope.refers("fact", given.string, given.at):
        return None
    fact = fact_named(task, given.string)
    if fact is None:
        return None
    fits = {
        "range": fact.range is not None and fact.limit is not None,
        "values": len(fact.values) > 1,
        "absent": bool(fact.absent),
    }
    if not fits[rule.fact]:
        place = scope.names["fact"].get(given.string)
        scope.problems.add(
            "C224",
            f"relation `{name}` needs a fact {_WANTED[rule.fact]}, and `{given.string}` is none",
            at=given.at,
            notes=[Note(message="the fact is declared here", span=place)],
        )
    return given.string


_WANTED = {
    "range": "with a `range` and a `limit`",
    "values": "with two `values` or more",
    "absent": "with a list of what is `absent`",
}


def _options(scope: Scope, node: Node, members: list[Member], own_keys: Iterable[str]) -> Options:
    """Check the options against the members; one member's are filled in, a chain's go to each member that has them."""
    known: dict[str, list[Option]] = {}
    for member in members:
        for option in member.options:
            known.setdefault(option.name, []).append(option)
    found: dict[str, object] = {}
    if len(members) == 1:
        found = {one.name: one.default for one in members[0].options if one.default is not inspect.Parameter.empty}
    for key, value in node.entries() if isinstance(node.data, dict) else ():
        if key in own_keys:
            continue
        if key not in known:
            names = " then ".join(f"`{member.name}`" for member in members)
            label = did_you_mean(key, known) if known else "it has no options"
            scope.problems.add("C207", f"{names} has no option `{key}`", at=value.key_at, label=label)
            continue
        for option in known[key]:
            fault = _option_fault(option, value.data)
            if fault:
                scope.problems.add("C207", f"option `{key}` is {fault}", at=value.at)
                break
        found[key] = tuple(value.data) if isinstance(value.data, list) else value.data
    for name, options in known.items():
        if len(members) == 1 and name not in found:
            message = f"`{members[0].name}` needs option `{name}`"
            scope.problems.add("C209", message, at=node.key_at, hint=f"it is {_TYPES[options[0].type]}")
    return tuple(sorted(found.items()))


_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a string",
    "boolean": "true or false",
    "array": "a list of texts",
}


def _option_fault(option: Option, value: object) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "number": is_number,
        "integer": isinstance(value, int) and is_number,
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "array": isinstance(value, list) and all(isinstance(one, str) for one in value),
    }
    if not fits[option.type]:
        return f"{_TYPES[option.type]}, and this is not"
    if option.choices and value not in option.choices:
        return "one of " + ", ".join(f"`{choice}`" for choice in option.choices)
    if option.name in UNIT_OPTIONS and isinstance(value, int | float) and not 0 <= value <= 1:
        return f"a share from 0 to 1, and {value:g} is not"
    return None
