"""Rows to the snapshot that stands in git, and back: sampled, scrubbed, one row a line, reviewable in a diff."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from evalspec.digests import digest
from evalspec.model.case import input_json, measured_text
from evalspec.model.row import Header, Row
from evalspec.model.spec import Source, Spec
from evalspec.model.vocabulary import DIGESTED
from evalspec.registry import Catalog
from evalspec.row_problems import RowProblems
from evalspec.stages.rows import Reading
from evalspec.stages.sampling import Distinct, Sampled, collapse, sample
from evalspec.stages.scrub import Scrubbed, detectors_of, scrub
from evalspec.stages.training import digest_training
from evalspec.stages.training_vectors import stated
from evalspec.text.json_text import json_line, plain
from evalspec.text.meaning import Embed
from evalspec.text.patterns import lazy_pattern

SNAPSHOT_VERSION = 1
KEY_HEX = 12
_MODULUS = 1 << 128
_ISO_DATE = lazy_pattern(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot as text, its header, and what each stratum gave."""

    text: str
    header: Header
    strata: Mapping[str, tuple[int, int]]  # stratum to (distinct rows, picked)


def snapshot(
    rows: Iterable[Row],
    reading: Reading,
    source: Source,
    spec: Spec,
    catalog: Catalog,
    problems: RowProblems,
    embed: Embed | None = None,
) -> Snapshot:
    """Sample and scrub mapped rows into a snapshot; two contents under one id are a problem.

    `rows` is read once; `reading` is what mapping counts while it is. With `embed`, the spec's embedder, digests of
    texts stand beside vectors of them.
    """
    tally = _Tally()
    distinct = collapse(tally.watch(rows))
    if "id" in dict(source.fields.columns):
        check_ids(((one.row.id, one.row.line) for one in distinct), problems)
    else:
        distinct = _without_repeated_ids(distinct, problems)
    if problems.failed:
        distinct = ()
    if source.kind in DIGESTED:
        return _training(distinct, tally, reading, source, spec, embed)
    detectors = detectors_of(catalog)
    sampled = sample(distinct, source, lambda row: scrub(row, source.pii, detectors))
    tags = () if source.pii.mode == "allow" else tuple(one.tag for one in catalog.all("detector"))
    header = _header(distinct, tally, reading, sampled, source, spec, tags)
    lines = sorted((row.id or "", row_key(source.name, row), json_line(row_json(row))) for row in sampled.rows)
    return Snapshot(text=_text(header, (line for _, _, line in lines)), header=header, strata=sampled.strata)


def row_json(row: Row) -> dict[str, object]:
    """Return a row as JSON data in declared order, what says nothing left out."""
    fields: dict[str, object] = {
        "id": row.id,
        "input": input_json(row.input),
        "context": row.context,
        "expected": row.expected,
        "behaviour": None if row.behaviour == "answer" else row.behaviour,
        "premise": row.premise,
        "output": row.output,
        "verdict": row.verdict,
        "critique": row.critique,
        "facts": row.facts,
        "language": row.language,
        "time": row.time,
        "votes": row.votes,
        "verified_by": row.verified_by,
        "metadata": row.metadata,
        "copies": None if row.copies == 1 else row.copies,
        "weight": None if row.weight == 1.0 else row.weight,
        "redacted": row.redacted,
    }
    shown = {name: plain(value) for name, value in fields.items()}
    return {name: value for name, value in shown.items() if name == "input" or value not in (None, {}, [])}


def row_key(source: str, row: Row) -> str:
    """Return the twelve hex digits that stand for a row in case ids: of its id, else of what it says."""
    if row.id is not None:
        return digest([source, row.id])[:KEY_HEX]
    # More data, or another guess at the language, must not give the row another name.
    return digest([source, row_json(replace(row, copies=1, weight=1.0, language="und", redacted=()))])[:KEY_HEX]


def rule_digest(source: Source, spec: Spec) -> str:
    """Return the digest of what decides a snapshot: fields, speakers, turns, sample and pii."""
    rule: dict[str, object] = {
        "version": SNAPSHOT_VERSION,
        "kind": source.kind,
        "fields": dataclasses.asdict(source.fields),
        "speakers": sorted(source.speakers),
        "turns": spec.task.turns,
        "sample": dataclasses.asdict(source.sample) if source.sample else None,
        "pii": dataclasses.asdict(source.pii),
        "ngram": spec.screen.training_ngram if source.kind in DIGESTED else None,
    }
    return digest(plain(rule))


