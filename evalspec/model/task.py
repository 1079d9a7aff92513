"""What the subject does, what is known of a good output, and the facts that a label may hang on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["answer", "abstain", "clarify", "challenge", "refuse"]
Track = Literal["happy", "edge", "adversarial", "wild"]
PartKind = Literal["label", "text", "json", "tool_calls", "citations", "query", "criteria"]

# What a case is expected to give: a bare label (the short form of one label part), or part name to value.
Expected = str | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of what is expected."""

    name: str
    kind: PartKind = "label"
    values: tuple[str, ...] = ()
    ordered: bool = False
    high_stakes: tuple[str, ...] = ()
    schema: str | None = None
    tools: str | None = None
    source: str | None = None
    language: str | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a text states and a label may hang on; exactly one of range, values, pattern, absent is given."""

    name: str
    range: tuple[float, float] | None = None
    limit: float | None = None
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()  # value to its surface forms
    pattern: str | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A property of every output that is tested without a model."""

    name: str
    option: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What judges ask about an output."""

    name: str
    question: str
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the subject does and what is known of a good output."""

    turns: Literal["single", "conversation"] = "single"
    instructions: str | None = None
    instructions_path: str | None = None  # where they stand, when they are a file
    expected: tuple[Part, ...] = ()
    short_expected: bool = False  # `expected: [a, b]`: a case's expected is a plain string
    context: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    rubric: tuple[Question, ...] = ()
    facts: tuple[Fact, ...] = ()
    languages: tuple[str, ...] = ()  # empty: those of the seeds
    key_terms: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def label_parts(self) -> tuple[Part, ...]:
        """The parts whose value is one of a list of labels."""
        return tuple(part for part in self.expected if part.kind == "label")
