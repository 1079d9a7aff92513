"""A spec of 10,000 lines, parsed with a position for every key and value, and validated; beside PyYAML and ruamel."""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.scale.peers import ROOT, ask
from evalspec.edges.package import read_schema
from evalspec.model.source import SourceFile
from evalspec.stages.parse import parse
from evalspec.stages.validate import validate

LINES = 10_000
ROUNDS = 5
HEAD = """\
version: 1
description: A long spec.
purpose: smoke
random_state: 1
task:
  expected: [yes_please, no_thanks]
sources:
  production: {fields: {input: text, expected: label}, verified_by: team}
pools:
  seed: {from: production}
mix: {size: 100, shares: {seed: 1}}
personas:
"""


def spec_text(lines: int = LINES) -> str:
    """Write a spec with as many personas as fill the lines."""
    rows = [HEAD.rstrip("\n")]
    count = HEAD.count("\n")
    at = 0
    while count < lines:
        rows += [f"  voice_{at}:", f"    description: Voice {at} of a long spec.", "    style:"]
        rows += ["      casing: lower", "      punctuation: none"]
        count, at = count + 5, at + 1
    return "\n".join(rows[:1] + rows[1:]) + "\n"


def run() -> dict[str, Any]:
    """Measure ours and the peers on the same text."""
    text = spec_text()
    schema = read_schema("spec.v1.json")
    rows = []
    parsing, checking = [], []
    gc.disable()
    for _ in range(ROUNDS):
        started = time.process_time()
        document = parse(SourceFile(path="spec.yaml", text=text))
        between = time.process_time()
        validate(document, schema)
        parsing.append((between - started) * 1000)
        checking.append((time.process_time() - between) * 1000)
    gc.enable()
    rows.append({"name": "evalspec: positions, duplicate keys, limits", "parse": median(parsing)})
    rows[-1]["validate"] = median(checking)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(text, "utf-8")
        rows += ask("spec_lines_peer.py", str(path), str(ROOT / "schemas" / "spec.v1.json"))
    return {"rows": rows, "lines": text.count("\n")}
