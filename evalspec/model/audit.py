"""What an audit reads of a set that was made elsewhere, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.model.outcome import Measurement

Origin = Literal["people", "generated", "unsaid"]
Status = Literal["ok", "warning", "error", "unknown", "report"]  # `report`: a figure that nothing is judged by


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFields:
    """Which columns of a file are read as what; None: there is no such column."""

    text: str
    is_chat: bool = False
    speakers: tuple[tuple[str, str], ...] = ()  # raw speaker to role, where the name is no usual one
    role: str | None = None  # keys of a message, where they are no usual ones
    content: str | None = None
    label: str | None = None
    origin: str | None = None
    verified: str | None = None
    choices: str | None = None
    spread: tuple[str, ...] = ()  # columns that hold one choice each, where no column lists them
    id: str | None = None
    parent: str | None = None
    context: tuple[str, ...] = ()  # other columns of prose: what a case is asked about
    told: tuple[str, ...] = ()  # which of these a flag has said


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row as it is measured: what the user wrote, and what the file says about it."""

    line: int  # where it starts in the file, or its number
    turns: tuple[str, ...]
    expected: str | None = None
    origin: str | None = None  # as the file spells it
    verified: bool | None = None
    choices: int | None = None  # how many answers there are to choose from
    place: int | None = None  # of the right one, from 0
    has_parent: bool = False  # the file names what it was made from
    context: str = ""  # digest of what stands in the columns of context

    @property
    def text(self) -> str:
        """The user's turns joined by line feeds."""
        return "\n".join(self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFile:
    """One file of an audit: its rows, how it was read, and how much of it could not be."""

    name: str  # of the file, without its folder
    form: str  # JSONL, promptfoo results, ...
    fields: AuditFields
    rows: tuple[AuditRow, ...]
    refused: int = 0  # rows that could not be read
    blank: int = 0  # rows without a user's text
    repeats: int = 0  # rows of a runner's log about a case that stands in it already
    cut: int = 0  # rows with a text that is longer than what is measured
    unread: bool = False  # the file has more rows than are read


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPool:
    """Rows that are measured together, by what the file says of where they come from."""

    name: str
    origin: Origin
    rows: tuple[AuditRow, ...]
    measured: int = 0  # of them beside the seeds; the others are copies of seeds, or a sample was taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of an audit. `cells` are its figures pool by pool, then that of the seeds, as they are shown."""

    key: str
    section: str
    title: str
    status: Status
    words: str
    cells: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    n: int = 0
    p: float | None = None
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do, and the figure that says so."""

    finding: str
    words: str
    figure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything that an audit found."""

    file: AuditFile
    seeds: AuditFile | None
    training: AuditFile | None
    beside: str  # what the pools were held against, in words; empty: nothing
    beside_size: int
    pools: tuple[AuditPool, ...]
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]
    open: tuple[str, ...]  # questions that another file or flag would answer
    known: AuditFile | None = None  # texts that everybody has, such as a list of attacks
    measurements: tuple[Measurement, ...] = ()
