"""Problems as records: what is wrong, where, and what to do; collected per stage and raised once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

Severity = Literal["error", "warning"]

GUESS_CUTOFF = 0.6  # difflib similarity that click uses for its own suggestions
LISTED_NAMES = 12  # without a guess, list what is allowed when it is at most this many names


class Exit(IntEnum):
    """Exit codes, as `evalspec explain exit-codes` prints them."""

    OK = 0
    FINDING = 1
    USAGE = 2
    INVALID = 3
    STALE = 4
    INTEGRITY = 5
    PROVIDER = 6
    BUDGET = 7
    OFFLINE = 8
    BUSY = 9
    ENVIRONMENT = 10
    BUG = 70
    HANGUP = 129
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


# When several apply, the first of these wins.
EXIT_PRECEDENCE: tuple[Exit, ...] = (
    Exit.BUG,
    Exit.INTEGRITY,
    Exit.ENVIRONMENT,
    Exit.PROVIDER,
    Exit.BUDGET,
    Exit.BUSY,
    Exit.OFFLINE,
    Exit.INVALID,
    Exit.STALE,
    Exit.FINDING,
)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file: lines and columns count from 1, the end is exclusive."""

    path: str
    line: int
    col: int
    end_line: int
    end_col: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A fact that explains, with the place it is about when there is one."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem: a stable code, one sentence, a place, and what to do."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    path: str | None = None  # the file, when no line of it is to blame
    label: str | None = None  # stands under the carets
    notes: tuple[Note, ...] = ()
    hint: str | None = None
    exit: Exit = Exit.INVALID

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order by file and position, then code."""
        where = self.span
        return (
            where.path if where else self.path or "",
            where.line if where else 0,
            where.col if where else 0,
            self.code,
            self.message,
        )


class EvalspecError(Exception):
    """Everything that evalspec raises on purpose: a sorted tuple of diagnostics, at least one of them an error."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(diagnostics, key=Diagnostic.sort_key))
        super().__init__("; ".join(f"{one.code}: {one.message}" for one in self.diagnostics))

    @property
    def exit(self) -> Exit:
        """Return the exit code that ranks highest among the errors."""
        found = {one.exit for one in self.diagnostics if one.severity == "error"}
        # A command line that cannot be meant is alone with its problem: nothing has been read yet.
        return next((code for code in (*EXIT_PRECEDENCE, Exit.USAGE) if code in found), Exit.INVALID)


class SpecError(EvalspecError):
    """The spec or one of its inputs is not what the language allows."""


class BuildError(EvalspecError):
    """The spec is fine and the build, check or verification of it is not."""


@dataclass(slots=True)
class Collector:
    """Gathers the problems of one stage; a class because gathering is its whole point."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        *,
        at: Span | None = None,
        path: str | None = None,
        label: str | None = None,
        notes: Iterable[Note | str] = (),
        hint: str | None = None,
        severity: Severity = "error",
        exit: Exit = Exit.INVALID,
    ) -> None:
        """Record one problem."""
        spelled = tuple(note if isinstance(note, Note) else Note(message=note) for note in notes)
        self.found.append(
            Diagnostic(
                code=code,
                severity=severity,
                message=message,
                span=at,
                path=path,
                label=label,
                notes=spelled,
                hint=hint,
                exit=exit,
            )
        )

    @property
    def failed(self) -> bool:
        """True when an error was recorded."""
        return any(one.severity == "error" for one in self.found)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings recorded so far, in order of position."""
        return tuple(sorted((one for one in self.found if one.severity == "warning"), key=Diagnostic.sort_key))

    def raise_errors(self, kind: type[EvalspecError] = SpecError) -> None:
        """Raise everything at once if there is an error in it."""
        if self.failed:
            raise kind(self.found)


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely meant, or None."""
    guesses = difflib.get_close_matches(name, sorted(known), n=1, cutoff=GUESS_CUTOFF)
    return guesses[0] if guesses else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say what `name` may have meant, or list what is allowed when that is short."""
    names = sorted(known)
    guess = closest(name, names)
    if guess is not None:
        return f"did you mean `{guess}`?"
    if 0 < len(names) <= LISTED_NAMES:
        return "known: " + ", ".join(f"`{one}`" for one in names)
    return "no such name"
