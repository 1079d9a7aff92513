"""Cells of a pool before anything is made: how many, which rules settle them, and where two levels disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from math import prod

from evalspec.diagnostics import Note, Span
from evalspec.model.defaults import REVIEW_MINUTES
from evalspec.model.spec import Axis, CellRule, Level, Match, Pool, Task
from evalspec.model.vocabulary import CELLS_MAX
from evalspec.stages.resolving.expectation import expected_parts
from evalspec.stages.resolving.tree import Node, Scope

Combination = Mapping[str, str]


def levels_by_axis(pool: Pool, axes: tuple[Axis, ...], task: Task) -> dict[str, tuple[Level, ...]] | None:
    """Return the levels that a pool crosses; None when only the seeds know the languages."""
    known = {axis.name: axis.levels for axis in axes}
    if task.languages:
        known["language"] = tuple(Level(name=tag) for tag in task.languages)
    return {name: known[name] for name in pool.axes} if all(name in known for name in pool.axes) else None


def combinations_of(pool: Pool, levels: Mapping[str, tuple[Level, ...]]) -> Iterator[Combination]:
    """Yield the cells that `where` keeps and `exclude` does not leave out."""
    for chosen in product(*(levels[axis] for axis in pool.axes)):
        cell = {axis: level.name for axis, level in zip(pool.axes, chosen, strict=True)}
        if keeps(pool.where, cell) and not any(leaves_out(match, cell) for match in pool.exclude):
            yield cell


def review_bill(cells: int) -> str:
    """Say what people would have to read if every cell had one case."""
    hours = cells * REVIEW_MINUTES / 60
    return f"one case a cell would be {cells:,} cases and {hours:,.1f} hours of review ({REVIEW_MINUTES} minutes each)"


def keeps(match: Match, cell: Combination) -> bool:
    """Return True unless an axis of the cell has another level; what only a case can tell is settled later."""
    return all(cell[name] in values for name, values in match if name in cell)


def leaves_out(match: Match, cell: Combination) -> bool:
    """Return True when every slice of the match is an axis of the cell, at that level."""
    return bool(match) and all(name in cell and cell[name] in values for name, values in match)


def check_cells(scope: Scope, node: Node, pool: Pool, axes: tuple[Axis, ...], task: Task) -> int | None:
    """Report cells that nobody settles and rules that settle none; return the number of cells when it is known."""
    levels = levels_by_axis(pool, axes, task)
    if levels is None or not pool.axes:
        return None
    sizes = [len(one) for one in levels.values()]
    count = prod(sizes)
    if count > CELLS_MAX:
        scope.problems.add(
            "C222",
            f"pool `{pool.name}` has {_times(sizes)} = {count:,} cells, and the most is {CELLS_MAX:,}",
            at=node.key_at,
            notes=[review_bill(count)],
            hint="fold levels into personas, or leave cells out with `exclude`",
        )
        return None
    cells = list(combinations_of(pool, levels))
    if not cells:
        scope.problems.add("C232", f"`where` and `exclude` leave pool `{pool.name}` no cell", at=node.key_at)
    for rule in pool.cells:
        if cells and not any(keeps(rule.where, cell) for cell in cells):
            scope.problems.add(
                "C232", f"no cell of pool `{pool.name}` is the one that this settles", at=rule.at, label="left out"
            )
    _check_clashes(scope, node, pool, levels, cells)
    return len(cells)


def _check_clashes(
    scope: Scope, node: Node, pool: Pool, levels: Mapping[str, tuple[Level, ...]], cells: list[Combination]
) -> None:
    by_name = {axis: {level.name: level for level in of_axis} for axis, of_axis in levels.items()}
    for one, other in combinations(pool.axes, 2):
        clashing: dict[str, list[Combination]] = {}
        for cell in cells:
            left, right = by_name[one][cell[one]], by_name[other][cell[other]]
            for what in _given_by_both(left, right):
                if not any(keeps(rule.where, cell) and what in _settled(rule) for rule in pool.cells):
                    clashing.setdefault(what, []).append(cell)
        for what, found in sorted(clashing.items()):
            example = ", ".join(f"{axis}: {level}" for axis, level in found[0].items())
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            places = [
                Note(message=f"`{axis}` gives it here", span=_level_place(scope, axis, found[0][axis]))
                for axis in (one, other)
            ]
            scope.problems.add(
                "C212",
                f"axes `{one}` and `{other}` both give {what} in cell {{{example}}}{more}",
                at=node.key_at,
                notes=places,
                hint=f"settle it: `cells: [{{where: {{{example}}}, ...}}]`",
            )


def _times(sizes: list[int]) -> str:
    return " x ".join(str(size) for size in sizes)


def _given_by_both(one: Level, other: Level) -> list[str]:
    found = [f"part `{part}`" for part in expected_parts(one.expected) if part in expected_parts(other.expected)]
    found += [f"fact `{fact}`" for fact, _ in one.facts if fact in dict(other.facts)]
    if one.behaviour and other.behaviour and one.behaviour != other.behaviour:
        found.append("the behaviour")
    return found


def _settled(rule: CellRule) -> set[str]:
    found = {f"part `{part}`" for part in expected_parts(rule.expected)} | {f"fact `{fact}`" for fact, _ in rule.facts}
    return found | ({"the behaviour"} if rule.behaviour else set())


def _level_place(scope: Scope, axis: str, level: str) -> Span | None:
    return scope.root.document.key_span(("axes", axis, level))
