"""The cases of a lock as scoring sees them: real or synthetic, family, slices, and what ties them to a parent."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.model.outcome import Lock
from evalspec.model.scorecard import Part, ScoredCase

_PARTS: Mapping[str, Part] = {"prod": "seed", "golden": "golden"}  # by the tag of provenance; all else is synthetic
_BY_LINEAGE = ("pool", "operator", "attack", "persona")
_KEEPS_LABEL = "inherited:"  # the operator does not move labels, so what passed before has to pass after


def scored_cases(lock: Lock) -> tuple[ScoredCase, ...]:
    """Return every case of the lock, in id order."""
    parents = {str(case["id"]): _parent(case) for case in lock.cases}
    return tuple(_case(case, parents) for case in lock.cases)


def _case(case: Mapping[str, object], parents: Mapping[str, str | None]) -> ScoredCase:
    lineage = _mapping(case.get("lineage"))
    identity, provenance = str(case["id"]), str(case["provenance"])
    weight, attack = lineage.get("weight"), lineage.get("attack")
    return ScoredCase(
        id=identity,
        digest=str(case["digest"]),
        part=_PARTS.get(provenance, "synthetic"),
        family=_root(identity, parents),
        track=str(case["track"]),
        slices=_slices(case, lineage, provenance),
        weight=float(weight) if isinstance(weight, int | float) and weight > 0 else 1.0,
        parent=parents[identity],
        relation=_relation(case, lineage),
        attack=str(attack) if attack else None,
        hard_negative=lineage.get("hard_negative") is True,
    )


def _parent(case: Mapping[str, object]) -> str | None:
    named = _mapping(case.get("relation")).get("parent")
    parents = _mapping(case.get("lineage")).get("parents")
    if named:
        return str(named)
    return str(parents[0]) if isinstance(parents, list) and parents else None


def _root(case: str, parents: Mapping[str, str | None]) -> str:
    """Return the first ancestor; a parent that is not in the set still ties its children together."""
    seen = {case}
    while (parent := parents.get(case)) is not None and parent not in seen:
        seen.add(parent)
        case = parent
    return case


def _relation(case: Mapping[str, object], lineage: Mapping[str, object]) -> str | None:
    declared = _mapping(case.get("relation")).get("name")
    if declared:
        twin = " twin" if lineage.get("hard_negative") is True else ""
        return f"{declared}{twin}"
    if str(case.get("expected_by", "")).startswith(_KEEPS_LABEL):
        return str(lineage.get("operator") or lineage.get("pool"))
    return None


def _slices(case: Mapping[str, object], lineage: Mapping[str, object], provenance: str) -> tuple[str, ...]:
    found = [
        f"track={case['track']}",
        f"provenance={provenance.split('-')[0]}",
        f"language={case['language']}",
        f"behaviour={case.get('behaviour', 'answer')}",
    ]
    found += [f"{name}={lineage[name]}" for name in _BY_LINEAGE if lineage.get(name)]
    found += [f"{axis}={level}" for axis, level in _mapping(lineage.get("cell")).items()]
    expected = case.get("expected")
    if isinstance(expected, str):
        found.append(f"expected={expected}")
    found += [f"{part}={label}" for part, label in _mapping(expected).items() if isinstance(label, str)]
    return tuple(dict.fromkeys(found))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
