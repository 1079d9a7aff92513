"""A table for people and spreadsheets; no exchange format: JSON stands in its cells, and formulas are made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from evalspec.catalog.exporters.records import Record, lineage_of, manifest, text_of
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter
from evalspec.text.spreadsheet import OWN_COLUMNS, guarded

CASES = "cases.csv"
_PLAIN = ("provenance", "track", "language")
_BODY = ("context", "behaviour", "premise", "expected", "expected_by", "checks")
COLUMNS = (*OWN_COLUMNS, *_PLAIN, "pool", "source", "input", "messages", *_BODY, "parents", "metadata", "canary")


@exporter("csv", version=1, runner="spreadsheets", records=(CASES,), stubs=("read.py",))
def csv_table(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """A row a case; texts stand in `input`, conversations as JSON in `messages`, formulas behind an apostrophe."""
    sheet = io.StringIO()
    # Every cell is quoted: line ends of any kind, separators and quotes then stay inside it.
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for case in lock.cases:
        cells = _cells(case, lock)
        writer.writerow([guarded(cells.get(name, "")) for name in COLUMNS])
    return {
        CASES: sheet.getvalue(),
        "read.py": stub("read.py"),
        **manifest(lock, facts, "csv@1", {CASES: lock.cases}),
    }


def _cells(case: Record, lock: Lock) -> dict[str, str]:
    lineage = lineage_of(case)
    found: dict[str, object] = {
        OWN_COLUMNS[0]: case["id"],
        OWN_COLUMNS[1]: case["digest"],
        "behaviour": "answer",
        "pool": lineage.get("pool"),
        "source": lineage.get("source"),
        "parents": lineage.get("parents"),
        "canary": lock.header.get("canary"),
        **{name: case[name] for name in (*_PLAIN, *_BODY, "metadata") if name in case},
        "input" if isinstance(case["input"], str) else "messages": case["input"],
    }
    return {name: text_of(value) for name, value in found.items() if value is not None}
