"""What people decided: one line of the ledger, what it means for a candidate, and survival counted from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalspec.diagnostics import Diagnostic, Span
from evalspec.model.case import Candidate, Drop, Input, ReviewMark
from evalspec.model.jury import Flag
from evalspec.model.spec import Expected

DecisionVerdict = Literal["keep", "fix", "drop", "retire"]

# What a person is asked for: a dispute to settle, a text that changed, a second blind reading, a first reading.
Why = Literal["disputed", "stale", "second", "first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line: it binds to the text and label that the reviewer saw, by digest."""

    case: str
    digest: str
    verdict: DecisionVerdict
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
    warnings: tuple[Diagnostic, ...] = ()  # lines that were cut off, which nobody was told are recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What the lines about one case come to for the candidate as it is now.

    `verdict` is None while nobody decided, while the lines are about another text (`stale`) or while they are not
    unanimous (`disputed`).
    """

    case: str
    verdict: DecisionVerdict | None = None
    by: tuple[str, ...] = ()  # who stands behind the verdict, in name order
    votes: int = 0  # reviewers who judged this text, overruled ones included
    blind: int = 0  # of these, how many judged blind
    disputed: bool = False
    stale: bool = False
    reason: str | None = None
    input: Input | None = None
    expected: Expected | None = None
    lines: tuple[str, ...] = ()  # digests of the lines in force, which an adjudication supersedes

    @property
    def mark(self) -> ReviewMark | None:
        """What the lock says about the decision; None when there is none to apply."""
        if self.verdict == "keep" or self.verdict == "fix":
            return ReviewMark(verdict=self.verdict, by=self.by, votes=self.votes)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """The ledger held against the candidates of one build, as they were made (before any fix)."""

    effective: Mapping[str, Effective]  # by case id; only cases that lines are about
    candidates: tuple[Candidate, ...] = ()  # those lines are about, as made, in id order
    applied: tuple[str, ...] = ()  # digests of the lines that decided something, sorted
    ignored: int = 0  # lines about cases that no longer exist

    def of(self, case: str) -> Effective:
        """Return what was decided about one case; an undecided one has no verdict."""
        return self.effective.get(case) or Effective(case=case)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Candidates after people's decisions and before the screens: fixes applied, dropped and retired ones out."""

    candidates: tuple[Candidate, ...]
    drops: tuple[Drop, ...] = ()
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One case that waits for a person."""

    case: str
    pool: str
    why: Why
    votes: int  # reviewers who judged it so far
    needed: int  # reviewers it takes
    flags: tuple[Flag, ...] = ()  # why the jury wants a person to look


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """Of the candidates decided in a slice, how many were kept as written, fixed, or dropped; retired ones apart."""

    slice: str  # "" for the whole, else the axis or slice name
    level: str
    kept: int
    fixed: int
    dropped: int
    retired: int = 0
    interval: tuple[float, float] | None = None  # Wilson, 95 %

    @property
    def decided(self) -> int:
        """Candidates with an effective decision, each once."""
        return self.kept + self.fixed + self.dropped

    @property
    def rate(self) -> float:
        """Kept and fixed over decided."""
        return (self.kept + self.fixed) / self.decided if self.decided else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Every kept candidate in exactly one of five places, and what is still to be decided.

    `pending`, `stale` and `disputed` hold their place in the mix; a set that picks one of them is not locked.
    """

    approved: tuple[Candidate, ...]
    pending: tuple[Candidate, ...] = ()
    stale: tuple[Candidate, ...] = ()
    disputed: tuple[Candidate, ...] = ()
    dropped: tuple[Drop, ...] = ()
    retired: tuple[str, ...] = ()
    marks: Mapping[str, ReviewMark] = field(default_factory=dict)  # by case id
    needed: Mapping[str, int] = field(default_factory=dict)  # case id to reviewers it takes; only where some are
    queue: tuple[Queued, ...] = ()
    survival: tuple[Survival, ...] = ()
    ignored: int = 0
