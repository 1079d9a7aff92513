"""Open slots until every stratum holds what it owes: the loop around generate, review and screen.

Slots are taken in one order of standing (golden, production, reviewed, then tier, ordinal and keyed hash), and a slot
is opened only while its stratum still owes. What is live never stops being live, so one pass decides everything and
the result does not depend on how many slots are made ahead (`wave`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalspec.diagnostics import BuildError, Collector, Diagnostic, Exit
from evalspec.digests import keyed_hash
from evalspec.model.asking import UNASKED
from evalspec.model.case import Candidate, Drop
from evalspec.model.ledger import Effective
from evalspec.model.plan import Plan, Slot, Stratum
from evalspec.model.spec import Spec
from evalspec.stages.expanding.allot import standing
from evalspec.stages.generate import PROPOSED, asks_model
from evalspec.stages.ledger import apply_fix
from evalspec.stages.screen import Screener

# Reasons that cost no candidate: the operator had nothing to do, so the next parent is tried.
FREE_REASONS = frozenset({"no_op", "language"})

Make = Callable[[Sequence[Slot]], Sequence[Candidate | Drop]]  # what models are asked is asked together
Decide = Callable[[str], Effective]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stays, in order of standing, what was dropped, and what each stratum holds."""

    live: tuple[Candidate, ...]
    drops: tuple[Drop, ...]
    held: Mapping[tuple[str, str], int]  # (pool, stratum) to live candidates
    opened: int
    short: tuple[Diagnostic, ...] = ()  # strata that their candidate budget could not fill


@dataclass(slots=True)
class _Filling:
    """The state of one pass; a class because every slot is judged by those before it."""

    spec: Spec
    plan: Plan
    make: Make
    decide: Decide
    screener: Screener
    wave: int
    made: dict[str, Candidate | Drop] = field(default_factory=dict)
    live: list[Candidate] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)
    children: Counter[tuple[str, str]] = field(default_factory=Counter)  # (pool, parent id)
    opened: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)  # ids of live golden and production cases

    def open(self, slot: Slot) -> None:
        """Make one slot's candidate, apply what people decided, and screen it."""
        self.opened.add(slot.id)
        place = (slot.pool, slot.stratum)
        made = self._made(slot)
        if isinstance(made, Drop) and made.reason == UNASKED:  # its place is kept: others would be no replacement
            self.drops.append(made)
            self.held[place] += 1
            return
        if isinstance(made, Drop):
            self.drops.append(made)
            self.spent[place] += made.reason not in FREE_REASONS
            return
        self.spent[place] += 1
        decision = self.decide(slot.id)
        if decision.verdict in ("drop", "retire"):
            reason = decision.reason or decision.verdict or "drop"
            out = Drop(id=slot.id, stage="review", reason=reason, pool=slot.pool, stratum=slot.stratum)
            self.drops.append(replace(out, mended=made.mended))
            return
        candidate = _vouched(apply_fix(made, decision), decision)
        removed = self.screener.check(candidate)
        if removed is not None:
            self.drops.append(replace(removed, mended=candidate.mended))
            return
        self.screener.keep(candidate)
        self.live.append(candidate)
        self.held[place] += 1
        if slot.technique in ("seed", "golden"):
            self.present.add(slot.id)
        elif slot.parent_id:
            self.children[slot.pool, slot.parent_id] += 1

    def note(self, slot: Slot) -> None:
        """Record why a slot that a model was asked for gave nothing, though its stratum has what it owes by now."""
        made = self._made(slot)
        removed = made if isinstance(made, Drop) else self.screener.check(made)
        if removed is not None:
            self.opened.add(slot.id)
            self.drops.append(replace(removed, mended=made.mended))
            self.spent[slot.pool, slot.stratum] += removed.reason not in FREE_REASONS

    def may_open(self, slot: Slot) -> bool:
        """Return True when the slot is new and its parent is in the set and has room for one more child."""
        if slot.id in self.opened:
            return False
        pool = self.spec.pool(slot.pool)
        if pool.kind != "mutation":
            return True
        if pool.parents == "with" and slot.parent_id not in self.present:
            return False
        return self.children[slot.pool, slot.parent_id or ""] < pool.per_parent

    def _made(self, slot: Slot) -> Candidate | Drop:
        if slot.id not in self.made:
            ahead = self._ahead(slot)
            self.made.update(zip((one.id for one in ahead), self.make(ahead), strict=True))
        return self.made[slot.id]

    def _ahead(self, slot: Slot) -> Sequence[Slot]:
        """Return the slot and the others that are made together with it.

        A model is asked for all that the strata lack, so that nothing waits that need not; `wave` slots of the same
        stratum otherwise.
        """
        if asks_model(slot, self.spec):
            return self._asked_together(slot)
        if self.wave == 1:
            return (slot,)
        stratum = self._stratum(slot)
        start = next(at for at, one in enumerate(stratum.slots) if one.id == slot.id)
        rest = [one for one in stratum.slots[start:] if one.id not in self.made]
        return rest[: self.wave] if self.wave else rest

    def _asked_together(self, slot: Slot) -> Sequence[Slot]:
        found = {slot.id: slot}
        for stratum in self.plan.strata:
            place = (stratum.pool, stratum.name)
            lacks = min(stratum.owed - self.held[place], stratum.budget - self.spent[place])
            # The slot itself is open already, and takes one of the places that its stratum lacks.
            fresh = [one for one in stratum.slots if one.id not in self.opened or one.id == slot.id]
            for one in fresh[: max(lacks, 0)]:
                if one.id not in self.made and asks_model(one, self.spec):
                    found.setdefault(one.id, one)
        return tuple(found.values())

    def _stratum(self, slot: Slot) -> Stratum:
        return next(one for one in self.plan.strata if one.pool == slot.pool and one.name == slot.stratum)


