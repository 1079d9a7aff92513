"""Two records of a case to the fields that differ: texts word by word, everything else by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from evalspec.after.words import text_edit, turn_edits
from evalspec.model.diff import CaseEdit, FieldEdit, NameShift

Record = Mapping[str, object]
Shift = tuple[str, str | None, str | None]  # field, before, after

CONTENT = ("input", "context", "behaviour", "premise", "expected", "checks")  # what a digest covers
_TEXTS = frozenset({"premise"})
_OPENED = frozenset({"context", "expected", "lineage", "metadata", "relation", "review"})  # compared key by key
_SKIPPED = frozenset({"id", "digest"})  # said by the others
LONGEST_NAME = 60  # a longer value is a text, to be read and not grouped


def case_id(record: Record) -> str:
    """Return the id of a record of a lock."""
    return str(record.get("id"))


def content_of(record: Record) -> dict[str, object]:
    """Return what a runner is given and judged by; the digest in the record is not believed."""
    return {name: record[name] for name in CONTENT if name in record}


def lineage_of(record: Record) -> Record:
    """Return how a case came to be, as its record says."""
    found = record.get("lineage")
    return found if isinstance(found, Mapping) else {}


def field_edits(before: Record, after: Record) -> tuple[FieldEdit, ...]:
    """Return what differs between two records, the input first."""
    found: list[FieldEdit] = list(_input_edits(before.get("input"), after.get("input")))
    names = [name for name in (*after, *before) if name != "input" and name not in _SKIPPED]
    for name in dict.fromkeys(names):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name in _OPENED and _are_open(old, new):
            found += _opened(name, old or {}, new or {})
        else:
            found.append(_edit(name, old, new))
    return tuple(found)


def name_shifts(edits: Iterable[CaseEdit]) -> tuple[NameShift, ...]:
    """Group the changes of names: the same name in the place of the same other one, and in which cases."""
    groups: dict[Shift, list[CaseEdit]] = {}
    for case in edits:
        for one in case.edits:
            if not one.is_text:
                groups.setdefault(shift_of(one), []).append(case)
    found = []
    for (field, before, after), cases in groups.items():
        causes = {case.cause for case in cases}
        ids = tuple(sorted(case.id for case in cases))
        cause = causes.pop() if len(causes) == 1 else None
        found.append(NameShift(field=field, before=before, after=after, cases=ids, cause=cause))
    return tuple(sorted(found, key=lambda one: (-len(one.cases), one.field, one.before or "", one.after or "")))


def shift_of(edit: FieldEdit) -> Shift:
    """Return what a change of a name shares with others; lists of ids are each their own, and say nothing as names."""
    are_lists = all(value is None or value.startswith("[") for value in (edit.before, edit.after))
    is_ids = edit.name.startswith("lineage.") and are_lists
    return (edit.name, None, None) if is_ids else (edit.name, edit.before, edit.after)


def spelled(value: object) -> str | None:
    """Return a value as one text: strings as they are, everything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def last_words(record: Record) -> str:
    """Return what the user wrote last, which tells one case from another."""
    given = record.get("input")
    if isinstance(given, str):
        return given
    turns = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    said = [str(one.get("content", "")) for one in turns if one.get("role") == "user"]
    return said[-1] if said else ""


def _input_edits(before: object, after: object) -> tuple[FieldEdit, ...]:
    if before == after:
        return ()
    if isinstance(before, list) and isinstance(after, list):
        return turn_edits(before, after)
    return (text_edit("input", _whole(before), _whole(after)),)


def _whole(value: object) -> str | None:
    """A conversation where the other side has one text: its turns, a line each."""
    if isinstance(value, list):
        return "\n".join(f"{one.get('role')}: {one.get('content')}" for one in value if isinstance(one, Mapping))
    return spelled(value)


def _are_open(old: object, new: object) -> bool:
    """True when both are mappings, or one is and the other is not there."""
    return all(isinstance(one, Mapping) for one in (old, new) if one is not None)


def _opened(name: str, old: object, new: object) -> list[FieldEdit]:
    assert isinstance(old, Mapping) and isinstance(new, Mapping)
    keys = [key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    found: list[FieldEdit] = []
    for key in keys:
        one, other = old.get(key), new.get(key)
        if name == "lineage" and isinstance(one, Mapping) and isinstance(other, Mapping):
            found += _opened(f"{name}.{key}", one, other)
        else:
            found.append(_edit(f"{name}.{key}", one, other))
    return found


def _edit(name: str, old: object, new: object) -> FieldEdit:
    before, after = spelled(old), spelled(new)
    longest = max(len(before or ""), len(after or ""))
    if name in _TEXTS or longest > LONGEST_NAME:
        return text_edit(name, before, after)
    return FieldEdit(name=name, before=before, after=after)
