"""The block `pools`: techniques, where each takes its material, and what it spreads its cases over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal, cast

from evalspec.model.spec import Axis, CellRule, Mix, Persona, Pool, Roles, Task, Technique, Track
from evalspec.model.vocabulary import AXES_MAX, GRIDS, RELATIONS, TECHNIQUES
from evalspec.stages.resolving.cells import check_cells, review_bill
from evalspec.stages.resolving.expectation import expected_of
from evalspec.stages.resolving.facts import narrowed
from evalspec.stages.resolving.grid import behaviour_of, track_of
from evalspec.stages.resolving.matches import Slice, Slicer, excluded, match_of
from evalspec.stages.resolving.models import BUILTIN, weights_of
from evalspec.stages.resolving.origins import exemplars_of, origin_of
from evalspec.stages.resolving.paths import text_or_path
from evalspec.stages.resolving.places import check_places
from evalspec.stages.resolving.tree import Node, Scope, kind_of
from evalspec.stages.resolving.uses import attacks_of, operators_of, relations_of

COMMON = ("exclude", "from", "kind", "track", "trial", "where")
_CELLS = ("axes", "cells", "exemplars", "generator", "prompt")
KEYS: Mapping[str, tuple[str, ...]] = {
    "seed": (),
    "golden": (),
    "prompted": (*_CELLS, "max_per_cell", "per_cell"),
    "persona": (*_CELLS, "max_per_cell", "per_cell", "personas"),
    "mutation": ("generator", "operators", "parents", "per_parent"),
    "metamorphic": ("generator", "parents", "per_parent", "relations"),
    "redteam": ("attacks", "generator", "hard_negatives", "rotate_after"),
    "document": (*_CELLS, "multi_hop", "per_section", "personas", "unanswerable"),
}
# None: happy, unless a level says edge.
TRACK_OF: Mapping[str, Track | None] = {
    "seed": "wild",
    "golden": "happy",
    "prompted": None,
    "persona": None,
    "document": None,
    "mutation": "edge",
    "metamorphic": "edge",
    "redteam": "adversarial",
}
PER_PARENT = 2  # children of one parent, as 4-lock-and-files.md names it
HARD_NEGATIVES = 0.25  # one benign twin to four attacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What pools stand on: everything that was resolved before them."""

    task: Task
    axes: tuple[Axis, ...]
    personas: tuple[Persona, ...]
    roles: Roles
    slicer: Slicer
    mix: Mix | None


def pool_kinds(scope: Scope, nodes: Mapping[str, Node]) -> dict[str, str]:
    """Return the technique of every pool that has one; the others are reported."""
    found = {}
    for name, node in nodes.items():
        kind = kind_of(scope, name, node, TECHNIQUES, "pool")
        if kind is not None:
            found[name] = kind
    return found


def pools_of(scope: Scope, nodes: Mapping[str, Node], ground: Ground) -> tuple[Pool, ...]:
    """Resolve the pools whose technique is known."""
    return tuple(_pool(scope, name, nodes[name], kind, ground) for name, kind in scope.kinds["pool"].items())


def _pool(scope: Scope, name: str, node: Node, kind: str, ground: Ground) -> Pool:
    scope.only(node, (*COMMON, *KEYS[kind]), f"a {kind} pool")
    task = ground.task
    source = origin_of(scope, name, node, kind)
    axes = _axes(scope, name, node, kind, ground)
    slices, rows = _slices(scope, name, kind, source, axes, ground)
    relations = relations_of(scope, node, slices, rows, task) if kind == "metamorphic" else ()
    operators = operators_of(scope, node, slices, rows) if kind == "mutation" else ()
    asks = any(scope.catalog.get("operator", one).traits["asks"] for use in operators for one in use.kinds)
    varied = kind == "redteam" and node.get("generator") is not None
    is_written = kind in GRIDS or asks or varied or any(RELATIONS[one.kind].written for one in relations)
    prompt, prompt_path = text_or_path(scope, node.get("prompt"))
    trial, per_parent = node.get("trial"), node.whole("per_parent")
    hard_negatives = node.number("hard_negatives")
    pool = Pool(
        name=name,
        kind=cast(Technique, kind),  # one of TECHNIQUES, as kind_of checked
        source=source,
        where=match_of(scope, node.get("where"), slices, of=rows),
        exclude=excluded(scope, node, slices, of=rows),
        track=track_of(node) or TRACK_OF[kind],
        generator=_generator(scope, name, node, kind, ground.roles, is_written=is_written),
        trial=trial is not None and trial.data is True,
        axes=axes,
        cells=tuple(_cell_rule(scope, one, axes, ground) for one in node.items_at("cells")) if kind in GRIDS else (),
        per_cell=node.whole("per_cell"),
        max_per_cell=node.whole("max_per_cell"),
        exemplars=exemplars_of(scope, node, kind, source),
        prompt=prompt,
        prompt_path=prompt_path,
        personas=_personas(scope, node, kind, ground),
        operators=operators,
        relations=relations,
        attacks=attacks_of(scope, node, ground.task) if kind == "redteam" else (),
        per_parent=PER_PARENT if per_parent is None else per_parent,
        parents=cast(Literal["with", "any"], node.text("parents") or "with"),  # the schema lists them
        hard_negatives=HARD_NEGATIVES if hard_negatives is None else hard_negatives,
        rotate_after=int((node.text("rotate_after") or "0d")[:-1]) or None,
        multi_hop=node.number("multi_hop") or 0.0,
        unanswerable=node.number("unanswerable") or 0.0,
        per_section=node.whole("per_section"),
        at=node.key_at,
    )
    cells = check_cells(scope, node, pool, ground.axes, task) if kind in GRIDS else None
    check_places(scope, node, pool, cells, ground.mix)
    return pool


