"""One line of JSON to its top-level fields, each with the place of its key and value, or to the problems it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from evalspec.diagnostics import Collector, Span
from evalspec.text.patterns import lazy_pattern

_TOKEN = lazy_pattern(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = lazy_pattern("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line's fields, and where each stands."""

    whole: Span
    fields: Mapping[str, object]
    keys: Mapping[str, Span]
    values: Mapping[str, Span]


def read_line(path: str, number: int, text: str, problems: Collector) -> Line | None:
    """Return the object on one line; None, and a diagnostic, when the line is not one."""
    whole = Span(path, number, 1, number, len(text) + 1)
    if text.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        hint = "a ledger only grows: keep the lines of both sides and remove the markers"
        problems.add("V401", "a merge conflict stands here", at=whole, hint=hint)
        return None
    twice: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                twice.append(key)
            found[key] = value
        return found

    try:
        data = json.loads(text, object_pairs_hook=members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = Span(path, number, error.colno, number, error.colno + 1)
        problems.add("V401", f"the line is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", at=place)
        return None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        problems.add("V401", f"the line is not JSON: {reason}", at=whole)
        return None
    if not isinstance(data, dict):
        problems.add("V401", "the line is not an object", at=whole, hint='A line looks like {"case": ..., ...}.')
        return None
    if _SURROGATE.search(json.dumps(data, ensure_ascii=False)):
        problems.add("V401", "the line holds half a character (a lone surrogate)", at=whole)
        return None
    keys, values = _places(path, number, text)
    for key in twice:
        problems.add("V402", f"key `{key}` stands twice", at=keys.get(key, whole), label="the last one")
    return None if twice else Line(whole=whole, fields=data, keys=keys, values=values)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _places(path: str, number: int, text: str) -> tuple[dict[str, Span], dict[str, Span]]:
    """Return where the keys and values of the outermost object stand; the text is known to be JSON."""

    def span(start: int, end: int) -> Span:
        return Span(path, number, start + 1, number, end + 1)

    keys: dict[str, Span] = {}
    values: dict[str, Span] = {}
    depth = 0
    key: str | None = None
    start = end = 0
    tokens = list(_TOKEN.finditer(text))
    for at, token in enumerate(tokens):
        mark = token.group()
        if depth == 1 and mark in (",", "}") and key is not None:
            values[key] = span(start, end)
            key = None
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        elif depth == 1 and key is None and mark[0] == '"' and tokens[at + 1].group() == ":":
            key = json.loads(mark)
            keys[key] = span(token.start(), token.end())
            start = tokens[at + 2].start()
        end = token.end()
    return keys, values
