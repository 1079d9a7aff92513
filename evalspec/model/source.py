"""A spec file as text, and the data in it with the place of every key and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalspec.diagnostics import Diagnostic, Span

Path = tuple[str | int, ...]  # ("pools", "prompted", "axes", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file's path as the user wrote it, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The spec as written: plain data (dict, list, str, int, float, bool, None) and a span for every key and value."""

    source: SourceFile
    data: object
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]
    warnings: tuple[Diagnostic, ...] = field(default=())

    def span_of(self, path: Path) -> Span | None:
        """Return the span of the value at `path`, or of its nearest ancestor that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return self.values[path[:length]]
        return None

    def key_span(self, path: Path) -> Span | None:
        """Return the span of the key at `path`; an entry of a list has only its value's."""
        return self.keys.get(path) or self.span_of(path)
