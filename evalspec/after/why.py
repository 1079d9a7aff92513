"""A built spec and an id to why the candidate is as it is: nothing is asked again, everything is read off the build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evalspec.after.why_ground import Ground, case_of, drop_of, final, text_edits
from evalspec.after.why_lines import lines_of
from evalspec.after.why_since import in_lock, since
from evalspec.model.case import Candidate, Drop, Seed
from evalspec.model.diff import FieldEdit
from evalspec.model.ledger import Decision
from evalspec.model.plan import Slot
from evalspec.model.spec import AttackUse, OperatorUse
from evalspec.model.why import CaseWhy, DecisionLine, LineState, Part, Screened, Shown, Status
from evalspec.stages.content import content_digest
from evalspec.stages.screen import FAR_POOLS

# What each reason of a drop means, for somebody who has not read the code; the ones of people stand in the ledger.
_REASONS: Mapping[str, str] = {
    "equal": "a runner would be given the same thing twice",
    "near_duplicate": "too near to a text that stands above it",
    "near_duplicate_semantic": "says the same as a text that stands above it, in words that differ by noise",
    "far_from_seeds": "farther from every real text than real texts are from each other",
    "training_overlap": "overlaps with what the subject was tuned on",
    "signature_word": "holds a word that gives the generator away",
    "personal_data": "holds personal data",
    "hidden_characters": "holds characters that nobody sees",
    "no_op": "the operator found nothing to change, so it would be its parent once more",
    "lost_fact": "a fact that decides the label is no longer stated",
    "off_cell": "is not about its cell",
}


def why_case(ground: Ground, name: str) -> CaseWhy:
    """Return why the candidate `name` is in the set, out of it, or not made; its slot may be gone."""
    done = ground.done
    slot = done.plan.slots_by_id.get(name) if done.plan else None
    status, said = _status(ground, name, slot)
    found = CaseWhy(
        id=name,
        status=status,
        said=said,
        decisions=_decisions(ground, name),
        is_disputed=done.view is not None and done.view.of(name).disputed,
        lock=in_lock(ground, name),
        since=since(ground, name),
    )
    if slot is None:
        return found
    return _told(replace(found, pool=slot.pool, stratum=slot.stratum, lines=lines_of(done.spec, slot)), ground, slot)


def _told(found: CaseWhy, ground: Ground, slot: Slot) -> CaseWhy:
    spec = ground.done.spec
    uses: tuple[OperatorUse | AttackUse, ...] = (*spec.pool(slot.pool).operators, *spec.pool(slot.pool).attacks)
    use = next((one for one in uses if one.name in (slot.operator, slot.attack)), None)
    model = spec.model(slot.generator) if slot.generator else None
    made = ground.made(slot.id)
    now = final(ground, slot.id)
    found = replace(
        found,
        texts=_texts(slot, now),
        facts=slot.facts,
        options=dict(use.options) if use else {},
        grammar=model.grammar if model else None,
        rules=ground.written_by(slot) if isinstance(made, Candidate) else (),
        asked=ground.asked(slot.id),
        screened=_screened(ground, slot.id, made, now),
        passed=_passed(found.status, slot, ground),
    )
    if now is None:
        return found
    return replace(
        found,
        digest=content_digest(now),
        provenance=now.provenance,
        track=now.track,
        language=now.language,
        input=now.input,
        expected=now.expected,
        expected_by=now.expected_by,
        behaviour=now.behaviour,
        operators=now.lineage.operators or ((now.lineage.attack_version,) if now.lineage.attack_version else ()),
    )


def _status(ground: Ground, name: str, slot: Slot | None) -> tuple[Status, str]:
    done = ground.done
    if name in done.waiting:
        return "waiting", f"picked for the set, and waits for a person ({done.waiting[name]})"
    if case_of(ground, name) is not None:
        return "case", "in the set"
    drop = drop_of(ground, name)
    if drop is not None:
        return "drop", f"dropped at {drop.stage}: {drop.reason}"
    if done.reviewed is not None and name in done.reviewed.retired:
        return "retired", "retired by a person"
    if any(one.id == name for one in done.candidates or ()):
        return "spare", "kept, and not picked: its stratum has its places filled, or its parent is not in the set"
    if slot is None:
        return "gone", "not planned by the spec as it is now"
    return "not made", "planned and never opened: its stratum holds what it owes without it"


def _texts(slot: Slot, now: Candidate | None) -> tuple[Shown, ...]:
    """Show what it was made from; a seed is made from nothing but its row."""
    if slot.technique in ("seed", "golden"):
        return ()
    found = []
    if slot.parent is not None:
        part: Part = "carrier" if slot.attack else "parent"
        edits = text_edits(slot.parent.input, now.input) if now is not None and slot.technique == "mutation" else ()
        found.append(_shown(part, slot.parent_id or slot.parent.key, slot.parent, edits))
    if slot.partner is not None:
        found.append(_shown("partner", slot.partner.key, slot.partner))
    return (*found, *(_shown("exemplar", seed.key, seed) for seed in slot.exemplars))


def _shown(part: Part, name: str, seed: Seed, edits: tuple[FieldEdit, ...] = ()) -> Shown:
    return Shown(part=part, id=name, input=seed.input, expected=seed.expected, edits=edits)


def _screened(ground: Ground, name: str, made: Candidate | Drop | None, now: Candidate | None) -> Screened | None:
    """Say what removed it, in words, with the other text and the bound where there is one."""
    drop = drop_of(ground, name)
    if drop is None:
        return None
    said = _REASONS.get(drop.reason, "") if drop.stage != "review" else "people dropped it; their lines are below"
    if drop.detail:
        said = f"{said}: {drop.detail}" if said else drop.detail
    other = final(ground, drop.other) if drop.other else None
    return Screened(
        stage=drop.stage,
        reason=drop.reason,
        said=said,
        value=drop.value,
        bound=_bound(ground, drop),
        other=Shown(
            part="other",
            id=other.id,
            input=other.input,
            expected=other.expected,
            edits=text_edits(other.input, now.input) if now is not None else (),
        )
        if other is not None
        else None,
    )


def _bound(ground: Ground, drop: Drop) -> float | None:
    screen = ground.done.spec.screen
    if drop.reason == "near_duplicate":
        return screen.near_lexical
    if drop.reason == "near_duplicate_semantic":
        return screen.near_semantic
    if drop.reason == "far_from_seeds":
        return ground.far_limit
    if drop.reason == "training_overlap":
        return {"cosine": screen.training_cosine, "shared_ngram": float(screen.training_ngram)}.get(drop.detail or "")
    return None


def _passed(status: Status, slot: Slot, ground: Ground) -> tuple[str, ...]:
    """Name the screens that a candidate stood; a row of a source is compared with other rows alone."""
    if status not in ("case", "spare", "waiting"):
        return ()
    if slot.technique in ("seed", "golden"):
        return ("no other row with the same text and another answer",)
    spec, found = ground.done.spec, ["hidden characters", "personal data"]
    if any(source.kind == "training" for source in spec.sources):
        found.append(f"training overlap under {spec.screen.training_cosine} and {spec.screen.training_ngram} words")
    if spec.screen.signature_words:
        found.append("signature words")
    if slot.technique in FAR_POOLS and ground.far_limit is not None:
        found.append(f"distance to the seeds at most {ground.far_limit:g}")
    return (*found, f"near-duplicates under {spec.screen.near_lexical}", "equal content")


def _decisions(ground: Ground, name: str) -> tuple[DecisionLine, ...]:
    """Return every line about the case, by date, with what it counts for today's text and label."""
    lines = [one for one in ground.done.inputs.ledger.decisions if one.case == name]
    overruled = {line for one in lines for line in one.supersedes}
    made = ground.made(name)
    now = content_digest(made) if isinstance(made, Candidate) else None
    return tuple(
        DecisionLine(
            decision=one,
            state=_line_state(one, now, overruled),
            edits=text_edits(made.input, one.input) if isinstance(made, Candidate) and one.input is not None else (),
        )
        for one in sorted(lines, key=lambda one: (one.date, one.reviewer, one.line_digest))
    )


def _line_state(one: Decision, now: str | None, overruled: set[str]) -> LineState:
    if one.line_digest in overruled:
        return "superseded"
    return "in force" if one.digest == now else "about another text or label"
