"""One spec on top of another: each block entry by entry, with every entry keeping its own place."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from evalspec.diagnostics import Collector, Note, Span
from evalspec.model.source import Document, Path
from evalspec.stages.resolving.paths import path_problem

NOT_INHERITED = frozenset({"name", "description", "waivers", "extends"})


def extended_path(document: Document) -> tuple[str, Span | None] | None:
    """Return the path of the spec that this one extends and where it says so, or None."""
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("extends"), str):
        return None
    return data["extends"], document.span_of(("extends",))


def merge(document: Document, base: Document, problems: Collector) -> Document:
    """Lay a spec over the one that it extends: an entry replaces an entry whole, `null` takes one away."""
    own, under = document.data, base.data
    assert isinstance(own, dict) and isinstance(under, dict)
    merged: dict[str, Any] = {}
    values: dict[Path, Span] = {(): document.values[()]}
    keys: dict[Path, Span] = {}
    for block in sorted({*own, *under}):
        sources = _entries(block, own, under, document, problems)
        if sources is None:
            origin = document if block in own else base
            if block not in own and block in NOT_INHERITED:
                continue
            merged[block] = origin.data[block]  # type: ignore[index]  # a mapping, asserted above
            _copy(origin, (block,), values, keys)
            continue
        merged[block] = {}
        head = document if block in own else base
        for table, spans in ((values, head.values), (keys, head.keys)):
            if (block,) in spans:
                table[(block,)] = spans[(block,)]
        for name, origin_is_own in sources:
            origin = document if origin_is_own else base
            merged[block][name] = origin.data[block][name]  # type: ignore[index]
            _copy(origin, (block, name), values, keys)
    return replace(document, data=merged, values=MappingProxyType(values), keys=MappingProxyType(keys))


def extended_fault(document: Document, path: str) -> str | None:
    """Say why a path cannot be that of a spec to extend, before anything is read from it, or None."""
    fault = path_problem(path) or ("has a folder in it" if "/" in path else None)
    if not fault and not path.endswith((".yaml", ".yml")):
        fault = "does not end in `.yaml`"
    if fault:
        return f"`extends` names a spec in the same folder, and `{path}` {fault}"
    return "the spec extends itself" if path == document.source.path.rpartition("/")[2] else None


def check_extends(
    document: Document, given: tuple[str, Span | None], base: Document | None, problems: Collector
) -> None:
    """Check that `extends` names a spec beside this one, which itself extends nothing."""
    path, at = given
    if fault := extended_fault(document, path):
        problems.add("C231", fault, at=at)
    elif base is None:
        problems.add("C231", f"`{path}`, which this spec extends, was not read", at=at)
    elif isinstance(base.data, dict) and "extends" in base.data:
        problems.add(
            "C231",
            f"`{path}` itself extends a spec",
            at=at,
            notes=[Note(message="it says so here", span=base.key_span(("extends",)))],
            hint="extend the spec at the bottom, and repeat here what the one between changes",
        )


def _entries(
    block: str, own: dict[str, Any], under: dict[str, Any], document: Document, problems: Collector
) -> list[tuple[str, bool]] | None:
    """Return the names in a merged block and whether each is the spec's own; None for what is no block."""
    mine, theirs = own.get(block), under.get(block)
    if block in NOT_INHERITED or not isinstance(mine if block in own else theirs, dict):
        return None
    mine = mine if isinstance(mine, dict) else {}
    theirs = dict(theirs) if isinstance(theirs, dict) else {}
    if block == "mix":  # one of two forms: the other one gives way
        for key in ("size", "shares") if "cases" in mine else ("cases",) if mine else ():
            theirs.pop(key, None)
    for name, value in mine.items():
        if value is None and name not in theirs:
            problems.add(
                "C231",
                f"there is no `{name}` under `{block}` to take away",
                at=document.key_span((block, name)),
                hint="an empty entry takes one away from the extended spec; write `{}` to add one with its defaults",
            )
    names = {**dict.fromkeys(theirs, False), **dict.fromkeys(mine, True)}
    return [(name, is_own) for name, is_own in sorted(names.items()) if not (is_own and mine[name] is None)]


def _copy(origin: Document, prefix: Path, values: dict[Path, Span], keys: dict[Path, Span]) -> None:
    for table, spans in ((values, origin.values), (keys, origin.keys)):
        table.update({path: span for path, span in spans.items() if path[: len(prefix)] == prefix})
