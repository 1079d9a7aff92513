"""A build that waits for people to the list they read: each case with all that a decision hangs on, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from evalspec.model.build import Build
from evalspec.model.case import Candidate, Input, input_json
from evalspec.model.jury import Opinion
from evalspec.model.ledger import Decision, Queued
from evalspec.model.slices import slice_values
from evalspec.model.spec import Spec
from evalspec.stages.alike import Alike, alike
from evalspec.stages.content import content, content_digest
from evalspec.stages.ledger import line_data
from evalspec.stages.review import picked_first
from evalspec.text.meaning import Embed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One case to decide, as it was made; `said` is shown only where a dispute is to be settled."""

    queued: Queued
    candidate: Candidate
    digest: str
    is_picked: bool  # it would be in the set, so that no lock is written without it
    places: Mapping[str, str] = field(default_factory=dict)  # axis, persona, operator, attack
    meaning: Mapping[str, str] = field(default_factory=dict)  # what the spec says of its levels and its persona
    parent: Input | None = None
    said: tuple[Decision, ...] = ()
    opinions: tuple[Opinion, ...] = ()  # of jurors, shown only where a dispute is to be settled
    alike: tuple[Alike, ...] = ()  # other texts that mean the same to the spec's embedder


def reading_list(done: Build, *, everything: bool = False, embed: Embed | None = None) -> tuple[Reading, ...]:
    """Return what waits for a person, what would be in the set first; without `everything` nothing else.

    With `embed` each comes with the other texts that mean the same.
    """
    assert done.reviewed is not None
    made = {one.id: one for one in done.candidates or ()}
    made |= {one.id: one for one in (done.view.candidates if done.view else ())}
    queue = picked_first(done.reviewed.queue, done.waiting)
    chosen = [one for one in queue if one.case in made and (everything or one.case in done.waiting)]
    same = (
        alike(done.candidates or (), {one.case for one in chosen}, embed, done.spec.screen.near_semantic)
        if embed is not None
        else {}
    )
    return tuple(replace(_reading(one, made[one.case], done), alike=same.get(one.case, ())) for one in chosen)


def reading_data(reading: Reading) -> dict[str, object]:
    """Return one reading as JSON data; a decision can be added to it and recorded."""
    queued, candidate = reading.queued, reading.candidate
    data: dict[str, object] = {
        "case": candidate.id,
        "digest": reading.digest,
        "why": queued.why,
        "votes": queued.votes,
        "needed": queued.needed,
        "in_set": reading.is_picked,
        "pool": candidate.pool,
        **reading.places,
        **({"meaning": dict(reading.meaning)} if reading.meaning else {}),
        **content(candidate),
        "expected_by": candidate.expected_by,
    }
    if reading.parent is not None:
        data["parent"] = input_json(reading.parent)
    if queued.flags:
        data["flags"] = list(queued.flags)
    if reading.alike:
        data["same_meaning"] = [{"case": one.case, "cosine": one.cosine, "text": one.text} for one in reading.alike]
    if reading.opinions:
        data["opinions"] = [_opinion_data(one) for one in reading.opinions]
    if reading.said:
        data["said"] = [line_data(one) for one in reading.said]
    return data


def _opinion_data(opinion: Opinion) -> dict[str, object]:
    answers = {"in_cell": opinion.in_cell, "in_persona": opinion.in_persona, "label": opinion.label}
    known = {name: value for name, value in answers.items() if value is not None}
    return {"juror": opinion.juror, "plausible": opinion.plausible, **known, "sure": opinion.sure}


def _reading(queued: Queued, candidate: Candidate, done: Build) -> Reading:
    names = (*(axis.name for axis in done.spec.axes), "persona", "operator", "attack")
    places = {name: values[0] for name in names if (values := slice_values(candidate, name))}
    slot = done.plan.slots_by_id.get(candidate.id) if done.plan else None
    is_child = slot is not None and slot.technique not in ("seed", "golden") and slot.parent is not None
    in_force = done.view.of(candidate.id).lines if done.view and queued.why == "disputed" else ()
    return Reading(
        queued=queued,
        candidate=candidate,
        digest=content_digest(candidate),
        is_picked=candidate.id in done.waiting,
        places=places,
        meaning=_meaning(candidate, done.spec),
        parent=slot.parent.input if slot and slot.parent and is_child else None,
        said=tuple(one for one in done.inputs.ledger.decisions if one.line_digest in in_force),
        opinions=tuple(one for one in done.jury.opinions if one.case == candidate.id and queued.why == "disputed"),
    )


def _meaning(candidate: Candidate, spec: Spec) -> dict[str, str]:
    """Return what the spec says of the cell's levels and the persona: a reader needs no spec beside the list."""
    found: dict[str, str] = {}
    axes = {axis.name: axis for axis in spec.axes}
    for axis, level in candidate.lineage.cell.items():
        levels = axes[axis].levels if axis in axes else ()
        text = next((one.description for one in levels if one.name == level), None)
        if text:
            found[f"{axis} {level}"] = text
    if candidate.lineage.persona:
        found[f"persona {candidate.lineage.persona}"] = spec.persona(candidate.lineage.persona).description
    return found
