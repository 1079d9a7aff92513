"""What a transport is: one call out, one reply or one named fault back. Retries, limits and money are not its business.

There are two: `http.py` for every endpoint that speaks the OpenAI protocol, `other_providers.py` for the rest. Above
this file nothing knows which of them carried a question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from evalspec.model.asking import Reply, Request

MAX_REPLY_BYTES = 1024 * 1024  # after decoding; a message for a test set is a few kilobytes
DEADLINE_SECONDS = 120.0  # of one call by the wall clock, whatever drips in meanwhile

FaultKind = Literal[
    "rate_limit",  # 429: wait and try again
    "server",  # 5xx and 408, 409, 425: try again
    "connect",  # no connection, a broken one, or a body cut short: try again
    "timeout",  # no whole answer within the deadline: try again
    "garbled",  # an answer that is no answer: HTML of a gateway, JSON of another shape: try again
    "key",  # 401, 403: no call of this endpoint can succeed
    "credit",  # 402 and `insufficient_quota`: the account has no money
    "model",  # 404, 410: there is no such model
    "request",  # 400, 422: this question cannot be asked
]
RETRIED: frozenset[FaultKind] = frozenset({"rate_limit", "server", "connect", "timeout", "garbled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model is asked: from user config and environment, never from a file of the project."""

    name: str  # as messages call it: `openai`, `ollama`, `acme`
    base_url: str | None  # None: the provider's own, known to the other transport
    key: str | None = None  # never shown, logged or written
    key_from: str = ""  # where the key was looked for, for messages: `OPENAI_API_KEY`
    speaks_openai: bool = True
    model: str = ""  # the name that the endpoint knows the model by
    batches: str | None = None  # the protocol of its batches: `openai` or `anthropic`

    def __repr__(self) -> str:
        """Never show the key."""
        return f"Endpoint({self.name!r}, {self.base_url!r}, model={self.model!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question on its way to one endpoint."""

    request: Request
    endpoint: Endpoint
    deadline: float = DEADLINE_SECONDS
    max_bytes: int = MAX_REPLY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A reply as it came (`raw`, for the journal) and as it is read."""

    raw: str
    reply: Reply


class Fault(Exception):
    """Why a call brought no reply."""

    def __init__(
        self,
        kind: FaultKind,
        detail: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        may_be_billed: bool = False,
    ) -> None:
        """`retry_after` is in seconds, as the endpoint asked for; `may_be_billed`: the endpoint may have answered."""
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.may_be_billed = may_be_billed


class Transport(Protocol):
    """Sends one call; a class of its own because it keeps connections open."""

    async def send(self, call: Call) -> Received:
        """Return the reply, or raise the fault that kept it away."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one model is reached."""

    transport: Transport
    endpoint: Endpoint
