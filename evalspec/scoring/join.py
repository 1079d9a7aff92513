"""Rows of result files to one run of the lock: every row finds its case, or says why it cannot; all at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalspec.diagnostics import Collector, Exit, Span, did_you_mean
from evalspec.model.outcome import Lock
from evalspec.model.result import ExportIndex, RawResult, RawResults, Result, Run

LISTED = 5  # names in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller asked for."""

    model: str
    threshold: float | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A run, rows of other models that were left out, cases without a result, and warnings in the collector."""

    run: Run
    left_out: int
    missing: tuple[str, ...]


def join(
    files: Sequence[tuple[str, RawResults]],
    lock: Lock,
    wanted: Wanted,
    index: ExportIndex | None,
    problems: Collector,
) -> Joined:
    """Join the rows of every file to the cases of the lock; a later file without epochs holds later epochs."""
    digests = {str(case["id"]): str(case["digest"]) for case in lock.cases}
    results: dict[tuple[str, int], Result] = {}
    left_out = offset = 0
    for path, raw in files:
        for one in raw.unreadable:
            _add(problems, "R701", path, one.place, one.message)
        rows, others = _of_model(_of_variant(raw.rows, path, wanted, problems), path, wanted, problems)
        left_out += others
        if _is_foreign(rows, raw, index, lock, path, problems):
            continue
        _check_root(raw, index, lock, path, problems)
        seen: Counter[str] = Counter()
        highest = 0
        for row in rows:
            found = _place(row, path, digests, index, problems)
            if found is None:
                continue
            case, digest = found
            seen[case] += 1
            epoch = offset + (row.epoch or (seen[case] if raw.repeats else 1))
            highest = max(highest, epoch)
            result = _result(row, case, digest, epoch, wanted.threshold, path, problems)
            if (case, epoch) in results:
                _add(problems, "R705", path, row.place, f"`{case}` has a result for epoch {epoch} already")
            elif result is not None:
                results[case, epoch] = result
        offset = max(offset, highest)
    if not results and not problems.failed:
        problems.add("R701", "no row to import", path=files[-1][0] if files else None)
    missing = tuple(sorted(digests.keys() - {case for case, _ in results}))
    if missing and not problems.failed:
        message = f"{len(missing)} of {len(digests)} cases have no result: {_listed(missing)}"
        problems.add("R710", message, path=files[0][0], severity="warning")
    run = Run(
        model=wanted.model,
        lock=lock.root,
        name=str(lock.header.get("name", "")),
        results=tuple(results[key] for key in sorted(results)),
        threshold=wanted.threshold,
        metric=next((raw.metric for _, raw in files if raw.metric), None),
    )
    return Joined(run=run, left_out=left_out, missing=missing)


def _of_variant(rows: Sequence[RawResult], path: str, wanted: Wanted, problems: Collector) -> Sequence[RawResult]:
    names = sorted({row.variant for row in rows if row.variant})
    if wanted.variant is None:
        if len(names) > 1:
            message = f"rows of {len(names)} providers, prompts or filters: {_listed(names)}"
            problems.add("R707", message, path=path, hint="choose one with --variant")
            return ()
        return rows
    if names and wanted.variant not in names:
        problems.add("R707", f"no row is of `{wanted.variant}`", path=path, hint=did_you_mean(wanted.variant, names))
    return [row for row in rows if row.variant in (None, wanted.variant)]


def _of_model(
    rows: Sequence[RawResult], path: str, wanted: Wanted, problems: Collector
) -> tuple[Sequence[RawResult], int]:
    """Take the rows of the model; a file that names only other models is refused."""
    named = sorted({row.model for row in rows if row.model})
    if named and wanted.model not in named:
        message = f"the rows are of {_listed(named)}, not of `{wanted.model}`"
        problems.add("R708", message, path=path, hint=f"--model {named[0]}" if len(named) == 1 else None)
        return (), 0
    kept = [row for row in rows if row.model in (None, wanted.model)]
    return kept, len(rows) - len(kept)


def _is_foreign(
    rows: Sequence[RawResult], raw: RawResults, index: ExportIndex | None, lock: Lock, path: str, problems: Collector
) -> bool:
    """Refuse a file as a whole when most cases that it names are of another lock: row by row it would say nothing."""
    known = {str(case["id"]) for case in lock.cases}
    named = {case for row in rows if (case := row.id or _indexed(row, index)) is not None}
    here = len(named & known)
    if not named or 2 * here >= len(named):
        return False
    count = "none" if here == 0 else f"only {here}"
    message = (
        f"{count} of the {len(named)} cases that the file names {'is' if here < 2 else 'are'} in {_lock_words(lock)}"
    )
    root = raw.lock or (index.root if index else None)
    if root is not None and root != lock.root:
        message += f"; the file is of lock {_set_name(index, root)}{root}"
    hint = "import it with the spec whose lock was run, or export this one, run it and import what comes out"
    problems.add("R703", message, path=path, hint=hint)
    return True


def _lock_words(lock: Lock) -> str:
    name = lock.header.get("name")
    return f"the lock of `{name}`, {lock.root}" if name else f"the lock {lock.root}"


def _set_name(index: ExportIndex | None, root: str) -> str:
    return f"`{index.name}`, " if index is not None and index.name and index.root == root else ""


def _check_root(raw: RawResults, index: ExportIndex | None, lock: Lock, path: str, problems: Collector) -> None:
    """Warn about results of another lock of the set: digests decide whether their cases are still the same."""
    named = raw.lock or (index.root if index else None)
    if named is not None and named != lock.root:
        problems.add(
            "R709",
            f"the results are of lock {_set_name(index, named)}{named}, and this is {_lock_words(lock)}",
            path=path,
            severity="warning",
            hint="a case with the same digest counts, a row of any other is refused; export this lock and run the rest",
        )


def _place(
    row: RawResult, path: str, digests: Mapping[str, str], index: ExportIndex | None, problems: Collector
) -> tuple[str, str] | None:
    """Return id and digest of the case that a row is about, or None with the reason recorded."""
    case = row.id or _indexed(row, index)
    if case is None:
        hint = "name the export's evalspec.json with --index" if index is None else None
        _add(problems, "R702", path, row.place, "the row names no case", hint=hint)
        return None
    if case not in digests:
        # No guess at a name: ids end in a digest, and the nearest one is another case.
        hint = "it left the set, or is of another one: leave the row out, or export this lock and run it"
        _add(problems, "R703", path, row.place, f"the lock has no case `{case}`", hint=hint)
        return None
    digest = row.digest or (index.digests.get(case) if index else None)
    if digest is None:
        hint = "carry `digest` through the run, or name the export's evalspec.json with --index"
        _add(problems, "R713", path, row.place, f"no digest says which text of `{case}` was run", hint=hint)
        return None
    if digest != digests[case]:
        message = f"`{case}` was run with other content ({digest}) than the lock holds ({digests[case]})"
        _add(problems, "R704", path, row.place, message, hint="export the lock and run it again", exit=Exit.STALE)
        return None
    return case, digest


def _indexed(row: RawResult, index: ExportIndex | None) -> str | None:
    if index is None or row.position is None:
        return None
    file = row.file or (index.files[0] if len(index.files) == 1 else "")
    return index.places.get((file, row.position))


def _result(
    row: RawResult,
    case: str,
    digest: str,
    epoch: int,
    threshold: float | None,
    path: str,
    problems: Collector,
) -> Result | None:
    """Say whether a row passed: an error is no failure, a score needs a threshold unless it is 0 or 1."""
    passed = row.passed
    if row.score is not None and threshold is not None:
        passed = row.score >= threshold
    elif passed is None and row.score in (0.0, 1.0):
        passed = row.score == 1.0
    elif passed is None and row.score is not None and row.error is None:
        message = f"`{case}` has a score of {row.score:g} and no threshold says what passes"
        _add(problems, "R706", path, row.place, message, hint="--threshold NUMBER: a score at or above it passes")
        return None
    if row.error is not None:
        passed = None
    return Result(
        case=case,
        digest=digest,
        epoch=epoch,
        status="error" if row.error is not None else "unscored" if passed is None else "ok",
        passed=passed,
        score=row.score,
        error=row.error,
        output=row.output,
    )


def _add(
    problems: Collector,
    code: str,
    path: str,
    place: str,
    message: str,
    *,
    hint: str | None = None,
    exit: Exit = Exit.INVALID,
) -> None:
    line = re.fullmatch(r"line (\d+)", place)
    at = Span(path, int(line[1]), 1, int(line[1]), 1) if line else None
    spelled = message if at or place == "file" else f"{place}: {message}"
    problems.add(code, spelled, at=at, path=None if at else path, hint=hint, exit=exit)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return ", ".join(f"`{name}`" for name in every[:LISTED]) + more
