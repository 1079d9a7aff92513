"""Slots of mutation pools: each parent takes part in `per_parent` operators, chosen by rendezvous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalspec.digests import digest, keyed_hash
from evalspec.model.case import Seed
from evalspec.model.plan import Slot, Stratum
from evalspec.model.slices import seed_matches
from evalspec.model.spec import Fact, OperatorUse, Pool, Spec
from evalspec.registry import Catalog
from evalspec.stages.expanding.allot import evenly, standing
from evalspec.stages.expanding.writers import model_key, pick_generator
from evalspec.stats.rendezvous import Urn, urn


def mutation_strata(
    spec: Spec,
    pool: Pool,
    owed: int,
    rows: Sequence[Seed],
    seeds: Mapping[str, tuple[Seed, ...]],
    catalog: Catalog,
) -> list[Stratum]:
    """Return one stratum an operator.

    A parent's `per_parent` places go to the operators that hash lowest with it; its other operators stand behind
    them and are opened only when an operator runs out, so that editing one operator moves no other's parents.
    """
    partners = _partners(pool, rows, catalog)
    ways = {use.name: _way(spec, use, catalog) for use in pool.operators}
    by_key = {seed.key: seed for seed in rows}
    planned: dict[str, list[Slot]] = {use.name: [] for use in pool.operators}
    for parent in rows:
        usable = [use for use in pool.operators if _applies(use, parent, spec, catalog)]
        for place, (use, ordinal) in enumerate(_preference(pool, usable, parent)):
            tier = 0 if place < pool.per_parent else 1
            parent_id = real_id(spec, parent)
            planned[use.name].append(
                _slot(spec, pool, ways[use.name], ordinal, tier, parent, parent_id, partners, by_key)
            )
    shares = evenly(owed, {name: len(slots) for name, slots in planned.items()})
    return [
        Stratum(
            pool=pool.name,
            name=use.name,
            places=shares[use.name],
            owed=shares[use.name],
            budget=len(planned[use.name]),
            slots=tuple(sorted(planned[use.name], key=standing)),
        )
        for use in pool.operators
    ]


def real_id(spec: Spec, row: Seed) -> str:
    """Return the id of the case that stands for a production row: of the first seed pool that may take it."""
    takers = (
        pool.name
        for pool in spec.pools
        if pool.kind == "seed"
        and pool.source == row.source
        and seed_matches(row, pool.where)
        and not any(seed_matches(row, one) for one in pool.exclude)
    )
    return f"{next(takers, 'seed')}.{row.key}"


def _preference(pool: Pool, usable: Sequence[OperatorUse], parent: Seed) -> list[tuple[OperatorUse, int]]:
    ordered = sorted(usable, key=lambda use: keyed_hash(f"operator/{pool.name}/{use.name}", parent.digest))
    return [(use, ordinal) for ordinal in range(1, pool.per_parent + 1) for use in ordered]


def _applies(use: OperatorUse, parent: Seed, spec: Spec, catalog: Catalog) -> bool:
    if not seed_matches(parent, use.where):
        return False
    if any(seed_matches(parent, one) for one in use.exclude):
        return False
    primary = parent.language.split("-")[0].lower()
    return all(
        primary in known or parent.language in known if known else primary != "code"
        for known in (catalog.get("operator", kind).traits["languages"] for kind in use.kinds)
    )


def _partners(pool: Pool, rows: Sequence[Seed], catalog: Catalog) -> Urn:
    wanted = any("partner" in catalog.get("operator", kind).supplied for use in pool.operators for kind in use.kinds)
    return urn([(seed.key, seed.digest) for seed in rows]) if wanted else urn(())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What an operator's slots have in common, whatever their parent."""

    name: str
    pairs: bool  # a partner is wanted
    asks: bool  # a model writes
    named: Mapping[str, object]  # what of it goes into a slot's key


def _way(spec: Spec, use: OperatorUse, catalog: Catalog) -> _Way:
    members = [catalog.get("operator", kind) for kind in use.kinds]
    takes_terms = any("terms" in member.supplied for member in members)
    return _Way(
        name=use.name,
        pairs=any("partner" in member.supplied for member in members),
        asks=any(member.traits["asks"] for member in members),
        named={
            "random_state": spec.random_state,
            "operators": [member.tag for member in members],
            "options": dict(use.options),
            "terms": [list(words) for _, words in spec.task.key_terms] if takes_terms else None,
            "patterns": _protected(spec.task.facts),
        },
    )


def _slot(
    spec: Spec,
    pool: Pool,
    way: _Way,
    ordinal: int,
    tier: int,
    parent: Seed,
    parent_id: str,
    partners: Urn,
    by_key: Mapping[str, Seed],
) -> Slot:
    slot_id = f"{pool.name}.{way.name}.{parent.key}.{ordinal}"
    partner = None
    if way.pairs:
        found = [key for key in partners.pick(slot_id, 2) if key != parent.key]
        partner = by_key[found[0]] if found else None
    generator = pick_generator(slot_id, pool.generator) if way.asks else None
    key = digest(
        {
            **way.named,
            "slot": slot_id,
            "parent": parent.digest,
            "partner": partner.digest if partner else None,
            **({"model": model_key(spec, generator)} if generator else {}),
        }
    )
    return Slot(
        id=slot_id,
        pool=pool.name,
        technique="mutation",
        stratum=way.name,
        ordinal=ordinal,
        tier=tier,
        key=key,
        language=parent.language,
        operator=way.name,
        parent=parent,
        parent_id=parent_id,
        partner=partner,
        generator=generator,
    )


def _protected(facts: Sequence[Fact]) -> list[str]:
    """Return what no operator may touch: patterns, then the words that state a fact."""
    patterns = sorted(fact.pattern for fact in facts if fact.pattern)
    return patterns + sorted(
        {form for fact in facts for value, forms in fact.values for form in (value, *forms)}
        | {word for fact in facts for word in fact.absent}
    )
