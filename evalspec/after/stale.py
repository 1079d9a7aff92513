"""Changed cases and the ledger to the decisions that are about another text or label than the case has now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalspec.after.fields import Record, case_id, content_of
from evalspec.digests import digest
from evalspec.model.case import input_json
from evalspec.model.diff import StaleReview, said
from evalspec.model.ledger import Decision
from evalspec.stages.content import plain


def stale_reviews(
    changed: Iterable[tuple[Record | None, Record]], ledger: tuple[Decision, ...] | None
) -> tuple[StaleReview, ...]:
    """Return the reviews that do not fit the case as it is now; of cases that are new or changed, with their old state.

    A decision binds to the digest of what was read. A label changed under an old keep is what this finds.
    """
    by_case: dict[str, list[Decision]] = {}
    for line in ledger or ():
        by_case.setdefault(line.case, []).append(line)
    found = []
    for before, after in changed:
        one = _stale(before, after, None if ledger is None else by_case.get(case_id(after), []))
        if one is not None:
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.id))


def _stale(before: Record | None, after: Record, lines: list[Decision] | None) -> StaleReview | None:
    name, mark = case_id(after), _mark(after)
    was_marked = before is not None and bool(_mark(before))
    if before is not None and content_of(before) == content_of(after) and mark == _mark(before):
        return None
    if lines is None:  # no ledger at hand: only the marks can be compared
        if before is not None and was_marked and mark == _mark(before):
            return StaleReview(id=name, said=said("it changed and carries the mark of before: {}", mark["verdict"]))
        return _lost(name, mark, was_marked)
    if mark.get("verdict") == "keep" and not any(_fits_keep(line, after) for line in lines):
        return StaleReview(id=name, said=said("marked {}, and no decision is about this text and label", "keep"))
    if mark.get("verdict") == "fix" and not any(_fits_fix(line, after) for line in lines):
        return StaleReview(id=name, said=said("marked {}, and no decision wrote this text and label", "fix"))
    decided = {line.digest for line in lines}
    if not mark and decided and digest(content_of(after)) not in decided:
        who = ", ".join(sorted({line.reviewer for line in lines}))
        return StaleReview(id=name, said=said("what {} decided was about another text or label", who))
    return _lost(name, mark, was_marked and not lines)


def _lost(name: str, mark: Mapping[str, object], was_marked: bool) -> StaleReview | None:
    if mark or not was_marked:
        return None
    return StaleReview(id=name, said=said("it was reviewed before the change, and is not now"))


def _mark(record: Record) -> Mapping[str, object]:
    found = record.get("review")
    return found if isinstance(found, Mapping) else {}


def _fits_keep(line: Decision, case: Record) -> bool:
    return line.verdict == "keep" and line.digest == digest(content_of(case))


def _fits_fix(line: Decision, case: Record) -> bool:
    fits_text = line.input is None or input_json(line.input) == case.get("input")
    fits_label = line.expected is None or plain(line.expected) == case.get("expected")
    return line.verdict == "fix" and fits_text and fits_label
