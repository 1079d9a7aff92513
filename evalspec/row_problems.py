"""Problems of rows: the first twenty with their place, the rest counted, so that a million bad rows stay readable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from evalspec.diagnostics import Diagnostic, EvalspecError, Exit, Note, Severity, Span, SpecError

SHOWN_PROBLEMS = 20  # a screenful; more of the same teaches nothing


@dataclass(slots=True)
class RowProblems:
    """Gathers what is wrong with the rows of one file; a class because gathering is its whole point."""

    path: str
    found: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    unshown: int = 0

    def add(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        col: int = 1,
        hint: str | None = None,
        severity: Severity = "error",
        exit: Exit = Exit.INVALID,
    ) -> None:
        """Record one problem at a line of the file, or of the whole file."""
        span = None if line is None else Span(self.path, line, col, line, col + 1)
        one = Diagnostic(
            code=code,
            severity=severity,
            message=message,
            span=span,
            path=self.path if span is None else None,
            hint=hint,
            exit=exit,
        )
        kept = self.warnings if severity == "warning" else self.found
        if len(kept) < SHOWN_PROBLEMS:
            kept.append(one)
        elif severity == "error":
            self.unshown += 1

    @property
    def failed(self) -> bool:
        """True when a row was refused."""
        return bool(self.found)

    def raise_errors(self, kind: type[EvalspecError] = SpecError) -> None:
        """Raise all of them at once if there is an error."""
        if not self.found:
            return
        last = sorted(self.found, key=Diagnostic.sort_key)
        if self.unshown:
            more = Note(message=f"and {self.unshown:,} more problems in this file")
            last[-1] = replace(last[-1], notes=(*last[-1].notes, more))
        raise kind([*last, *self.warnings])
