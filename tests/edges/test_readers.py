"""Readers: the same rows from any format, every bad line with its place, nothing held to be a line end but LF."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

import evalspec.catalog.detectors  # noqa: F401  (registers them)
from evalspec.diagnostics import EvalspecError
from evalspec.edges.readers import MAX_ROW_BYTES, read_rows
from evalspec.model.spec import Fact, Fields, Mix, Part, Pii, Sample, Source, Spec, Task
from evalspec.registry import CATALOG
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading, map_rows
from evalspec.stages.snapshot import snapshot


def rows_of(path: Path) -> list[tuple[int, Mapping[str, object]]]:
    problems = RowProblems(path.name)
    found = [(one.line, one.values) for one in read_rows(str(path), problems)]
    problems.raise_errors()
    return found


def told(path: Path) -> list[str]:
    with pytest.raises(EvalspecError) as caught:
        rows_of(path)
    return [f"{one.span.line if one.span else 0} {one.code} {one.message}" for one in caught.value.diagnostics]


def write(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    """A message with U+2028, U+0085 or a form feed inside is one row; CRLF, a mark and no last LF are the same file."""
    text = json.dumps({"input": "a\u2028b\u0085c\u000cd"}, ensure_ascii=False).replace("\\f", "\\f")
    plain = write(tmp_path / "a.jsonl", f"{text}\n{text}\n".encode())
    marked = write(tmp_path / "b.jsonl", f"\ufeff{text}\r\n\r\n{text}".encode())

    assert [values for _, values in rows_of(plain)] == [{"input": "a\u2028b\u0085c\u000cd"}] * 2
    assert [values for _, values in rows_of(marked)] == [values for _, values in rows_of(plain)]


def test_every_bad_line_is_told_at_once(tmp_path: Path) -> None:
    """Bad JSON, arrays, merge markers, over-long rows and other encodings are told with their line."""
    long = b'{"input": "' + b"x" * MAX_ROW_BYTES + b'"}'
    raw = b"\n".join(
        [b'{"id": "x",', b'{"a": 1},', b"[1]", b"<<<<<<< HEAD", long, b'{"a": "\xff"}', b'{"a": "\x00"}', b'{"a": 1}']
    )

    assert told(write(tmp_path / "a.jsonl", raw)) == [
        "1 I303 not JSON: Expecting property name enclosed in double quotes",
        "2 I303 not JSON: Extra data",
        "3 I304 expected an object, found an array",
        "4 I303 a merge conflict stands here",
        f"5 I305 a row of over {MAX_ROW_BYTES:,} bytes",
        "6 I306 not UTF-8 (byte 8)",
        "7 I303 not JSON: Invalid control character at",
    ]


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.jsonl", b"\x1f\x8b\x08\x00", "this is gzip data; decompress it first"),
        ("a.jsonl", "{}".encode("utf-16"), "this is UTF-16; save it as UTF-8"),
        ("a.csv", b"PK\x03\x04", "this is a zip archive; unpack it first"),
        ("a.json", b"\x80\x04\x95", "this is a pickle, which is a program and never loaded; export JSONL"),
        ("a.jsonl", b"version https://git-lfs.github.com/spec/v1\n", "this is a Git LFS pointer; run `git lfs pull`"),
        ("a.parquet", b"PAR2", "this is not Parquet"),
    ],
)
def test_files_that_are_something_else_say_what(tmp_path: Path, name: str, raw: bytes, message: str) -> None:
    """Archives, pickles and other encodings are named, not parsed."""
    assert told(write(tmp_path / name, raw)) == [f"1 I302 {message}"]


def test_unknown_suffixes_are_refused(tmp_path: Path) -> None:
    """What a file is, its name says."""
    assert told(write(tmp_path / "a.xlsx", b"x")) == ["0 I300 `.xlsx` is not a kind of file that is read"]


def test_csv_keeps_quotes_lines_and_commas(tmp_path: Path) -> None:
    """Quoted cells keep line breaks and doubled quotes; a row's line is where it starts."""
    path = write(tmp_path / "a.csv", '\ufeffid,text\r\n1,"a ""b"", c\nd"\r\n2,é\r\n'.encode())

    assert rows_of(path) == [(2, {"id": "1", "text": 'a "b", c\nd'}), (4, {"id": "2", "text": "é"})]


def test_bad_csv_is_told(tmp_path: Path) -> None:
    """Wrong cell counts, doubled columns and quotes that never close name their line."""
    assert told(write(tmp_path / "a.csv", b"a,b\n1,2\n1\n1,2,3\n")) == [
        "3 I307 1 cells under 2 columns",
        "4 I307 3 cells under 2 columns",
    ]
    assert told(write(tmp_path / "b.csv", b"a,a\n1,2\n")) == ["1 I307 the column `a` stands twice in the first line"]
    assert told(write(tmp_path / "c.csv", b'a,b\n1,2\n3,"x\ny\n')) == ["3 I307 not CSV: unexpected end of data"]


def test_a_json_array_is_rows(tmp_path: Path) -> None:
    """`.json` is an array of objects."""
    assert rows_of(write(tmp_path / "a.json", b'[{"a": 1}, {"a": null}]')) == [(1, {"a": 1}), (2, {"a": None})]
    assert told(write(tmp_path / "b.json", b'{"a": 1}')) == ["1 I304 expected an array of objects"]


