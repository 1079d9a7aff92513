"""What a file must be before it is read: UTF-8, small, free of hidden characters and of leftovers of git."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

from evalspec.diagnostics import Collector, Span, SpecError
from evalspec.model.source import SourceFile
from evalspec.text.patterns import lazy_pattern

MAX_BYTES = 1_048_576  # 1 MiB: the longest spec of the design has 7 kB

# Controls but tab and line ends, separators that some editors count as lines, bidirectional overrides (Trojan Source,
# CVE-2021-42574), tag characters (they smuggle text past a reviewer), non-characters, a carriage return on its own.
_HIDDEN_CLASS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\U000e0000-\U000e007f\ud800-\udfff"
)
_HIDDEN_IN_FILE = lazy_pattern(f"[{_HIDDEN_CLASS}]|\r(?!\n)")
_HIDDEN_IN_VALUE = lazy_pattern(f"[{_HIDDEN_CLASS}]")
_CONFLICT = lazy_pattern(r"^(?:<{7}|>{7}|\|{7})(?= |$).*$|^={7}$", re.MULTILINE)
_LFS = "version https://git-lfs.github.com/spec/"
_MANY = 20  # the first twenty hidden characters tell the story

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# First bytes of what people save under a text's name by mistake, and what to do.
_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip data", "decompress it with `gunzip`"),
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\x80\x04", "a pickle, which is a program and never loaded", "save it as text"),
    (b"SQLite format 3\x00", "an SQLite database", "save it as text"),
    (b"%PDF-", "a PDF", "save it as text"),
)


def decode(path: str, raw: bytes, *, limit: int = MAX_BYTES) -> SourceFile:
    """Return the bytes of a file as text, or say which byte is not UTF-8."""
    problems = Collector()
    if len(raw) > limit:
        problems.add("Y018", f"the file has {len(raw):,} bytes, the limit is {limit:,}", path=path)
    elif raw.startswith(_UTF16) or raw[:4].count(0) >= 2:
        problems.add("Y001", "the file is UTF-16, not UTF-8", path=path, hint="save it as UTF-8")
    for start, what, hint in _BINARY:
        if raw.startswith(start):
            problems.add("Y001", f"the file is {what}, not UTF-8", path=path, hint=hint)
    problems.raise_errors()
    try:
        return SourceFile(path=path, text=raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        col = len(before) - before.rfind("\n")
        problems.add(
            "Y001",
            f"byte {error.start} is not UTF-8: 0x{raw[error.start]:02x}",
            at=Span(path, line, col, line, col + 1),
            hint="save the file as UTF-8 (an editor may have used Latin-1 or Windows-1252)",
        )
        raise SpecError(problems.found) from error


def line_starts(text: str) -> list[int]:
    """Return the offset of the first character of every line."""
    return [0, *(found.end() for found in re.finditer("\n", text))]


def place(path: str, starts: list[int], start: int, end: int) -> Span:
    """Return the span of the characters from offset `start` to `end`."""
    line, last = bisect_right(starts, start), bisect_right(starts, end)
    return Span(path, line, start - starts[line - 1] + 1, last, end - starts[last - 1] + 1)


def hidden_in(value: str) -> str | None:
    """Name the first character of a value that a reader cannot see, or None."""
    found = _HIDDEN_IN_VALUE.search(value)
    return _name(found.group()) if found else None


def check_text(source: SourceFile, *, limit: int = MAX_BYTES) -> None:
    """Raise what is wrong with a file as text; what passes has no character that YAML forbids."""
    text, path = source.text, source.path
    problems = Collector()
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limit:
        problems.add("Y018", f"the file has {size:,} bytes, the limit is {limit:,}", path=path)
        problems.raise_errors()
    if text.startswith(_LFS):
        problems.add(
            "Y024",
            "this is a Git LFS pointer, not the file",
            at=Span(path, 1, 1, 1, text.find("\n") + 1 or len(text) + 1),
            hint="run `git lfs pull`",
        )
        problems.raise_errors()
    starts = line_starts(text)
    _check_hidden(text, path, starts, problems)
    marker = _CONFLICT.search(text)
    if marker:
        problems.add(
            "Y023",
            "this line is a merge-conflict marker of git",
            at=place(path, starts, marker.start(), len(marker.group().rstrip("\r")) + marker.start()),
            hint="settle the conflict and remove the markers",
        )
    problems.raise_errors()


def _check_hidden(text: str, path: str, starts: list[int], problems: Collector) -> None:
    for count, found in enumerate(_HIDDEN_IN_FILE.finditer(text)):
        if count == _MANY:
            return
        span = place(path, starts, found.start(), found.start() + 1)
        char = found.group()
        if char == "\ufeff" and found.start() == 0:
            problems.add("Y017", "the file starts with a byte order mark", at=span, hint="save it as UTF-8 without BOM")
        elif unicodedata.category(char) in {"Cc", "Cs"}:
            problems.add("Y015", f"{_name(char)} in the file", at=span, hint="remove it")
        else:
            problems.add("Y016", f"{_name(char)} in the file", at=span, hint="remove it; a reader cannot see it")


def _name(char: str) -> str:
    kind = "control character" if unicodedata.category(char) in {"Cc", "Cs"} else "invisible character"
    title = unicodedata.name(char, "")
    return f"{kind} U+{ord(char):04X}" + (f" ({title.lower()})" if title else "")
