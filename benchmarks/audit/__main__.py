"""Measure whole audits: `python -m benchmarks.audit [--sizes N ...]`, time and memory as the kernel accounts them.

Data is made by `benchmarks/scale/data.py`, so it runs anywhere. Results go into `results.json`; docs/benchmarks.md is
written from it by `python -m benchmarks.scale`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.audit.tables import RESULTS
from benchmarks.scale.data import texts
from benchmarks.scale.lines import MAIN

SIZES = (1_000, 10_000)
LABELS = ("refund", "deny", "escalate")


def write(path: Path, count: int, seed: str) -> None:
    """Write rows of a text and a label; another seed gives other texts of the same shop."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for at, text in enumerate(texts(count, seed)):
            file.write(json.dumps({"message": text, "label": LABELS[at % 3]}) + "\n")


def measured(folder: Path, *arguments: str) -> dict[str, float]:
    """Run one audit and return its CPU and wall seconds and its peak memory in MB, on all cores there are."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", MAIN, "audit", *arguments, "--json"]
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, cwd=folder, stdout=nowhere, stderr=nowhere, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"evalspec audit {' '.join(arguments)} ended with {process.returncode}")
    return {
        "cpu": round(usage.ru_utime + usage.ru_stime, 1),
        "wall": round(time.perf_counter() - started, 1),
        "mb": round(usage.ru_maxrss / 1024),
    }


def run(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Audit a set alone, beside as many real texts, and beside as many training texts, at every size."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in ("set", "seeds", "training"):
                write(folder / f"{file}.jsonl", size, file)
            for title, arguments in (
                ("alone", ("set.jsonl",)),
                ("--seeds", ("set.jsonl", "--seeds", "seeds.jsonl")),
                ("--training", ("set.jsonl", "--training", "training.jsonl")),
            ):
                rows.append({"audit": title, "cases": size, **measured(folder, *arguments)})
                print(rows[-1], file=sys.stderr)
    return rows


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    given = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    found = {"cores": os.cpu_count(), "load": load, "rows": run(given.sizes)}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
