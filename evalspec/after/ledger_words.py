"""Two states of a ledger to what changed in what it decides, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalspec.model.diff import Said, said
from evalspec.model.ledger import Decision
from evalspec.stages.ledger import effective


def ledger_words(before: Sequence[Decision] | None, after: Sequence[Decision] | None, was: int, now: int) -> Said:
    """Say which decisions came, went or lost their case; `was` and `now` are how many apply, as the two locks count.

    Without both ledgers only the counts are known.
    """
    counts = f"{was} applied before, {now} now"
    if before is None or after is None:
        return said(f"the ledger: other decisions apply, and which ones only the ledgers tell ({counts})")
    old, new = _in_force(before), _in_force(after)
    known, standing = ({one.line_digest for one in side} for side in (before, after))
    overruled = {line for one in after if one.line_digest not in known for line in one.supersedes}
    out = old - new
    # What the ledgers do not explain lies with the cases: a decision holds for one text and label alone.
    rest = now - was - (len(new) - len(old))
    told = (
        (len(new - known), "added", "added"),
        (len(out & overruled), "replaced", "replaced"),
        (len((out & standing) - overruled), "disputed by another", "disputed by others"),
        (len(out - standing), "taken out", "taken out"),
        (len(new & known - old), "in force again", "in force again"),
        (-rest, "no longer applies, as its case changed or left", "no longer apply, as their cases changed or left"),
        (rest, "applies again, as its case is what was read", "apply again, as their cases are what was read"),
    )
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in told if count > 0]
    spelled = f"decisions: {', '.join(parts)}" if parts else "as many decisions apply, to cases that changed or came in"
    return said(f"the ledger: {spelled} ({counts})")


def _in_force(decisions: Iterable[Decision]) -> set[str]:
    """Return the digests of the lines that decide something wherever their text and label are still the case's."""
    by_text: dict[tuple[str, str], list[Decision]] = {}
    for one in decisions:
        by_text.setdefault((one.case, one.digest), []).append(one)
    # A line can only supersede one about the same case and text, so each text stands alone.
    said_of = (effective(lines, digest) for (_, digest), lines in by_text.items())
    return {line for one in said_of if one.verdict is not None for line in one.lines}
