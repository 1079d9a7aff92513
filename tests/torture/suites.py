"""The registry of torture suites: a suite is one decorated function in one file.

A suite tries a promise of the README many times and says how often, and each time that it did not hold. The test suite
runs every one at its sample's size; `make torture` runs them in full and writes TORTURE.md from what they return.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Effort:
    """How hard to try: in full or a sample, and from which seed."""

    full: bool
    seed: int

    def count(self, full: int, sample: int) -> int:
        """The number of tries of this run."""
        return full if self.full else sample

    def dice(self, name: str) -> random.Random:
        """A generator of its own for one part of a suite, so that parts do not disturb each other."""
        return random.Random(f"{self.seed}/{name}")


@dataclass
class Tally:
    """What one promise came to: tries, the tries that broke it, and figures worth a line in TORTURE.md."""

    promise: str
    tried: int = 0
    broken: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    skipped: str = ""  # why it could not run here; a skipped promise is never counted as held

    def hold(self, kept: bool, otherwise: str) -> None:
        """Count one try; `otherwise` says what broke, with what is needed to run it again."""
        self.tried += 1
        if not kept:
            self.broken.append(otherwise)


Suite = Callable[[Effort, Path], list[Tally]]


@dataclass(frozen=True)
class Entry:
    """A registered suite: its name, its title in TORTURE.md, and its function over (effort, an empty folder)."""

    name: str
    title: str
    run: Suite


SUITES: dict[str, Entry] = {}


def suite(name: str, title: str) -> Callable[[Suite], Suite]:
    """Register a suite under a short name."""

    def register(run: Suite) -> Suite:
        if name in SUITES:
            raise ValueError(f"two torture suites are named {name}")
        SUITES[name] = Entry(name, title, run)
        return run

    return register
