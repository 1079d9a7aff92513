"""Inspect AI: samples as JSON lines and a task."""

from __future__ import annotations

import json
from collections.abc import Mapping

from evalspec.catalog.exporters.records import (
    SCORER,
    Record,
    expected_text,
    json_lines,
    manifest,
    messages_of,
    metadata_of,
)
from evalspec.catalog.stubs import stub
from evalspec.model.export import ExportFacts
from evalspec.model.outcome import Lock
from evalspec.registry import exporter

SAMPLES = "samples.jsonl"


@exporter("inspect", version=1, runner="Inspect AI", records=(SAMPLES,), stubs=("task.py", SCORER))
def inspect_ai(lock: Lock, facts: ExportFacts) -> Mapping[str, str]:
    """`Sample` records under the lock's ids, and a task whose version is the lock's root."""
    rows = [_sample(case, lock, facts) for case in lock.cases]
    return {
        SAMPLES: json_lines(rows),
        "task.py": stub("task.py"),
        SCORER: stub(SCORER),
        **manifest(lock, facts, "inspect@1", {SAMPLES: lock.cases}),
    }


def _sample(case: Record, lock: Lock, facts: ExportFacts) -> dict[str, object]:
    # Always messages, never a bare text: solvers that fill templates leave messages alone.
    messages = messages_of(case, facts)
    for message in messages:
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": call["function"]["name"],
                    "arguments": json.loads(call["function"]["arguments"]),
                }
                for call in calls
            ]
    return {
        "id": case["id"],
        "input": messages,
        "target": expected_text(case) or "",
        "metadata": metadata_of(case, lock),
    }
