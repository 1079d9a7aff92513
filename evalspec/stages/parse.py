"""Stage 1: a file's text into plain data with the place of every key and value; data only, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from evalspec.diagnostics import Collector, Note, Span
from evalspec.model.source import Document, Path, SourceFile
from evalspec.stages.parse_scalars import MAX_SHOWN, NotAllowed, kind_of, read_plain
from evalspec.stages.parse_syntax import Trouble, explain, tab
from evalspec.stages.parse_text import MAX_BYTES, check_text, hidden_in, line_starts, place

MAX_DEPTH = 32  # the language itself is 8 deep; a C parser that recurses dies at about 30,000
MAX_VALUES = 50_000  # entries of mappings and lists; ten thousand lines hold about twenty thousand


class _PureParser(Reader, Scanner, Parser):
    """PyYAML's own parser, for an installation without libyaml; a class because PyYAML composes by inheritance."""

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)

    def dispose(self) -> None:
        """Forget the parser's state."""
        Parser.dispose(self)


try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML built without libyaml: the same events, ten times slower
    _Parser = _PureParser  # type: ignore[assignment,misc]


class _Stop(Exception):
    """Nothing after this point can be read; the reason is among the problems."""


def parse(source: SourceFile) -> Document:
    """Read a spec: a YAML mapping of plain data, with a span for every key and value."""
    document = parse_data(source)
    if not isinstance(document.data, dict):
        problems = Collector()
        problems.add(
            "Y014",
            f"expected a mapping, found {kind_of(document.data)}",
            at=document.values[()],
            hint="a spec starts with `version: 1`",
        )
        problems.raise_errors()
    return document


def parse_data(source: SourceFile, *, limit: int = MAX_BYTES) -> Document:
    """Read any YAML or JSON file of plain data, whatever its root is."""
    check_text(source, limit=limit)
    reading = _Reading(source)
    try:
        data = reading.document()
    except _Stop:
        data = None
    except yaml.YAMLError as error:
        data = None
        reading.report(explain(error, source.text.split("\n")))
    reading.problems.raise_errors()
    return Document(
        source=source,
        data=data,
        values=MappingProxyType(reading.values),
        keys=MappingProxyType(reading.keys),
        warnings=reading.problems.warnings,
    )


