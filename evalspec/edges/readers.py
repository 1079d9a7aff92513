"""Raw data to rows: JSONL, a JSON array, CSV and Parquet, row by row, every bad line with its place.

Lines end at LF only: `str.splitlines` would cut a message at U+2028, U+0085 or a form feed.
"""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.edges.files import open_regular
from evalspec.model.row import RawRow
from evalspec.row_problems import RowProblems
from evalspec.text.json_text import JsonProblem, read_json
from evalspec.text.spreadsheet import OWN_COLUMNS, unguarded

MAX_ROW_BYTES = 1024 * 1024  # a conversation of 200,000 words; longer is an attachment, not a message
MAX_ARRAY_BYTES = 1024 * 1024 * 1024  # a JSON array is held in memory whole
MOST_SKIPPED = 256 * 1024 * 1024  # bytes of a row that is too long; what stands behind even more is not read
PARQUET_MEMORY = "1GB"  # what DuckDB may hold: a page can unpack to a thousand times its size
PARQUET_BATCH = 1024

_BINARY_STARTS: Mapping[bytes, str] = MappingProxyType(
    {
        b"\x1f\x8b": "gzip data; decompress it first",
        b"PK\x03\x04": "a zip archive; unpack it first",
        b"\x80\x04": "a pickle, which is a program and never loaded; export JSONL",
        b"\xff\xfe": "UTF-16; save it as UTF-8",
        b"\xfe\xff": "UTF-16; save it as UTF-8",
        b"SQLite format 3\x00": "an SQLite database; export JSONL",
        b"version https://git-lfs": "a Git LFS pointer; run `git lfs pull`",
    }
)


def read_rows(path: str, problems: RowProblems) -> Iterator[RawRow]:
    """Yield the rows of a raw file by its suffix; what is wrong with a line goes to `problems`."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in READERS:
        known = ", ".join(f"`{one}`" for one in READERS)
        problems.add("I300", f"`{suffix or path}` is not a kind of file that is read", hint=f"Known: {known}.")
        return
    yield from READERS[suffix](path, problems)


def _read_jsonl(path: str, problems: RowProblems) -> Iterator[RawRow]:
    with open_regular(path) as handle:
        for line, raw in _lines(handle, problems):
            if raw.startswith(b"<<<<<<< "):
                problems.add("I303", "a merge conflict stands here", line=line, hint="Resolve it first.")
                continue
            text = _decoded(raw, line, problems)
            if text is None or not text.strip():
                continue
            try:
                value = read_json(text)
            except JsonProblem as problem:
                problems.add("I303", problem.message, line=line, col=problem.col, hint=_json_hint(text))
                continue
            yield from _object(value, line, problems)


def read_texts(path: str, problems: RowProblems) -> Iterator[RawRow]:
    """Yield every line of a plain text as a row with a `text`; a blank line is none."""
    with open_regular(path) as handle:
        for line, raw in _lines(handle, problems):
            text = _decoded(raw, line, problems)
            if text is not None and text.strip():
                yield RawRow(line=line, values={"text": text})


def _json_hint(text: str) -> str | None:
    if text.strip() == "[" or text.rstrip().endswith("},"):
        return "This looks like a JSON array; name it `.json`."
    return None


def _read_json_array(path: str, problems: RowProblems) -> Iterator[RawRow]:
    value = read_document(path, problems)
    if value is None and problems.failed:
        return
    if not isinstance(value, list):
        problems.add("I304", "expected an array of objects", line=1)
        return
    for number, one in enumerate(value, start=1):
        yield from _object(one, number, problems)


def read_document(path: str, problems: RowProblems, *, is_log: bool = False, limit: int = MAX_ARRAY_BYTES) -> object:
    """Return the one JSON value of a file; what is wrong with it goes to `problems`, and the value is None."""
    with open_regular(path, limit=limit) as handle:
        raw = handle.read()
    text = None if _is_binary(raw, problems) else _decoded(raw, None, problems)
    if text is None:
        return None
    try:
        return read_json(text, is_log=is_log)
    except JsonProblem as problem:
        problems.add("I303", problem.message, line=problem.line, col=problem.col)
        return None


def _object(value: object, line: int, problems: RowProblems) -> Iterator[RawRow]:
    if isinstance(value, dict):
        yield RawRow(line=line, values=value)
        return
    hint = "A JSON array is named `.json`." if isinstance(value, list) else None
    problems.add("I304", f"expected an object, found {_kind(value)}", line=line, hint=hint)


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _lines(handle: BinaryIO, problems: RowProblems) -> Iterator[tuple[int, bytes]]:
    """Yield numbered lines without their end; an over-long one is skipped to its end."""
    line = 0
    while raw := handle.readline(MAX_ROW_BYTES + 1):
        line += 1
        if line == 1:
            if _is_binary(raw, problems):
                return
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > MAX_ROW_BYTES and not raw.endswith(b"\n"):
            problems.add("I305", f"a row of over {MAX_ROW_BYTES:,} bytes", line=line)
            skipped = 0
            while raw and not raw.endswith(b"\n"):
                raw = handle.readline(MAX_ROW_BYTES)
                skipped += len(raw)
                if skipped > MOST_SKIPPED:  # no row any more: an image, a disk, a file with holes
                    return
            continue
        yield line, raw.removesuffix(b"\n").removesuffix(b"\r")


def _is_binary(raw: bytes, problems: RowProblems) -> bool:
    for start, advice in _BINARY_STARTS.items():
        if raw.startswith(start):
            problems.add("I302", f"this is {advice}", line=1)
            return True
    return False


def _decoded(raw: bytes, line: int | None, problems: RowProblems) -> str | None:
    try:
        return raw.decode("utf-8-sig" if line is None else "utf-8")
    except UnicodeDecodeError as error:
        at = line or raw.count(b"\n", 0, error.start) + 1
        problems.add("I306", f"not UTF-8 (byte {error.start + 1:,})", line=at, hint="Save the file as UTF-8.")
        return None


def read_delimited(path: str, problems: RowProblems, delimiter: str = ",") -> Iterator[RawRow]:
    """Yield the rows of a table of texts; what is wrong with a line goes to `problems`."""
    with open_regular(path) as handle:
        if _is_binary(handle.peek(32) if isinstance(handle, io.BufferedReader) else b"", problems):
            return
        text = io.TextIOWrapper(handle, encoding="utf-8-sig", errors="strict", newline="")
        csv.field_size_limit(MAX_ROW_BYTES)
        rows = csv.reader(_bounded(text), delimiter=delimiter, strict=True)
        names: list[str] | None = None
        is_own = False
        start = 1
        while True:
            start = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                problems.add("I307", f"not CSV: {error}", line=start, hint=_csv_hint(str(error), start))
                return
            except UnicodeDecodeError as error:
                problems.add("I306", f"not UTF-8 ({error.reason})", line=start, hint="Save the file as UTF-8.")
                return
            if names is None:
                names = _names(cells, problems)
                if names is None:
                    return
                is_own = tuple(names[: len(OWN_COLUMNS)]) == OWN_COLUMNS
            elif len(cells) == len(names):
                if is_own:
                    cells = [unguarded(cell) for cell in cells]
                yield RawRow(line=start, values=dict(zip(names, cells, strict=True)))
            elif cells:
                problems.add("I307", f"{len(cells)} cells under {len(names)} columns", line=start)


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines; one that is longer than a row may be is no CSV, and not held in memory to its end."""
    while line := text.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            raise csv.Error(f"a line of over {MAX_ROW_BYTES:,} characters")
        yield line


