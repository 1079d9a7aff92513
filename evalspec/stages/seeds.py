"""Snapshots and plain files to the seeds, anchors and training digests of a build; every bad line has its place.

What stands in git is scanned again and never changed: a build redacts nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from evalspec.diagnostics import Diagnostic, Exit, closest
from evalspec.digests import digest
from evalspec.model.case import Anchor, Seed, measured_text
from evalspec.model.row import Header, RawRow, Row
from evalspec.model.spec import Fields, Source, Spec
from evalspec.model.training import TrainingDigest, training_digest
from evalspec.model.vocabulary import DIGESTED
from evalspec.registry import Catalog
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import CARRIED, Reading, declared_columns, map_rows
from evalspec.stages.scrub import detectors_of, personal_types
from evalspec.stages.snapshot import SNAPSHOT_VERSION, check_ids, row_json, row_key, rule_digest
from evalspec.stages.training_vectors import damage
from evalspec.text.json_text import JsonProblem, read_json

NEEDS_IMPORT = frozenset({"production", "traffic", "training", "known"})  # raw data comes in by `evalspec import` alone
MAX_ROW_CHARS = 1024 * 1024  # as at import: longer is an attachment, not a message
_ALWAYS = frozenset({"id", "input", "language", "time", "copies", "weight", "redacted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRows:
    """What a source's file gave: rows as the kind keeps them, its header if it is a snapshot, and warnings."""

    header: Header | None
    seeds: tuple[Seed, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    training: tuple[TrainingDigest, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def read_source(text: str, source: Source, spec: Spec, catalog: Catalog, path: str) -> SourceRows:
    """Read a source's file: a snapshot made under the spec's rule, or a plain file of golden rows or anchors.

    `path` is the file as messages name it; all that is wrong with it is raised at once.
    """
    problems = RowProblems(path)
    raws = list(_lines(text, problems))
    header = _take_header(raws, source, spec, problems)
    problems.raise_errors()
    if source.kind in DIGESTED:
        training = tuple(one for raw in raws if (one := _training_row(raw, problems)) is not None)
        problems.raise_errors()
        _refuse_damage(header, training, problems)
        return SourceRows(header=header, training=training)
    rows = _rows(raws, source, spec, problems, is_snapshot=header is not None)
    check_ids(((row.id, row.line) for row in rows), problems)
    if header is None:
        _warn_of_case(rows, problems)
    _scan(rows, source, catalog, problems)
    problems.raise_errors()
    warnings = tuple(problems.warnings)
    seeds = tuple(_seed(row, source, spec) for row in rows)
    anchors = tuple(_anchor(row, source) for row in rows) if source.kind == "anchor" else ()
    return SourceRows(header=header, seeds=seeds, anchors=anchors, warnings=warnings)


def _lines(text: str, problems: RowProblems) -> Iterator[RawRow]:
    for line, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        if raw.startswith(("<<<<<<< ", "=======", ">>>>>>> ")):
            problems.add("I303", "a merge conflict stands here", line=line, hint="Resolve it, or import again.")
            continue
        if len(raw) > MAX_ROW_CHARS:
            problems.add("I305", f"a row of over {MAX_ROW_CHARS:,} characters", line=line)
            continue
        try:
            value = read_json(raw)
        except JsonProblem as problem:
            problems.add("I303", problem.message, line=line, col=problem.col, hint=_json_hint(raw))
            continue
        if isinstance(value, dict):
            yield RawRow(line=line, values=value)
        else:
            hint = "A JSON array is read by `evalspec import`; write its rows, one a line." if raw[0] == "[" else None
            problems.add("I304", "expected one object a line", line=line, hint=hint)


def _json_hint(raw: str) -> str | None:
    if raw.strip() == "[" or raw.rstrip().endswith("},"):
        return "This looks like a JSON array; write its rows, one a line, without brackets and commas between."
    return None


def _take_header(raws: list[RawRow], source: Source, spec: Spec, problems: RowProblems) -> Header | None:
    again = f"Run `evalspec import {spec.path} {source.name} --from PATH`."
    if not raws or "snapshot" not in raws[0].values:
        if source.kind in NEEDS_IMPORT and raws:
            problems.add(
                "I320", f"this is no snapshot: `{source.name}` is of kind {source.kind}", line=raws[0].line, hint=again
            )
        if not raws and not problems.failed:
            problems.add("I308", "the file holds no rows", hint=again if source.kind in NEEDS_IMPORT else None)
        return None
    values = raws.pop(0).values
    known = {field.name for field in fields(Header)}
    version = values.get("snapshot")
    if version != SNAPSHOT_VERSION or not {"source", "kind", "rule", "rows_digest", "rows"} <= set(values) <= known:
        problems.add("I321", f"the header is not that of a snapshot of version {SNAPSHOT_VERSION}", line=1, hint=again)
        return None
    if not isinstance(values.get("vectors", {}), Mapping):
        problems.add("I321", "`vectors` of the header is no object", line=1, hint=again)
        return None
    shown = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    counts = {name: shown.get(name, 0) for name in ("eligible", "duplicates", "sampled")}
    header = Header(**{**shown, **counts})  # type: ignore[arg-type]  # names and required fields are checked above
    if (header.source, header.kind) != (source.name, source.kind):
        problems.add("I321", f"this is the snapshot of `{header.source}`, of kind {header.kind}", line=1, hint=again)
    elif header.rule != rule_digest(source, spec):
        problems.add(
            "I322",
            f"the snapshot of `{source.name}` was made under another `fields`, `speakers`, `sample` or `pii`",
            line=1,
            hint=again,
            exit=Exit.STALE,
        )
    return header


def _training_row(raw: RawRow, problems: RowProblems) -> TrainingDigest | None:
    try:
        return training_digest(raw.values)
    except (KeyError, TypeError, ValueError):
        problems.add("I323", "not a row of a training snapshot", line=raw.line, hint="Import it again.")
        return None


def _refuse_damage(header: Header | None, training: Sequence[TrainingDigest], problems: RowProblems) -> None:
    """Raise where vectors are not as they were written: a count over them would look like any other."""
    wrong = damage(header, training) if header is not None else None
    if wrong is not None:
        problems.add("I323", wrong, line=1, hint="Import it again.")
    problems.raise_errors()


def _rows(
    raws: list[RawRow], source: Source, spec: Spec, problems: RowProblems, *, is_snapshot: bool
) -> tuple[Row, ...]:
    reader = replace(source, fields=Fields(), speakers=()) if is_snapshot else source
    _check_keys(raws, reader, problems, is_snapshot=is_snapshot)
    reading = Reading()
    values = {raw.line: raw.values for raw in raws}
    mapped = map_rows(raws, reader, spec.task, problems, reading)
    rows = tuple(_with_counts(row, values[row.line], problems) for row in mapped)
    if reading.blank and not problems.failed:
        kept = {row.line for row in rows}
        for raw in raws:
            if raw.line not in kept:
                problems.add("I312", "the row has no text of a user", line=raw.line)
    return rows


def _check_keys(raws: list[RawRow], source: Source, problems: RowProblems, *, is_snapshot: bool) -> None:
    known = _ALWAYS | CARRIED[source.kind] | {one.partition(".")[0] for one in declared_columns(source)}
    known |= {"cut"} if not is_snapshot else set()
    told: set[str] = set()
    for raw in raws:
        for key in raw.values:
            if key in known or key.partition(".")[0] in known or key in told:
                continue
            guess = closest(key, known)
            if is_snapshot:
                problems.add("I313", f"`{key}` is no key of a snapshot", line=raw.line, hint="Import it again.")
                continue
            told.add(key)
            advice = f"Did you mean `{guess}`?" if guess else "`fields` maps columns to our names."
            problems.add(
                "I313", f"the column `{key}` is not mapped and not read", line=raw.line, hint=advice, severity="warning"
            )


def _with_counts(row: Row, values: Mapping[str, object], problems: RowProblems) -> Row:
    copies, weight, redacted = values.get("copies", 1), values.get("weight", 1.0), values.get("redacted", [])
    if isinstance(copies, bool) or not isinstance(copies, int) or copies < 1:
        problems.add("I310", "`copies` is no whole number from 1", line=row.line)
        return row
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        problems.add("I310", "`weight` is no number above 0", line=row.line)
        return row
    if not isinstance(redacted, list) or not all(isinstance(one, str) for one in redacted):
        problems.add("I310", "`redacted` is no list of types", line=row.line)
        return row
    return replace(row, copies=copies, weight=float(weight), redacted=tuple(redacted))


def _scan(rows: tuple[Row, ...], source: Source, catalog: Catalog, problems: RowProblems) -> None:
    """Report personal data that stands in git although the source does not allow it; values are never shown."""
    if source.pii.mode == "allow":
        return
    detectors = detectors_of(catalog)
    for row in rows:
        types = personal_types(row, source.pii, detectors)
        if types:
            problems.add(
                "I330",
                f"personal data of type {', '.join(types)} in this row",
                line=row.line,
                hint="Import again with `pii: redact`, or say `pii: allow` when it is invented.",
            )


def _warn_of_case(rows: tuple[Row, ...], problems: RowProblems) -> None:
    """Warn of ids that a person wrote and that differ by case alone: often one row, copied and changed."""
    seen: dict[str, tuple[str, int]] = {}
    for row in rows:
        if row.id is None:
            continue
        name = unicodedata.normalize("NFC", row.id)
        first, line = seen.setdefault(name.casefold(), (name, row.line))
        if first != name:
            message = f"the id `{row.id}` differs from that of line {line} by case alone"
            problems.add(
                "I316", message, line=row.line, severity="warning", hint="Give rows names that differ when read aloud."
            )


def _anchor(row: Row, source: Source) -> Anchor:
    return Anchor(
        row=row.id or row_key(source.name, row),
        input=row.input,
        output=row.output or "",
        verdict="pass" if row.verdict == "pass" else "fail",
        critique=row.critique or "",
    )


def _seed(row: Row, source: Source, spec: Spec) -> Seed:
    key = row_key(source.name, row)
    return Seed(
        key=key,
        row=row.id or key,
        source=source.name,
        input=row.input,
        expected=row.expected,
        behaviour=row.behaviour,
        premise=row.premise,
        context=row.context,
        language=row.language,
        time=row.time,
        facts={**_stated_facts(row, spec), **row.facts},
        votes=row.votes,
        verified_by=row.verified_by or source.verified_by,
        metadata=row.metadata,
        copies=row.copies,
        weight=row.weight,
        redacted=row.redacted,
        digest=digest(row_json(row)),
    )


def _stated_facts(row: Row, spec: Spec) -> dict[str, object]:
    """Return the facts that the user's text states by their pattern; two different ones say nothing."""
    text = measured_text(row.input)
    found: dict[str, object] = {}
    for fact in spec.task.facts:
        if fact.pattern is not None:
            stated = {one.group() for one in re.finditer(fact.pattern, text)}
            if len(stated) == 1:
                found[fact.name] = stated.pop()
    return found
