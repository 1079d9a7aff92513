r"""How a bad spec says what is wrong with it: comments in the file that never reach the compiler.

`#! CODE COLUMNS message` stands before the line that it is about. COLUMNS is `5-9` (end exclusive), `5-7:9` for a
place that ends on line 7, or `-` for none; `#! CODE 3:5-9 message` names the line itself. Lines count without the
comments. `#!repeat 3 k{}: 1` stands for three lines, `#!unescape` lets the next line hold `\u202e`, `#!path x.yaml`
gives the spec's path, which is `bad.yaml` otherwise. Specs named by `extends` are in `bases/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evalspec.catalog import load_catalog
from evalspec.diagnostics import Diagnostic, SpecError
from evalspec.edges.package import read_schema
from evalspec.stages.parse import parse
from evalspec.stages.parse_text import decode
from evalspec.stages.resolve import extended_path, resolve
from evalspec.stages.validate import validate

FOLDER = Path(__file__).parent / "specs_bad"

_EXPECTED = re.compile(r"#! (?P<code>[A-Z]\d{3}) (?:(?P<line>\d+):)?(?P<columns>-|\d+-(?:\d+:)?\d+) (?P<message>.+)")
_REPEAT = re.compile(r"#!repeat (?P<times>\d+) (?P<text>.*)")
_PATH = re.compile(r"#!path (?P<path>\S+)")
_ESCAPE = re.compile(r"\\(?:x(..)|u(....)|U(........))")


@dataclass(frozen=True, slots=True)
class BadSpec:
    """A spec without its comments, and what they expect."""

    path: str
    raw: bytes
    expected: tuple[str, ...]


def read_bad_spec(raw: bytes) -> BadSpec:
    """Split a file into the spec and its expectations."""
    kept: list[bytes] = []
    expected: list[str] = []
    path, unescape = "bad.yaml", False
    for row in raw.split(b"\n"):
        text = row.decode("latin-1")
        if repeat := _REPEAT.search(text):
            kept += [repeat["text"].replace("{}", str(one)).encode() for one in range(int(repeat["times"]))]
        elif found := _PATH.search(text):
            path = found["path"]
        elif text.strip() == "#!unescape":
            unescape = True
        elif text.strip().startswith("#!"):
            found = _EXPECTED.fullmatch(row.decode("utf-8").strip())
            assert found, f"not an expectation: {text}"
            line = int(found["line"] or len(kept) + 1)
            expected.append(_spell(found["code"], line, found["columns"], found["message"]))
        else:
            kept.append(_ESCAPE.sub(_character, text).encode() if unescape else row)
            unescape = False
    return BadSpec(path, b"\n".join(kept), tuple(expected))


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2] or found[3], 16))


def _spell(code: str, line: int, columns: str, message: str) -> str:
    return f"{code} {line}:{columns} {message}" if columns != "-" else f"{code} - {message}"


def found_in(spec: BadSpec) -> tuple[str, ...]:
    """Compile up to `resolve` and return what was reported, spelled as expectations."""
    problems: list[Diagnostic] = []
    try:
        document = parse(decode(spec.path, spec.raw))
        problems += document.warnings
        validate(document, read_schema("spec.v1.json"))
        named = extended_path(document)
        base = parse(decode(named[0], (FOLDER / "bases" / named[0]).read_bytes())) if named else None
        problems += resolve(document, load_catalog(), base).warnings
    except SpecError as error:
        problems += error.diagnostics
    return tuple(_reported(one) for one in problems)


def _reported(problem: Diagnostic) -> str:
    span = problem.span
    if span is None:
        return _spell(problem.code, 0, "-", problem.message)
    end = f"{span.end_col}" if span.end_line == span.line else f"{span.end_line}:{span.end_col}"
    return _spell(problem.code, span.line, f"{span.col}-{end}", problem.message)
