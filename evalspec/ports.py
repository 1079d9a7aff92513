"""What the outside must provide to a build, as plain callables."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from evalspec.digests import digest
from evalspec.model.asking import Reply, Request
from evalspec.model.case import Made, Unmade
from evalspec.model.embedders import Spoken
from evalspec.text.function_words import Tag
from evalspec.text.meaning import Embed

# All questions that can be asked at once, to their replies in the same order, whatever the order of arrival.
Ask = Callable[[Sequence[Request]], Sequence[Reply]]
# A technique that needs a model: it yields a question, is sent the reply, and returns what it made in the end.
Asking = Generator[Request, Reply, Made | Unmade]
Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports of one build."""

    ask: Ask
    progress: Progress
    texts: Mapping[str, str] = field(default_factory=dict)  # input files as text, by the path the spec gives
    data: Mapping[str, object] = field(default_factory=dict)  # YAML and JSON input files, parsed, by the same path
    tag: Tag | None = None  # parts of speech; None where no gate asks, and in a replay without the extra
    embed: Embed | None = None  # the spec's embedder; None where it names none, and in a replay with the core alone
    spoken: Spoken | None = None  # what the embedder is, where the spec brings it
    recorded: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # what a replay takes in its place


def request_key(request: Request) -> str:
    """Return the digest of a whole request: what decides the reply, and nothing else."""
    return digest(
        {
            "model": request.model,
            "messages": [list(one) for one in request.messages],
            "params": dict(request.params),
            "ordinal": request.ordinal,
        }
    )
