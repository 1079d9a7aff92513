"""Cases of two locks to pairs: under one id, under a renamed level, or with the same text under another id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalspec.after.fields import Record, case_id, lineage_of
from evalspec.digests import digest
from evalspec.model.diff import Rename
from evalspec.text.patterns import lazy_pattern

RENAMED_CASES = 2  # one case that moved to another level is a moved case
_VOICES = ("persona", "operator", "attack")
_PART = lazy_pattern(r"[^.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Every case of both sides in exactly one place."""

    same: tuple[tuple[Record, Record], ...]  # under one id
    renamed: tuple[tuple[Record, Record], ...]
    moved: tuple[tuple[Record, Record], ...]
    removed: tuple[Record, ...]
    added: tuple[Record, ...]
    renames: tuple[Rename, ...]


def pair(before: tuple[Record, ...], after: tuple[Record, ...]) -> Pairing:
    """Pair the cases of two locks, the surest way first; the order of the records does not matter."""
    old = {case_id(one): one for one in before}
    new = {case_id(one): one for one in after}
    same = tuple((old[name], new[name]) for name in sorted(old.keys() & new.keys()))
    gone = {name: old[name] for name in sorted(old.keys() - new.keys())}
    come = {name: new[name] for name in sorted(new.keys() - old.keys())}
    renames, renamed = _renames(gone, come, old, new)
    moved = _moves(gone, come)
    return Pairing(
        same=same,
        renamed=renamed,
        moved=moved,
        removed=tuple(gone.values()),
        added=tuple(come.values()),
        renames=renames,
    )


def is_in_another_cell(before: Record, after: Record) -> bool:
    """True for the same text in another cell, voice or attack."""
    return before.get("input") == after.get("input") and _dimensions(before) != _dimensions(after)


def _dimensions(record: Record) -> dict[str, str]:
    """Return where a case stands: its level on each axis, its voice, operator, attack."""
    lineage = lineage_of(record)
    cell = lineage.get("cell")
    found = {str(axis): str(level) for axis, level in cell.items()} if isinstance(cell, Mapping) else {}
    return found | {name: str(lineage[name]) for name in _VOICES if name in lineage}


_Pairs = tuple[tuple[Record, Record], ...]


def _renames(
    gone: dict[str, Record], come: dict[str, Record], old: Mapping[str, Record], new: Mapping[str, Record]
) -> tuple[tuple[Rename, ...], _Pairs]:
    """Find names that stand nowhere any more and whose cases all stand under a name that stood nowhere before.

    The paired cases are taken out of `gone` and `come`.
    """
    places: dict[str, dict[str, set[str]]] = {"old": {}, "new": {}}
    for side, records in (("old", old), ("new", new)):
        for record in records.values():
            for dimension, level in _dimensions(record).items():
                places[side].setdefault(dimension, set()).add(level)
    renames: list[Rename] = []
    pairs: list[tuple[Record, Record]] = []
    for dimension in sorted(places["old"].keys() & places["new"].keys()):
        lost = sorted(places["old"][dimension] - places["new"][dimension])
        found = sorted(places["new"][dimension] - places["old"][dimension])
        for was in lost:
            matches = {now: _renamed_pairs(gone, come, dimension, was, now) for now in found}
            now = max(matches, key=lambda name: (len(matches[name]), name), default="")
            if not now or len(matches[now]) < RENAMED_CASES:
                continue
            for one, other in matches[now]:
                pairs.append((gone.pop(case_id(one)), come.pop(case_id(other))))
            rewritten = sum(1 for one, other in matches[now] if one.get("input") != other.get("input"))
            cases = tuple(case_id(other) for _, other in matches[now])
            renames.append(Rename(dimension=dimension, before=was, after=now, cases=cases, rewritten=rewritten))
    return tuple(renames), tuple(pairs)


def _renamed_pairs(
    gone: Mapping[str, Record], come: Mapping[str, Record], dimension: str, was: str, now: str
) -> list[tuple[Record, Record]]:
    found = []
    for name, record in gone.items():
        if _dimensions(record).get(dimension) != was:
            continue
        # One part of the id at a time: another axis may have a level of the same name.
        for part in _PART.finditer(name):
            other = come.get(name[: part.start()] + now + name[part.end() :]) if part.group() == was else None
            if other is not None and _dimensions(other) == {**_dimensions(record), dimension: now}:
                found.append((record, other))
                break
    return found


def _moves(gone: dict[str, Record], come: dict[str, Record]) -> _Pairs:
    """Pair the rest by equal text, those with equal labels first; taken out of `gone` and `come`."""
    pairs: list[tuple[Record, Record]] = []
    for fields in (("input", "context", "expected"), ("input",)):
        by_text: dict[str, list[str]] = {}
        for name, record in come.items():
            by_text.setdefault(digest([record.get(one) for one in fields]), []).append(name)
        for name in list(gone):
            twins = by_text.get(digest([gone[name].get(one) for one in fields]))
            if twins:
                pairs.append((gone.pop(name), come.pop(twins.pop(0))))
    return tuple(sorted(pairs, key=lambda one: case_id(one[1])))
