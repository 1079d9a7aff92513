"""What a build is expected to cost: calls, tokens and dollars, by role and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["generator", "jury"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Some calls: how many, their tokens, and what they cost in millionths of a dollar."""

    calls: int = 0
    prompt: int = 0
    completion: int = 0
    cost: int = 0

    def __add__(self, other: Bill) -> Bill:
        """Add up."""
        return Bill(
            calls=self.calls + other.calls,
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
            cost=self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """What one model in one role is still to be asked, and what is known already.

    `least`: nothing is dropped and every reply is short. `most`: every candidate that may be made is made, with all
    repairs, each at its reservation. `typical`: as many calls as least, as long as the replies that are known.
    """

    role: Role
    model: str
    price: str  # where the figure is from
    is_free: bool = False
    from_tape: int = 0
    from_journal: int = 0
    least: Bill = Bill()
    typical: Bill | None = None  # None: no reply of this role is known yet
    most: Bill = Bill()
    largest: int = 0  # most that a single question can cost: what is reserved for it


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCost:
    """What is still to be asked for a spec, against what it may cost; amounts in millionths of a dollar."""

    lines: tuple[CostLine, ...] = ()
    asked: int = 0  # slots for which a model's replies are here
    useless: tuple[tuple[str, int], ...] = ()  # of them those without a candidate, by reason, most first
    spent: int = 0  # by earlier builds of the same plan, what is reserved for calls that nobody heard of again included
    cap: int | None = None

    @property
    def least(self) -> Bill:
        """Add up what it costs at least."""
        return sum((one.least for one in self.lines), Bill())

    @property
    def most(self) -> Bill:
        """Add up what it costs at most."""
        return sum((one.most for one in self.lines), Bill())

    @property
    def typical(self) -> Bill | None:
        """Add up what it typically costs; None where a role that is asked something has no known reply."""
        if any(one.typical is None and one.least.calls for one in self.lines):
            return None
        return sum((one.typical for one in self.lines if one.typical is not None), Bill())
