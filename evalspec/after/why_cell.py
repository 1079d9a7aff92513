"""A cell, or another stratum, to what it owes, what it holds, what was dropped there and which real rows it has."""

from __future__ import annotations

from dataclasses import replace

from evalspec.after.why_ground import Ground
from evalspec.after.why_lines import cell_lines, lines_of
from evalspec.model.plan import Stratum
from evalspec.model.slices import matches, seed_matches
from evalspec.model.spec import Match
from evalspec.model.why import CellWhy, Shown, SpecLine, StratumWhy


def strata_named(ground: Ground, name: str) -> tuple[Stratum, ...]:
    """Return the strata called `name`: `POOL.STRATUM`, or a stratum's own name in whatever pools have it.

    In a pool with voices, `VOICE.CELL` is the part of a cell's stratum that is written in that voice.
    """
    strata = ground.done.plan.strata if ground.done.plan else ()
    for among in (strata, tuple(part for one in strata for part in _in_voices(one))):
        exact = tuple(one for one in among if f"{one.pool}.{one.name}" == name)
        if found := exact or tuple(one for one in among if one.name == name):
            return found
    return ()


def _in_voices(stratum: Stratum) -> tuple[Stratum, ...]:
    voices = sorted({slot.persona for slot in stratum.slots if slot.persona})
    return tuple(
        replace(
            stratum,
            name=f"{voice}.{stratum.name}",
            slots=tuple(slot for slot in stratum.slots if slot.persona == voice),
        )
        for voice in voices
    )


def known_names(ground: Ground) -> frozenset[str]:
    """Return all that may be asked about: planned candidates, what the lock holds, cells with and without pool."""
    plan, lock = ground.done.plan, ground.lock
    names = set(plan.slots_by_id) if plan else set()
    for stratum in plan.strata if plan else ():
        for one in (stratum, *_in_voices(stratum)):
            names |= {one.name, f"{one.pool}.{one.name}"}
    for record in (*lock.cases, *lock.drops) if lock else ():
        names.add(str(record.get("id")))
    names |= {decision.case for decision in ground.done.inputs.ledger.decisions}
    return frozenset(names)


def why_cell(ground: Ground, name: str) -> CellWhy:
    """Return what stands in the strata of that name; a bare cell also counts the cases that other pools have there."""
    strata = strata_named(ground, name)
    spec = ground.done.spec
    cell = next((slot.cell for one in strata for slot in one.slots if slot.cell), None)
    levels = cell.levels if cell else ()
    match: Match = tuple((axis, (level,)) for axis, level in levels)
    rows = [_stratum(ground, one) for one in strata]
    is_bare = not any(f"{one.pool}.{one.name}" == name for one in strata)
    voices = {voice for one in strata if (voice := _voice(one))}
    if match and is_bare and not voices:
        rows += _elsewhere(ground, match, {one.pool for one in strata})
    lines: list[SpecLine] = []
    for one in strata:
        found = cell_lines(spec, spec.pool(one.pool), dict(levels)) if levels else _lines(ground, one)
        lines += [line for line in found if line not in lines]
    for persona in (spec.persona(voice) for voice in sorted(voices)):
        lines.append(SpecLine(what="persona", name=persona.name, said=persona.description, at=persona.at))
    production = {source.name for source in spec.sources_of("production")}
    seeds = [seed for name in sorted(ground.done.inputs.seeds) for seed in ground.done.inputs.seeds[name]]
    return CellWhy(
        name=name,
        levels=levels,
        expected=cell.expected if cell else None,
        expected_by=cell.expected_by if cell else None,
        lines=tuple(lines),
        strata=tuple(rows),
        seeds=tuple(
            Shown(part="seed", id=seed.key, input=seed.input, expected=seed.expected)
            for seed in seeds
            if match and seed.source in production and seed_matches(seed, match)
        ),
    )


def _voice(stratum: Stratum) -> str | None:
    """Return the voice that a part of a cell's stratum is written in; None for a whole one."""
    voice = stratum.slots[0].persona if stratum.slots else None
    return voice if voice and stratum.name == f"{voice}.{stratum.slots[0].stratum}" else None


def _lines(ground: Ground, stratum: Stratum) -> tuple[SpecLine, ...]:
    return lines_of(ground.done.spec, stratum.slots[0]) if stratum.slots else ()


def _stratum(ground: Ground, stratum: Stratum) -> StratumWhy:
    done, ids = ground.done, {slot.id for slot in stratum.slots}
    dropped: dict[str, list[str]] = {}
    for drop in done.drops:
        if drop.id in ids:
            dropped.setdefault(f"{drop.stage}/{drop.reason}", []).append(drop.id)
    return StratumWhy(
        pool=stratum.pool,
        name=stratum.name,
        voice=_voice(stratum),
        places=stratum.places,
        owed=stratum.owed,
        budget=stratum.budget,
        cases=tuple(one.id for one in (done.evalset.cases if done.evalset else ()) if one.id in ids),
        spares=tuple(one.id for one in (done.evalset.spares if done.evalset else ()) if one.id in ids),
        waiting=tuple(sorted(ids & done.waiting.keys())),
        dropped={reason: tuple(sorted(dropped[reason])) for reason in sorted(dropped)},
    )


def _elsewhere(ground: Ground, match: Match, pools: set[str]) -> list[StratumWhy]:
    """Find the cases that are in the cell by their own columns or their parent's, in pools without a grid."""
    found: dict[str, list[str]] = {}
    for case in ground.done.evalset.cases if ground.done.evalset else ():
        if case.pool not in pools and matches(case.candidate, match):
            found.setdefault(case.pool, []).append(case.id)
    return [
        StratumWhy(pool=pool, name="", places=None, owed=None, budget=None, cases=tuple(sorted(found[pool])))
        for pool in sorted(found)
    ]
