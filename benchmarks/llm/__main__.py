"""Measure, and write the tables: `python -m benchmarks.llm [--only NAME ...] [--phases NAME ...] [--write]`.

What is measured goes into `results.json` as it comes; docs/benchmarks.md and the README are written from that file.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.llm.contenders import CONTENDERS, ROOT, environments
from benchmarks.llm.envs import FOLDER, Made
from benchmarks.llm.phases import COUNT, JOBS, LATENCY, MANY, Bench, serving
from benchmarks.llm.tables import BEGIN, END, RESULTS, read_results, short
from benchmarks.pages import replaced

PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
PHASES = ("cold", "again", "changed", "killed", "faults", "many")
AFTER_COLD = ("again", "changed")  # they go on in the folder of the last cold run


def main() -> None:
    """Measure what was asked for, keep it, and write the pages."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llm", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=list(PHASES), metavar="PHASE")
    parser.add_argument("--rounds", type=int, default=3, help="cold runs of each contender")
    parser.add_argument("--keep-cold", action="store_true", help="add to the cold runs that are there")
    parser.add_argument("--peers-folder", type=Path, default=FOLDER, help="where the peers' environments stand")
    parser.add_argument("--folder", type=Path, help="where contenders work; a new one when none is named")
    parser.add_argument("--lock", type=Path, help="a file to lock during each run, where others measure here too")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and the table of the README")
    asked = parser.parse_args()
    if "again" in asked.phases and "cold" not in asked.phases:
        parser.error("`again` repeats the cold run: ask for `cold` as well")
    if asked.phases:
        folder = asked.folder or Path(tempfile.mkdtemp(prefix="evalspec-bench-"))
        measure(asked, folder)
    if asked.write:
        write()


def measure(asked: argparse.Namespace, folder: Path) -> None:
    """Run the phases, cold runs interleaved, and keep each row as soon as it is there."""
    made = environments(asked.only, asked.peers_folder)
    with serving() as server:
        benches = {}
        for name in asked.only:
            entry = _entry(name, made)
            if "problem" in entry:
                _keep(name, entry, None)
                continue
            benches[name] = Bench(name, made.get(CONTENDERS[name].environment or ""), folder / name, server)
            _keep(name, entry, None)
        for number in range(asked.rounds if "cold" in asked.phases else 0):
            for name, bench in benches.items():
                with _locked(asked.lock):
                    _keep(name, {}, ("cold", bench.cold()), is_first=not number and not asked.keep_cold)
        for phase in PHASES[1:]:
            for name, bench in benches.items():
                if phase in asked.phases and (phase != "many" or CONTENDERS[name].many):
                    with _locked(asked.lock):
                        _keep(name, {}, (phase, getattr(bench, phase)()))


def write() -> None:
    """Write the pages from what was measured."""
    from benchmarks.scale.__main__ import RESULTS as SCALE
    from benchmarks.scale.__main__ import page

    PAGE.write_text(page(json.loads(SCALE.read_text("utf-8"))), "utf-8")
    README.write_text(replaced(README.read_text("utf-8"), BEGIN, END, short(read_results())), "utf-8")


def _entry(name: str, made: dict[str, Made]) -> dict[str, Any]:
    contender = CONTENDERS[name]
    if contender.environment is None:
        return {"name": contender.name, "version": "this one"}
    found = made[contender.environment]
    if found.problem:
        return {"name": contender.name, "problem": f"not installed: {found.problem}"}
    return {"name": contender.name, "version": found.version}


def _keep(name: str, entry: dict[str, Any], ran: tuple[str, dict[str, Any]] | None, *, is_first: bool = False) -> None:
    """Add to the results file, contenders in the order of the table."""
    found = read_results() or {"rows": {}}
    found["settings"] = {
        "count": COUNT,
        "jobs": JOBS,
        "latency": LATENCY,
        "many": MANY,
        "cores": os.cpu_count(),
    }
    row = found["rows"].get(name, {}) | entry | {"measured": _now()}
    if ran is not None:
        phase, result = ran
        row[phase] = [*([] if is_first else row.get("cold", [])), result] if phase == "cold" else result
        shown = {key: value for key, value in result.items() if key != "said"}
        print(f"{name:14}{phase:9}{json.dumps(shown)}", flush=True)
    found["rows"][name] = row
    found["rows"] = {one: found["rows"][one] for one in CONTENDERS if one in found["rows"]}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def _now() -> str:
    """Return the day and the commit, as the tables say them."""
    line = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    return f"on {date.today()}" + (f" at {commit}" if commit else "")


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _locked(path: Path | None) -> Any:
    return _held(path) if path is not None else nullcontext()


if __name__ == "__main__":
    main()
