"""The forms of an audited file, by suffix, start and the runner that wrote it, to rows under plain names."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit
from evalspec.edges.files import open_regular, read_text
from evalspec.edges.readers import READERS, read_delimited, read_document, read_rows, read_texts
from evalspec.model.row import RawRow
from evalspec.model.source import SourceFile
from evalspec.registry import Catalog, Member
from evalspec.row_problems import RowProblems
from evalspec.stages.parse import parse_data
from evalspec.text.json_text import JsonProblem, read_json

MAX_YAML_BYTES = 8 * 1024 * 1024  # a config of tests is written by people or by a generator, seldom this long
MAX_DOCUMENT_BYTES = 128 * 1024 * 1024  # of one JSON value: it takes ten times as much in memory
HEAD_BYTES = 1024 * 1024  # of a file, to tell its form; as long as a row may be
YAML = (".yaml", ".yml")
LINES = (".jsonl", ".ndjson")
FORMS: Mapping[str, str] = {
    ".csv": "CSV",
    ".json": "JSON",
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
    ".parquet": "Parquet",
    ".tsv": "TSV",
    ".txt": "text, a case a line",
    ".yaml": "YAML",
    ".yml": "YAML",
}
DELIMITERS: Mapping[str, str] = {";": "semicolons", "\t": "tabs", "|": "bars"}  # of a table that has no comma
SNAPSHOT = frozenset({"snapshot", "rows_digest"})  # what the header of a snapshot always holds
# What to do about a file that is not read as it is, by its suffix.
ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst"), "Decompress it first, as `gunzip -k FILE.gz` does."),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".7z"), "Unpack it first, and audit the file inside."),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), "Save the sheet as CSV in UTF-8."),
    **dict.fromkeys((".arrow", ".feather"), "Write it as JSONL, as `to_json('FILE.jsonl')` of a data set does."),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".npy", ".joblib"), "Write it as JSONL: a pickle is never loaded."),
    **dict.fromkeys((".db", ".sqlite", ".duckdb"), "Export the table as CSV or JSONL."),
}


@dataclass(slots=True)
class Table:
    """Rows of one file under the names that its form gives them; a class because rows are counted on the way."""

    form: str
    rows: Iterable[RawRow]
    repeats: int = 0


def problem(code: str, message: str, path: str, hint: str | None = None) -> Diagnostic:
    """Spell an error about a whole file."""
    return Diagnostic(code=code, severity="error", message=message, path=path, hint=hint, exit=Exit.INVALID)


def open_table(path: str, catalog: Catalog, problems: RowProblems) -> Table:
    """Open a file: rows as they are, or as the reader of a runner's form gives them."""
    suffix = os.path.splitext(path)[1].lower()
    form = FORMS.get(suffix, suffix)
    if suffix in YAML:
        return _document(path, _yaml(path), form, catalog)
    if suffix == ".eval":
        hint = "`inspect log dump FILE.eval > FILE.json` writes it as JSON."
        raise EvalspecError([problem("A805", "this is a packed log of Inspect AI", path, hint)])
    if suffix not in READERS and suffix != ".txt":
        raise EvalspecError([_unknown(path, suffix)])
    head = _head(path)
    if (suffix == ".json" and not _is_lines(head)) or (suffix in LINES and head.lstrip().startswith(b"[")):
        value = read_document(path, problems, is_log=True, limit=MAX_DOCUMENT_BYTES)
        problems.raise_errors()
        return _document(path, value, "JSON", catalog)
    if suffix == ".csv" and (delimiter := _delimiter(head)):
        return _rows(read_delimited(path, problems, delimiter), f"CSV with {DELIMITERS[delimiter]}", catalog)
    if suffix == ".txt":
        return _rows(read_texts(path, problems), form, catalog)
    if suffix == ".json":
        return _rows(READERS[".jsonl"](path, problems), "JSONL", catalog)
    return _rows(read_rows(path, problems), form, catalog)


def _unknown(path: str, suffix: str) -> Diagnostic:
    with open_regular(path):  # a file that is not there, a folder or a pipe is said to be that first
        pass
    known = ", ".join(f"`{one}`" for one in sorted(FORMS))
    hint = ELSEWHERE.get(suffix, f"Known: {known}.")
    return problem("I300", f"`{suffix or path}` is not a kind of file that is read", path, hint)


def _head(path: str) -> bytes:
    with open_regular(path) as handle:
        try:
            return handle.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
        except OSError as error:  # the memory of a process is a regular file that nobody can read
            raise EvalspecError([problem("E902", f"`{path}` cannot be read: {error.strerror}", path)]) from error


def _is_lines(head: bytes) -> bool:
    """Tell JSON Lines from one JSON value: an object on the first line, and another one behind it."""
    first, _, rest = head.lstrip().partition(b"\n")
    if not first.startswith(b"{") or not rest.lstrip().startswith(b"{"):
        return False
    with suppress(JsonProblem, UnicodeDecodeError):
        return isinstance(read_json(first.decode("utf-8")), dict)
    return False


