"""What a build found out: measurements, verdicts of gates, independence, and the lock's header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.diagnostics import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A registered measure's value on one slice. `value` is None when it is not evaluable; `note` says why."""

    measure: str
    version: int
    value: float | None
    slice: str = "all"  # "all", or `pool=persona`
    of: str | None = None
    space: str | None = None
    unit: str = ""
    n: int = 0  # cases looked at
    baseline: float | None = None  # the same figure of the seeds
    baseline_n: int = 0
    p: float | None = None  # permutation p-value, adjusted over the slices of the measure (Holm)
    interval: tuple[float, float] | None = None
    note: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """True for a change since the base lock: asked of a build, never a fact in a lock or report."""
        return self.measure.endswith(".change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A gate's answer on one slice."""

    gate: str
    status: Literal["pass", "fail", "not known", "off"]
    severity: Literal["error", "warning", "off"]
    measurement: Measurement | None
    bound: str  # "min 0.30", as the report prints it
    message: str
    advice: str | None = None  # what to do, and how many cases would decide it
    waived_until: str | None = None
    waiver_reason: str | None = None
    is_past: bool = False  # past the bound, be it with evidence or without
    at: Span | None = field(default=None, compare=False, repr=False)

    @property
    def blocks(self) -> bool:
        """True when this verdict keeps the lock from being written."""
        return self.status == "fail" and self.severity == "error" and self.waived_until is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Two roles whose models are related."""

    left: str  # `generator writer (deepseek)`
    right: str
    how: Literal["same model", "inheritance", "same family"]
    waived_until: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two roles whose models were compared; `how` None: they are independent. A waiver that holds is written in."""

    left: str  # `generator writer (deepseek)`
    right: str
    how: Literal["same model", "inheritance", "same family"] | None
    waived_until: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """By which model some of the replies of an asked model were written, as the endpoint says."""

    asked: str  # the name that was asked
    name: str  # the name that the endpoint gave
    family: str | None  # of the served model; None: the registry does not know it
    replies: int
    how: Literal["as asked", "another snapshot", "another model", "another family"]
    waived_until: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The written set as JSON data: the header's facts, one mapping a case, one a drop, keys in declared order."""

    header: Mapping[str, object]
    cases: tuple[Mapping[str, object], ...]
    drops: tuple[Mapping[str, object], ...]

    @property
    def root(self) -> str:
        """The digest over everything in the lock."""
        return str(self.header["root"])
