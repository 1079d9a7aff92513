"""A template to its parts: text, `{rule}`, `{fact.NAME}`, `{fragment.KIND}` and `{one|another}`; braces nest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from evalspec.text.patterns import lazy_pattern

MAX_NESTING = 8  # deeper templates are unreadable, and recursion must end

_REFERENCE = lazy_pattern(r"(?:(fact|fragment)\.)?([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A place that something else fills: a rule, a fact of the slot, a phrase of a real user."""

    kind: Literal["rule", "fact", "fragment"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several patterns, an empty one among them where the template says so."""

    options: tuple[Pattern, ...]


Pattern = tuple["str | Ref | Choice", ...]


class PatternError(ValueError):
    """A template that cannot be read; the message says where."""


def parse_pattern(text: str) -> Pattern:
    """Read a template."""
    nodes, at = _sequence(text, 0, 0)
    if at < len(text):
        raise PatternError(f"`}}` at character {at + 1} closes nothing")
    return nodes


def references(pattern: Pattern) -> Iterator[Ref]:
    """Yield every reference of a pattern, those inside choices too."""
    for node in pattern:
        if isinstance(node, Ref):
            yield node
        elif isinstance(node, Choice):
            for option in node.options:
                yield from references(option)


def _sequence(text: str, at: int, depth: int) -> tuple[Pattern, int]:
    nodes: list[str | Ref | Choice] = []
    start = at
    while at < len(text):
        mark = text[at]
        if mark == "{":
            nodes.append(text[start:at])
            node, at = _braces(text, at, depth + 1)
            nodes.append(node)
            start = at
        elif mark == "}" or (mark == "|" and depth):
            break
        else:
            at += 1
    nodes.append(text[start:at])
    return tuple(node for node in nodes if node != ""), at


def _braces(text: str, at: int, depth: int) -> tuple[Ref | Choice, int]:
    opened = at
    if depth > MAX_NESTING:
        raise PatternError(f"braces nest deeper than {MAX_NESTING} at character {opened + 1}")
    options: list[Pattern] = []
    at += 1
    while True:
        option, at = _sequence(text, at, depth)
        options.append(option)
        if at >= len(text):
            raise PatternError(f"`{{` at character {opened + 1} is never closed")
        if text[at] == "}":
            break
        at += 1
    if len(options) > 1:
        return Choice(options=tuple(options)), at + 1
    return _reference(text[opened + 1 : at], opened), at + 1


def _reference(inside: str, opened: int) -> Ref:
    found = _REFERENCE.fullmatch(inside)
    if found is None:
        raise PatternError(
            f"`{{{inside}}}` at character {opened + 1} is no name, `fact.NAME`, `fragment.KIND` or choice `a|b`"
        )
    kinds: Mapping[str, Literal["fact", "fragment"]] = {"fact": "fact", "fragment": "fragment"}
    return Ref(kind=kinds.get(found.group(1) or "", "rule"), name=found.group(2))
