"""Rows, drops and Git attributes since a base: what a change took out of a set, or out of a reviewer's sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evalspec.after.fields import case_id
from evalspec.after.guard_lock import is_semantic
from evalspec.diagnostics import Diagnostic, Exit
from evalspec.model.diff import Lowered, Said, said
from evalspec.model.outcome import Lock

SHOWN = 10  # ids that are named one by one


def rows_since(source: str, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Lowered, ...]:
    """Compare the rows of a source, key to digest: rows that are gone or changed are told, rows that came are not."""
    gone = sorted(before.keys() - after.keys())
    changed = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    if not gone and not changed:
        return ()
    new = len(after.keys() - before.keys())
    words = said(
        f"source {{}}: of {len(before)} rows {len(gone)} are gone and {len(changed)} have changed; {new} are new",
        source,
    )
    lines = (*(said("{} is gone", key) for key in gone), *(said("{} has changed", key) for key in changed))
    return (Lowered(kind="rows", name=source, said=words, lines=lines),)


def drops_since(before: Lock | None, after: Lock) -> tuple[str, ...]:
    """Say which drops are not in the base's lock: one line a stage and reason, cases of the base first."""
    drops = before.drops if before else ()
    known = {tuple(str(one.get(part)) for part in ("id", "stage", "reason")) for one in drops}
    cases = {case_id(one) for one in before.cases} if before else set[str]()
    groups: dict[tuple[str, str], list[str]] = {}
    for drop in after.drops:
        name, stage, reason = (str(drop.get(part)) for part in ("id", "stage", "reason"))
        if (name, stage, reason) not in known:
            groups.setdefault((stage, reason), []).append(name)
    lines = []
    for (stage, reason), names in sorted(groups.items()):
        told = sorted(names, key=lambda one: (one not in cases, one))
        spelled = ", ".join(f"{one} (a case before)" if one in cases else one for one in told[:SHOWN])
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        lines.append(f"{stage}, {reason}: {len(told)}: {spelled}{more}")
    return tuple(lines)


def unrecomputed(lock: Lock, before: Lock | None, ref: str | None, path: str) -> tuple[Diagnostic, ...]:
    """Return the drops that no replay with the core alone gives again, those that the base lacks first."""
    found = [drop for drop in lock.drops if is_semantic(drop)]
    if not found:
        return ()
    known = {str(one.get("id")) for one in before.drops} if before else set[str]()
    ids = sorted((str(one.get("id")) for one in found), key=lambda one: (one in known, one))
    new = sum(1 for one in ids if one not in known)
    since = f", {new} of them new since `{ref}`" if ref is not None else ""
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return (
        Diagnostic(
            code="L615",
            severity="warning",
            message=f"{len(ids)} drops that `verify` cannot recompute{since}: {', '.join(ids[:SHOWN])}{more}",
            path=path,
            hint="read what each was dropped for; `evalspec build --locked` recomputes them with the extra installed",
        ),
    )


def hidden_diffs(attributes: Mapping[str, Mapping[str, str]], *, no_loosen: bool) -> tuple[Diagnostic, ...]:
    """Return the files whose changes a reviewer is not shown: path to the Git attributes that hold for it."""
    found = []
    for path in sorted(attributes):
        given = attributes[path]
        how = [words for name, value, words in _HIDING if given.get(name) == value]
        if not how:
            continue
        found.append(
            Diagnostic(
                code="L614",
                severity="error" if no_loosen else "warning",
                message=f"changes of this file are hidden from a reviewer: `{'`, `'.join(dict.fromkeys(how))}`",
                path=path,
                hint="take the line out of `.gitattributes`; `evalspec init --ci` writes one that shows every change",
                exit=Exit.FINDING,
            )
        )
    return tuple(found)


# `binary` is a macro that unsets `diff`.
_HIDING = (
    ("diff", "unset", "-diff"),
    ("linguist-generated", "set", "linguist-generated"),
    ("linguist-generated", "true", "linguist-generated"),
)


def plain_lines(lines: Iterable[Said]) -> str:
    """Spell the parts of something that was lowered, the first of them."""
    listed = [one.plain for one in lines]
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return "; ".join(listed[:SHOWN]) + more
