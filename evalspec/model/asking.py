"""A question to a model and what came of it: the records of the tape and of the port that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Finish = Literal["stop", "length", "filter"]  # the model was done, was cut off, or the provider withheld the rest

UNASKED = "unasked"  # problem of a reply that nobody has asked for yet; for people who read, never in a build


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model; its digest is the key of the reply. `ordinal` tells equal questions apart.

    What decides the reply is here and nothing else: no slot, no endpoint, no retries, no timeout.
    """

    model: str
    messages: tuple[tuple[str, str], ...]  # role, content
    params: Mapping[str, object] = field(default_factory=dict)
    ordinal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them."""

    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model returned, and the model that served it.

    `problem` says why there is no text to use though the reply was paid for: `oversize`, or `withheld` with what was
    found in it in `text`'s place (`email`, `secret`), so that a replay without the text gives the same candidate.
    """

    text: str
    served: str
    finish: Finish = "stop"
    usage: Usage = field(default_factory=Usage)
    problem: str | None = None
