"""Matches: which slices a `where` or `exclude` may name at its place, and which values they have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalspec.diagnostics import Span
from evalspec.model.spec import Axis, Match, Source, Task
from evalspec.model.vocabulary import BEHAVIOURS, PROVENANCE_HEADS, RESERVED_SLICES, ROW_SLICES, TRACKS
from evalspec.stages.resolving.tree import Node, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A slice that may be named at some place; `values` is None when only the rows know them."""

    values: tuple[str, ...] | None = None
    at: Span | None = None


Slices = Mapping[str, Slice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicer:
    """What there is to slice by: the labels, axes and columns of one spec."""

    scope: Scope
    task: Task
    axes: tuple[Axis, ...]
    sources: tuple[Source, ...]

    def of_rows(self, source: str | None) -> dict[str, Slice]:
        """Return the slices of a source's rows; a golden file may be written by hand, with any column of the spec."""
        found = {**self._labels(), **{name: self._reserved()[name] for name in ROW_SLICES}}
        for one in self.sources:
            if one.name == source or source is None or self.scope.kinds["source"].get(source) == "golden":
                found.update({column: self._column(column) for column, _ in one.fields.metadata})
        return found

    def of_cells(self, axes: Iterable[str]) -> dict[str, Slice]:
        """Return the slices of a pool's cells, which are its axes: a cell is one by its levels and by nothing else."""
        known = {axis.name: self._axis(axis) for axis in self.axes} | {"language": self._reserved()["language"]}
        return {name: known[name] for name in axes if name in known}

    def of_made(self, axes: Iterable[str]) -> dict[str, Slice]:
        """Return the slices of the cases that a grid pool makes."""
        reserved = self._reserved()
        settled = {name: reserved[name] for name in ("language", "behaviour", "track")}
        return {**self._labels(), **settled, **self.of_cells(axes)}

    def of_cases(self) -> dict[str, Slice]:
        """Return every slice there is."""
        found = {axis.name: self._axis(axis) for axis in self.axes}
        for one in self.sources:
            found.update({column: self._column(column) for column, _ in one.fields.metadata})
        return {**found, **self._labels(), **self._reserved()}

    def _labels(self) -> dict[str, Slice]:
        places = self.scope.names["part"]
        return {part.name: Slice(values=part.values, at=places.get(part.name)) for part in self.task.label_parts}

    def _axis(self, axis: Axis) -> Slice:
        whole = self.scope.root.document.values.get(("axes", axis.name))
        place = whole if whole is not None and whole.line == whole.end_line else axis.at
        return Slice(values=tuple(level.name for level in axis.levels), at=place)

    def _column(self, column: str) -> Slice:
        axis = next((one for one in self.axes if one.name == column), None)
        return self._axis(axis) if axis else Slice()

    def _reserved(self) -> dict[str, Slice]:
        uses = self.scope.names
        known = {
            "language": self.task.languages or None,
            "behaviour": BEHAVIOURS,
            "track": TRACKS,
            "provenance": None,
            "persona": tuple(sorted(uses["persona"])),
            "pool": tuple(sorted(uses["pool"])),
            "operator": tuple(sorted(uses["operator"])),
            "attack": tuple(sorted(uses["attack"])),
            "relation": tuple(sorted(uses["relation"])),
        }
        assert set(known) == RESERVED_SLICES
        return {name: Slice(values=values) for name, values in known.items()}


def match_of(scope: Scope, node: Node | None, slices: Slices, *, of: str) -> Match:
    """Resolve one match: each slice with the values that hold, by name."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for name, value in node.entries() if node else ():
        chosen = tuple(_spell(one.data) for one in value.items())
        if slice_known(scope, name, value.key_at, slices, of=of):
            for one, word in zip(value.items(), chosen, strict=True):
                _check_value(scope, name, one, word, slices[name])
        found.append((name, chosen))
    return tuple(found)


def excluded(scope: Scope, node: Node, slices: Slices, *, of: str) -> tuple[Match, ...]:
    """Resolve the matches of an `exclude`."""
    return tuple(match_of(scope, one, slices, of=of) for one in node.items_at("exclude"))


def slice_known(scope: Scope, name: str, at: Span | None, slices: Slices, *, of: str) -> bool:
    """Check that a slice may be named here; what has no such slice is a problem."""
    if name in slices:
        return True
    if name in scope.names["axis"] or name in RESERVED_SLICES:
        scope.problems.add(
            "C216",
            f"{of} have no `{name}`",
            at=at,
            label="known here: " + ", ".join(f"`{one}`" for one in sorted(slices)),
            hint=f"carry a column `{name}` under `fields.metadata`" if name in scope.names["axis"] else None,
        )
    else:
        scope.unknown(
            f"there is no slice `{name}`",
            name,
            {one: slices[one].at for one in sorted(slices)},
            at=at,
            declared="slices are declared here",
            code="C216",
        )
    return False


def _check_value(scope: Scope, name: str, node: Node, word: str, known: Slice) -> None:
    values = known.values
    if name == "provenance" and word.split("-", 1)[0] not in PROVENANCE_HEADS:
        values = tuple(sorted(PROVENANCE_HEADS))
    if values is None or word in values:
        return
    is_axis = name in scope.names["axis"]
    message = f"axis `{name}` has no level `{word}`" if is_axis else f"slice `{name}` has no value `{word}`"
    scope.unknown(
        message,
        word,
        dict.fromkeys(values, known.at),
        at=node.at,
        declared="levels are declared here" if is_axis else "values are declared here",
    )


def _spell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
