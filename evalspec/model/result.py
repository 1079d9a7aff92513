"""What a model made of the set: rows as a runner wrote them, results joined to cases, and one run's whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "error", "unscored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResult:
    """One row of a result file. `place` says where it stands; what the runner does not say is None."""

    place: str
    id: str | None = None
    position: int | None = None  # of the exported row, from 0
    file: str | None = None  # of the export, where its rows stand in several
    digest: str | None = None
    model: str | None = None
    variant: str | None = None  # provider and prompt, or filter: several rows a case that are no reruns
    passed: bool | None = None
    score: float | None = None
    error: str | None = None
    epoch: int | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A row, or a whole file, that a reader can make nothing of, and why."""

    place: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResults:
    """A result file as its reader found it: rows, what was unreadable, the lock and the metric that it names."""

    rows: tuple[RawResult, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    lock: str | None = None
    metric: str | None = None
    repeats: bool = False  # rows of one case without an epoch are reruns, numbered in their order


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportIndex:
    """What an export's `evalspec.json` says: the root of its lock, and which case stands where."""

    root: str
    places: Mapping[tuple[str, int], str]  # file and position to id
    digests: Mapping[str, str]  # of each id
    files: tuple[str, ...]
    name: str = ""  # of the set


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One epoch of one case. `passed` is None unless the status is ok."""

    case: str
    digest: str
    epoch: int = 1
    status: Status = "ok"
    passed: bool | None = None
    score: float | None = None
    error: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All results of one model on one lock, sorted by case and epoch."""

    model: str
    lock: str
    name: str  # of the set
    results: tuple[Result, ...]
    threshold: float | None = None
    metric: str | None = None
