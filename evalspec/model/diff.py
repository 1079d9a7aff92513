"""What differs between two states of an eval set, for the person who reviews the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.model.ledger import Decision
from evalspec.model.outcome import Lock
from evalspec.model.spec import Spec

# What lowers the guard, the gravest first; the order in which it is told.
GuardKind = Literal[
    "integrity",
    "tampering",
    "unread",
    "gate",
    "purpose",
    "independence",
    "family",
    "waiver",
    "pii",
    "label",
    "review",
    "screen",
    "mix",
    "coverage",
    "rows",
    "semantic_drop",
    "decision",
    "random_state",
]
GUARD_ORDER: tuple[GuardKind, ...] = GuardKind.__args__  # type: ignore[attr-defined]  # a Literal lists its values

EditKind = Literal["engine", "spec", "source", "ledger", "file", "operator", "measure", "embedder", "model", "header"]
Section = Literal["cases", "real", "pool", "track", "drops", "spares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence of ours with places for words that are not: a renderer puts those where they can do no harm."""

    words: str  # `{}` for each value
    values: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The sentence with its values in backticks."""
        return self.words.format(*(f"`{value}`" for value in self.values))


def said(words: str, *values: object) -> Said:
    """Return a sentence with its values as text."""
    return Said(words=words, values=tuple(str(value) for value in values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two states: a revision, the working tree or a file. What could not be read is None or empty."""

    label: str
    lock: Lock | None = None
    faults: tuple[str, ...] = ()  # how the lock contradicts itself
    spec: Spec | None = None
    numbers: Mapping[str, object] | None = None  # of the report
    ledger: tuple[Decision, ...] | None = None  # None: not known; empty: there is none
    files: Mapping[str, str] = field(default_factory=dict)  # input of the spec to the digest of its text
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """One thing that lowers the guard."""

    kind: GuardKind
    name: str  # of the gate, role, source, pool, reviewer it is about
    said: Said
    lines: tuple[Said, ...] = ()  # what it consists of


@dataclass(frozen=True, slots=True, kw_only=True)
class InputEdit:
    """One thing that a person or an upgrade changed and that the change of the set may come from."""

    kind: EditKind
    name: str
    said: Said
    keys: tuple[str, ...] = ()  # of a spec that differ: `gates.real_share.min`


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run of words that stayed, was cut or is new."""

    how: Literal["same", "cut", "new"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEdit:
    """One field of a case before and after; None where it was or is not there. `words` is set for texts."""

    name: str  # `input`, `turn 3 (user)`, `expected`, `expected.decision`, `lineage.parents`, ...
    before: str | None
    after: str | None
    words: tuple[Stretch, ...] = ()
    is_text: bool = False  # words to be read; else a name to be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """A case that one side has alone."""

    id: str
    provenance: str
    expected: str
    text: str  # what the user wrote last
    why: Said | None = None  # what became of it
    cause: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEdit:
    """A case that both sides have: under one id, or under another one."""

    id: str
    was: str | None = None  # its id before, if another
    how: Literal["changed", "moved", "renamed"] = "changed"
    edits: tuple[FieldEdit, ...] = ()
    cause: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameShift:
    """One name in the place of another, the same way in these cases; of a list of ids only that it differs."""

    field: str
    before: str | None
    after: str | None
    cases: tuple[str, ...]
    cause: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """A level, voice, operator or attack under another name: the ids differ by nothing else."""

    dimension: str
    before: str
    after: str
    cases: tuple[str, ...]  # ids after
    rewritten: int  # of these, how many have another text


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEdit:
    """A candidate that is newly dropped, or dropped for another reason."""

    id: str
    stage: str
    reason: str
    other: str | None = None
    was_case: bool = False
    is_semantic: bool = False  # `verify` cannot recompute it
    cause: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleReview:
    """A case whose decision is about another text or label."""

    id: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEdit:
    """A count, measure or answer of a gate before and after."""

    name: str
    slice: str
    before: float | str | None
    after: float | str | None
    before_n: int | None = None
    after_n: int | None = None
    cause: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Everything that differs, in the order in which a reviewer should read it."""

    name: str
    before: str
    after: str
    before_root: str | None
    after_root: str | None
    before_cases: int
    after_cases: int
    notes: tuple[Said, ...] = ()
    guard: tuple[Lowered, ...] = ()
    edits: tuple[InputEdit, ...] = ()
    renames: tuple[Rename, ...] = ()
    added: tuple[ListedCase, ...] = ()
    removed: tuple[ListedCase, ...] = ()
    changed: tuple[CaseEdit, ...] = ()
    moved: tuple[CaseEdit, ...] = ()
    shifts: tuple[NameShift, ...] = ()
    dropped: tuple[DropEdit, ...] = ()
    released: tuple[str, ...] = ()  # dropped before, and no longer
    stale: tuple[StaleReview, ...] = ()
    mix: tuple[NumberEdit, ...] = ()
    measures: tuple[NumberEdit, ...] = ()
    gates: tuple[NumberEdit, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when nothing differs that decides anything."""
        found = (
            *(self.guard, self.edits, self.renames, self.added, self.removed, self.changed, self.moved, self.dropped),
            *(self.released, self.stale, self.mix, self.measures, self.gates),
        )
        return not any(found) and self.before_root == self.after_root
