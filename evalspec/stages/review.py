"""Candidates and the ledger to what is approved, what waits for a person and in which order, and survival.

Decisions come before the screens (`settle`), so that a person's text passes the same guards and a dropped one collides
with nothing; what the screens kept is sorted by `review`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from evalspec.digests import keyed_hash
from evalspec.model.case import Candidate, Drop
from evalspec.model.jury import Flag
from evalspec.model.ledger import Effective, LedgerView, Queued, Reviewed, Settled, Survival, Why
from evalspec.model.slices import slice_values
from evalspec.model.spec import Spec
from evalspec.stages.ledger import apply_fix
from evalspec.stages.readers import BLIND_READERS, is_high_stakes, readers_drawn
from evalspec.stats.intervals import wilson

STAGE = "review"

# Pools whose share the spec does not state: what a model wrote is read whole, an inherited label is sampled.
GENERATED = frozenset({"prompted", "persona", "document"})
TAKEN = frozenset({"seed", "golden"})  # vouched for at their source; people may still decide about them
INHERITED_SHARE = 0.1

_DOUBT: frozenset[Flag] = frozenset({"split", "boundary"})
NO_FLAGS: Mapping[str, tuple[Flag, ...]] = MappingProxyType({})
_RANK: Mapping[Why, int] = MappingProxyType({"disputed": 0, "stale": 1, "first": 2, "second": 3})


def settle(candidates: Iterable[Candidate], view: LedgerView) -> Settled:
    """Apply fixes, and take out what people dropped or retired; everything else passes in the order it came."""
    out: list[Candidate] = []
    drops: list[Drop] = []
    retired: list[str] = []
    for candidate in candidates:
        decided = view.of(candidate.id)
        if decided.verdict == "drop":
            drops.append(_drop(candidate, decided))
        elif decided.verdict == "retire":
            retired.append(candidate.id)
        else:
            out.append(apply_fix(candidate, decided))
    return Settled(candidates=tuple(out), drops=tuple(drops), retired=tuple(retired))


def review(
    kept: Sequence[Candidate], view: LedgerView, spec: Spec, flags: Mapping[str, tuple[Flag, ...]] = NO_FLAGS
) -> Reviewed:
    """Put every kept candidate in one place: approved, pending, stale, disputed, dropped or retired.

    `flags` are the jury's, by case: what it flags a person must read, and reads first.
    """
    settled = settle(kept, view)
    made = {one.id: one for one in view.candidates}
    places: dict[str, list[Candidate]] = {name: [] for name in ("approved", "pending", "stale", "disputed")}
    queue: list[Queued] = []
    needed: dict[str, int] = {}
    for candidate in settled.candidates:
        decided = view.of(candidate.id)
        readers = votes_needed(made.get(candidate.id, candidate), spec)
        if readers and is_high_stakes(candidate.expected, spec):  # a fix may have raised the stakes
            readers = BLIND_READERS
        readers = max(readers, int(candidate.id in flags))
        if readers:
            needed[candidate.id] = readers
        why = _waits(decided, readers)
        places[_PLACE[why] if why else "approved"].append(candidate)
        if why:
            # A second reader decides blind: not even the place in the queue says what the jury thinks.
            seen = () if why == "second" else flags.get(candidate.id, ())
            queue.append(_queued(candidate, decided, why, readers, seen))
    queue += _dropped_by_one(view, spec)
    return Reviewed(
        approved=tuple(places["approved"]),
        pending=tuple(places["pending"]),
        stale=tuple(places["stale"]),
        disputed=tuple(places["disputed"]),
        dropped=settled.drops,
        retired=settled.retired,
        marks=MappingProxyType({one.id: mark for one in places["approved"] if (mark := view.of(one.id).mark)}),
        needed=MappingProxyType(needed),
        queue=tuple(sorted(queue, key=_queue_order)),
        survival=survival(view, spec),
        ignored=view.ignored,
    )


def votes_needed(candidate: Candidate, spec: Spec) -> int:
    """Return how many people must decide on a candidate: 0, 1, or 2 of whom one judges blind.

    The draw hangs on the slot's id, so that no edit of a text moves it. A `high_stakes` label does not by itself bring
    in a seed, or a child outside the sample, whose label somebody has vouched for.
    """
    return readers_drawn(candidate.id, required_share(candidate, spec), candidate.expected, spec)


def required_share(candidate: Candidate, spec: Spec) -> float:
    """Return the share of the candidate's pool that people must decide, as stated, else by how it came to be.

    A label that an operator may have moved is only proposed: every such child is read.
    """
    if (candidate.expected_by or "").startswith("proposed:"):
        return 1.0
    stated = dict(spec.review.require)
    if candidate.pool in stated:
        return stated[candidate.pool]
    if candidate.technique in TAKEN:
        return 0.0
    inherits = (candidate.expected_by or "").startswith("inherited:")
    return INHERITED_SHARE if inherits and candidate.technique not in GENERATED else 1.0


def picked_first(queue: Sequence[Queued], picked: Collection[str]) -> tuple[Queued, ...]:
    """Order a queue so that people review what would be in the set first."""
    return tuple(sorted(queue, key=lambda one: one.case not in picked))


def survival(view: LedgerView, spec: Spec) -> tuple[Survival, ...]:
    """Count survival over the whole, pools, personas, operators and axes, each decided candidate once.

    Stale and disputed cases are not decided; retired ones are shown apart, since rotation says nothing about how well
    they were written. Rows that were taken and not made (`seed`, `golden`) count in their pool alone: the healthy
    band is about what was generated.
    """
    made = [one for one in view.candidates if one.technique not in TAKEN]
    rows = list(survival_by(made, view, "", lambda one: ("",)))
    rows += survival_by(view.candidates, view, "pool", lambda one: (one.pool,))
    for name in ("persona", "operator", *(axis.name for axis in spec.axes)):
        rows += survival_by(made, view, name, lambda one, name=name: slice_values(one, name))  # type: ignore[misc]
    return tuple(rows)


def survival_by(
    candidates: Iterable[Candidate],
    view: LedgerView,
    name: str,
    levels_of: Callable[[Candidate], tuple[str, ...]],
) -> tuple[Survival, ...]:
    """Count survival in one slice, a row for each level that has a decision, in name order."""
    counts: dict[str, dict[str, int]] = {}
    for candidate in candidates:
        verdict = view.of(candidate.id).verdict
        if verdict is not None:
            for level in levels_of(candidate):
                row = counts.setdefault(level, {"keep": 0, "fix": 0, "drop": 0, "retire": 0})
                row[verdict] += 1
    return tuple(_row(name, level, counts[level]) for level in sorted(counts))


def _row(name: str, level: str, count: Mapping[str, int]) -> Survival:
    row = Survival(
        slice=name,
        level=level,
        kept=count["keep"],
        fixed=count["fix"],
        dropped=count["drop"],
        retired=count["retire"],
    )
    return replace(row, interval=wilson(row.kept + row.fixed, row.decided) if row.decided else None)


_PLACE: Mapping[Why, str] = MappingProxyType(
    {"disputed": "disputed", "stale": "stale", "first": "pending", "second": "pending"}
)


def _waits(decided: Effective, readers: int) -> Why | None:
    """Why a candidate waits for a person; None when it is approved."""
    if decided.disputed:
        return "disputed"
    if decided.stale:
        return "stale"
    if decided.verdict is None:
        return "first" if readers else None
    return "second" if _lacks_reader(decided, readers) else None


def _lacks_reader(decided: Effective, readers: int) -> bool:
    return decided.votes < readers or (readers >= BLIND_READERS and decided.blind == 0)


def _dropped_by_one(view: LedgerView, spec: Spec) -> list[Queued]:
    """What one person dropped and two must decide: it is out at once, and still read again.

    Agreement measured only on what the first reader kept would be flattered.
    """
    waiting = []
    for candidate in view.candidates:
        decided, readers = view.of(candidate.id), votes_needed(candidate, spec)
        if decided.verdict == "drop" and _lacks_reader(decided, readers):
            waiting.append(_queued(candidate, decided, "second", readers))
    return waiting


def _queued(candidate: Candidate, decided: Effective, why: Why, readers: int, flags: tuple[Flag, ...] = ()) -> Queued:
    return Queued(
        case=candidate.id, pool=candidate.pool, why=why, votes=decided.votes, needed=max(readers, 1), flags=flags
    )


def _queue_order(one: Queued) -> tuple[int, int, int, int, str]:
    # Where jurors disagree a person's word brings most. By keyed hash inside that: who stops half-way has read a fair
    # sample of every cell.
    doubt = 0 if _DOUBT & set(one.flags) else 1 if one.flags else 2
    return (_RANK[one.why], doubt, -len(one.flags), keyed_hash("queue", one.case), one.case)


def _drop(candidate: Candidate, decided: Effective) -> Drop:
    return Drop(
        id=candidate.id,
        stage=STAGE,
        reason=decided.reason or "dropped",
        pool=candidate.pool,
        stratum=candidate.stratum,
        detail=", ".join(decided.by),
    )