class _Reading:
    """One pass over the parser's events; a class because every step adds to the same spans and problems."""

    def __init__(self, source: SourceFile) -> None:
        self.path, self.text = source.path, source.text
        self.events: Iterator[Any] = yaml.parse(source.text, Loader=_Parser)  # type: ignore[arg-type]  # a parser alone
        self.starts = line_starts(source.text)
        self.has_tabs = "\t" in source.text
        self.values: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self.problems = Collector()
        self.count = 0
        self.end = (1, 1)  # where the last scalar or bracket ended: a block collection has no end of its own

    def document(self) -> object:
        """Read the only document of the file."""
        next(self.events)
        first = next(self.events)
        if type(first) is StreamEndEvent:
            self._empty()
        self._directives(first)
        root = next(self.events)
        if type(root) is ScalarEvent and not root.value and root.implicit[0]:
            self._empty()
        data = self._value(root, (), 1)
        next(self.events)
        second = next(self.events)
        if type(second) is not StreamEndEvent:
            self._fail("Y012", "a second document starts here", second, hint="keep one document in a file")
        return data

    def report(self, trouble: Trouble) -> None:
        """Record a syntax error."""
        line, col = trouble.line + 1, trouble.col + 1
        notes = [Note(message=trouble.note)] if trouble.note else []
        if trouble.opened:
            row, start = trouble.opened[0] + 1, trouble.opened[1] + 1
            notes.append(Note(message="opens here", span=Span(self.path, row, start, row, start + 1)))
        self.problems.add(
            trouble.code,
            trouble.message,
            at=Span(self.path, line, col, line, col + trouble.width),
            label=trouble.label,
            notes=notes,
            hint=trouble.hint,
        )

    def _empty(self) -> None:
        what = "holds only comments" if self.text.strip() and "#" in self.text else "is empty"
        hint = "start from `evalspec init`"
        self.problems.add("Y013", f"the file {what}", at=Span(self.path, 1, 1, 1, 1), hint=hint)
        raise _Stop

    def _directives(self, event: Any) -> None:
        if type(event) is DocumentStartEvent and (event.version or event.tags):
            self._fail("Y025", "YAML directives are not allowed", event, hint="remove it")

    def _fail(self, code: str, message: str, event: Any, *, hint: str | None = None) -> None:
        mark = event.start_mark
        width = max(1, len(self._word(mark.index)))
        self.report(Trouble(code=code, message=message, line=mark.line, col=mark.column, width=width, hint=hint))

    def _word(self, index: int) -> str:
        end = index
        while end < len(self.text) and self.text[end] not in " \t\r\n,[]{}":
            end += 1
        return self.text[index:end]

    def _value(self, event: Any, path: Path, depth: int) -> object:
        self.count += 1
        if self.count > MAX_VALUES:
            self._fail("Y020", f"the file has more than {MAX_VALUES:,} values", event)
            raise _Stop
        kind = type(event)
        if kind is ScalarEvent:
            value, span = self._scalar(event)
            self.values[path] = span
            return value
        if kind is AliasEvent:
            hint = "write the value again; a value that starts with `*` is quoted"
            self._fail("Y009", f"alias `{self._shown(event)}` is not allowed", event, hint=hint)
            return None
        if depth > MAX_DEPTH:
            self._fail("Y019", f"the file is nested deeper than {MAX_DEPTH} levels", event)
            raise _Stop
        self._properties(event)
        mark = event.start_mark
        start = (mark.line + 1, mark.column + 1)
        items = self._mapping(path, depth, event) if kind is MappingStartEvent else self._list(path, depth)
        self.values[path] = Span(self.path, *start, *self.end)
        return items

    def _shown(self, event: Any) -> str:
        return self._word(event.start_mark.index)[:MAX_SHOWN]

    def _properties(self, event: Any) -> None:
        """Refuse tags and anchors, and tabs in front of what starts a line."""
        if event.tag is not None:
            hint = "remove it; text that starts with `!` is quoted"
            self._fail("Y008", f"YAML tag `{self._shown(event)}` is not allowed", event, hint=hint)
        if event.anchor is not None:
            hint = "remove it; text that starts with `&` is quoted"
            self._fail("Y009", f"anchor `&{event.anchor[:MAX_SHOWN]}` is not allowed", event, hint=hint)
        if self.has_tabs:
            mark = event.start_mark
            before = self.text[self.starts[mark.line] : self.starts[mark.line] + mark.column]
            if "\t" in before and not before.strip():
                self.report(tab(mark.line, before.index("\t")))

    def _scalar(self, event: Any) -> tuple[str | int | float | bool | None, Span]:
        if event.tag is not None or event.anchor is not None or self.has_tabs:
            self._properties(event)
        start, stop = event.start_mark, event.end_mark
        if event.style in {"|", ">"}:
            # The parser's mark stands after the line breaks that follow; the span ends with the last text.
            last = len(self.text[: stop.index].rstrip())
            span = place(self.path, self.starts, start.index, max(last, start.index + 1))
        else:
            span = Span(self.path, start.line + 1, start.column + 1, stop.line + 1, stop.column + 1)
        self.end = (span.end_line, span.end_col)
        if event.implicit[0] and not event.style:
            return self._plain(event.value, span), span
        if event.style == '"' and (hidden := hidden_in(event.value)):
            self.problems.add("Y015", f"{hidden} in a value", at=span, hint="remove the escape")
        return event.value, span

    def _plain(self, text: str, span: Span) -> str | int | float | bool | None:
        try:
            reading = read_plain(text)
        except NotAllowed as problem:
            code, message = problem.args
            self.problems.add(code, message, at=span, hint="quote it if it is text")
            return None
        if reading.warning is not None:
            self.problems.add("Y030", reading.warning, at=span, hint=reading.hint, severity="warning")
        return reading.value

    def _list(self, path: Path, depth: int) -> list[object]:
        items: list[object] = []
        while type(event := next(self.events)) is not SequenceEndEvent:
            items.append(self._value(event, (*path, len(items)), depth + 1))
        self._close(event)
        return items

    def _close(self, event: Any) -> None:
        if event.start_mark.index < event.end_mark.index:  # a bracket; the end of a block has no width
            self.end = (event.end_mark.line + 1, event.end_mark.column + 1)

    def _mapping(self, path: Path, depth: int, opening: Any) -> dict[str, object]:
        entries: dict[str, object] = {}
        while type(event := next(self.events)) is not MappingEndEvent:
            key = self._key(event, depth, opening)
            if key is None:
                self._value(next(self.events), (*path, ""), depth + 1)
                continue
            name, span = key
            here = (*path, name)
            if name in entries:
                first = Note(message="first one here", span=self.keys[here])
                message = f"duplicate key `{name[:MAX_SHOWN]}`"
                self.problems.add("Y002", message, at=span, label="second one here", notes=[first])
                # Read it all the same, for the problems in it; its spans must not replace those of the first.
                self._value(next(self.events), (*path, f"{name}\0second"), depth + 1)
                continue
            self.keys[here] = span
            entries[name] = self._value(next(self.events), here, depth + 1)
        self._close(event)
        return entries

    def _key(self, event: Any, depth: int, opening: Any) -> tuple[str, Span] | None:
        """Return the text and place of a key, or None when it is not text."""
        if type(event) is not ScalarEvent:
            self._odd_key(event, depth, opening)
            return None
        value, span = self._scalar(event)
        if not isinstance(value, str):
            shown = event.value[:MAX_SHOWN]
            message = f"a key must be a string, found {kind_of(value)}"
            self.problems.add("Y011", message, at=span, hint=f'write "{shown}" in quotes' if shown else "name the key")
            return None
        if value == "<<" and not event.style:
            self.problems.add("Y010", "merge keys are not allowed", at=span, hint="write the entries out")
            return None
        return value, span

    def _odd_key(self, event: Any, depth: int, opening: Any) -> None:
        where = opening.start_mark.index
        if type(event) is MappingStartEvent and self.text.startswith("{{", where):
            span = place(self.path, self.starts, where, where + 2)
            message, hint = "`{{` looks like a template that is not quoted", "put the value in quotes"
            self.problems.add("Y007", message, at=span, hint=hint)
        elif type(event) is not AliasEvent:
            what = "a list" if type(event) is SequenceStartEvent else "a mapping"
            hint = "a question mark or bracket that is text stands in quotes"
            self._fail("Y011", f"a key must be a string, found {what}", event, hint=hint)
        self._value(event, ("",), depth + 1)
