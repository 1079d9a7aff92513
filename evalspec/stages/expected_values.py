"""What a row says is expected, read part by part: one spelling whether it came from JSON, CSV or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from evalspec.diagnostics import did_you_mean
from evalspec.model.spec import Expected, Fields, Part, Task
from evalspec.stages.turns import RowProblem, calls_of, decoded, look_up
from evalspec.text.json_text import json_line, scalar_text

LONGEST_SHOWN = 40  # of a value in a message: a column mapped by mistake may hold what is private


def read_expected(values: Mapping[str, object], fields: Fields, task: Task) -> Expected | None:
    """Return the expected output of a row, or None when the row gives no part of it."""
    if not task.expected:
        return None
    if task.short_expected:
        label = _part(look_up(values, _bare_column(fields)), task.expected[0])
        return str(label) if label is not None else None
    found: dict[str, object] = {}
    whole, columns = _whole(values, fields, task), dict(fields.expected)
    for part in task.expected:
        raw = look_up(values, columns[part.name]) if part.name in columns else whole.get(part.name)
        value = _part(raw, part)
        if value is not None:
            found[part.name] = value
    return found or None


def text_of(value: object, name: str) -> str | None:
    """Spell a scalar as text; nothing and the empty string are None, objects are refused."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int | float):
        return scalar_text(value)
    raise RowProblem(f"`{name}` is {_shape(value)}, not text")


def _bare_column(fields: Fields) -> str:
    return dict(fields.expected).get("", "expected")


def _whole(values: Mapping[str, object], fields: Fields, task: Task) -> Mapping[str, object]:
    """Return the parts that one column holds: an object, or the value of the only part."""
    if fields.expected and "" not in dict(fields.expected):
        return {}
    column = _bare_column(fields)
    raw = look_up(values, column)
    inner = decoded(raw)
    if isinstance(inner, Mapping) and set(inner) <= {part.name for part in task.expected}:
        return inner
    if raw is None:
        return {part.name: look_up(values, f"{column}.{part.name}") for part in task.expected}
    if len(task.expected) == 1:
        return {task.expected[0].name: raw}
    raise RowProblem(
        f"`{column}` does not say which part it gives",
        "Name the columns of the parts: `fields: {expected: {part: column}}`.",
    )


def _part(value: object, part: Part) -> object | None:
    if value is None or value == "":
        return None
    return _BY_KIND[part.kind](value, part)


def _label(value: object, part: Part) -> object:
    text = text_of(value, part.name)
    if part.values and text not in part.values:
        shown = (text or "")[:LONGEST_SHOWN]
        raise RowProblem(
            f"`{shown}` is no value of `{part.name or 'expected'}` ({did_you_mean(shown, part.values)})",
            "Add it to the values of `task.expected`, or leave such rows out of the data.",
        )
    return text


def _text(value: object, part: Part) -> object:
    return text_of(value, part.name)


def _json(value: object, part: Part) -> object:
    found = decoded(value)
    if not isinstance(found, Mapping):
        raise RowProblem(f"`{part.name}` is {_shape(found)}, not an object")
    return dict(found)


def _calls(value: object, part: Part) -> object:
    return list(calls_of(value))


def _texts(value: object, part: Part) -> object:
    found = decoded(value)
    entries = found if isinstance(found, list) else [found]
    texts = [text_of(one, part.name) for one in entries]
    return [one for one in texts if one is not None]


_BY_KIND: Mapping[str, Callable[[object, Part], object]] = MappingProxyType(
    {
        "citations": _texts,
        "criteria": _texts,
        "json": _json,
        "label": _label,
        "query": _text,
        "text": _text,
        "tool_calls": _calls,
    }
)


def _shape(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return f"`{json_line(value)[:LONGEST_SHOWN]}`"
