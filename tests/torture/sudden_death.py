"""Sudden death: what is left when a command is killed, stopped, starved or run twice at once."""

from __future__ import annotations

from pathlib import Path

from tests.torture.bad_ground import few_files, full_disks, lost_streams, read_only, thrown_away
from tests.torture.dying import acts, failed_at_every_call, killed_at_every_call, killed_at_random
from tests.torture.ground import case_ids, lay
from tests.torture.processes import warm, why_no_strace
from tests.torture.suites import Effort, Tally, suite
from tests.torture.together import changed_below, reviewers_at_once, stopped, two_at_once


@suite("sudden_death", "Sudden death: kills, signals, full disks, two at once")
def sudden_death(effort: Effort, folder: Path) -> list[Tally]:
    """Everything that ends, starves or crosses a command, on one small project."""
    with warm() as server:
        ground = lay(folder / "ground", server)
        found = killed_at_random(effort, ground, folder / "random", server)
        made = acts(ground, folder / "acts", server)
        build = made[0]
        if reason := why_no_strace():
            found.append(Tally("a command killed, or failing, at every call on a file of its project", skipped=reason))
        else:
            found += killed_at_every_call(effort, made, folder / "every", server)
            found += failed_at_every_call(effort, made, folder / "fault", server)
        found += full_disks(effort, made, folder / "full")
        found.append(read_only(made if effort.full else made[:1], folder / "fixed"))
        found.append(few_files(effort, build, folder / "few"))
        found.append(lost_streams(effort, build, folder / "streams"))
        found.append(thrown_away(effort, build, folder / "junk"))
        found += two_at_once(effort, build, folder / "two")
        ids = case_ids(ground.copy(folder / "ids"), server)
        found.append(reviewers_at_once(effort, build, ids, folder / "reviewers", server))
        found.append(stopped(effort, build, folder / "stopped"))
        found.append(changed_below(effort, build, folder / "changed", server))
    return found
