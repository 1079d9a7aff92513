"""Which cases stand in the real texts, and what that leaves to compare on either side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evalspec.auditing.people import percent
from evalspec.auditing.repeats import SECTION, Step, key_of, twins_of
from evalspec.model.audit import AuditFile, AuditRow, Finding, Origin, Status
from evalspec.model.defaults import MIN_SIDE
from evalspec.stats.intervals import wilson
from evalspec.text.nearness import NearIndex

WHOLE = 0.98  # of the cases
STILL_THE_SAME = 0.5  # of the real texts, without which they would not be the same traffic any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Cases by line, and the line of the real text that each repeats; `common`: those that people send again and again.

    A common one says nothing about where a case comes from: "hi" is in every log.
    """

    lines: Mapping[int, int]
    common: frozenset[int]
    cases: int

    @property
    def is_whole(self) -> bool:
        """True when the set is the real texts, or a part of them."""
        return len(self.lines) >= WHOLE * self.cases > 0

    @property
    def taken(self) -> frozenset[int]:
        """The lines of cases that stand on no side of a comparison."""
        return frozenset(self.lines) if self.is_whole else frozenset(self.lines) - self.common

    def left(self, seeds: Sequence[AuditRow], by_people: frozenset[int] = frozenset()) -> tuple[AuditRow, ...]:
        """Return the real texts without those that were copied, if these are not most of them.

        The set is held against them without its copies; what it copied would else be missed in it. Cases that say
        they are by people are measured apart from the others, which then lack nothing.
        """
        taken = {self.lines[line] for line in self.taken - by_people}
        rest = tuple(row for row in seeds if row.line not in taken)
        return rest if len(rest) >= max(STILL_THE_SAME * len(seeds), MIN_SIDE) else tuple(seeds)


NO_COPIES = Copies(lines={}, common=frozenset(), cases=0)


def copied(rows: Sequence[AuditRow], seeds: Sequence[AuditRow], step: Step) -> Copies:
    """Return the rows that stand among the seeds, noise aside."""
    index = NearIndex({str(row.line): row.text for row in seeds})
    known: dict[object, int] = {}
    for row in seeds:
        if known.setdefault(key_of(row.text), row.line) == row.line:
            index.add(str(row.line), row.text)
    lines = {}
    for row in rows:
        if (line := known.get(key_of(row.text))) is not None:
            lines[row.line] = line
        elif (near := index.find(row.text)) is not None:
            lines[row.line] = int(near[0])
    twins = twins_of(seeds, step).lines if lines else {}
    again = {*twins, *twins.values()}
    common = frozenset(line for line, seed in lines.items() if seed in again)
    return Copies(lines=lines, common=common, cases=len(rows))


def copies(
    file: AuditFile, found: Copies, seeds: Sequence[AuditRow], origin_of: Callable[[AuditRow], Origin]
) -> Finding:
    """Say how many cases are copies of the real texts; they are left out of every comparison with them."""
    n, count, common = len(file.rows), len(found.lines), len(found.common)
    said = Counter(origin_of(row) for row in file.rows if row.line in found.lines and not row.has_parent)
    figures = {
        "value": count / n,
        "count": count,
        "common": common,
        "said_generated": said["generated"],
        "seeds": len(seeds),
        "interval": list(wilson(count, n)),
        "nothing_left": 0 <= n - len(found.taken) < MIN_SIDE <= n,
    }
    words = f"{percent(count / n)} ({count:,} of {n:,})" if count else "none"
    status: Status = "report" if count else "ok"
    if said["generated"]:
        status = "warning"
        words += f", {said['generated']:,} of them said to be generated"
    if figures["nothing_left"]:
        status = "warning"
        words += "; nothing is left to compare"
    elif common:
        left = "; the others are left out of what follows" if common < count else ""
        words += f", {common:,} of them what people send again and again{left}"
    elif count:
        words += "; left out of what follows"
    return Finding(
        key="copies",
        section=SECTION,
        title="copies of real texts",
        status=status,
        words=words,
        unit="share",
        n=n,
        figures=figures,
    )
