"""Two states of a set to everything that differs between them, in the order in which a reviewer should read it."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.after.causes import Causes, input_edits
from evalspec.after.fields import Record, case_id, field_edits, last_words, name_shifts, spelled
from evalspec.after.figures import gate_edits, measure_edits, mix_edits
from evalspec.after.guard_lock import guard_of, is_semantic
from evalspec.after.pairing import Pairing, is_in_another_cell, pair
from evalspec.after.stale import stale_reviews
from evalspec.model.diff import CaseEdit, Diff, DropEdit, ListedCase, Said, Side, said

DropRecord = Mapping[str, object]


def diff(before: Side, after: Side) -> Diff:
    """Compare two states of one set; the order of cases, rows and decisions does not matter."""
    old = before.lock.cases if before.lock else ()
    new = after.lock.cases if after.lock else ()
    pairing = pair(old, new)
    edits = input_edits(before, after)
    causes = Causes(edits=edits, decided=_decided(before, after))
    pairs = (*pairing.same, *pairing.renamed, *pairing.moved)
    case_edits = _case_edits(pairing, causes)
    was_dropped = {str(one.get("id")): one for one in _drops(before)}
    is_dropped = {str(one.get("id")): one for one in _drops(after)}
    changed = [(one, other) for one, other in pairs if one != other]
    return Diff(
        name=str((after.lock or before.lock).header.get("name")) if (after.lock or before.lock) else "",  # type: ignore[union-attr]
        before=before.label,
        after=after.label,
        before_root=before.lock.root if before.lock else None,
        after_root=after.lock.root if after.lock else None,
        before_cases=len(old),
        after_cases=len(new),
        notes=(*before.notes, *after.notes, *_not_compared(before, after)),
        guard=guard_of(before, after, pairs),
        edits=edits,
        renames=pairing.renames,
        added=tuple(
            _listed(one, causes, was_dropped.get(case_id(one)), "was dropped by {} ({})") for one in pairing.added
        ),
        removed=tuple(
            _listed(one, causes, is_dropped.get(case_id(one)), "dropped by {} ({})") for one in pairing.removed
        ),
        changed=tuple(one for one in case_edits if one.how != "moved"),
        moved=tuple(one for one in case_edits if one.how == "moved"),
        shifts=name_shifts(case_edits),
        dropped=_dropped(before, after, causes),
        released=_released(before, after),
        stale=stale_reviews((*changed, *((None, one) for one in pairing.added)), after.ledger),
        mix=mix_edits(before, after, causes),
        measures=measure_edits(before, after, causes),
        gates=gate_edits(before, after, causes),
    )


def _not_compared(before: Side, after: Side) -> tuple[Said, ...]:
    if before.spec is not None or after.spec is not None:
        return ()
    return (said("no spec on either side: gates, review, personal data and screens are not compared"),)


def _decided(before: Side, after: Side) -> frozenset[str] | None:
    """Return the cases about which the two ledgers hold different lines."""
    if before.ledger is None or after.ledger is None:
        return None
    lines = [{one.line_digest: one.case for one in side.ledger or ()} for side in (before, after)]
    return frozenset((lines[0] | lines[1])[line] for line in lines[0].keys() ^ lines[1].keys())


def _case_edits(pairing: Pairing, causes: Causes) -> list[CaseEdit]:
    found = []
    for pairs, how in ((pairing.same, "changed"), (pairing.renamed, "renamed"), (pairing.moved, "moved")):
        for before, after in pairs:
            edits = field_edits(before, after)
            if how == "changed" and not edits:
                continue
            moved = how == "changed" and is_in_another_cell(before, after)
            found.append(
                CaseEdit(
                    id=case_id(after),
                    was=case_id(before) if case_id(before) != case_id(after) else None,
                    how="moved" if moved else how,  # type: ignore[arg-type]  # one of three words
                    edits=edits,
                    cause=causes.of_block("axes", "personas", "pools")
                    if how == "renamed"
                    else causes.of_case(after, edits),
                )
            )
    return sorted(found, key=lambda one: one.id)


def _listed(record: Record, causes: Causes, drop: DropRecord | None, words: str) -> ListedCase:
    return ListedCase(
        id=case_id(record),
        provenance=str(record.get("provenance")),
        expected=spelled(record.get("expected")) or "",
        text=last_words(record),
        why=said(words, drop.get("stage"), drop.get("reason")) if drop else None,
        cause=causes.of_case(record, (), drop),
    )


def _dropped(before: Side, after: Side, causes: Causes) -> tuple[DropEdit, ...]:
    """Return the candidates that are newly dropped, those that were cases first."""
    known = {str(one.get("id")): (one.get("stage"), one.get("reason")) for one in _drops(before)}
    cases = {case_id(one): one for one in (before.lock.cases if before.lock else ())}
    found = []
    for drop in _drops(after) if before.lock else ():
        name = str(drop.get("id"))
        if known.get(name) == (drop.get("stage"), drop.get("reason")):
            continue
        other = drop.get("other")
        found.append(
            DropEdit(
                id=name,
                stage=str(drop.get("stage")),
                reason=str(drop.get("reason")),
                other=str(other) if other is not None else None,
                was_case=name in cases,
                is_semantic=is_semantic(drop),
                cause=causes.of_case(cases.get(name, {}), (), drop),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.was_case, one.id)))


def _released(before: Side, after: Side) -> tuple[str, ...]:
    now = {str(one.get("id")) for one in _drops(after)}
    return tuple(sorted(name for one in _drops(before) if (name := str(one.get("id"))) not in now))


def _drops(side: Side) -> tuple[DropRecord, ...]:
    return side.lock.drops if side.lock else ()
