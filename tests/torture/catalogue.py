"""Every bad input of the catalogue, each command in an interpreter of its own, with its time and its memory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bad_process import run_process
from tests.bad_rows import FORMATS, Ran, Row, faults, load_mapping, load_rows, make_base, stand
from tests.torture.suites import Effort, Tally, suite

SECONDS = 2.0  # of processor time that one command may take
MEGABYTES = 300.0  # of memory that one command may hold, interpreter and libraries included
SAMPLE = 8  # rows of a sample, three commands each
SAID = (
    "a bad input gets its code, its line and column, and its exit code, alike in text, JSON and GitHub's format; "
    "no traceback, no secret or personal value in the output, nothing written"
)
BOUNDED = f"a command about a bad input takes at most {SECONDS:g} s of processor time and {MEGABYTES:g} MB"


@suite("catalogue", "Bad inputs, row by row")
def catalogue(effort: Effort, folder: Path) -> list[Tally]:
    """Run every row of the catalogue, or a sample of them, as a user would."""
    rows = load_rows()
    dice = effort.dice("rows")
    chosen = dice.sample(rows, min(effort.count(len(rows), SAMPLE), len(rows)))
    base = folder / "base"
    make_base(base)
    said, bounded = Tally(SAID), Tally(BOUNDED)
    slowest = largest = (0.0, "")
    for row in sorted(chosen, key=lambda one: one.id):
        runs = _try(row, base, folder, said)
        for how, ran in runs:
            bounded.hold(
                ran.seconds <= SECONDS and ran.megabytes <= MEGABYTES,
                f"{row.id}, {how}: {ran.seconds:.2f} s, {ran.megabytes:.0f} MB",
            )
            slowest = max(slowest, (ran.seconds, row.id))
            largest = max(largest, (ran.megabytes, row.id))
    waiting = sum("awaits" in one for one in load_mapping().values())
    said.figures["rows of the catalogue"] = f"{len(rows)}, {waiting} more of the design await what is not built yet"
    bounded.figures["slowest"] = f"{slowest[0]:.2f} s ({slowest[1]})"
    bounded.figures["largest"] = f"{largest[0]:.0f} MB ({largest[1]})"
    return [said, bounded]


def _try(row: Row, base: Path, folder: Path, said: Tally) -> list[tuple[str, Ran]]:
    """Run one row in each of its formats, count what was wrong, and return the runs."""
    place = folder / "row" / "project"
    runs: list[Ran] = []

    def run(arguments: Sequence[str], project: Path, env: Mapping[str, str]) -> Ran:
        runs.append(run_process(arguments, project, env))
        return runs[-1]

    try:
        found = faults(row, place, stand(row, base, place), run)
    finally:
        _remove(folder / "row")
    said.hold(not found, f"{row.id}, {row.what}: " + "; ".join(one.split("\n")[0] for one in found))
    return list(zip(row.formats or FORMATS, runs, strict=True))


def _remove(folder: Path) -> None:
    """Remove a project, also one in which a row took the right to write."""
    for one in (folder, *folder.rglob("*")):
        if one.is_dir() and not one.is_symlink():
            one.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
