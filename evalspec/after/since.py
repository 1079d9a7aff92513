"""What a change did to a ledger and to the rules of a spec, as problems that `verify --base` prints first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evalspec.after.since_rows import plain_lines
from evalspec.diagnostics import Diagnostic, Exit
from evalspec.model.diff import Lowered
from evalspec.model.ledger import Decision
from evalspec.text.json_text import JsonProblem, read_json

SHOWN = 10  # lines of one file that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChange:
    """Lines that were there and are gone, by file, and decisions that were not there."""

    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added: tuple[Decision, ...] = ()


def ledger_change(before: Mapping[str, str], after: Mapping[str, str], decisions: Iterable[Decision]) -> LedgerChange:
    """Compare two states of a ledger's files, line by line as they are spelled: the ledger is append-only.

    Where a line stands does not matter, so a merge of branches removes nothing. A line that stood twice and stands
    once is gone once. `decisions` are those of `after`.
    """
    standing = Counter(line for text in after.values() for line in _lines(text))
    removed: dict[str, list[str]] = {}
    for path in sorted(before):
        for line in _lines(before[path]):
            if standing[line] > 0:
                standing[line] -= 1
            else:
                removed.setdefault(path, []).append(line)
    known = {_key(line) for text in before.values() for line in _lines(text)}
    added = (one for one in decisions if (one.case, one.digest, one.reviewer, one.verdict, one.date) not in known)
    return LedgerChange(removed={path: tuple(lines) for path, lines in removed.items()}, added=tuple(added))


def ledger_problems(change: LedgerChange, folder: str, ref: str) -> tuple[Diagnostic, ...]:
    """Return one problem a ledger file that lost lines."""
    found = []
    for path, lines in change.removed.items():
        named = ", ".join(_named(line) for line in lines[:SHOWN])
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        what = "1 decision" if len(lines) == 1 else f"{len(lines)} decisions"
        found.append(
            Diagnostic(
                code="L608",
                severity="error",
                message=f"{what} of `{ref}` gone from the ledger: {named}{more}",
                path=f"{folder}/{path}" if folder else path,
                hint="a ledger is append-only: put the lines back, and add one with `supersedes` to overrule another",
                exit=Exit.INTEGRITY,
            )
        )
    return tuple(found)


def guard_problems(lowered: Iterable[Lowered], path: str, *, no_loosen: bool) -> tuple[Diagnostic, ...]:
    """Return what the change lets through that was held before: warnings, or errors where that is not allowed."""
    return tuple(
        Diagnostic(
            code="G403",
            severity="error" if no_loosen else "warning",
            message=f"the guard is lowered: {one.said.plain}" + (f" ({plain_lines(one.lines)})" if one.lines else ""),
            path=path,
            hint="a reviewer has to want this; it is told first because nothing else in the change shows it",
            exit=Exit.FINDING,
        )
        for one in lowered
    )


def added_lines(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """Say who decided what in this change: one line a reviewer and verdict, with the cases."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in decisions:
        verdict = f"{one.verdict} ({one.reason})" if one.reason else one.verdict
        groups.setdefault((one.reviewer, verdict), []).append(one.case)
    lines = []
    for (reviewer, verdict), cases in sorted(groups.items()):
        more = f" and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
        lines.append(f"{reviewer}: {len(cases)} {verdict}: {', '.join(sorted(cases)[:SHOWN])}{more}")
    return tuple(lines)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _fields(line: str) -> Mapping[str, object]:
    try:
        found = read_json(line)
    except JsonProblem:
        return {}
    return found if isinstance(found, dict) else {}


def _key(line: str) -> tuple[object, ...]:
    fields = _fields(line)
    return tuple(str(fields.get(name)) for name in ("case", "digest", "reviewer", "verdict", "date"))


def _named(line: str) -> str:
    """Name a line by what it was about; a line that nobody can read is counted all the same."""
    fields = _fields(line)
    if "case" not in fields:
        return "a line that is no decision"
    return f"`{fields['case']}` {fields.get('verdict')} by {fields.get('reviewer')}"
