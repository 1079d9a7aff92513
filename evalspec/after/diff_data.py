"""A diff as JSON data: every field of the records, sentences with their values beside them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from evalspec.model.diff import Diff, Said

FORMAT = 1  # raised when a field changes its meaning; new fields may come at any time


def diff_data(found: Diff) -> dict[str, object]:
    """Return the whole diff as JSON data, nothing cut."""
    data = _data(found)
    assert isinstance(data, dict)
    return {"diff": FORMAT, "differs": not found.is_empty, **data}


def _data(value: object) -> object:
    if isinstance(value, Said):
        return value.plain
    if is_dataclass(value):
        given = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: _data(one) for name, one in given.items() if one is not None}
    if isinstance(value, tuple):
        return [_data(one) for one in value]
    return value
