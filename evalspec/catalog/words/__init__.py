"""Our own word lists as package data, read once: word sets, `key: value, value` tables and columns."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


@functools.cache
def lines(name: str) -> tuple[str, ...]:
    """Return the lines of one list; empty lines and comments are left out."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return tuple(line for line in text.split("\n") if line and not line.startswith("#"))


@functools.cache
def words(name: str) -> frozenset[str]:
    """Return all words of one list."""
    return frozenset(word for line in lines(name) for word in line.split())


@functools.cache
def table(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return a `key: value, value` list as a mapping."""
    return MappingProxyType(
        {key: tuple(values.split(", ")) for key, values in (line.split(": ", 1) for line in lines(name))}
    )


@functools.cache
def grouped(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return a list of `group: whole line` as group to its lines, in the order of the list."""
    groups: dict[str, list[str]] = {}
    for group, line in (line.split(": ", 1) for line in lines(name)):
        groups.setdefault(group, []).append(line)
    return MappingProxyType({group: tuple(members) for group, members in groups.items()})


@functools.cache
def column(name: str, index: int) -> Mapping[str, tuple[str, ...]]:
    """Return one column of a `key | value | value` list; a dash has no entry."""
    rows = ([cell.strip() for cell in line.split("|")] for line in lines(name))
    return MappingProxyType({row[0]: (row[index],) for row in rows if row[index] != "-"})
