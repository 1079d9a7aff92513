"""Spec and seeds to a plan: cells, what each stratum owes, and every slot with its id and key, before anything is made.

Nothing is drawn by index: a slot's exemplars, partner, parent and facts hang on the slot's id and the digests of the
items themselves, so an edit elsewhere changes no key here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from evalspec.digests import keyed_hash
from evalspec.model.case import Seed
from evalspec.model.plan import Plan, Slot, Stratum
from evalspec.model.slices import seed_matches, seed_slice_values
from evalspec.model.spec import Pool, Spec
from evalspec.registry import Catalog
from evalspec.stages.expanding.allot import evenly, in_proportion
from evalspec.stages.expanding.children import mutation_strata
from evalspec.stages.expanding.grids import grid_strata
from evalspec.stages.expanding.hostile import redteam_strata
from evalspec.stages.expanding.languages import language_weights
from evalspec.stages.readers import readers_drawn


def expand(spec: Spec, seeds: Mapping[str, tuple[Seed, ...]], catalog: Catalog, decided: frozenset[str]) -> Plan:
    """Lay out every slot that a build of this spec may open.

    `seeds` maps a production or golden source to its rows. `decided` are the case ids that the ledger names: a row
    without a label is a slot once people have decided about it.
    """
    languages = language_weights(spec, seeds)
    strata: list[Stratum] = []
    for pool in spec.pools:
        owed = dict(spec.mix.counts).get(pool.name, 0)
        if owed == 0 and not pool.trial:
            continue
        strata.extend(_strata(spec, pool, owed, seeds, catalog, languages, decided))
    slots = {slot.id: slot for stratum in strata for slot in stratum.slots}
    items = sum(_readers(slot, spec, catalog) for slot in _undropped(spec, strata))
    return Plan(
        strata=tuple(strata),
        slots_by_id=slots,
        review_items=items,
        languages=languages,
    )


def _undropped(spec: Spec, strata: Sequence[Stratum]) -> Iterator[Slot]:
    """Yield the slots that a build opens when it drops nothing: children of rows in the set, as many as are owed."""
    present: set[str] = set()
    children: Counter[tuple[str, str]] = Counter()
    for stratum in sorted(strata, key=lambda one: spec.pool(one.pool).kind not in ("seed", "golden")):
        pool = spec.pool(stratum.pool)
        left = stratum.owed
        for slot in stratum.slots:
            if left == 0:
                break
            family = (slot.pool, slot.parent_id or "")
            if pool.kind == "mutation" and (
                (pool.parents == "with" and slot.parent_id not in present) or children[family] >= pool.per_parent
            ):
                continue
            children[family] += 1
            present.add(slot.id)
            left -= 1
            yield slot


def _readers(slot: Slot, spec: Spec, catalog: Catalog) -> int:
    """Return how many people must read what a slot becomes, if it is not dropped."""
    share = dict(spec.review.require).get(slot.pool, 0.0)
    if slot.operator is not None:
        use = next(one for one in spec.pool(slot.pool).operators if one.name == slot.operator)
        if any(catalog.get("operator", kind).traits["relation"] == "reviewed" for kind in use.kinds):
            share = 1.0  # the label is only proposed
    expected = slot.cell.expected if slot.cell else slot.parent.expected if slot.parent else None
    return readers_drawn(slot.id, share, expected, spec)


def _strata(
    spec: Spec,
    pool: Pool,
    owed: int,
    seeds: Mapping[str, tuple[Seed, ...]],
    catalog: Catalog,
    languages: Sequence[tuple[str, int]],
    decided: frozenset[str],
) -> list[Stratum]:
    rows = tuple(seed for seed in seeds.get(pool.source or "", ()) if allowed(seed, pool, spec))
    if pool.kind in ("seed", "golden"):
        return source_strata(spec, pool, owed, rows, decided)
    if pool.kind == "mutation":
        return mutation_strata(spec, pool, owed, rows, seeds, catalog)
    if pool.kind == "redteam":
        if pool.source is None:
            rows = tuple(seed for seed in _production(spec, seeds) if allowed(seed, pool, spec))
        return redteam_strata(spec, pool, owed, rows)
    return grid_strata(spec, pool, owed, seeds, languages)


def allowed(seed: Seed, pool: Pool, spec: Spec) -> bool:
    """Return True when the pool's `where` keeps the row and no `exclude` leaves it out."""
    return seed_matches(seed, pool.where) and not any(seed_matches(seed, one) for one in pool.exclude)


def is_labelled(seed: Seed, spec: Spec) -> bool:
    """Return True when the row says what is expected, or nothing is, or no answer is the right behaviour."""
    return not spec.task.expected or seed.expected is not None or seed.behaviour != "answer"


def seed_id(pool: Pool, seed: Seed) -> str:
    """Return the case id of a row in a seed or golden pool."""
    return f"{pool.name}.{seed.key}"


def source_strata(spec: Spec, pool: Pool, owed: int, rows: Sequence[Seed], decided: frozenset[str]) -> list[Stratum]:
    """Return the strata of the source's own sampling, each with its rows in keyed-hash order."""
    source = spec.source(pool.source or "")
    by = source.sample.by if source.sample else ()
    groups: dict[str, list[Seed]] = {}
    for seed in rows:
        if is_labelled(seed, spec) or seed_id(pool, seed) in decided:
            name = ".".join("+".join(seed_slice_values(seed, one)) or "none" for one in by) or "all"
            groups.setdefault(name, []).append(seed)
    if source.sample is not None and source.sample.allocate == "equal":
        shares = evenly(owed, {name: len(group) for name, group in groups.items()})
    else:
        shares = in_proportion(owed, {name: len(group) for name, group in groups.items()})
    order = f"{spec.random_state}/{pool.name}"
    return [
        Stratum(
            pool=pool.name,
            name=name,
            places=shares[name],
            owed=shares[name],
            budget=len(groups[name]),
            slots=tuple(
                _source_slot(spec, pool, name, seed)
                for seed in sorted(groups[name], key=lambda seed: (keyed_hash(order, seed.digest), seed.key))
            ),
        )
        for name in sorted(groups)
    ]


def _source_slot(spec: Spec, pool: Pool, stratum: str, seed: Seed) -> Slot:
    return Slot(
        id=seed_id(pool, seed),
        pool=pool.name,
        technique=pool.kind,
        stratum=stratum,
        ordinal=1,
        key=seed.digest,
        language=seed.language,
        parent=seed,
    )


def _production(spec: Spec, seeds: Mapping[str, tuple[Seed, ...]]) -> tuple[Seed, ...]:
    return tuple(seed for source in spec.sources_of("production") for seed in seeds.get(source.name, ()))
