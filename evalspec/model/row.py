"""Rows on their way from raw data to a seed: as a reader gave them, and under our names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalspec.model.case import Input
from evalspec.model.spec import Behaviour, Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as a reader gave it: the line where it starts (the number of the row in Parquet) and its columns."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row under our field names, scalars spelled one way whatever reader it came from."""

    line: int
    id: str | None = None
    input: Input
    context: Mapping[str, object] = field(default_factory=dict)
    expected: Expected | None = None
    behaviour: Behaviour = "answer"
    premise: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    language: str = "und"
    time: str | None = None
    votes: tuple[str, ...] = ()
    verified_by: str | None = None
    output: str | None = None
    verdict: str | None = None
    critique: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    copies: int = 1
    weight: float = 1.0
    redacted: tuple[str, ...] = ()  # types of the personal data that import replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a snapshot: where it came from and by which rule."""

    snapshot: int  # version of the format
    source: str
    kind: str
    rows_digest: str  # of the mapped raw rows, in no order
    rule: str  # digest of fields, speakers, sample and pii: another rule makes the snapshot stale
    rows: int
    eligible: int
    duplicates: int
    sampled: int
    blocked: Mapping[str, int] = field(default_factory=dict)  # type to rows that did not enter
    redacted: Mapping[str, int] = field(default_factory=dict)  # type to rows in which spans were replaced
    detectors: tuple[str, ...] = ()
    oldest: str | None = None
    newest: str | None = None
    ngram: int | None = None  # training only
    vectors: Mapping[str, object] | None = None  # training only: the embedder of its rows, and a digest of them all
