"""What the locks say of a candidate: the one beside the spec, and whether it was reused or rebuilt since a base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evalspec.after.why_ground import Ground, case_of, drop_of
from evalspec.model.outcome import Lock
from evalspec.model.spec import Spec
from evalspec.model.task import Task
from evalspec.model.why import Since
from evalspec.stages.lock import case_record, drop_record

Record = Mapping[str, object]


def in_lock(ground: Ground, name: str) -> str:
    """Say what the lock that stands beside the spec holds of it, and whether that is what the inputs give now."""
    if ground.lock is None:
        return "there is no lock yet"
    standing, now = _case(ground.lock, name), case_of(ground, name)
    if standing is not None:
        if now is None:
            return "a case of the lock, and no longer of the set: the lock is out of date"
        if standing == case_record(now):
            return "a case of the lock, as it is now"
        same = standing.get("digest") == now.digest
        what = "with another lineage or review" if same else "with another text or label"
        return f"a case of the lock {what}: the lock is out of date"
    dropped = _drop(ground.lock, name)
    if dropped is not None:
        return f"a drop of the lock: {dropped.get('stage')}, {dropped.get('reason')}"
    return "not in the lock" if now is None else "not in the lock, which is out of date"


def since(ground: Ground, name: str) -> Since | None:
    """Compare with the base lock by digest, and name what may have changed it; None where no base was asked for."""
    ref = ground.base_ref
    if ref is None:
        return None
    if ground.base_lock is None:
        return Since(ref=ref, state="new", said=f"`{ref}` has no lock of this spec")
    was, now = _case(ground.base_lock, name), case_of(ground, name)
    was_dropped, dropped = _drop(ground.base_lock, name), drop_of(ground, name)
    causes = _causes(ground, name)
    if was is not None and now is not None:
        if was == case_record(now):
            return Since(ref=ref, state="same", said="reused: the same to the last field")
        if was.get("digest") == now.digest:
            fields = _fields(was, case_record(now))
            return Since(ref=ref, state="reused", said=f"reused: text and label are the same; differs in {fields}")
        return Since(ref=ref, state="rebuilt", said=f"rebuilt: digest {was.get('digest')} then", causes=causes)
    if now is not None:
        then = f"dropped then ({was_dropped.get('reason')})" if was_dropped else "not in the set then"
        return Since(ref=ref, state="came in" if was_dropped else "new", said=f"{then}, in the set now", causes=causes)
    if was is not None:
        reason = f"dropped now ({dropped.reason})" if dropped else "not in the set now"
        return Since(ref=ref, state="went out", said=f"in the set then, {reason}", causes=causes)
    if was_dropped is not None and dropped is not None:
        if was_dropped == drop_record(dropped):
            return Since(ref=ref, state="dropped as before", said="dropped then for the same reason")
        then = f"dropped then as well, for another reason ({was_dropped.get('reason')})"
        return Since(ref=ref, state="dropped as before", said=then, causes=causes)
    return Since(ref=ref, state="neither", said="in the set neither then nor now", causes=())


def _causes(ground: Ground, name: str) -> tuple[str, ...]:
    """Name what differs among the things that a candidate hangs on, the nearest first."""
    assert ground.base_lock is not None
    done, base = ground.done, ground.base_lock
    slot = done.plan.slots_by_id.get(name) if done.plan else None
    found = []
    added = [one for one in done.inputs.ledger.decisions if one.case == name and one.line_digest in ground.new_lines]
    found += [f"decision added: {one.verdict} by {one.reviewer} on {one.date}" for one in added]
    if slot is None:
        found.append("its slot is no longer planned")
    elif slot.parent_id and slot.parent_id != name:
        parent, was = case_of(ground, slot.parent_id), _case(base, slot.parent_id)
        if was is None and parent is not None:
            found.append(f"its parent `{slot.parent_id}` is new in the set")
        elif parent is None or (was is not None and was.get("digest") != parent.digest):
            found.append(f"its parent `{slot.parent_id}` has another text or label, or left the set")
    found += _operator_causes(ground, name)
    found += _input_causes(ground)
    if slot is not None:
        found += _spec_causes(done.spec, ground.base_spec, slot.pool)
    return tuple(found)


def _operator_causes(ground: Ground, name: str) -> list[str]:
    assert ground.base_lock is not None
    was, now = _case(ground.base_lock, name), case_of(ground, name)
    found = []
    if was is not None and now is not None:
        before, after = was.get("lineage"), case_record(now)["lineage"]
        for field, word in (("operators", "operators"), ("attack_version", "attack"), ("exemplars", "exemplars")):
            old = before.get(field) if isinstance(before, Mapping) else None
            new = after.get(field) if isinstance(after, Mapping) else None
            if old != new:
                found.append(f"{word}: {_words(old)} then, {_words(new)} now")
    return found


def _input_causes(ground: Ground) -> list[str]:
    """Name the files and rows that the base lock was built from and that are others now."""
    assert ground.base_lock is not None
    before = ground.base_lock.header.get("inputs")
    if not isinstance(before, Mapping):
        return []
    found, sources = [], {source.name for source in ground.done.spec.sources}
    for name, digest in ground.digests.items():
        held = before.get(name)
        kind = "the grammar" if name in ground.grammars else "the used rows of" if name in sources else "the file"
        if name == "ledger":  # its lines about the case are named one by one
            continue
        if isinstance(held, Mapping) and held.get("digest") != digest:
            found.append(f"{kind} `{name}` changed")
        elif held is None:
            found.append(f"{kind} `{name}` came in")
    return found


def _as_written(block: object) -> object:
    """Return a block without the text of a file that it names: the base's is not read, and inputs tell its edits."""
    if isinstance(block, Task) and block.instructions_path is not None:
        return replace(block, instructions=None)
    return block


def _spec_causes(now: Spec, then: Spec | None, pool: str) -> list[str]:
    if then is None:
        return ["the spec is new, or cannot be read as it was"]
    found = []
    was = next((one for one in then.pools if one.name == pool), None)
    place = now.pool(pool).at
    where = f" ({place.path}:{place.line})" if place else ""
    if was is None:
        found.append(f"pool `{pool}` is new{where}")
    elif was != now.pool(pool):
        found.append(f"pool `{pool}` was edited{where}")
    for block in ("axes", "personas", "models", "task", "sources", "screen", "review", "mix"):
        if _as_written(getattr(then, block)) != _as_written(getattr(now, block)):
            found.append(f"`{block}` of the spec was edited")
    if then.random_state != now.random_state:
        found.append(f"random_state was {then.random_state} and is {now.random_state}")
    return found


def _case(lock: Lock, name: str) -> Record | None:
    return next((one for one in lock.cases if one.get("id") == name), None)


def _drop(lock: Lock, name: str) -> Record | None:
    return next((one for one in lock.drops if one.get("id") == name), None)


def _fields(before: Record, after: Record) -> str:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"`{name}`" for name in names)


def _words(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) and value else str(value or "none")
