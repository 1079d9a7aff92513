"""The questions to one endpoint on their way to a reply."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from evalspec.edges.models.admission import Admission
from evalspec.model.asking import Request


@dataclass(slots=True, eq=False)
class Open:
    """A question without a reply."""

    key: str
    request: Request
    tries: int = 0  # that failed
    refusals: int = 0  # by a limit
    is_first: bool = False  # to its model: the others wait for what comes of it


@dataclass(slots=True, eq=False)
class Lane:
    """The questions to one endpoint, in the order of the plan, and its window."""

    window: Admission
    ready: deque[Open] = field(default_factory=deque)
    carried: int = 0  # questions between claim and commit
    turns: deque[asyncio.Future[bool]] = field(default_factory=deque)  # claimed, and waiting for a place
    wakes_at: float = 0.0  # when a timer goes on with it