def _delimiter(head: bytes) -> str | None:
    """Return what else than commas parts the cells of a table, if its first rows agree on it."""
    lines = head.decode("utf-8", "replace").splitlines(keepends=True)[:20]
    if len(_first_cells(lines, ",")) > 1:
        return None
    for delimiter in DELIMITERS:
        names = _first_cells(lines, delimiter)
        if len(names) > 1 and len(_first_cells(lines, delimiter, skip=1)) == len(names):
            return delimiter
    return None


def _first_cells(lines: Sequence[str], delimiter: str, skip: int = 0) -> list[str]:
    with suppress(csv.Error, StopIteration):
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        for _ in range(skip):
            next(rows)
        return next(rows)
    return []


def _rows(rows: Iterator[RawRow], form: str, catalog: Catalog) -> Table:
    first = next(rows, None)
    if first is not None and first.values.keys() >= SNAPSHOT:  # its first line describes the others
        form, first = "evalspec snapshot", next(rows, None)
    if first is None:
        return Table(form, ())
    return _adapted(form, _chained(first, rows), first.values, catalog)


def _yaml(path: str) -> object:
    text = read_text(path, limit=MAX_YAML_BYTES)
    return parse_data(SourceFile(path=path, text=text), limit=MAX_YAML_BYTES).data


def _chained(first: RawRow, rest: Iterable[RawRow]) -> Iterator[RawRow]:
    yield first
    yield from rest


def _document(path: str, value: object, form: str, catalog: Catalog) -> Table:
    if isinstance(value, list):
        return _listed(path, value, form, catalog)
    reader = _reader(value, catalog)
    if reader is not None:
        found = tuple(reader.function(value))
        raws = [RawRow(line=at, values=one) for at, one in enumerate(found, start=1)]
        if raws or not _remote(value):
            return _once(str(reader.traits["title"]), raws, reader)
    elif (name := _only_list(value)) is not None and isinstance(value, Mapping):
        return _listed(path, value[name], f"{form}, its list `{name[:60]}`", catalog)
    raise EvalspecError([problem("A805", "no runner is known that writes this object", path, _advice(value))])


def _listed(path: str, value: Sequence[object], form: str, catalog: Catalog) -> Table:
    """Read a list of objects, or of texts and nothing else."""
    texts = all(isinstance(one, str) for one in value)
    entries = [{"text": one} for one in value] if texts else value
    rows = [RawRow(line=at, values=one) for at, one in enumerate(entries, start=1) if isinstance(one, Mapping)]
    if len(rows) < len(value):
        message = f"{len(value) - len(rows):,} of {len(value):,} entries of the array are no objects"
        hint = "Every entry is an object with a text, or every one is a text."
        if remote := _remote({"tests": value}):
            hint = f"Some tests of this list stand in `{remote}`: audit that file."
        raise EvalspecError([problem("I304", message, path, hint)])
    return _adapted(form, rows, rows[0].values, catalog) if rows else Table(form, ())


def _only_list(value: object) -> str | None:
    """Return the name of the one list of objects in an object, as `data` in many exports."""
    if not isinstance(value, Mapping):
        return None
    lists = [name for name, one in value.items() if isinstance(one, list) and one and isinstance(one[0], Mapping)]
    return str(lists[0]) if len(lists) == 1 else None


def _remote(value: object) -> str | None:
    """Return the file in which the tests of a config stand, or some of them."""
    tests = value.get("tests") if isinstance(value, Mapping) else None
    named = tests if isinstance(tests, list) else [tests]
    return next((one[:200] for one in named if isinstance(one, str) and one), None)


def _advice(value: object) -> str:
    if remote := _remote(value):
        return f"The tests of this config stand in `{remote}`: audit that file."
    if isinstance(value, Mapping) and ("dataset_path" in value or "doc_to_text" in value):
        return "A task of lm-evaluation-harness names a data set and holds none: audit what `--log_samples` writes."
    if isinstance(value, Mapping) and (names := [name for name, one in value.items() if isinstance(one, list)]):
        return f"If the rows are the list `{str(names[0])[:60]}`, save that list as a file of its own."
    return "Rows stand in a JSON array, JSONL, CSV, TSV or Parquet."


def _adapted(form: str, rows: Iterable[RawRow], first: Mapping[str, object], catalog: Catalog) -> Table:
    reader = _reader(first, catalog)
    if reader is None:
        return Table(form, rows)
    adapted = (
        RawRow(line=raw.line, values=one)
        for raw in rows
        for one in (reader.function(raw.values) if reader.traits["recognises"](raw.values) else (raw.values,))
    )
    return _once(str(reader.traits["title"]), adapted, reader)


def _once(form: str, rows: Iterable[RawRow], reader: Member) -> Table:
    """Keep the first of several rows about one case, where a form has them: epochs, filters, providers."""
    table = Table(form, rows)
    if not reader.traits["repeats"]:
        return table

    def first_ones() -> Iterator[RawRow]:
        seen: set[str] = set()
        for raw in rows:
            key = repr({name: raw.values[name] for name in sorted(raw.values) if not name.startswith("metadata.")})
            if key in seen:
                table.repeats += 1
            else:
                seen.add(key)
                yield raw

    table.rows = first_ones()
    return table


def _reader(value: object, catalog: Catalog) -> Member | None:
    return next((one for one in catalog.all("reader") if one.traits["recognises"](value)), None)
