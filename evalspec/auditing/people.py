"""Who wrote the cases and who checked the answers: what the file says, and nothing that a text looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from evalspec.model.audit import AuditFile, AuditPool, AuditRow, Finding, Origin, Status
from evalspec.model.defaults import DEFAULT_GATES, MIN_SIDE
from evalspec.stats.intervals import wilson

SECTION = "Where from?"
MOST_POOLS = 3  # columns of a screen; more values are put together by what they say
UNSAID = "unsaid"

Classify = Callable[[str, str], Origin]

_CLASS_NAMES: dict[Origin, str] = {"people": "by people", "generated": "generated", "unsaid": UNSAID}
_MIN_VERIFIED = next(one.min or 0.0 for one in DEFAULT_GATES if one.measure == "verified_share")


def origin_of(row: AuditRow, file: AuditFile, classify: Classify) -> Origin:
    """Return what a row says of who wrote it."""
    if file.fields.origin is None or row.origin is None:
        return "unsaid"
    return classify(file.fields.origin, row.origin)


def pools_of(file: AuditFile, classify: Classify) -> tuple[AuditPool, ...]:
    """Group rows by what the origin column says: by its values when they are few, else by people, generated, unsaid."""
    by_value: dict[str, list[AuditRow]] = {}
    for row in file.rows:
        by_value.setdefault(row.origin or UNSAID, []).append(row)
    large = [rows for rows in by_value.values() if len(rows) >= MIN_SIDE]
    if len(large) < len(by_value) or len(by_value) > MOST_POOLS:
        grouped: dict[Origin, list[AuditRow]] = {}
        for row in file.rows:
            grouped.setdefault(origin_of(row, file, classify), []).append(row)
        pools = [AuditPool(name=_CLASS_NAMES[one], origin=one, rows=tuple(rows)) for one, rows in grouped.items()]
    else:
        pools = [
            AuditPool(name=value, origin=origin_of(rows[0], file, classify), rows=tuple(rows))
            for value, rows in by_value.items()
        ]
    if len(pools) == 1:
        return (replace(pools[0], name="this set"),)
    return tuple(sorted(pools, key=lambda one: (-len(one.rows), one.name)))


def said_origin(file: AuditFile, classify: Classify, copies: int | None) -> Finding:
    """Say which share of the cases people wrote; `copies` of the seeds are the only other evidence there is."""
    n = len(file.rows)
    counts = Counter(origin_of(row, file, classify) for row in file.rows)
    people, unsaid = counts["people"], counts["unsaid"]
    values = Counter(row.origin or UNSAID for row in file.rows)
    figures: dict[str, object] = {
        "people": people,
        "generated": counts["generated"],
        "unsaid": unsaid,
        "column": file.fields.origin,
        "values": dict(sorted(values.items(), key=lambda one: (-one[1], one[0]))[:20]),
    }
    status: Status = "ok"
    if unsaid == n:
        why = f"`{file.fields.origin}` says neither" if file.fields.origin else "no column says who wrote a case"
        words = f"nobody said: {why}"
        status = "warning"
        if copies:
            words += f"; {_percent(copies, n)} stand in the real texts"
    else:
        words = f"{_percent(people, n)} ({people:,} of {n:,}), says `{file.fields.origin}`"
        if counts["generated"]:
            words += f"; {_percent(counts['generated'], n)} generated"
        if unsaid:
            words += f"; {unsaid:,} unsaid"
        status = "warning" if unsaid or not people else "ok"
    share = None if unsaid == n else people / n
    return Finding(
        key="from_people",
        section=SECTION,
        title="from people",
        status=status,
        words=words,
        unit="share",
        n=n,
        figures=figures | {"value": share, "interval": None if share is None else list(wilson(people, n))},
    )


def answered(file: AuditFile) -> tuple[Finding, ...]:
    """Say how many cases have an expected answer, where some have none."""
    n = len(file.rows)
    count = sum(row.expected is not None for row in file.rows)
    if count in (0, n):
        return ()
    words = f"{_percent(count, n)} of the cases ({count:,} of {n:,}) have one in `{file.fields.label}`"
    figures = {"value": count / n, "count": count, "interval": list(wilson(count, n))}
    return (replace(_finding("answered", "warning", words, n, figures), title="expected answers"),)


def verified(file: AuditFile) -> Finding:
    """Say for which share of the answers a person vouched."""
    answered = [row for row in file.rows if row.expected is not None]
    n = len(answered)
    column = file.fields.verified
    if not answered:
        words = "no expected answers: no column was taken for them; --label COLUMN names it"
        if file.fields.label:
            words = f"no expected answers: `{file.fields.label}` is empty"
        elif "label" in file.fields.told:
            words = "no expected answers, as you say"
        return _finding("verified", "report", words, 0, {"column": column})
    if column is None:
        words = f"nobody said: no column says who checked the {n:,} expected answers"
        return _finding("verified", "warning", words, n, {"value": None, "column": None})
    count = sum(row.verified is True for row in answered)
    low, high = wilson(count, n)
    words = f"{_percent(count, n)} of the expected answers ({count:,} of {n:,}), says `{column}`"
    status: Status = "warning" if count / n < _MIN_VERIFIED else "ok"
    return _finding(
        "verified", status, words, n, {"value": count / n, "count": count, "interval": [low, high], "column": column}
    )


def _finding(key: str, status: Status, words: str, n: int, figures: dict[str, object]) -> Finding:
    return Finding(
        key=key, section=SECTION, title="verified", status=status, words=words, unit="share", n=n, figures=figures
    )


def _percent(part: int, whole: int) -> str:
    return percent(part / whole if whole else 0.0)


def percent(share: float) -> str:
    """Spell a share; what is not nothing is not spelled 0 %, and what is not all is not spelled 100 %."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    digits = 1 if share < 0.0995 else 0
    spelled = f"{100 * share:.{digits}f} %"
    return "> 99 %" if spelled == "100 %" and share < 1 else "0 %" if share == 0 else spelled


def names_of(pools: Sequence[AuditPool]) -> tuple[str, ...]:
    """Return the names of pools, in their order."""
    return tuple(one.name for one in pools)
