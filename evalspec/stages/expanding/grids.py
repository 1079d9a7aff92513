"""Slots of the pools that fill a grid: prompted, and persona with voices that take turns inside a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from evalspec.digests import digest, keyed_hash
from evalspec.model.case import Seed
from evalspec.model.plan import Cell, Slot, Stratum
from evalspec.model.slices import seed_slice_values
from evalspec.model.spec import Fact, Pool, Spec
from evalspec.stages.cells import LANGUAGE_AXIS, cells_of, owed_more
from evalspec.stages.expanding.allot import evenly
from evalspec.stages.expanding.languages import language_of
from evalspec.stages.expanding.writers import model_key, pick_generator
from evalspec.stats.rendezvous import Urn, urn
from evalspec.stream import Stream

MAX_PER_CELL = 3  # candidates a cell may spend for each case it owes
FACT_DECIMALS = 6  # a range with finer ends is drawn from without steps
GENERATED_TURNS = 5  # the longest generated conversation where there is no seed to take the length from


def grid_strata(
    spec: Spec,
    pool: Pool,
    owed: int,
    seeds: Mapping[str, tuple[Seed, ...]],
    languages: Sequence[tuple[str, int]],
) -> list[Stratum]:
    """Return one stratum a cell, its slots by ordinal; personas share a cell's ordinals."""
    cells = cells_of(spec, pool, [tag for tag, _ in languages])
    shares = evenly(owed, {cell.id: owed for cell in cells})
    source = pool.exemplars.source or _production_name(spec)
    shown = {seed.key: seed for seed in seeds.get(source or "", ())}
    everyone = urn([(seed.key, seed.digest) for seed in shown.values()])
    urns: dict[str, Urn] = {}
    strata = []
    for cell in cells:
        places = max(shares[cell.id], owed_more(pool, cell))
        budget = pool.max_per_cell if pool.max_per_cell is not None else MAX_PER_CELL * places
        held = [seed for seed in shown.values() if _holds(seed, cell, spec)]
        urn_name = _urn_name(held, cell, pool)
        if urn_name not in urns:
            urns[urn_name] = _exemplar_urn(held, shown, cell, pool, everyone)
        strata.append(
            Stratum(
                pool=pool.name,
                name=cell.id,
                places=shares[cell.id],
                owed=places,
                budget=budget,
                slots=tuple(_slots(spec, pool, cell, budget, urns[urn_name], everyone, shown, languages)),
                held=len(held),
            )
        )
    return strata


def _holds(seed: Seed, cell: Cell, spec: Spec) -> bool:
    """Return True when the row's own columns place it in this cell; a column with an axis's name is that axis."""
    return all(level in seed_slice_values(seed, axis) for axis, level in cell.levels)


def _urn_name(held: Sequence[Seed], cell: Cell, pool: Pool) -> str:
    return cell.id if len(held) >= pool.exemplars.count > 0 else f"expected:{digest(cell.expected)}"


def _exemplar_urn(held: Sequence[Seed], shown: Mapping[str, Seed], cell: Cell, pool: Pool, everyone: Urn) -> Urn:
    """Draw from the rows of this cell when there are enough, else from those with its label, else from all."""
    if pool.exemplars.count == 0:
        return urn(())
    same_label = [seed for seed in shown.values() if cell.expected is not None and seed.expected == cell.expected]
    for rows in (held, same_label):
        if len(rows) >= pool.exemplars.count:
            return urn([(seed.key, seed.digest) for seed in rows])
    return everyone


