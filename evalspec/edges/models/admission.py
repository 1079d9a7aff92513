"""How many calls one endpoint is sent at once: grow while it answers, halve when it says stop, probe while it fails.

The window doubles with each round of answers until the first stop, and then grows by one a round. It is shared by all
calls of the process, and so is the pause that a 429 asks for: one call that learns of it spares the others the same
answer. A round is what was on its way when a fault was heard: sixty calls that meet one outage are one failure.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evalspec.edges.models.transport import DEADLINE_SECONDS, FaultKind

FIRST_AT_ONCE = 64  # before anything is known of an endpoint but that it answered once
PROBED_FROM = 2  # failures of whole rounds: from then on one call at a time tries whether the endpoint is back
# Rounds without any reply between them, after which an endpoint is given up. One that cannot be connected to, or that
# answers with something else, mostly stays so; one that is silent costs a whole deadline each time. A limit by the
# minute has to pass: ten pauses that double are about one minute.
ROUNDS: Mapping[FaultKind, int] = MappingProxyType(
    {"rate_limit": 10, "server": 6, "connect": 3, "timeout": 2, "garbled": 3}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that a build waits for one thing or another."""

    deadline: float = DEADLINE_SECONDS  # of one call
    longest_pause: float = 120.0  # that an endpoint may ask for: one that asks for more asks for a later run
    patience: float = 600.0  # with an endpoint that brings no reply at all
    drain: float = 10.0  # for calls in flight after the first Ctrl-C
    backoff: float = 0.5  # before the second try, at most; twice as long before each further one
    longest_backoff: float = 20.0


@dataclass(slots=True)
class Admission:
    """The window of one endpoint; a class because every call moves it."""

    most: int  # `--jobs`
    pace: Pace
    at_once: float = 0.0
    flying: int = 0
    resumes_at: float = 0.0  # loop time
    has_stopped: bool = False  # was told to slow down before: from then on growth is by one a round
    failures: int = 0  # rounds that failed since the last reply
    failed_at: float = -math.inf  # when the last of them was heard of
    replied_at: float | None = None  # when the last reply came, or the first call was sent

    def __post_init__(self) -> None:
        """Start below what the user allows where that is a lot."""
        self.at_once = float(min(self.most, FIRST_AT_ONCE))

    def has_room(self, now: float) -> bool:
        """Tell whether one more call may be sent."""
        return now >= self.resumes_at and self.flying < self.width

    @property
    def width(self) -> int:
        """Calls that may be in flight."""
        return 1 if self.failures >= PROBED_FROM else int(self.at_once)

    def enter(self, now: float) -> None:
        """Count a call that is sent."""
        self.flying += 1
        if self.replied_at is None:
            self.replied_at = now

    def leave(self) -> None:
        """Count a call that has ended, whatever came of it."""
        self.flying -= 1

    def answered(self, now: float) -> None:
        """Note a reply: the endpoint works, and may be sent more."""
        self.failures = 0
        self.replied_at = now
        self.at_once = min(float(self.most), self.at_once + (1 / self.at_once if self.has_stopped else 1.0))

    def failed(self, kind: FaultKind, sent_at: float, now: float, retry_after: float | None = None) -> bool:
        """Note a fault of a call sent at `sent_at`, and return True when the endpoint is to be given up."""
        asked = clamped(retry_after, self.pace.longest_pause) if retry_after is not None else 0.0
        self._pause(now, asked)
        if sent_at < self.failed_at:  # of the round that is counted already
            return False
        self.failed_at = now
        self.failures += 1
        if kind == "rate_limit" or self.failures == PROBED_FROM:
            self.at_once = max(1.0, self.at_once / 2)
            self.has_stopped = True
        if kind == "rate_limit" and not asked:
            self._pause(now, backoff(self.failures, self.pace))
        elif self.failures >= PROBED_FROM:
            self._pause(now, backoff(self.failures - 1, self.pace))
        silent = now - (self.replied_at if self.replied_at is not None else now)
        return self.failures >= ROUNDS.get(kind, 1) or silent > self.pace.patience

    def _pause(self, now: float, seconds: float) -> None:
        self.resumes_at = max(self.resumes_at, now + seconds)


def clamped(retry_after: float, most: float) -> float:
    """Return the seconds to wait for what a server asked for: junk and centuries included."""
    if not math.isfinite(retry_after) or retry_after < 0:
        return 0.0
    return min(retry_after, most)


def backoff(attempt: int, pace: Pace) -> float:
    """Return the seconds to wait after a failed attempt: full jitter, so that workers do not come back together."""
    # Not part of any result: which moment a call is made at decides no byte of a lock.
    return random.SystemRandom().uniform(0, min(pace.longest_backoff, pace.backoff * 2**attempt))