def test_parquet_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without duckdb the message says what to install, and the exit code that the environment lacks it."""
    path = write(tmp_path / "a.parquet", b"PAR1")
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)

    with pytest.raises(EvalspecError) as caught:
        rows_of(path)

    (problem,) = caught.value.diagnostics
    assert (problem.code, int(problem.exit), problem.hint) == ("E908", 10, "Run `pip install 'evalspec[data]'`.")


def test_broken_parquet_is_told(tmp_path: Path) -> None:
    """A file cut short is a message."""
    (found,) = told(write(tmp_path / "a.parquet", b"PAR1xxxxPAR1"))

    assert found.startswith("0 I302 Parquet could not be read")


ROWS: list[dict[str, object]] = [
    {
        "ticket": 1000 + n,
        "turns": [
            {"from": "customer", "text": f'where is "my" order {n}?\nit is, like, late'},
            {"from": "agent", "text": "which one — é?"},
            {"from": "customer", "text": "this one, mail a@example.org" if n % 5 == 0 else "=cmd() , this"},
        ],
        "decision": 1 if n % 2 else 2,
        "calls": [{"name": "pay", "arguments": {"order": n}}] if n % 3 else [],
        "days": n,
        "price": n / 4,
        "vip": n % 2 == 0,
        "note": None if n % 2 else "n, b",
        "opened": f"2026-01-{n % 28 + 1:02d}",
    }
    for n in range(1, 41)
]
TASK = Task(
    turns="conversation",
    expected=(Part(name="decision", values=("1", "2")), Part(name="calls", kind="tool_calls")),
    facts=(Fact(name="days", range=(0.0, 90.0)),),
    languages=("en",),
)
SOURCE = Source(
    name="production",
    kind="production",
    path="p.jsonl",
    fields=Fields(
        columns=(("id", "ticket"), ("input", "turns"), ("role", "from"), ("content", "text"), ("time", "opened")),
        expected=(("decision", "decision"), ("calls", "calls")),
        context=(("price", "price"), ("note", "note")),
        facts=(("days", "days"),),
        metadata=(("vip", "vip"), ("price", "price")),
    ),
    pii=Pii(mode="redact"),
    sample=Sample(size=25, by=("decision", "vip")),
)
SPEC = Spec(name="s", path="s.yaml", folder=".", task=TASK, sources=(SOURCE,), mix=Mix(size=1, counts=(("seed", 1),)))


def snapshot_text(path: Path) -> str:
    problems, reading = RowProblems(path.name), Reading()
    rows = map_rows(read_rows(str(path), problems), SOURCE, TASK, problems, reading)
    made = snapshot(rows, reading, SOURCE, SPEC, CATALOG, problems)
    problems.raise_errors()
    return made.text


def test_the_same_rows_from_any_reader_give_the_same_snapshot(tmp_path: Path) -> None:
    """JSONL, a JSON array, CSV and Parquet of one table give the same bytes."""
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    with (tmp_path / "a.csv").open("w", newline="") as handle:
        sheet = csv.DictWriter(handle, list(ROWS[0]))
        sheet.writeheader()
        for row in ROWS:
            sheet.writerow({key: _cell(value) for key, value in row.items()})
    with duckdb.connect(":memory:") as database:
        database.execute(
            "COPY (SELECT * REPLACE (CAST(ticket AS BIGINT) AS ticket, CAST(price AS DOUBLE) AS price, "
            f"CAST(opened AS DATE) AS opened) FROM read_json('{tmp_path / 'a.jsonl'}')) "
            f"TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)"
        )

    texts = {name: snapshot_text(tmp_path / f"a.{name}") for name in ("jsonl", "json", "csv", "parquet")}

    assert texts["json"] == texts["jsonl"]
    assert texts["csv"] == texts["jsonl"]
    assert texts["parquet"] == texts["jsonl"]
    assert '"sampled": 25' in texts["jsonl"].split("\n")[0]


def _cell(value: object) -> object:
    if isinstance(value, list):
        return json.dumps(value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def test_a_path_with_pattern_characters_is_that_file(tmp_path: Path) -> None:
    """DuckDB's patterns do not reach into a folder's other files."""
    for name in ("a[1].parquet", "a1.parquet"):
        with duckdb.connect(":memory:") as database:
            database.execute(f"COPY (SELECT '{name}' AS input) TO '{tmp_path / name}' (FORMAT parquet)")

    assert rows_of(tmp_path / "a[1].parquet") == [(1, {"input": "a[1].parquet"})]
    assert os.path.exists(tmp_path / "a1.parquet")


@pytest.mark.parametrize("name", ["endless.jsonl", "endless.csv"])
def test_a_file_with_holes_is_not_read_to_its_end(tmp_path: Path, name: str) -> None:
    """A terabyte of nothing on one line is refused in bounded memory, and not waited for."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(1 << 40)
    problems = RowProblems(str(path))

    assert list(read_rows(str(path), problems)) == []
    assert [one.code for one in problems.found] == [{"endless.jsonl": "I305", "endless.csv": "I307"}[name]]
