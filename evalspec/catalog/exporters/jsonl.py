"""Plain JSON lines: every field of every case, for a runner of your own."""

from __future__ import annotations

from collections.abc import Mapping

from evalspec.catalog.exporters.records import SCORER, json_lines, manifest, messages_of
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

CASES = "cases.jsonl"


@exporter("jsonl", version=1, runner="your own script", records=(CASES,), stubs=("run.py", SCORER))
def jsonl(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """One case a line, all its fields and messages, and a script that writes results as `id`, `digest`, `pass`."""
    rows = [{**case, "messages": messages_of(case, facts), "canary": lock.header.get("canary")} for case in lock.cases]
    return {
        CASES: json_lines(rows),
        "run.py": stub("run.py"),
        SCORER: stub(SCORER),
        **manifest(lock, facts, "jsonl@1", {CASES: lock.cases}),
    }
