"""What a case or a seed says about a slice: an axis, a label part, a metadata column, or a reserved name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from evalspec.model.case import Candidate, Seed
from evalspec.model.spec import Expected, Match


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _relation(candidate: Candidate) -> tuple[str, ...]:
    name = candidate.relation.get("name")
    return (name,) if isinstance(name, str) else ()


# The names that no axis or column may take, and where a case keeps them.
RESERVED: Mapping[str, Callable[[Candidate], tuple[str, ...]]] = MappingProxyType(
    {
        "attack": lambda one: _one(one.lineage.attack),
        "behaviour": lambda one: (one.behaviour,),
        "language": lambda one: (one.language,),
        "operator": lambda one: _one(one.lineage.operator),
        "persona": lambda one: _one(one.lineage.persona),
        "pool": lambda one: (one.pool,),
        "provenance": lambda one: (one.provenance,),
        "relation": _relation,
        "track": lambda one: (one.track,),
    }
)


def _label(expected: Expected | None, name: str) -> tuple[str, ...]:
    if isinstance(expected, str):
        return (expected,) if name == "expected" else ()
    value = expected.get(name) if expected is not None else None
    return (value,) if isinstance(value, str) else ()


def slice_values(candidate: Candidate, name: str) -> tuple[str, ...]:
    """Return the values of a case in the slice `name`; none when it has no place in it."""
    if name in RESERVED:
        return RESERVED[name](candidate)
    if name in candidate.lineage.cell:
        return (candidate.lineage.cell[name],)
    if name in candidate.metadata:
        return (candidate.metadata[name],)
    return _label(candidate.expected, name)


def seed_slice_values(seed: Seed, name: str) -> tuple[str, ...]:
    """Return the values of a seed in the slice `name`; a seed has no pool, track, operator, attack or persona."""
    if name == "language":
        return (seed.language,)
    if name == "behaviour":
        return (seed.behaviour,)
    if name in RESERVED:
        return ()
    if name in seed.metadata:
        return (seed.metadata[name],)
    return _label(seed.expected, name)


def matches(candidate: Candidate, match: Match) -> bool:
    """Return True when every slice of `match` holds one of its values for this case; an empty match holds for all."""
    return all(set(slice_values(candidate, name)) & set(values) for name, values in match)


def seed_matches(seed: Seed, match: Match) -> bool:
    """Return True when every slice of `match` holds one of its values for this seed."""
    return all(set(seed_slice_values(seed, name)) & set(values) for name, values in match)


def slice_label(match: Match) -> str:
    """Spell a match as measurements name their slice: `pool=persona`, or `all` for an empty one."""
    return ",".join(f"{name}={'|'.join(values)}" for name, values in match) or "all"