def header_json(header: Header) -> dict[str, object]:
    """Return a header as JSON data in declared order, what says nothing left out."""
    fields = {field.name: plain(getattr(header, field.name)) for field in dataclasses.fields(header)}
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def check_ids(ids: Iterable[tuple[str | None, int]], problems: RowProblems) -> None:
    """Report ids that stand on two rows, as written or once Unicode spells them one way."""
    seen: dict[str, int] = {}
    for written, line in sorted((one for one in ids if one[0] is not None), key=lambda one: one[1]):
        name = unicodedata.normalize("NFC", written or "")
        if name in seen:
            problems.add(
                "I311",
                f"the id `{written}` already stands on line {seen[name]}",
                line=line,
                hint="Map a column whose values differ to `id`; a file without a column `id` needs none.",
            )
        seen.setdefault(name, line)


def _without_repeated_ids(distinct: tuple[Distinct, ...], problems: RowProblems) -> tuple[Distinct, ...]:
    """Leave out a column that is called `id`, that nobody mapped, and that does not name one row each."""
    count = len({unicodedata.normalize("NFC", one.row.id) for one in distinct if one.row.id is not None})
    if count == sum(one.row.id is not None for one in distinct):
        return distinct
    problems.add(
        "I315",
        "the column `id` names several rows, so rows are known by what they say",
        hint="Map a column that names each row once: `fields: {id: COLUMN}`.",
        severity="warning",
    )
    return tuple(replace(one, row=replace(one.row, id=None)) for one in distinct)


class _Tally:
    """Digest, count and dates of the rows that pass; a class because they pass once."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0
        self.oldest: str | None = None
        self.newest: str | None = None

    def watch(self, rows: Iterable[Row]) -> Iterable[Row]:
        for row in rows:
            self.count += 1
            # A sum depends on no order, and a row that stands twice counts twice.
            self.sum = (self.sum + int(digest(row_json(row)), 16)) % _MODULUS
            if row.time is not None and _ISO_DATE.match(row.time):
                self.oldest = min(self.oldest or row.time, row.time)
                self.newest = max(self.newest or row.time, row.time)
            yield row


def _header(
    distinct: tuple[Distinct, ...],
    tally: _Tally,
    reading: Reading,
    sampled: Sampled,
    source: Source,
    spec: Spec,
    tags: tuple[str, ...],
) -> Header:
    return Header(
        snapshot=SNAPSHOT_VERSION,
        source=source.name,
        kind=source.kind,
        rows_digest=f"{tally.sum:032x}",
        rule=rule_digest(source, spec),
        rows=reading.read,
        eligible=tally.count,
        duplicates=tally.count - len(distinct),
        sampled=len(sampled.rows),
        blocked=sampled.blocked,
        redacted=sampled.redacted,
        detectors=tags,
        oldest=tally.oldest,
        newest=tally.newest,
        ngram=spec.screen.training_ngram if source.kind in DIGESTED else None,
    )


def _training(
    distinct: tuple[Distinct, ...],
    tally: _Tally,
    reading: Reading,
    source: Source,
    spec: Spec,
    embed: Embed | None,
) -> Snapshot:
    sampled = sample(distinct, source, lambda row: Scrubbed(row=row, types=()))
    header = _header(distinct, tally, reading, sampled, source, spec, ())
    texts = [measured_text(row.input) for row in sampled.rows]
    kept = [digest_training(text, spec.screen.training_ngram) for text in texts]
    if embed is not None and kept:
        kept = [replace(one, embedding=row.tobytes()) for one, row in zip(kept, embed(texts), strict=True)]
    by_line = {json_line(one.record()): one for one in kept}
    lines = sorted(by_line)
    if embed is not None:
        header = replace(header, vectors=stated([by_line[line] for line in lines], spec))
    return Snapshot(text=_text(header, lines), header=header, strata=MappingProxyType(dict(sampled.strata)))


def _text(header: Header, lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in (json_line(header_json(header)), *lines))
