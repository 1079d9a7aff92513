"""What models sent back, cell by cell: how many replies gave a candidate, how many did not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalspec.model.build import Build
from evalspec.model.case import Candidate, Drop
from evalspec.stages.generate import asks_model
from evalspec.stages.reporting.figures import plain_text, table

LISTED_CELLS = 5  # in the run log; the report lists all


@dataclass(slots=True)
class CellReplies:
    """The slots of one cell, operator or attack that a model was asked for."""

    slots: int = 0
    usable: int = 0  # gave a candidate, whatever became of it
    again: int = 0  # times the model was asked again, since what it sent could not be read
    dropped: Counter[str] = field(default_factory=Counter)  # reason to slots

    @property
    def spelled(self) -> str:
        """The reasons with their counts."""
        return ", ".join(f"{count} {plain_text(reason)}" for reason, count in sorted(self.dropped.items()))


def replies_by_cell(build: Build) -> Mapping[tuple[str, str], CellReplies]:
    """Return what became of every slot that a model was asked for, by pool and cell; each is counted once."""
    assert build.plan is not None
    found: dict[tuple[str, str], CellReplies] = {}
    opened: list[Candidate | Drop] = [*(build.candidates or ()), *build.drops]
    for made in sorted(opened, key=lambda one: (one.pool, one.stratum)):
        slot = build.plan.slots_by_id.get(made.id)
        if slot is None or not asks_model(slot, build.spec):
            continue
        row = found.setdefault((made.pool, made.stratum), CellReplies())
        row.slots += 1
        row.again += made.mended
        if isinstance(made, Drop) and made.stage == "generate":
            row.dropped[made.reason] += 1
        else:
            row.usable += 1
    return found


def reply_table(build: Build) -> list[str]:
    """Show the replies cell by cell; nothing where no model was asked for a text."""
    found = replies_by_cell(build)
    if not found:
        return []
    rows = [
        (pool, cell, str(row.slots), str(row.usable), str(row.again), row.spelled or "–")
        for (pool, cell), row in found.items()
    ]
    head = ("Pool", "Cell", "Slots", "Usable", "Asked again", "Without a candidate")
    return [
        "## Replies",
        "",
        "What models sent back for the slots that they were asked for. A reply without a candidate is paid for and "
        "dropped by name, and the next slot of its cell is opened in its place.",
        "",
        *table(head, rows),
    ]


def reply_numbers(build: Build) -> list[dict[str, object]]:
    """Return the same as JSON data."""
    return [
        {
            "pool": pool,
            "cell": cell,
            "slots": row.slots,
            "usable": row.usable,
            "again": row.again,
            "dropped": dict(sorted(row.dropped.items())),
        }
        for (pool, cell), row in replies_by_cell(build).items()
    ]


def worst_cells(build: Build) -> list[str]:
    """Name the cells that lost most replies, for the run log."""
    lost = [(cell, row) for cell, row in replies_by_cell(build).items() if row.dropped]
    lost.sort(key=lambda one: (-one[1].dropped.total(), one[0]))
    lines = [
        f"{pool}/{cell}: {row.dropped.total()} of {row.slots} replies gave no candidate ({row.spelled})"
        for (pool, cell), row in lost[:LISTED_CELLS]
    ]
    return lines + ([f"and {len(lost) - LISTED_CELLS} more cells"] if len(lost) > LISTED_CELLS else [])