def _vouched(candidate: Candidate, decision: Effective) -> Candidate:
    """A label that an operator proposed or a model gave, and that a person has kept, is verified by that person."""
    if decision.verdict is None or not (candidate.expected_by or "").startswith((f"{PROPOSED}:", "model:")):
        return candidate
    return replace(candidate, expected_by=f"verified:{decision.by[0]}")


def fill(
    spec: Spec,
    plan: Plan,
    make: Make,
    decide: Decide,
    decided: frozenset[str],
    screener: Screener,
    *,
    wave: int = 1,
    on_slot: Callable[[int], None] = lambda done: None,
) -> Filled:
    """Fill every stratum of the plan; those that their candidate budget could not fill are named in `short`.

    `decided` are the cases that the ledger is about. `wave` is how many slots of a stratum are made at a time, 0 for
    all of them.
    """
    state = _Filling(spec=spec, plan=plan, make=make, decide=decide, screener=screener, wave=wave)
    needs = {(one.pool, one.name): one for one in plan.strata}
    passed = _passed(spec, plan, decide, decided)
    for slot in _in_order(plan, decide, decided):
        place = (slot.pool, slot.stratum)
        stratum = needs[place]
        is_settled = slot.id in decided and decide(slot.id).verdict is not None
        wanted = state.held[place] < stratum.owed and state.spent[place] < stratum.budget
        if state.may_open(slot) and (wanted or (is_settled and slot.technique not in ("seed", "golden"))):
            state.open(slot)
            on_slot(len(state.opened))
        elif slot.id in passed and state.may_open(slot):
            state.note(slot)
    screener.refuse_conflicts()
    return Filled(
        live=tuple(state.live),
        drops=tuple(sorted(state.drops, key=lambda drop: drop.id)),
        held=dict(state.held),
        opened=len(state.opened),
        short=_short(spec, plan, state),
    )


def _passed(spec: Spec, plan: Plan, decide: Decide, decided: frozenset[str]) -> frozenset[str]:
    """Return the slots that a model was asked for before those that people have decided.

    Decided cases stand first, so that their strata are full without these; their replies were paid for all the same,
    and what became of them is not forgotten.
    """
    found: set[str] = set()
    for stratum in plan.strata:
        before: list[str] = []
        for slot in stratum.slots:
            if slot.id in decided and decide(slot.id).verdict is not None:
                found.update(before)
                before.clear()
            elif asks_model(slot, spec):
                before.append(slot.id)
    return frozenset(found)


def refuse_short(found: Filled) -> Filled:
    """Raise with the names of the strata that hold less than they owe."""
    if found.short:
        raise BuildError(found.short)
    return found


def _in_order(plan: Plan, decide: Decide, decided: frozenset[str]) -> list[Slot]:
    """Order all slots by standing; within golden and production by stratum and keyed hash, as planned."""
    ranks = {"golden": 0, "seed": 1}
    first: list[Slot] = []
    settled: list[Slot] = []
    rest: list[Slot] = []
    for stratum in plan.strata:
        for slot in stratum.slots:
            if slot.technique in ranks:
                first.append(slot)
            elif slot.id in decided and decide(slot.id).verdict is not None:
                settled.append(slot)
            else:
                rest.append(slot)
    first.sort(key=lambda slot: ranks[slot.technique])  # stable: the order of the plan stays
    settled.sort(key=lambda slot: (keyed_hash("standing", slot.id), slot.id))
    rest.sort(key=standing)
    return [*first, *settled, *rest]


def _short(spec: Spec, plan: Plan, state: _Filling) -> tuple[Diagnostic, ...]:
    problems = Collector()
    for stratum in plan.strata:
        place = (stratum.pool, stratum.name)
        held = state.held[place]
        if held >= stratum.owed:
            continue
        dropped = [drop for drop in state.drops if (drop.pool, drop.stratum) == place]
        lost = Counter(drop.reason for drop in dropped)
        named = [_lost(reason, count, dropped) for reason, count in sorted(lost.items())]
        spelled = ", ".join(named) or "no more to open"
        pool = spec.pool(stratum.pool)
        problems.add(
            "X501",
            f"`{stratum.pool}` holds {held} of the {stratum.owed} cases it owes in `{stratum.name}`",
            at=pool.at,
            label="this pool",
            notes=[f"{state.spent[place]} of {stratum.budget} candidates were made there; dropped: {spelled}"],
            hint=_advice(pool.kind, stratum, spec),
            exit=Exit.FINDING,
        )
    return tuple(problems.found)


def _lost(reason: str, count: int, dropped: Sequence[Drop]) -> str:
    """Spell a reason with what it was most often about, where the technique says."""
    about = Counter(one.detail for one in dropped if one.reason == reason and one.detail and one.detail.isidentifier())
    most = about.most_common(1)
    return f"{count} {reason}" + (f" ({most[0][0]} {most[0][1]})" if most else "")


def _advice(kind: str, stratum: Stratum, spec: Spec) -> str:
    if kind == "mutation":
        return "raise `per_parent`, lower the pool's share, or replace an operator that finds nothing to change"
    if kind in ("seed", "golden"):
        return "import more rows, or lower the share"
    if kind == "redteam" and not spec.task.expected:
        return "say in `task.expected` what a good answer is: most attacks are checked by the answer they must not move"
    if kind == "redteam":
        return "label more production rows to carry the attack, take the attack out, or lower the share"
    return f"raise `max_per_cell` (now {stratum.budget}), give the generator more to say there, or lower the share"
