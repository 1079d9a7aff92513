"""Files as people have them: the form that a file is read in follows its start where the suffix says too little."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from evalspec.audit_forms import open_table
from evalspec.catalog import load_catalog
from evalspec.row_problems import RowProblems

CATALOG = load_catalog()
ROWS = [{"text": f"Where is parcel {n}, please; and why, oh why?", "label": "late"} for n in range(30)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def table(delimiter: str) -> str:
    out = io.StringIO()
    written = csv.DictWriter(out, ["text", "label"], delimiter=delimiter)
    written.writeheader()
    written.writerows(ROWS)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("set.jsonl", LINES, "JSONL"),
        ("set.json", json.dumps(ROWS), "JSON"),
        ("set.json", LINES, "JSONL"),
        ("set.json", "\ufeff" + LINES, "JSONL"),
        ("set.jsonl", json.dumps(ROWS, indent=1), "JSON"),
        ("set.json", json.dumps({"version": "1", "data": ROWS}), "JSON, its list `data`"),
        ("set.csv", table(","), "CSV"),
        ("set.csv", table(";"), "CSV with semicolons"),
        ("set.csv", table("\t"), "CSV with tabs"),
        ("set.csv", table("|"), "CSV with bars"),
        ("set.tsv", table("\t"), "TSV"),
    ],
)
def test_a_table_is_read_in_the_form_that_it_has(tmp_path: Path, name: str, text: str, form: str) -> None:
    """JSONL that is called `.json`, an array that is called `.jsonl`, the CSV of a European spreadsheet."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    problems = RowProblems(str(path))
    found = open_table(str(path), CATALOG, problems)

    assert (found.form, [dict(row.values) for row in found.rows]) == (form, ROWS)
    assert not problems.found


@pytest.mark.parametrize(
    ("name", "text"),
    [("set.txt", "Hi there\n\nWhere is it?\r\n"), ("set.json", '["Hi there", "Where is it?"]')],
)
def test_texts_without_columns_are_rows_of_one(tmp_path: Path, name: str, text: str) -> None:
    """What a log holds when somebody has cut out the messages: a line each, or a list of them."""
    path = tmp_path / name
    path.write_bytes(text.encode())
    found = open_table(str(path), CATALOG, RowProblems(str(path)))

    assert [dict(row.values) for row in found.rows] == [{"text": "Hi there"}, {"text": "Where is it?"}]


def test_a_table_of_one_column_is_cut_at_nothing(tmp_path: Path) -> None:
    """A semicolon in prose is no end of a cell."""
    path = tmp_path / "set.csv"
    path.write_text("question\nIs it late; or not?\nno\n", "utf-8")
    found = open_table(str(path), CATALOG, RowProblems(str(path)))

    assert (found.form, [dict(row.values) for row in found.rows]) == (
        "CSV",
        [{"question": "Is it late; or not?"}, {"question": "no"}],
    )
