"""What the outside must provide to a build, as plain callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model; its digest is the key of the reply. `ordinal` tells equal questions apart."""

    model: str
    messages: tuple[tuple[str, str], ...]  # role, content
    params: Mapping[str, object] = field(default_factory=dict)
    ordinal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model returned, and the model that served it."""

    text: str
    served: str


Ask = Callable[[Request], Reply]
Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports of one build."""

    ask: Ask
    progress: Progress
    texts: Mapping[str, str] = field(default_factory=dict)  # input files as text, by the path the spec gives
    data: Mapping[str, object] = field(default_factory=dict)  # YAML and JSON input files, parsed, by the same path
