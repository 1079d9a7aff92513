"""How many calls one endpoint is sent at once: grow slowly while it answers, halve when it says stop.

The window doubles with each round of answers until the first stop, and then grows by one a round. It is shared by all
calls of the process, and so is the pause that a 429 asks for: one worker that learns of it
spares the others the same answer.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from dataclasses import dataclass, field

MAX_RETRY_AFTER = 120.0  # seconds; a server that asks for more is asking for a later run
FIRST_AT_ONCE = 16  # before anything is known of an endpoint


@dataclass(slots=True)
class Admission:
    """The window of one endpoint; a class because every call moves it."""

    most: int  # `--jobs`
    at_once: float = 0.0
    flying: int = 0
    resumes_at: float = 0.0  # loop time
    has_stopped: bool = False  # was told to slow down before: from then on growth is by one a round
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Start low, and never above what the user allows."""
        self.at_once = float(min(self.most, FIRST_AT_ONCE))

    async def enter(self) -> None:
        """Wait for a place, in order of arrival."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.flying -= 1
                self._let_in()
            raise

    def leave(self, *, slow_down: bool = False, retry_after: float | None = None) -> None:
        """Give the place back, and say how it went."""
        now = asyncio.get_running_loop().time()
        self.flying -= 1
        if slow_down:
            if now >= self.resumes_at:  # one stop halves once, however many calls hear of it
                self.at_once = max(1.0, self.at_once / 2)
            self.has_stopped = True
            self.resumes_at = max(self.resumes_at, now + clamped(retry_after))
        else:
            self.at_once = min(float(self.most), self.at_once + (1 / self.at_once if self.has_stopped else 1.0))
        self._let_in()

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        if self.waiting and loop.time() < self.resumes_at:
            loop.call_at(self.resumes_at, self._let_in)
            return
        while self.waiting and self.flying < int(self.at_once):
            turn = self.waiting.popleft()
            if not turn.done():
                self.flying += 1
                turn.set_result(None)


def clamped(retry_after: float | None) -> float:
    """Return the seconds to wait for what a server asked for: nothing, junk and centuries included."""
    if retry_after is None or not math.isfinite(retry_after) or retry_after < 0:
        return 0.0
    return min(retry_after, MAX_RETRY_AFTER)


def backoff(attempt: int, *, base: float = 0.5, cap: float = 20.0) -> float:
    """Return the seconds to wait after a failed attempt: full jitter, so that workers do not come back together."""
    # Not part of any result: which moment a call is made at decides no byte of a lock.
    return random.SystemRandom().uniform(0, min(cap, base * 2**attempt))