def _slots(
    spec: Spec,
    pool: Pool,
    cell: Cell,
    budget: int,
    drawn_from: Urn,
    everyone: Urn,
    shown: Mapping[str, Seed],
    languages: Sequence[tuple[str, int]],
) -> list[Slot]:
    voices: tuple[str | None, ...] = pool.personas or (None,)
    planned = []
    for ordinal in range(1, -(-budget // len(voices)) + 1):
        for voice in voices:
            name = f"{voice}.{cell.id}" if voice else cell.id
            planned.append((ordinal, voice, f"{pool.name}.{name}.{ordinal:02d}"))
    planned.sort(key=lambda one: (one[0], keyed_hash("standing", one[2])))
    return [
        _slot(spec, pool, cell, slot_id, ordinal, voice, drawn_from, everyone, shown, languages)
        for ordinal, voice, slot_id in planned[:budget]
    ]


def _slot(
    spec: Spec,
    pool: Pool,
    cell: Cell,
    slot_id: str,
    ordinal: int,
    voice: str | None,
    drawn_from: Urn,
    everyone: Urn,
    shown: Mapping[str, Seed],
    languages: Sequence[tuple[str, int]],
) -> Slot:
    levels = dict(cell.levels)
    language = levels.get(LANGUAGE_AXIS) or language_of(slot_id, languages)
    exemplars = tuple(shown[key] for key in drawn_from.pick(slot_id, pool.exemplars.count))
    generator = pick_generator(slot_id, pool.generator or spec.roles.generator)
    facts = draw_facts(spec, cell, slot_id)
    turns = _turns(spec, slot_id, shown, everyone)
    persona = spec.persona(voice) if voice else None
    key = digest(
        {
            "random_state": spec.random_state,
            "slot": slot_id,
            "technique": pool.kind,
            "prompt": pool.prompt,
            "task": [spec.task.turns, spec.task.instructions],
            "cell": [
                [axis, level, spec.described(axis, level) if axis != LANGUAGE_AXIS else None]
                for axis, level in cell.levels
            ],
            "expected": cell.expected,
            "behaviour": cell.behaviour,
            "facts": facts | _forms(spec, facts),
            "persona": [persona.name, persona.description, list(persona.style)] if persona else None,
            "language": language,
            "exemplars": [seed.digest for seed in exemplars],
            "turns": turns,
            "model": model_key(spec, generator),
        }
    )
    return Slot(
        id=slot_id,
        pool=pool.name,
        technique=pool.kind,
        stratum=cell.id,
        ordinal=ordinal,
        key=key,
        language=language,
        cell=cell,
        persona=voice,
        exemplars=exemplars,
        facts=facts,
        generator=generator,
        turns=turns,
    )


def _forms(spec: Spec, facts: Mapping[str, object]) -> dict[str, object]:
    """Return the words that may state the drawn values, where the spec lists any."""
    declared = {fact.name: dict(fact.values) for fact in spec.task.facts}
    found = {f"{name}/forms": list(declared[name].get(str(value), ())) for name, value in facts.items()}
    return {name: forms for name, forms in found.items() if forms}


def draw_facts(spec: Spec, cell: Cell, slot_id: str) -> dict[str, object]:
    """Draw a value for each fact that the cell narrows; a range of whole numbers gives a whole number."""
    declared = {fact.name: fact for fact in spec.task.facts}
    return {name: _draw(declared[name], given, f"{spec.random_state}/{slot_id}/{name}") for name, given in cell.facts}


def _draw(fact: Fact, given: tuple[object, ...], key: str) -> object:
    rng = Stream("fact", key)
    if fact.range is not None and len(given) == 2:
        low, high = Fraction(str(given[0])), Fraction(str(given[1]))
        # As many decimals as the ends have, so that no rounding leaves the range.
        scale = next((10**digits for digits in range(FACT_DECIMALS + 1) if _are_whole(low, high, 10**digits)), None)
        if scale is None:
            return float(low + (high - low) * Fraction(rng.unit()))
        drawn = rng.between(int(low * scale), int(high * scale))
        return drawn if scale == 1 else drawn / scale
    return rng.choice(given)


def _are_whole(low: Fraction, high: Fraction, scale: int) -> bool:
    return (low * scale).denominator == 1 and (high * scale).denominator == 1


def _turns(spec: Spec, slot_id: str, shown: Mapping[str, Seed], everyone: Urn) -> int:
    if spec.task.turns == "single":
        return 1
    drawn = everyone.pick(f"turns/{slot_id}", 1)
    if drawn:
        value = shown[drawn[0]].input
        return 1 if isinstance(value, str) else len(value)
    return 1 + Stream("turns", slot_id).below(GENERATED_TURNS)


def _production_name(spec: Spec) -> str | None:
    found = spec.sources_of("production")
    return found[0].name if found else None
