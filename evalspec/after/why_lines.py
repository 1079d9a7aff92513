"""A slot to the places of the spec that decided it: pool, cell, levels, rule, operator, attack, voice, model."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.model.plan import Slot
from evalspec.model.spec import Expected, Pool, Spec
from evalspec.model.why import SpecLine
from evalspec.stages.cells import rule_of
from evalspec.text.json_text import json_line


def lines_of(spec: Spec, slot: Slot) -> tuple[SpecLine, ...]:
    """Return the lines of the spec that a candidate comes from, the pool first."""
    pool = spec.pool(slot.pool)
    found = [SpecLine(what="pool", name=pool.name, said=pool.kind, at=pool.at)]
    if slot.technique in ("seed", "golden") or slot.operator:
        found += _source_lines(spec, slot.parent.source if slot.parent else pool.source)
    found += [line for axis, level in (slot.cell.levels if slot.cell else ()) for line in _level(spec, axis, level)]
    found += _rules(pool, dict(slot.cell.levels) if slot.cell else {})
    found += [
        SpecLine(what="operator", name=one.name, said=" + ".join(one.kinds), at=one.at)
        for one in pool.operators
        if one.name == slot.operator
    ]
    found += [
        SpecLine(what="attack", name=one.name, said=one.kind, at=one.at)
        for one in pool.attacks
        if one.name == slot.attack
    ]
    if slot.persona:
        persona = spec.persona(slot.persona)
        found.append(SpecLine(what="persona", name=persona.name, said=persona.description, at=persona.at))
    if slot.generator:
        model = spec.model(slot.generator)
        found.append(SpecLine(what="model", name=model.alias, said=model.model, at=model.at))
    return (*found, SpecLine(what="mix", name=f"{dict(spec.mix.counts).get(pool.name, 0)} cases", at=spec.mix.at))


def cell_lines(spec: Spec, pool: Pool, levels: Mapping[str, str]) -> tuple[SpecLine, ...]:
    """Return the lines of the spec that settle a cell of a pool."""
    found = [SpecLine(what="pool", name=pool.name, said=pool.kind, at=pool.at)]
    found += [line for axis, level in levels.items() for line in _level(spec, axis, level)]
    return (*found, *_rules(pool, levels))


def expected_words(expected: Expected | None) -> str:
    """Spell what is expected in one line."""
    if expected is None:
        return "nothing"
    return expected if isinstance(expected, str) else json_line(dict(expected))


def _level(spec: Spec, axis: str, level: str) -> list[SpecLine]:
    """A language is a level that no axis declares."""
    levels = next((one.levels for one in spec.axes if one.name == axis), ())
    return [
        SpecLine(
            what="level",
            name=f"{axis} {level}",
            said="; ".join(
                part
                for part in (one.description, f"expects {expected_words(one.expected)}" if one.expected else None)
                if part
            ),
            at=one.at,
        )
        for one in levels
        if one.name == level
    ]


def _rules(pool: Pool, levels: Mapping[str, str]) -> list[SpecLine]:
    if not levels:
        return []
    found = []
    for rule in rule_of(pool, levels):
        name = ", ".join(f"{slice_name} {'|'.join(values)}" for slice_name, values in rule.where) or "every cell"
        parts = [f"expects {expected_words(rule.expected)}"] if rule.expected is not None else []
        parts += [f"{word} {value}" for word, value in (("behaviour", rule.behaviour), ("track", rule.track)) if value]
        parts += [f"at least {rule.per_cell} cases"] if rule.per_cell is not None else []
        parts += [f"states {', '.join(fact for fact, _ in rule.facts)}"] if rule.facts else []
        found.append(SpecLine(what="cell rule", name=name, said="; ".join(parts), at=rule.at))
    return found


def _source_lines(spec: Spec, name: str | None) -> list[SpecLine]:
    return [
        SpecLine(what="source", name=one.name, said=one.kind, at=one.at) for one in spec.sources if one.name == name
    ]
