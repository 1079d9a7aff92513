"""The small project that the suites build, break and build again: every kind of case, a ledger, half a second."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.small_specs import OPERATORS, rows, small_spec, spec_text, write_project
from tests.torture.processes import Warm, contents

SPEC = "small.yaml"
LOCK, REPORT = "small.lock.json", "small.report.md"
REVIEWERS = ("ann", "bob")


@dataclass(frozen=True)
class Ground:
    """A folder with a spec, its inputs, a ledger of two reviewers, and its lock and report."""

    folder: Path
    before: str  # the spec that lock and report are of
    after: str  # another spec of the same inputs, whose lock and report differ

    def copy(self, folder: Path) -> Path:
        """Put a fresh copy of the folder in the place of `folder`."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        return folder


def lay(folder: Path, server: Warm) -> Ground:
    """Make the project, let two people decide some of its cases, and build it."""
    folder.mkdir(parents=True, exist_ok=True)
    spec: dict[str, Any] = small_spec(seeds=8, children=6, prompted=6, personas=("brisk", "loud"), operators=OPERATORS)
    write_project(folder, spec, rows())
    for name in REVIEWERS:
        _decide(folder, name, server)
    fewer = {
        **spec,
        "description": "Fewer cases.",
        "mix": {"cases": {**spec["mix"]["cases"], "seed": 7, "mutation": 4}},
    }
    must(server, folder, "build", SPEC, "-q")
    return Ground(folder, spec_text(spec), spec_text(fewer))


def _decide(folder: Path, reviewer: str, server: Warm) -> None:
    """Record three decisions of one person about cases that nobody has decided."""
    ids = [one for one in case_ids(folder, server) if one.split(".")[0] in ("prompted", "persona")]
    mine = ids[REVIEWERS.index(reviewer) :: len(REVIEWERS)][:3]
    lines = [{"case": one, "verdict": "keep"} for one in mine]
    lines[-1] |= {"verdict": "drop", "reason": "unnatural"}
    drafts = folder / "drafts.jsonl"
    drafts.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    must(
        server, folder, "review", "record", SPEC, "--from", drafts.name, "--reviewer", reviewer, "--date", "2026-11-02"
    )
    drafts.unlink()


def case_ids(folder: Path, server: Warm) -> list[str]:
    """The ids of the cases of the lock of the project as it is now, in order."""
    must(server, folder, "build", SPEC, "-q")
    return [case["id"] for case in json.loads((folder / LOCK).read_text("utf-8"))["cases"]]


def must(server: Warm, folder: Path, *arguments: str) -> None:
    """Run a command that has to succeed for a suite to begin."""
    done = server.run(folder, *arguments)
    if done.code != 0:
        raise RuntimeError(f"evalspec {' '.join(arguments)}: {done}")


def outputs(folder: Path) -> dict[str, bytes]:
    """Lock and report, where they are."""
    return {name: raw for name, raw in contents(folder).items() if name in (LOCK, REPORT)}
