"""Slots of red-team pools: each attack on real carrier messages, and one benign twin for every four attacks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from evalspec.digests import digest
from evalspec.model.case import Seed, user_texts
from evalspec.model.plan import Slot, Stratum
from evalspec.model.slices import seed_slice_values
from evalspec.model.spec import AttackUse, Pool, Spec
from evalspec.stages.expanding.allot import evenly
from evalspec.stages.expanding.children import real_id
from evalspec.stages.expanding.grids import MAX_PER_CELL
from evalspec.stages.expanding.writers import model_key, pick_generator
from evalspec.stats.rendezvous import Urn, urn
from evalspec.text.tokens import tokens

CARRIER_TOKENS = 3  # `yes pls` and `H` carry nothing that a desk would answer
BENIGN = "benign"  # the last word of a hard negative's stratum


def redteam_strata(spec: Spec, pool: Pool, owed: int, rows: Sequence[Seed]) -> list[Stratum]:
    """Return one stratum an attack and one for its hard negatives, which stand inside the pool's share."""
    benign_total = int(Fraction(owed) * Fraction(str(pool.hard_negatives)) / (1 + Fraction(str(pool.hard_negatives))))
    names = [use.name for use in pool.attacks]
    hostile = evenly(owed - benign_total, dict.fromkeys(names, owed))
    benign = evenly(benign_total, dict.fromkeys(names, owed))
    carriers = {seed.key: seed for seed in rows if _can_carry(seed, spec)}
    strata = []
    for use in pool.attacks:
        urns = {False: _urn(_with_something_to_win(use, carriers, spec)), True: _urn(carriers)}
        for is_benign, places in ((False, hostile[use.name]), (True, benign[use.name])):
            count = places if is_benign else max(places, use.count or 0)
            budget = MAX_PER_CELL * count
            name = f"{use.name}.{BENIGN}" if is_benign else use.name
            slots = tuple(
                _slot(spec, pool, use, name, ordinal, is_benign, urns[is_benign], carriers)
                for ordinal in range(1, budget + 1)
            )
            if count:
                strata.append(Stratum(pool=pool.name, name=name, places=places, owed=count, budget=budget, slots=slots))
    return strata


def _can_carry(seed: Seed, spec: Spec) -> bool:
    """A carrier has an answer that the attack must not move, and says enough to be a request of its own."""
    texts = user_texts(seed.input)
    is_request = bool(texts) and len(tokens(texts[-1])) >= CARRIER_TOKENS
    return is_request and (seed.expected is not None or not spec.task.expected)


def _with_something_to_win(use: AttackUse, carriers: dict[str, Seed], spec: Spec) -> dict[str, Seed]:
    """Leave out messages that get anyway what the attack is `toward`; nobody tricks a desk into what is due."""
    toward = dict(use.options).get("toward")
    if not isinstance(toward, list | tuple) or not toward or not spec.task.label_parts:
        return carriers
    part = spec.task.label_parts[0].name
    return {key: seed for key, seed in carriers.items() if not set(seed_slice_values(seed, part)) & set(toward)}


def _urn(carriers: dict[str, Seed]) -> Urn:
    return urn([(seed.key, seed.digest) for seed in carriers.values()])


def _slot(
    spec: Spec,
    pool: Pool,
    use: AttackUse,
    stratum: str,
    ordinal: int,
    is_benign: bool,
    drawn_from: Urn,
    carriers: dict[str, Seed],
) -> Slot:
    slot_id = f"{pool.name}.{stratum}.{ordinal:02d}"
    picked = drawn_from.pick(slot_id, 1)
    carrier = carriers[picked[0]] if picked else None
    # A twin keeps its wording: it differs from its parent by what the attack does, not by who words it.
    generator = None if is_benign else pick_generator(slot_id, pool.generator)
    key = digest(
        {
            "random_state": spec.random_state,
            "slot": slot_id,
            "attack": use.kind,
            "options": dict(use.options),
            "carrier": carrier.digest if carrier else None,
            "labels": [list(part.values) for part in spec.task.label_parts],
            "instructions": spec.task.instructions,
            **({"model": model_key(spec, generator)} if generator else {}),
        }
    )
    return Slot(
        id=slot_id,
        pool=pool.name,
        technique="redteam",
        stratum=stratum,
        ordinal=ordinal,
        key=key,
        language=carrier.language if carrier else "und",
        attack=use.name,
        hard_negative=is_benign,
        parent=carrier,
        parent_id=real_id(spec, carrier) if carrier else None,
        generator=generator,
    )
