"""Diagnostics as text with the lines they are about, as JSON or for GitHub; nothing raw reaches a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence

from evalspec.diagnostics import Diagnostic, Note, Span
from evalspec.edges.secrets import masked
from evalspec.text.patterns import lazy_pattern
from evalspec.text.secrets import blotted

LINE_WIDTH = 120  # columns of a source line; a longer one is cut around its mark
TAB_WIDTH = 4
LIMIT = 20  # problems shown; the rest is counted

# Controls, bidirectional marks, separators, tag characters, surrogates: what moves the cursor, reorders or hides text.
_UNSAFE = lazy_pattern(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e0fff]"
)
_UNSAFE_IN_JSON = lazy_pattern(_UNSAFE.pattern.replace("\x00-\x1f", "", 1))  # JSON escapes those in texts by itself
# The runner of GitHub Actions reads `::command::` at the start of a line and `##[command]` anywhere in it.
_COMMAND = lazy_pattern(r":(?=:)|#(?=#\[)")
# Values of keys that name a credential, and tokens of large providers: a line is shown without them.
_CREDENTIAL = lazy_pattern(
    r"""(?ix) \b (?: [\w-]* (?:api[_-]?key | token | secret | password | private_key) | authorization )
        ["']? \s*:\s* ["']? (?P<value>[^\s,"'{}\[\]][^,"'}\]]*)"""
)
_TOKEN = lazy_pattern(
    r"\b(?P<value>[spr]k-[\w-]{8,}|gh[opsu]_\w{8,}|github_pat_\w{8,}|AKIA\w{8,}|AIza\w{8,}|xox\w-\w{4,})"
)

_IN_URL = lazy_pattern(r"://[^\s/@:]*:(?P<value>[^\s/@]+)@")  # the password before a host

_RED, _YELLOW, _BLUE, _BOLD, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"

ReadSource = Callable[[str], str | None]


def safe(text: str, *, github: bool = False) -> str:
    r"""Return a text with every character that could act on a terminal as `\u…`, and GitHub's commands broken."""
    text = _UNSAFE.sub(lambda found: _escape(found.group()), text)
    return _COMMAND.sub(lambda found: _escape(found.group()), text) if github else text


def safe_json(text: str) -> str:
    r"""Return a JSON text that says the same, with those characters as `\u…` and no command of GitHub in it."""
    text = _UNSAFE_IN_JSON.sub(lambda found: _escape_json(found.group()), text)
    return text.replace("##[", "\\u0023#[")


def unread(line: str) -> str:
    """Return a line in which the runner of GitHub Actions reads no command, changed only where it would read one."""
    start = len(line) - len(line.lstrip())
    if line.startswith("::", start):
        line = f"{line[:start]}{_escape(':')}{line[start + 1 :]}"
    return line.replace("##[", f"{_escape('#')}#[")


def _escape_json(char: str) -> str:
    number = ord(char)
    if number <= 0xFFFF:
        return _escape(char)
    return f"\\u{0xD800 + (number - 0x10000 >> 10):04x}\\u{0xDC00 + (number - 0x10000 & 0x3FF):04x}"


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def render_text(
    diagnostics: Sequence[Diagnostic],
    read_source: ReadSource,
    *,
    color: bool,
    limit: int = LIMIT,
    github: bool = False,
) -> str:
    """Return the problems as people read them: place, sentence, the marked lines, notes and what to do."""
    page = _Page(read_source, color=color, github=github)
    parts = [page.problem(one) for one in diagnostics[:limit]]
    if len(diagnostics) > limit:
        parts.append(f"… and {len(diagnostics) - limit} more")
    return "\n\n".join(parts) + ("\n" if parts else "")


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the problems as a JSON array of ASCII, one record each, in the order given."""
    return json.dumps([_record(one) for one in diagnostics], indent=1) + "\n"


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the problems as workflow commands of GitHub Actions, one line each; what is over the limit is counted."""
    lines = [_annotation(one) for one in diagnostics[:LIMIT]]
    if len(diagnostics) > LIMIT:
        lines.append(f"::notice::and {len(diagnostics) - LIMIT} more problems; the JSON format lists them all")
    return "".join(line + "\n" for line in lines)


def _record(problem: Diagnostic) -> dict[str, object]:
    notes = [{"message": note.message, **_place(note.span, None)} for note in problem.notes]
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        **_place(problem.span, problem.path),
        "label": problem.label,
        "notes": notes,
        "hint": problem.hint,
    }


def _place(span: Span | None, path: str | None) -> dict[str, object]:
    if span is None:
        return {"path": path, "line": None, "col": None, "end_line": None, "end_col": None}
    names = ("path", "line", "col", "end_line", "end_col")
    return {name: getattr(span, name) for name in names}


def _annotation(problem: Diagnostic) -> str:
    span = problem.span
    properties: dict[str, object] = {}
    if span:
        last = max(span.end_col - 1, span.col) if span.end_line == span.line else span.end_col
        properties = {
            "file": span.path,
            "line": span.line,
            "endLine": span.end_line,
            "col": span.col,
            "endColumn": last,
        }
    elif problem.path:
        properties = {"file": problem.path}
    properties["title"] = problem.code
    head = ",".join(f"{name}={_property(safe(str(value)))}" for name, value in properties.items())
    lines = [problem.message, problem.label, *(f"note: {note.message}" for note in problem.notes)]
    lines.append(f"hint: {problem.hint}" if problem.hint else None)
    return f"::{problem.severity} {head}::" + "%0A".join(_data(safe(line)) for line in lines if line)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