def _read_tsv(path: str, problems: RowProblems) -> Iterator[RawRow]:
    yield from read_delimited(path, problems, delimiter="\t")


def _csv_hint(message: str, line: int) -> str | None:
    if "unexpected end of data" in message:
        return f"The quote opened on line {line:,} never closes."
    return None


def _names(cells: list[str], problems: RowProblems) -> list[str] | None:
    twice = sorted(one for one, count in Counter(cells).items() if count > 1)
    if twice:
        problems.add("I307", f"the column `{twice[0]}` stands twice in the first line", line=1)
        return None
    return cells


def _read_parquet(path: str, problems: RowProblems) -> Iterator[RawRow]:
    with open_regular(path) as handle:
        if handle.read(4) != b"PAR1":
            problems.add("I302", "this is not Parquet", line=1)
            return
    duckdb = _duckdb()
    settings = {"threads": 1, "autoload_known_extensions": False, "memory_limit": PARQUET_MEMORY}
    with duckdb.connect(":memory:", config=settings) as database:
        try:
            found = database.execute("SELECT * FROM read_parquet(?)", [_literal(path)])
            names = [str(column[0]) for column in found.description]
            line = 0
            while batch := found.fetchmany(PARQUET_BATCH):
                for cells in batch:
                    line += 1
                    yield RawRow(
                        line=line, values={name: _plain(cell) for name, cell in zip(names, cells, strict=True)}
                    )
        except duckdb.Error as error:
            problems.add("I302", f"Parquet could not be read: {str(error).splitlines()[0]}")


def _literal(path: str) -> str:
    # DuckDB reads `*`, `?` and `[` as patterns; a class of one character is that character.
    return "".join(f"[{char}]" if char in "*?[" else char for char in os.path.abspath(path))


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        problem = Diagnostic(
            code="E908",
            severity="error",
            message="reading Parquet needs the extra `data`",
            hint="Run `pip install 'evalspec[data]'`.",
            exit=Exit.ENVIRONMENT,
        )
        raise EvalspecError([problem]) from error
    return duckdb


def _plain(value: object) -> object:
    """Turn what DuckDB returns into JSON data."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | uuid.UUID | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


READERS: Mapping[str, Callable[[str, RowProblems], Iterator[RawRow]]] = MappingProxyType(
    {
        ".csv": read_delimited,
        ".json": _read_json_array,
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".parquet": _read_parquet,
        ".tsv": _read_tsv,
    }
)
