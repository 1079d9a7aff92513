"""Whole commands on sets of growing size: CPU seconds and peak memory, and what one case costs at each size.

Each command is a process of its own; its time and memory are what the kernel accounts to it, on one thread.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.scale.data import edit_one_cell, write_project
from benchmarks.scale.peers import one_thread

SIZES = (1_000, 10_000)  # with 100,000 the run takes about half an hour: `--sizes 1000 10000 100000`
MAIN = "import sys; sys.path[:] = [one for one in sys.path if one]; from evalspec.cli import main; main()"


def measured(folder: Path, *arguments: str) -> dict[str, float]:
    """Run one command, which must work, and return its CPU and wall seconds and its peak memory in MB."""
    started = time.perf_counter()
    root = str(Path(__file__).parents[2])
    environment = {**one_thread(), "PYTHONPATH": root}
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments], cwd=folder, stdout=nowhere, stderr=nowhere, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1) or (process.returncode and arguments[0] != "diff"):
        raise SystemExit(f"evalspec {' '.join(arguments)} ended with {process.returncode}")
    return {
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "wall": round(time.perf_counter() - started, 2),
        "mb": round(usage.ru_maxrss / 1024),
    }


def run(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Measure every command at every size."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            spec = write_project(folder, size)
            found = {"import": measured(folder, "import", spec.name, "production", "--from", "raw.jsonl")}
            found["build"] = measured(folder, "build", spec.name)
            found["build, nothing changed"] = measured(folder, "build", spec.name)
            found["verify"] = measured(folder, "verify", spec.name)
            old = folder / "old.lock.json"
            old.write_bytes(spec.with_suffix(".lock.json").read_bytes())
            edit_one_cell(spec)
            found["build, one cell edited"] = measured(folder, "build", spec.name)
            found["diff"] = measured(folder, "diff", old.name, "shop.lock.json")
            rows += [{"command": command, "cases": size, **figures} for command, figures in found.items()]
    return {"rows": rows}
