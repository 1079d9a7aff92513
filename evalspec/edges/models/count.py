"""How far the asking of one build is: for the progress line and the run log."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Count:
    """What was asked so far, and what came of it; a class because every call moves it."""

    questions: int = 0
    from_tape: int = 0  # or from the journal: nothing was sent for them
    answered: int = 0
    sent: int = 0
    retried: int = 0
    spent: int = 0  # millionths of a dollar, this run
    overruns: int = 0  # calls for which the endpoint counted more than it was allowed
    overrun: int = 0  # millionths of a dollar by which they did
    orphans: int = 0  # that an earlier run had in flight when it ended, and that may have been billed
    cut_off: int = 0  # that this run had in flight when it ended
    faults: dict[str, int] = field(default_factory=dict)  # by kind
    models: dict[str, int] = field(default_factory=dict)  # replies that were paid for, by the model asked

    @property
    def done(self) -> int:
        """Replies that are here."""
        return self.from_tape + self.answered