class _Page:
    """One rendering; a class because sources are read once and every line asks for the same choices."""

    def __init__(self, read_source: ReadSource, *, color: bool, github: bool) -> None:
        self.read_source, self.color, self.github = read_source, color, github
        self.sources: dict[str, list[str] | None] = {}

    def problem(self, problem: Diagnostic) -> str:
        """Return one problem without a final line end."""
        span = problem.span
        place = f"{span.path}:{span.line}:{span.col}: " if span else f"{problem.path}: " if problem.path else ""
        tint = _RED if problem.severity == "error" else _YELLOW
        head = self._paint(f"{problem.severity}[{problem.code}]", tint + _BOLD)
        rows = [f"{self._safe(place)}{head}: {self._paint(self._safe(problem.message), _BOLD)}"]
        marks, spoken = self._marks(problem)
        gutter = max((len(str(one.line)) for one, _, _ in marks), default=2)
        if marks:
            rows.append(self._gutter(gutter, "|"))
            rows += self._frame(marks, gutter, tint)
        rows += [self._gutter(gutter, f"= note: {self._safe(text)}") for text in spoken]
        if problem.hint:
            rows.append(self._gutter(gutter, f"= hint: {self._safe(problem.hint)}"))
        return "\n".join(rows)

    def _marks(self, problem: Diagnostic) -> tuple[list[tuple[Span, str, str]], list[str]]:
        """Return the places to show, as (span, mark, label) in file order, and the notes that are only said."""
        marks: list[tuple[Span, str, str]] = []
        if problem.span and self._line(problem.span) is not None:
            marks.append((problem.span, "^", problem.label or ""))
        spoken = []
        for note in problem.notes:
            if note.span and marks and note.span.path == marks[0][0].path and self._line(note.span) is not None:
                marks.append((note.span, "-", note.message))
            else:
                spoken.append(_said(note))
        if problem.label and not marks:
            spoken.insert(0, problem.label)
        return sorted(marks, key=lambda mark: (mark[0].line, mark[0].col, mark[1])), spoken

    def _frame(self, marks: list[tuple[Span, str, str]], gutter: int, tint: str) -> list[str]:
        rows: list[str] = []
        shown = 0
        for span, mark, label in marks:
            text, start, width = self._cut(span)
            if span.line != shown:
                if shown and span.line > shown + 1:
                    rows.append(self._gutter(gutter, "…"))
                number = self._paint(f"{span.line:>{gutter}} |", _BLUE)
                rows.append(f"{number} {text}".rstrip())
                shown = span.line
            marked = self._paint(mark * width, tint if mark == "^" else _BLUE)
            row = self._gutter(gutter, "|") + " " * (start + 1) + marked
            rows.append(f"{row} {self._safe(label)}".rstrip())
        return rows

    def _line(self, span: Span) -> str | None:
        if span.path not in self.sources:
            text = self.read_source(span.path)
            self.sources[span.path] = None if text is None else text.split("\n")
        lines = self.sources[span.path]
        if lines is None or not 1 <= span.line <= len(lines):
            return None
        return _without_secrets(lines[span.line - 1].removesuffix("\r"))

    def _cut(self, span: Span) -> tuple[str, int, int]:
        """Return the line as shown, and where in it the mark starts and how wide it is, in columns."""
        line = self._line(span) or ""
        end = span.end_col - 1 if span.end_line == span.line else len(line.rstrip())
        start = min(span.col - 1, len(line))
        end = min(max(end, start), len(line))
        chars = self._display(line)
        before, marked, after = ("".join(part) for part in (chars[:start], chars[start:end], chars[end:]))
        left, width = _columns(before), max(1, _columns(marked))
        if left + width + _columns(after) > LINE_WIDTH:
            return _clip(before, marked, after)
        return before + marked + after, left, width

    def _display(self, line: str) -> list[str]:
        """Return what is shown for every character; a command is found across the ends of a mark."""
        chars = [" " * TAB_WIDTH if char == "\t" else safe(char) for char in line]
        for found in _COMMAND.finditer(line) if self.github else ():
            chars[found.start()] = _escape(found.group())
        return chars

    def _safe(self, text: str) -> str:
        return safe(text, github=self.github)

    def _gutter(self, width: int, text: str) -> str:
        return " " * width + " " + (self._paint(text, _BLUE) if text in {"|", "…"} else text)

    def _paint(self, text: str, tint: str) -> str:
        return f"{tint}{text}{_RESET}" if self.color else text


def _without_secrets(line: str) -> str:
    """Return a line of the same length with every credential as asterisks."""
    for pattern in (_CREDENTIAL, _TOKEN, _IN_URL):
        line = blotted(line, tuple(found.span("value") for found in pattern.finditer(line)))
    return masked(line)


def _said(note: Note) -> str:
    return f"{note.message} ({note.span.path}:{note.span.line}:{note.span.col})" if note.span else note.message


def _clip(before: str, marked: str, after: str) -> tuple[str, int, int]:
    """Cut a long line so that the start of its mark stays in view."""
    room = LINE_WIDTH // 3
    if _columns(before) > room:
        before = "…" + _last_columns(before, room - 1)
    if _columns(marked) > LINE_WIDTH - _columns(before) - 1:
        marked, after = _first_columns(marked, LINE_WIDTH - _columns(before) - 1), "…"
    else:
        rest = LINE_WIDTH - _columns(before) - _columns(marked)
        if _columns(after) > rest:
            after = _first_columns(after, max(rest - 1, 0)) + "…"
    return before + marked + after, _columns(before), max(1, _columns(marked))


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_width, text))


def _first_columns(text: str, room: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _width(char)
        if used > room:
            return text[:index]
    return text


def _last_columns(text: str, room: int) -> str:
    return _first_columns(text[::-1], room)[::-1]
