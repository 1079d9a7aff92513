"""How many calls one endpoint is sent at once: grow while it answers, halve when it refuses many, probe while it fails.

A refusal now and then holds back the question that met it, for as long as the endpoint asks, and nobody else. One that
refuses a good share of a round has had enough of all: then the window is halved and everybody waits, since one call
that learns of it spares the others the same answer. A round is what was on its way when a fault was heard: sixty calls
that meet one outage are one failure. Up to its knee, the last width that was refused nothing, the window doubles with
each round of answers; beyond it grows by one a round.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from evalspec.edges.models.transport import DEADLINE_SECONDS, FaultKind

FIRST_AT_ONCE = 64  # before anything is known of an endpoint but that it answered once
# A limit is told in far less time than a reply takes: one that refused nothing for so long is sent twice as much.
RAMP_SECONDS = 0.25
# Of a round, from which on a limit is reached. An endpoint that takes 50 calls refuses what is over, every round. At
# random refused calls, 5 in 100, come to an eighth of a round of 64 once in sixty rounds.
REFUSED_SHARE = 1 / 8
LEAST_REFUSED = 3  # of a narrow round: there an eighth is one call
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
    knee: float = 0.0  # up to here the window doubles with a round of answers
    good: float = 0.0  # the width of the last round of which nothing was refused
    flying: int = 0
    heard: int = 0  # calls of this round that have ended
    refused: int = 0  # of them those that were told to come later
    round_at: float = -math.inf  # calls sent before are of an earlier round; this and what follows: loop time
    narrowed_at: float = -math.inf
    resumes_at: float = 0.0
    widens_at: float = math.inf  # when a window that nothing was refused of doubles, whatever was heard
    has_failed: bool = False
    failures: int = 0  # rounds that failed since the last reply
    failed_at: float = -math.inf  # when the last of them was heard of
    replied_at: float | None = None  # when the last reply came, or the first call was sent

    def __post_init__(self) -> None:
        """Start below what the user allows where that is a lot."""
        self.at_once = float(min(self.most, FIRST_AT_ONCE))
        self.knee = float(self.most)

    def has_room(self, now: float) -> bool:
        """Tell whether one more call may be sent."""
        return now >= self.resumes_at and self.flying < self.width

    @property
    def width(self) -> int:
        """Calls that may be in flight."""
        return 1 if self.failures >= PROBED_FROM else int(self.at_once)

    def changes_at(self, now: float) -> float:
        """Return when more may be sent though nothing was heard until then; infinity where that is never so."""
        return self.resumes_at if now < self.resumes_at else self.widens_at

    def widen(self, now: float) -> None:
        """Double a window that is full and that nothing was refused of for a while."""
        if now >= self.widens_at and self.flying >= self.width:
            self.at_once = min(float(self.most), 2 * self.at_once)
            self.widens_at = now + RAMP_SECONDS if self.at_once < self.most else math.inf

    def enter(self, now: float) -> None:
        """Count a call that is sent."""
        self.flying += 1
        if self.replied_at is None:
            self.replied_at = now

    def leave(self) -> None:
        """Count a call that has ended, whatever came of it."""
        self.flying -= 1

    def answered(self, sent_at: float, now: float) -> None:
        """Note a reply to a call sent at `sent_at`: the endpoint works, and may be sent more."""
        if not self.has_failed and self.widens_at == math.inf and self.at_once < self.most:
            self.widens_at = now + RAMP_SECONDS
        self.failures = 0
        self.replied_at = now
        self._hear(sent_at, now)
        self.at_once = min(float(self.most), self.at_once + (1.0 if self.at_once < self.knee else 1 / self.at_once))

    def failed(self, kind: FaultKind, sent_at: float, now: float, retry_after: float | None = None) -> bool:
        """Note a fault of a call sent at `sent_at`, and return True when the endpoint is to be given up."""
        asked = clamped(retry_after, self.pace.longest_pause) if retry_after is not None else 0.0
        self.has_failed, self.widens_at = True, math.inf
        self.refused += kind == "rate_limit" and sent_at >= self.round_at
        if kind == "rate_limit" and self.refused >= self._too_many:
            self._narrow(now)
            self._pause(now, asked or backoff(max(1, self.failures), self.pace))
        elif sent_at < self.narrowed_at:
            self._pause(now, asked)
        self._hear(sent_at, now)
        if sent_at < self.failed_at:  # of the round that is counted already
            return False
        self.failed_at = now
        self.failures += 1
        if self.failures == PROBED_FROM and sent_at >= self.narrowed_at:
            self._narrow(now)
        if self.failures >= PROBED_FROM:
            self._pause(now, max(asked, backoff(self.failures - 1, self.pace)))
        silent = now - (self.replied_at if self.replied_at is not None else now)
        return self.failures >= ROUNDS.get(kind, 1) or silent > self.pace.patience

    @property
    def _too_many(self) -> int:
        """Refusals of a round from which on everybody waits."""
        return min(self.width, max(LEAST_REFUSED, math.ceil(self.at_once * REFUSED_SHARE)))

    def _hear(self, sent_at: float, now: float) -> None:
        """Count a call that has ended, and begin another round when as many as fit the window have."""
        if sent_at < self.round_at:
            return
        self.heard += 1
        if self.heard >= self.width:
            if not self.refused:
                self.good = self.at_once
            self._begin_round(now)

    def _narrow(self, now: float) -> None:
        half = max(1.0, self.at_once / 2)
        self.knee = max(half, min(self.good, self.at_once))
        self.good = min(self.good, half)
        self.at_once = half
        self.narrowed_at = now
        self._begin_round(now)

    def _begin_round(self, now: float) -> None:
        self.round_at, self.heard, self.refused = now, 0, 0

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
