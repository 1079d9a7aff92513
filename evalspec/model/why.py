"""Why a case, a drop or a cell is as it is: what made it, what judged it, who decided, what changed since a base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.diagnostics import Span
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Input
from evalspec.model.diff import FieldEdit
from evalspec.model.ledger import Decision
from evalspec.model.spec import Expected

# In the set, out of it, approved and not picked, waiting for a person, retired, never made, or no longer planned.
Status = Literal["case", "drop", "spare", "waiting", "retired", "not made", "gone"]
Part = Literal["parent", "carrier", "partner", "exemplar", "other", "seed"]
LineState = Literal["in force", "superseded", "about another text or label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecLine:
    """A place of the spec that decided something."""

    what: str  # pool, level, cell rule, operator, attack, persona, source, model, mix; rule: of a grammar
    name: str
    said: str = ""
    at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A text that played a part, by its case id or row key."""

    part: Part
    id: str
    input: Input
    expected: Expected | None = None
    edits: tuple[FieldEdit, ...] = ()  # from this text to the one asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What removed a candidate, with the value that did and the bound it passed."""

    stage: str
    reason: str
    said: str
    value: float | None = None
    bound: float | None = None
    other: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """One ledger line about the case, and whether it counts."""

    decision: Decision
    state: LineState
    edits: tuple[FieldEdit, ...] = ()  # what a fix changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question to a model and its reply: the question made again from the spec, the reply as it is published."""

    request: Request
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What became of it since the base lock, and what that may come from."""

    ref: str
    state: Literal["same", "reused", "rebuilt", "new", "came in", "went out", "dropped as before", "neither"]
    said: str
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWhy:
    """All that is known of one planned candidate."""

    id: str
    status: Status
    said: str
    pool: str = ""
    stratum: str = ""
    digest: str | None = None
    provenance: str | None = None
    track: str | None = None
    language: str | None = None
    input: Input | None = None
    expected: Expected | None = None
    expected_by: str | None = None
    behaviour: str | None = None
    lines: tuple[SpecLine, ...] = ()
    texts: tuple[Shown, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    operators: tuple[str, ...] = ()  # `abbreviate@1`, in the order applied
    options: Mapping[str, object] = field(default_factory=dict)
    grammar: str | None = None
    rules: tuple[SpecLine, ...] = ()  # of the grammar, that wrote the text as it was made
    asked: tuple[Exchange, ...] = ()  # with the model that wrote it, the first question first
    screened: Screened | None = None
    passed: tuple[str, ...] = ()  # screens that it stood, with their bounds
    decisions: tuple[DecisionLine, ...] = ()
    is_disputed: bool = False
    lock: str = ""  # what the lock beside the spec says of it
    since: Since | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumWhy:
    """What one pool owes in a cell, and what became of its candidates there."""

    pool: str
    name: str
    places: int | None  # None: the pool has no such cell, and still has cases in it
    owed: int | None
    budget: int | None
    voice: str | None = None  # a part of a cell: what is in this voice; places, owed and budget are the whole cell's
    cases: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # reason to ids


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWhy:
    """A cell, operator, attack or source stratum: what it owes and what it holds."""

    name: str
    levels: tuple[tuple[str, str], ...]
    expected: Expected | None = None
    expected_by: str | None = None
    lines: tuple[SpecLine, ...] = ()
    strata: tuple[StratumWhy, ...] = ()
    seeds: tuple[Shown, ...] = ()  # rows whose own columns place them there
