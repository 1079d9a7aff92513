"""What people decided: one line of the ledger, and survival counted from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from evalspec.diagnostics import Span
from evalspec.model.case import Input
from evalspec.model.spec import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line: it binds to the text and label that the reviewer saw, by digest."""

    case: str
    digest: str
    verdict: Literal["keep", "fix", "drop", "retire"]
    reviewer: str
    date: str  # YYYY-MM-DD
    guidelines: str | None = None
    reason: str | None = None
    input: Input | None = None
    expected: Expected | None = None
    seconds: float | None = None
    blind: bool = False
    supersedes: tuple[str, ...] = ()  # digests of the lines it adjudicates
    line_digest: str = ""
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All decisions, in file and line order."""

    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Of the candidates decided in a slice, how many were kept as written, fixed, or dropped."""

    slice: str  # "" for the whole, else the axis or slice name
    level: str
    kept: int
    fixed: int
    dropped: int

    @property
    def decided(self) -> int:
        """Candidates with an effective decision, each once."""
        return self.kept + self.fixed + self.dropped

    @property
    def rate(self) -> float:
        """Kept and fixed over decided."""
        return (self.kept + self.fixed) / self.decided if self.decided else 0.0
