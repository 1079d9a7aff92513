"""The blocks `axes` and `personas`, and the names that one spec may give to only one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from evalspec.diagnostics import Note, Span, did_you_mean
from evalspec.model.spec import Axis, Behaviour, Level, Persona, Task, Track
from evalspec.model.vocabulary import RESERVED_SLICES
from evalspec.stages.resolving.expectation import expected_of
from evalspec.stages.resolving.facts import narrowed
from evalspec.stages.resolving.tree import Node, Scope
from evalspec.text.style import STYLE_FACTS

Places = Mapping[str, Span | None]


def axes_of(scope: Scope, task: Task) -> tuple[Axis, ...]:
    """Resolve the axes and what follows from their levels."""
    return tuple(_axis(scope, name, node, task) for name, node in scope.root.entries_at("axes"))


def personas_of(scope: Scope) -> tuple[Persona, ...]:
    """Resolve the personas and the style facts that they promise."""
    return tuple(_persona(scope, name, node) for name, node in scope.root.entries_at("personas"))


def check_names(scope: Scope) -> None:
    """Check that axes, label parts and columns do not take each other's names, nor a reserved one."""
    axes, parts = scope.names["axis"], scope.names["part"]
    for word, block in (("axis", axes), ("expected part", parts)):
        for name in sorted(RESERVED_SLICES & set(block)):
            hint = (
                "`language` is always there: name it in a pool's `axes`"
                if (word, name) == ("axis", "language")
                else None
            )
            message = f"no {word} may be called `{name}`: it is a slice that every case has"
            scope.problems.add("C217", message, at=block[name], hint=hint)
    for name in sorted(set(axes) & set(parts)):
        _clash(scope, name, "an axis", "an expected part", parts, axes)
    for _, source in scope.root.entries_at("sources"):
        fields = source.get("fields")
        for column, node in fields.entries_at("metadata") if fields else ():
            if column in parts:
                _clash(scope, column, "a column", "an expected part", parts, {column: node.key_at})


def _clash(scope: Scope, name: str, one: str, other: str, first: Places, second: Places) -> None:
    scope.problems.add(
        "C218",
        f"`{name}` is the name of {one} and of {other}; a slice can be only one of them",
        at=second[name],
        notes=[Note(message=f"{other} of that name", span=first[name])],
    )


def _axis(scope: Scope, name: str, node: Node, task: Task) -> Axis:
    if node.data is None:
        scope.problems.add("C209", f"axis `{name}` has no levels", at=node.key_at, hint=f"write `{name}: [one, other]`")
    return Axis(
        name=name, levels=tuple(_level(scope, level, one, task) for level, one in node.entries()), at=node.key_at
    )


def _level(scope: Scope, name: str, node: Node, task: Task) -> Level:
    if isinstance(node.data, str):
        return Level(name=name, description=node.data, at=node.key_at)
    return Level(
        name=name,
        description=node.text("description"),
        expected=expected_of(scope, node.get("expected"), task),
        behaviour=behaviour_of(node),
        facts=narrowed(scope, node.get("facts"), task),
        track=track_of(node),
        at=node.key_at,
    )


def behaviour_of(node: Node) -> Behaviour | None:
    """Return the behaviour that a level or cell sets; the schema lists them."""
    return cast(Behaviour | None, node.text("behaviour"))


def track_of(node: Node) -> Track | None:
    """Return the track that a level, cell or pool sets; the schema lists them."""
    return cast(Track | None, node.text("track"))


def _persona(scope: Scope, name: str, node: Node) -> Persona:
    description = node.text("description")
    if description is None:
        scope.problems.add(
            "C209", f"persona `{name}` has no `description`", at=node.key_at, hint="say who writes, and how"
        )
    style = []
    for fact, value in node.entries_at("style"):
        word = value.data if isinstance(value.data, str) else str(value.data)
        if fact not in STYLE_FACTS:
            scope.problems.add(
                "C207",
                f"there is no style fact `{fact}`",
                at=value.key_at,
                label=did_you_mean(fact, STYLE_FACTS),
            )
        elif word not in STYLE_FACTS[fact]:
            scope.problems.add(
                "C207",
                f"style fact `{fact}` has no value `{word}`",
                at=value.at,
                label=did_you_mean(word, STYLE_FACTS[fact]),
            )
        style.append((fact, word))
    return Persona(name=name, description=description or "", style=tuple(style), at=node.key_at)
