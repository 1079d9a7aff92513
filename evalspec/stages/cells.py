"""Cells of a pool's grid, less what is excluded, with everything that levels and cell rules settle for them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from evalspec.model.plan import Cell
from evalspec.model.spec import CellRule, Expected, Level, Match, Pool, Spec, Track

LANGUAGE_AXIS = "language"


def axis_levels(spec: Spec, name: str, languages: Sequence[str]) -> tuple[Level, ...]:
    """Return the levels of an axis; `language` is always there and its levels are the languages of the set."""
    if name == LANGUAGE_AXIS:
        return tuple(Level(name=tag) for tag in languages)
    return spec.axis(name).levels


def cells_of(spec: Spec, pool: Pool, languages: Sequence[str]) -> tuple[Cell, ...]:
    """Return the cells of a pool in the order of its axes and their levels."""
    columns = [axis_levels(spec, name, languages) for name in pool.axes]
    cells = []
    for combination in itertools.product(*columns):
        levels = tuple(zip(pool.axes, (level.name for level in combination), strict=True))
        if matches_levels(dict(levels), pool.where) and not any(
            matches_levels(dict(levels), one) for one in pool.exclude
        ):
            cells.append(_settle(pool, levels, combination))
    return tuple(cells)


def matches_levels(levels: Mapping[str, str], match: Match) -> bool:
    """Return True when every slice of the match is one of these levels; a slice that no axis names does not match."""
    return all(levels.get(name) in values for name, values in match)


def rule_of(pool: Pool, levels: Mapping[str, str]) -> tuple[CellRule, ...]:
    """Return the cell rules that apply, in the order of the spec; a later one wins."""
    return tuple(rule for rule in pool.cells if matches_levels(levels, rule.where))


def owed_more(pool: Pool, cell: Cell) -> int:
    """Return how many accepted cases the spec asks for in this cell beyond its share, or 0."""
    asked = [rule.per_cell for rule in rule_of(pool, dict(cell.levels)) if rule.per_cell is not None]
    return asked[-1] if asked else (pool.per_cell or 0)


def _settle(pool: Pool, levels: tuple[tuple[str, str], ...], combination: Sequence[Level]) -> Cell:
    expected: Expected | None = None
    expected_by: str | None = None
    behaviour = "answer"
    track: Track = "happy"
    facts: dict[str, tuple[object, ...]] = {}
    for level in combination:
        if level.expected is not None:
            expected, expected_by = _merge(expected, level.expected), f"rule:{level.name}"
        behaviour = level.behaviour or behaviour
        track = level.track or track
        facts |= dict(level.facts)
    cell_id = ".".join(name.lower() for _, name in levels)  # of all levels only language tags have capitals
    for rule in rule_of(pool, dict(levels)):
        if rule.expected is not None:
            expected, expected_by = _merge(expected, rule.expected), f"rule:{cell_id}"
        behaviour = rule.behaviour or behaviour
        track = rule.track or track
        facts |= dict(rule.facts)
    return Cell(
        id=cell_id,
        levels=levels,
        expected=expected,
        expected_by=expected_by,
        behaviour=behaviour,  # type: ignore[arg-type]  # only values of the closed set come in
        facts=tuple(sorted(facts.items())),
        track=pool.track or track,
    )


def _merge(before: Expected | None, given: Expected) -> Expected:
    """Lay a later rule's parts over an earlier one's; a bare label replaces."""
    if isinstance(given, str) or before is None or isinstance(before, str):
        return given
    return {**before, **given}
