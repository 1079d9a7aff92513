"""The section of docs/benchmarks.md about audits, from what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
_WORDS = """
## An audit

`evalspec audit` as a process of its own, by how many cases are held against as many real texts and as many training
texts; `python -m benchmarks.audit` measures it. CPU and memory are of the whole process; the wall time was taken on
{cores} cores that did other work (load {load} at the start), so read CPU before walls. Sides of over 10,000 texts are
measured on the 10,000 with the lowest digests; counts (duplicates, labels, overlap) are of all.

| audit | cases | CPU s | wall s | MB |
| --- | ---: | ---: | ---: | ---: |
{rows}
"""


def read_results() -> dict[str, Any]:
    """Return what was measured, or nothing."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def section(found: dict[str, Any]) -> str:
    """Spell the section; empty where nothing was measured."""
    if not found:
        return ""
    rows = "\n".join(
        f"| {one['audit']} | {one['cases']:,} | {one['cpu']:.1f} | {one['wall']:.1f} | {one['mb']:,} |"
        for one in found["rows"]
    )
    return _WORDS.format(cores=found["cores"], load=found["load"], rows=rows)
