"""Rows that people mended hand their children what people wrote, so that no child inherits a label that was wrong."""

from __future__ import annotations

from dataclasses import replace

from evalspec.digests import digest
from evalspec.model.case import input_json
from evalspec.model.ledger import Effective, LedgerView
from evalspec.model.plan import Plan, Slot


def with_mended_parents(plan: Plan, view: LedgerView) -> Plan:
    """Return the plan with every child's parent as a person's fix left it; the rows' own slots stay as they are.

    `view` needs to hold the decisions about rows only: it is consulted before any child is made.
    """
    strata = tuple(
        replace(stratum, slots=tuple(_mended(slot, view.effective.get(slot.parent_id or "")) for slot in stratum.slots))
        for stratum in plan.strata
    )
    slots = {slot.id: slot for stratum in strata for slot in stratum.slots}
    return replace(plan, strata=strata, slots_by_id=slots)


def _mended(slot: Slot, decided: Effective | None) -> Slot:
    if slot.parent is None or decided is None or decided.verdict != "fix":
        return slot
    parent = slot.parent
    if decided.expected is not None:
        parent = replace(parent, expected=decided.expected)
    if decided.input is None:
        return replace(slot, parent=parent)
    key = digest({"key": slot.key, "parent": input_json(decided.input)})
    return replace(slot, parent=replace(parent, input=decided.input), key=key)
