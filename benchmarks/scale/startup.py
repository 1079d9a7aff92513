"""Start-up: whole processes, in turn with what they are held against; median CPU seconds of five."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.scale.lines import MAIN
from benchmarks.scale.peers import ROOT, one_thread

ROUNDS = 5
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import click'": ["-c", "import click"],
    "evalspec --help": ["-c", MAIN, "--help"],
    "evalspec check specs/library.yaml": ["-c", MAIN, "check", "specs/library.yaml"],
    "evalspec check specs/refund.yaml": ["-c", MAIN, "check", "specs/refund.yaml"],
}


def spent(arguments: list[str]) -> float:
    """Run one process and return its CPU seconds."""
    with Path(os.devnull).open("wb") as nowhere:
        environment = {**one_thread(), "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled; the first round sees to it
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=nowhere, stderr=nowhere, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return usage.ru_utime + usage.ru_stime


def run() -> dict[str, Any]:
    """Measure all commands in turn."""
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            found[name].append(spent(arguments))
    return {
        "rows": [{"name": name, "cpu": median(rows)} for name, rows in found.items()],
        "rounds": ROUNDS,
    }
