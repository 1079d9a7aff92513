"""Two specs to what the second one makes less of: cases, real cases, hard cases, pools, attacks, levels, languages."""

from __future__ import annotations

from collections.abc import Iterable

from evalspec.model.diff import Lowered, Said, said
from evalspec.model.spec import Pool, Spec

_REAL = frozenset({"seed", "golden"})
_HARD = frozenset({"redteam"})


def made_since(before: Spec, after: Spec) -> tuple[Lowered, ...]:
    """Return everything that leaves less, or easier things, in the set than the first spec asked for."""
    return (*_mix(before, after), *_pools(before, after), *_coverage(before, after))


def _mix(before: Spec, after: Spec) -> list[Lowered]:
    found = []
    if after.mix.size < before.mix.size:
        found.append(said("the set is smaller: {} cases are now {}", before.mix.size, after.mix.size))
    for kinds, what in ((_REAL, "from users and experts"), (_HARD, "of attacks")):
        was, now = _count(before, kinds), _count(after, kinds)
        # Held against each other as shares: 84 of 200 and 42 of 100 are the same. In a set of another size a quota may
        # round each of the two pools down.
        rounding = 0 if after.mix.size == before.mix.size else 2 * before.mix.size
        if now * before.mix.size + rounding < was * after.mix.size:
            found.append(said(f"cases {what}: {{}} of {{}} are now {{}} of {{}}", was, before.mix.size, now,
                              after.mix.size))  # fmt: skip
    return [Lowered(kind="mix", name="mix", said=one) for one in found]


def _count(spec: Spec, kinds: frozenset[str]) -> int:
    counts = dict(spec.mix.counts)
    return sum(counts.get(pool.name, 0) for pool in spec.pools if pool.kind in kinds)


def _pools(before: Spec, after: Spec) -> list[Lowered]:
    now = {pool.name: pool for pool in after.pools}
    return [
        Lowered(kind="mix", name=pool.name, said=one)
        for pool in before.pools
        if pool.name in now
        for one in _easier(pool, now[pool.name])
    ]


def _easier(before: Pool, after: Pool) -> list[Said]:
    name, found = before.name, []
    if after.per_parent > before.per_parent:
        found.append(said("pool {}: {} children of one parent may now be {}", name, before.per_parent,
                          after.per_parent))  # fmt: skip
    if (before.parents, after.parents) == ("with", "any"):
        found.append(said("pool {}: a child may now be in the set without its parent", name))
    if after.hard_negatives < before.hard_negatives:
        found.append(said("pool {}: hard negatives {} are now {}", name, before.hard_negatives, after.hard_negatives))
    if after.track != before.track:
        found.append(said("pool {}: track {} is now {}", name, before.track or "its own", after.track or "its own"))
    if (before.where, before.exclude) != (after.where, after.exclude):
        found.append(said("pool {} is made from other rows: `where` or `exclude` has changed", name))
    return found


def _coverage(before: Spec, after: Spec) -> list[Lowered]:
    named = [
        ("language", before.task.languages, after.task.languages),
        ("attack", _attacks(before), _attacks(after)),
    ]
    ours = [
        ("pool", _names(before.pools), _names(after.pools)),
        ("persona", _names(before.personas), _names(after.personas)),
    ]
    levels = {axis.name: _names(axis.levels) for axis in after.axes}
    ours += [(f"level of {axis.name}", _names(axis.levels), levels.get(axis.name, ())) for axis in before.axes]
    # A name of our own may simply be another one now; fewer of them are fewer.
    found = named + [(what, was, now) for what, was, now in ours if len(now) < len(was)]
    return [
        Lowered(kind="coverage", name=one, said=said(f"{what} {{}} is gone: nothing in the set is of it", one))
        for what, was, now in found
        for one in was
        if one not in set(now)
    ]


def _names(things: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(getattr(one, "name", "")) for one in things)


def _attacks(spec: Spec) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.kind for pool in spec.pools for one in pool.attacks))