def _axes(scope: Scope, name: str, node: Node, kind: str, ground: Ground) -> tuple[str, ...]:
    if kind not in GRIDS:
        return ()
    given = node.get("axes")
    if given is None:
        known = tuple(axis.name for axis in ground.axes)
        if kind == "document":
            return ()
        if not 1 <= len(known) <= AXES_MAX:
            scope.problems.add(
                "C222",
                f"pool `{name}` does not say which axes it crosses, and the spec has {len(known)}",
                at=node.key_at,
                hint="name two of them, at most three" if known else "declare some under `axes`",
            )
            return ()
        scope.used.setdefault("axis", set()).update(known)
        return known
    if len(given.items()) > AXES_MAX:
        sizes = {axis.name: len(axis.levels) for axis in ground.axes} | {"language": len(ground.task.languages)}
        count = prod(max(sizes.get(one.string, 1), 1) for one in given.items())
        scope.problems.add(
            "C222",
            f"pool `{name}` crosses {len(given.items())} axes, and the most is {AXES_MAX}",
            at=given.at,
            label=f"{count:,} cells",
            notes=[review_bill(count)],
            hint="fold the rest into personas",
        )
    return tuple(
        one.string for one in given.items() if one.string == "language" or scope.refers("axis", one.string, one.at)
    )


def _slices(
    scope: Scope, name: str, kind: str, source: str | None, axes: tuple[str, ...], ground: Ground
) -> tuple[dict[str, Slice], str]:
    """Return what `where` may name, and what it looks at: the cells of a grid, or rows that become cases or parents."""
    if kind in GRIDS:
        return ground.slicer.of_cells(axes), f"cells of `{name}`"
    if kind == "metamorphic" and source is not None and source not in scope.names["source"]:
        parent = scope.root.get("pools")
        node = parent.get(source) if parent else None
        crossed = tuple(one.string for one in node.items_at("axes")) if node and node.get("axes") else ()
        known = crossed or tuple(axis.name for axis in ground.axes)
        return ground.slicer.of_made(known), f"cases of `{source}`"
    return ground.slicer.of_rows(source), f"rows of `{source}`" if source else "rows"


def _generator(
    scope: Scope, name: str, node: Node, kind: str, roles: Roles, *, is_written: bool
) -> tuple[tuple[str, int], ...]:
    given = node.get("generator")
    if given is not None and not is_written and kind in ("mutation", "metamorphic"):
        what = "operators" if kind == "mutation" else "relations"
        scope.inert(given, f"no model writes what its {what} change")
    if not is_written:
        return ()
    found = weights_of(scope, given) or roles.generator
    if not found:
        scope.problems.add(
            "C225",
            f"no model writes pool `{name}`",
            at=node.key_at,
            hint="name one under `roles.generator`; `builtin/grammar` needs no key and no network",
        )
    for alias, _ in found if kind in ("mutation", "redteam") else ():
        models = scope.root.get("models")
        entry = models.get(alias) if models is not None else None
        model = entry.text("model") if entry is not None else None
        if model is not None and model.startswith(BUILTIN):
            scope.problems.add(
                "C225",
                f"pool `{name}` needs a model that rewrites, and `{model}` only writes by its grammar",
                at=given.at if given is not None else node.key_at,
                hint="give the pool a `generator` that is a live model",
            )
    return found


def _personas(scope: Scope, node: Node, kind: str, ground: Ground) -> tuple[str, ...]:
    if kind not in ("persona", "document"):
        return ()
    if node.get("personas") is None and kind == "persona":
        known = tuple(one.name for one in ground.personas)
        scope.used.setdefault("persona", set()).update(known)
        if not known:
            scope.problems.add("C209", "the spec declares no `personas`", at=node.key_at, hint="describe one or more")
        return known
    return tuple(one.string for one in node.items_at("personas") if scope.refers("persona", one.string, one.at))


def _cell_rule(scope: Scope, node: Node, axes: tuple[str, ...], ground: Ground) -> CellRule:
    slices = ground.slicer.of_cells(axes)
    return CellRule(
        where=match_of(scope, node.get("where"), slices, of="cells of this pool"),
        expected=expected_of(scope, node.get("expected"), ground.task),
        behaviour=behaviour_of(node),
        facts=narrowed(scope, node.get("facts"), ground.task),
        track=track_of(node),
        per_cell=node.whole("per_cell"),
        at=node.at,
    )
