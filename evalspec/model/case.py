"""From a row that really happened to a case of the set: messages, seeds, candidates, drops, cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evalspec.model.spec import Behaviour, Expected, Track

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation; an assistant's may carry tool calls."""

    role: Role
    content: str
    tool_calls: tuple[Mapping[str, object], ...] = ()


# A single request is a string; a conversation so far is its messages, ending with a user's or a tool's.
Input = str | tuple[Message, ...]


def user_texts(value: Input) -> tuple[str, ...]:
    """Return what the user wrote: the whole string, or the contents of the user's messages in order."""
    if isinstance(value, str):
        return (value,)
    return tuple(message.content for message in value if message.role == "user")


def with_user_texts(value: Input, texts: Sequence[str]) -> Input:
    """Put `texts` in the place of the user's texts; everyone else's messages stay as they are."""
    if isinstance(value, str):
        return texts[0]
    queue = iter(texts)
    return tuple(
        Message(role=one.role, content=next(queue), tool_calls=one.tool_calls) if one.role == "user" else one
        for one in value
    )


def measured_text(value: Input) -> str:
    """Return the text that measures read: the user's turns joined by line feeds."""
    return "\n".join(user_texts(value))


def opening(value: Input) -> str:
    """Return the user's first turn, or nothing when there is none."""
    texts = user_texts(value)
    return texts[0] if texts else ""


def input_json(value: Input) -> object:
    """Return the input as JSON data: a string, or a list of messages."""
    if isinstance(value, str):
        return value
    return [
        {"role": one.role, "content": one.content}
        | ({"tool_calls": [dict(call) for call in one.tool_calls]} if one.tool_calls else {})
        for one in value
    ]


def input_from_json(value: object) -> Input:
    """Read what `input_json` wrote; the shape has been checked before."""
    if isinstance(value, str):
        return value
    assert isinstance(value, list)
    return tuple(
        Message(role=one["role"], content=one["content"], tool_calls=tuple(one.get("tool_calls", ()))) for one in value
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One row of a snapshot or of a golden file. `key` is twelve hex digits of the digest of source and row id."""

    key: str
    row: str  # the row's id, or the digest of the row
    source: str
    input: Input
    expected: Expected | None = None
    behaviour: Behaviour = "answer"
    premise: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    language: str = "und"
    time: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    votes: tuple[str, ...] = ()
    verified_by: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    copies: int = 1
    weight: float = 1.0
    redacted: tuple[str, ...] = ()  # types of the spans that import replaced
    digest: str = ""  # of the row as the snapshot holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A labelled output with a critique; calibrates judges and is never a case."""

    row: str
    input: Input
    output: str
    verdict: Literal["pass", "fail"]
    critique: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """How a candidate came to be; empty fields are left out of the lock."""

    pool: str
    source: str | None = None
    weight: float | None = None
    copies: int | None = None
    cell: Mapping[str, str] = field(default_factory=dict)  # axis to level
    persona: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    operator: str | None = None  # the spec's name for it
    operators: tuple[str, ...] = ()  # `abbreviate@1`, in the order applied
    parents: tuple[str, ...] = ()  # case ids
    attack: str | None = None
    attack_version: str | None = None  # `override@1`
    hard_negative: bool = False
    taxonomy: tuple[str, ...] = ()
    exemplars: tuple[str, ...] = ()  # row keys handed to the generator
    generator: str | None = None
    served: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text made or taken for one slot, not yet approved."""

    id: str
    pool: str
    technique: str
    stratum: str  # the cell, operator, attack or source stratum it fills
    input: Input
    provenance: str
    track: Track
    language: str
    expected: Expected | None = None
    expected_by: str | None = None
    behaviour: Behaviour = "answer"
    premise: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    checks: tuple[object, ...] = ()
    relation: Mapping[str, object] = field(default_factory=dict)
    lineage: Lineage
    metadata: Mapping[str, str] = field(default_factory=dict)
    edited: bool = False  # a person's fix has been applied
    mended: int = field(default=0, compare=False)  # times a model was asked again: what it sent could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A candidate that was removed, by which stage, for which reason, and what it collided with."""

    id: str
    stage: str
    reason: str
    pool: str
    stratum: str
    other: str | None = None
    value: float | None = None
    detail: str | None = None
    mended: int = field(default=0, compare=False)  # times a model was asked again for it; no part of a lock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewMark:
    """What people decided about a case."""

    verdict: Literal["keep", "fix"]
    by: tuple[str, ...]
    votes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An approved, locked item of the set. `digest` covers what a runner is given and judged by."""

    candidate: Candidate
    digest: str
    review: ReviewMark | None = None

    @property
    def id(self) -> str:
        """The slot's id."""
        return self.candidate.id

    @property
    def pool(self) -> str:
        """The pool that made it."""
        return self.candidate.pool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet:
    """The picked cases in id order, what was dropped, and what was approved and not picked."""

    cases: tuple[Case, ...]
    drops: tuple[Drop, ...]
    spares: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a technique made of one slot; what is left empty is settled by the slot, its cell or its parent."""

    input: Input
    expected: Expected | None = None
    expected_by: str | None = None
    behaviour: Behaviour | None = None
    premise: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    checks: tuple[object, ...] = ()  # names, or one-entry mappings from name to option
    relation: Mapping[str, object] = field(default_factory=dict)
    operators: tuple[str, ...] = ()  # `abbreviate@1`, in the order applied
    attack_version: str | None = None
    taxonomy: tuple[str, ...] = ()
    served: str | None = None
    language: str | None = None  # where it is another than the slot's
    mended: int = field(default=0, compare=False)  # times the model was asked again: what it sent could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmade:
    """Why a technique made nothing of a slot: `no_op`, `lost_fact`, `off_cell`, ... Counted and shown, never silent."""

    reason: str
    detail: str | None = None
    mended: int = field(default=0, compare=False)  # times the model was asked again
