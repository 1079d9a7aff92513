"""A slot to a candidate, or to the reason why there is none: run the slot's technique and settle what it left open."""

from __future__ import annotations

from collections.abc import Sequence

from evalspec.model.asking import Reply, Request
from evalspec.model.case import Candidate, Drop, Lineage, Made, Seed, Unmade
from evalspec.model.plan import Slot
from evalspec.model.spec import Behaviour, Expected, Spec, Track
from evalspec.ports import Asking, Tools
from evalspec.registry import Catalog

PROPOSED = "proposed"  # the label is the parent's until a person has decided

# Where a pool's `track` is not given: what the technique is for.
TRACKS: dict[str, Track] = {"seed": "wild", "golden": "happy", "mutation": "edge", "redteam": "adversarial"}


def generate(slot: Slot, spec: Spec, catalog: Catalog, tools: Tools) -> Candidate | Drop:
    """Make the candidate of one slot."""
    (candidate,) = generate_all([slot], spec, catalog, tools)
    return candidate


def generate_all(slots: Sequence[Slot], spec: Spec, catalog: Catalog, tools: Tools) -> tuple[Candidate | Drop, ...]:
    """Make the candidates of some slots, in their order; what they ask of models is asked together."""
    made: list[Candidate | Drop | None] = [None] * len(slots)
    waiting: list[tuple[int, Asking, Request]] = []

    def go_on(at: int, asking: Asking, reply: Reply | None) -> None:
        try:
            waiting.append((at, asking, next(asking) if reply is None else asking.send(reply)))
        except StopIteration as done:
            made[at] = _finish(slots[at], done.value, spec, catalog)

    for at, slot in enumerate(slots):
        if slot.technique in ("seed", "golden"):
            made[at] = _from_row(slot, spec)
            continue
        begun: Made | Unmade | Asking = catalog.get("technique", slot.technique).function(slot, spec, tools, catalog)
        if isinstance(begun, Made | Unmade):
            made[at] = _finish(slot, begun, spec, catalog)
        else:
            go_on(at, begun, None)
    while waiting:
        asked, waiting = waiting, []
        replies = tools.ask([request for _, _, request in asked])
        for (at, asking, _), reply in zip(asked, replies, strict=True):
            go_on(at, asking, reply)
    return tuple(one for one in made if one is not None)


def asks_model(slot: Slot, spec: Spec) -> bool:
    """Tell whether the slot's candidate comes from a model that has to be asked."""
    return slot.generator is not None and not spec.model(slot.generator).is_builtin


def _finish(slot: Slot, made: Made | Unmade, spec: Spec, catalog: Catalog) -> Candidate | Drop:
    if isinstance(made, Unmade):
        return Drop(
            id=slot.id,
            stage="generate",
            reason=made.reason,
            pool=slot.pool,
            stratum=slot.stratum,
            detail=made.detail,
            mended=made.mended,
        )
    return _settle(slot, made, spec, catalog)


def _from_row(slot: Slot, spec: Spec) -> Candidate:
    seed = _parent(slot)
    vouched = f"verified:{seed.verified_by}" if seed.verified_by else f"unverified:{seed.source}"
    return Candidate(
        id=slot.id,
        pool=slot.pool,
        technique=slot.technique,
        stratum=slot.stratum,
        input=seed.input,
        provenance="prod" if slot.technique == "seed" else "golden",
        track=spec.pool(slot.pool).track or TRACKS[slot.technique],
        language=seed.language,
        expected=seed.expected,
        expected_by=vouched if seed.expected is not None else None,
        behaviour=seed.behaviour,
        premise=seed.premise,
        context=seed.context,
        lineage=Lineage(
            pool=slot.pool,
            source=seed.source,
            weight=seed.weight if seed.weight != 1.0 else None,
            copies=seed.copies if seed.copies > 1 else None,
            facts=seed.facts,
        ),
        metadata=seed.metadata,
    )


def _settle(slot: Slot, made: Made, spec: Spec, catalog: Catalog) -> Candidate:
    expected, expected_by = _expected(slot, made, catalog)
    return Candidate(
        id=slot.id,
        pool=slot.pool,
        technique=slot.technique,
        stratum=slot.stratum,
        input=made.input,
        provenance=provenance_tag(slot),
        track=_track(slot, spec),
        language=made.language or slot.language,
        expected=expected,
        expected_by=expected_by,
        behaviour=made.behaviour or _behaviour(slot),
        premise=made.premise or (slot.parent.premise if slot.parent and slot.technique == "mutation" else None),
        context=made.context or (slot.parent.context if slot.parent else {}),
        checks=made.checks,
        relation=made.relation,
        lineage=_lineage(slot, made, spec),
        metadata=slot.parent.metadata if slot.parent and slot.technique == "mutation" else {},
        mended=made.mended,
    )


def _expected(slot: Slot, made: Made, catalog: Catalog) -> tuple[Expected | None, str | None]:
    """Say what is expected and who says so: the technique, the cell, or the parent under a declared relation.

    An operator that may move the label only proposes the parent's: a person has to read the child.
    """
    if made.expected is not None:
        return made.expected, made.expected_by
    if slot.cell is not None:
        return slot.cell.expected, slot.cell.expected_by
    if slot.parent is None or slot.parent.expected is None or slot.technique != "mutation":
        return None, None
    kinds = (tag.partition("@")[0] for tag in made.operators)
    moves = any(catalog.get("operator", kind).traits["relation"] == "reviewed" for kind in kinds)
    return slot.parent.expected, f"{PROPOSED if moves else 'inherited'}:{slot.parent_id}"


def _behaviour(slot: Slot) -> Behaviour:
    if slot.cell is not None:
        return slot.cell.behaviour
    return slot.parent.behaviour if slot.parent is not None else "answer"


def _track(slot: Slot, spec: Spec) -> Track:
    if slot.cell is not None:
        return slot.cell.track
    if slot.hard_negative:  # a harmless twin is no attack, whatever the pool's default
        own = spec.pool(slot.pool).track
        return "edge" if own in (None, TRACKS[slot.technique]) else own
    return spec.pool(slot.pool).track or TRACKS[slot.technique]


def provenance_tag(slot: Slot) -> str:
    """Return the one readable tag, the slice key of dashboards."""
    if slot.technique == "persona" and slot.cell:
        return "-".join(["persona", str(slot.persona), *(level for _, level in slot.cell.levels)])
    if slot.cell is not None:
        return "-".join(["synth", *(level for _, level in slot.cell.levels)])
    return f"{slot.technique}-{slot.stratum.replace('.', '-')}"


def _lineage(slot: Slot, made: Made, spec: Spec) -> Lineage:
    model = spec.model(slot.generator) if slot.generator else None
    return Lineage(
        pool=slot.pool,
        cell=dict(slot.cell.levels) if slot.cell else {},
        persona=slot.persona,
        facts=slot.facts,
        operator=slot.operator,
        operators=made.operators,
        parents=(slot.parent_id,) if slot.parent_id else (),
        attack=slot.attack,
        attack_version=made.attack_version,
        hard_negative=slot.hard_negative,
        taxonomy=made.taxonomy,
        exemplars=tuple(seed.key for seed in slot.exemplars),
        generator=model.model if model else None,
        served=made.served if model and made.served != model.model else None,
        family=model.family if model else None,
    )


def _parent(slot: Slot) -> Seed:
    assert slot.parent is not None, "a seed or golden slot is made from its row"
    return slot.parent
