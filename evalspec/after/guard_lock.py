"""Two locks and two ledgers to what lowers the guard: tampering, families, waivers, decisions, labels, drops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from evalspec.after.fields import Record, case_id
from evalspec.after.guard import WaiverKey, guard, waivers_since
from evalspec.model.diff import GUARD_ORDER, Lowered, Said, Side, said
from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock

# What the core recomputes without an embedding model. A drop by any other stage is taken on trust.
CORE_STAGES = frozenset({"generate", "screen", "review", "mix"})
VERIFIED = "verified:"

Pairs = tuple[tuple[Record, Record], ...]


def guard_of(before: Side, after: Side, pairs: Pairs) -> tuple[Lowered, ...]:
    """Return all that lowers the guard between two states, the gravest first."""
    found = [*_faults(before, after), *_unread(before, after)]
    if before.spec is not None and after.spec is not None:
        found += guard(before.spec, after.spec)
    if before.lock is not None and after.lock is not None:
        found = _with_families(found, before.lock, after.lock)
        if before.spec is None or after.spec is None:
            found += waivers_since(_waivers(before.lock), _waivers(after.lock))
            found += _purpose(before.lock, after.lock)
        found += _semantic_drops(before.lock, after.lock)
    elif after.lock is not None:
        found += waivers_since([], _waivers(after.lock))
    elif before.lock is not None:
        found.append(Lowered(kind="tampering", name="lock", said=said("the lock is gone")))
    found += _labels(pairs)
    if before.ledger is not None and after.ledger is not None:
        found += _decisions(before.ledger, after.ledger)
    return tuple(sorted(found, key=lambda one: GUARD_ORDER.index(one.kind)))


def is_semantic(drop: Mapping[str, object]) -> bool:
    """True for a drop that the core cannot recompute: an embedding model, or somebody with an editor, made it."""
    said_of = " ".join(str(drop.get(name, "")) for name in ("stage", "reason", "detail"))
    return str(drop.get("stage")) not in CORE_STAGES or "semantic" in said_of


def _faults(before: Side, after: Side) -> list[Lowered]:
    found = []
    for side in (before, after):
        if side.faults:
            words = said("the lock of {} contradicts itself: it was edited by hand or damaged", side.label)
            lines = tuple(said("{}", fault) for fault in side.faults)
            found.append(Lowered(kind="integrity", name="lock", said=words, lines=lines))
    return found


def _unread(before: Side, after: Side) -> list[Lowered]:
    """A guard that could be read on one side alone is said; silence would read as "nothing was loosened"."""
    if (before.spec is None) == (after.spec is None) or before.lock is None:
        return []  # without a lock before, the set is new and has no guard to lower
    missing = before if before.spec is None else after
    words = said(
        "no spec could be read at {}: gates, review, personal data and screens were not compared", missing.label
    )
    return [Lowered(kind="unread", name="spec", said=words)]


def _with_families(found: list[Lowered], before: Lock, after: Lock) -> list[Lowered]:
    """Name families where the locks know them; what only the specs say stands as they say it."""
    old, new = _models(before), _models(after)
    changed = []
    for role in dict.fromkeys((*old, *new)):
        was, now = old.get(role, ()), new.get(role, ())
        if was != now:
            words = said(f"{role}: {{}} is now {{}}", ", ".join(was) or "nobody", ", ".join(now) or "nobody")
            changed.append(Lowered(kind="family", name=role, said=words))
    named = {one.name for one in changed}
    return [one for one in found if one.kind != "family" or one.name not in named] + changed


def _models(lock: Lock) -> dict[str, tuple[str, ...]]:
    given = lock.header.get("models")
    found: dict[str, list[str]] = {}
    for one in given if isinstance(given, list) else ():
        if isinstance(one, Mapping) and one.get("role") in ("subject", "generator", "jury"):
            found.setdefault(str(one["role"]), []).append(f"{one.get('model')} (family {one.get('family')})")
    return {role: tuple(sorted(models)) for role, models in found.items()}


def _waivers(lock: Lock) -> list[WaiverKey]:
    given = lock.header.get("waivers")
    rows = given if isinstance(given, list) else []
    return [
        (str(one.get("rule")), str(one.get("until")), str(one.get("reason"))) for one in rows if isinstance(one, dict)
    ]


def _purpose(before: Lock, after: Lock) -> list[Lowered]:
    was, now = before.header.get("purpose"), after.header.get("purpose")
    if was == now:
        return []
    return [Lowered(kind="purpose", name="purpose", said=said("purpose {} is now {}", was, now))]


def _semantic_drops(before: Lock, after: Lock) -> list[Lowered]:
    known = {(str(one.get("id")), str(one.get("stage"))) for one in before.drops}
    cases = {case_id(one) for one in before.cases}
    lines = []
    for drop in after.drops:
        name, stage = str(drop.get("id")), str(drop.get("stage"))
        if is_semantic(drop) and (name, stage) not in known:
            was = ", a case before," if name in cases else ""
            lines.append(said(f"{{}}{was} by {{}}: {{}}", name, stage, drop.get("reason")))
    if not lines:
        return []
    words = said(f"{_counted(len(lines), 'drop')} in this change that {{}} cannot recompute", "verify")
    return [Lowered(kind="semantic_drop", name="drops", said=words, lines=tuple(lines))]


def _labels(pairs: Pairs) -> list[Lowered]:
    lines = []
    for before, after in pairs:
        was, now = str(before.get("expected_by", "")), str(after.get("expected_by", ""))
        if was.startswith(VERIFIED) and not now.startswith(VERIFIED):
            lines.append(said("{}: {} is now {}", case_id(after), was, now or "nobody"))
    if not lines:
        return []
    words = said("the labels of {} cases are no longer verified by a person", len(lines))
    return [Lowered(kind="label", name="expected_by", said=words, lines=tuple(lines))]


def _decisions(before: tuple[Decision, ...], after: tuple[Decision, ...]) -> list[Lowered]:
    old = {one.line_digest: one for one in before}
    new = {one.line_digest: one for one in after}
    gone = sorted((old[line] for line in old.keys() - new.keys()), key=_order)
    found = []
    for reviewer, lines in _by_reviewer(gone).items():
        words = said(f"{_counted(len(lines), 'decision')} of {{}} taken out of the ledger, which is append-only",
                     reviewer)  # fmt: skip
        found.append(Lowered(kind="tampering", name=reviewer, said=words, lines=tuple(_line(one) for one in lines)))
    added = sorted((new[line] for line in new.keys() - old.keys()), key=_order)
    for reviewer, lines in _by_reviewer(added).items():
        counts = Counter(one.verdict for one in lines)
        spelled = ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts))
        words = said(f"{_counted(len(lines), 'decision')} of {{}} in this change: {spelled}", reviewer)
        # A `keep` lets a case in that anybody can read in the diff; the others change or hide what would be there.
        told = sorted(lines, key=lambda one: (one.verdict == "keep", *_order(one)))
        found.append(Lowered(kind="decision", name=reviewer, said=words, lines=tuple(_line(one) for one in told)))
    return found


def _order(one: Decision) -> tuple[str, str, str, str]:
    return (one.reviewer, one.case, one.date, one.line_digest)


def _by_reviewer(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for one in decisions:
        found.setdefault(one.reviewer, []).append(one)
    return found


def _line(one: Decision) -> Said:
    reason = f", {one.reason}" if one.reason else ""
    changed = [name for name, value in (("text", one.input), ("label", one.expected)) if value is not None]
    what = f" of the {' and the '.join(changed)}" if changed else ""
    overrules = f", overrules {_counted(len(one.supersedes), 'line')}" if one.supersedes else ""
    return said(f"{one.verdict}{what} {{}} ({{}}){overrules}", one.case, f"{one.date}{reason}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
