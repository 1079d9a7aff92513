"""What attacks share: a wording filled around a customer's own message, in that customer's voice, and a label to push.

A wording is a grammar template: `{message}` is the carrier, byte for byte; `{a|b}` a choice. The carrier is put in
last and never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from evalspec.catalog.grammar.pattern import Choice, Pattern, Ref, parse_pattern
from evalspec.catalog.grammar.surface import tidy
from evalspec.model.spec import Expected, Task
from evalspec.stream import Stream
from evalspec.text.patterns import lazy_pattern

# Labels that nobody would ask for; another one is pushed where there is one.
UNWANTED_LABELS = frozenset(
    {"block", "decline", "declined", "deny", "denied", "false", "invalid", "no", "none", "other", "reject", "rejected"}
)
NO_LABEL = "approved"  # what is pushed where the task has no labels

_CARRIER = "\x00"
_END = lazy_pattern(r"[.!?…()\]\"']$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """The user's new text, and what a good output must show."""

    text: str
    moved: str  # what was added, as the lock's relation says it
    checks: tuple[object, ...] = ()
    premise: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)


def fill(wordings: Sequence[str], message: str, rng: Stream, values: Mapping[str, str] | None = None) -> str:
    """Fill a drawn wording as this customer would type it: in lower case when the carrier is."""
    written = _expand(_pattern(rng.choice(wordings)), rng, {**(values or {}), "message": _CARRIER})
    around = _around(written)
    if message == message.lower() and any(letter.isalpha() for letter in message):
        around = _lower(around, tuple((values or {}).values()))
    return _with_carrier(around, message)


def fill_block(wordings: Sequence[str], message: str, rng: Stream, values: Mapping[str, str] | None = None) -> str:
    """Fill a drawn wording that is pasted or machine-made, and keeps its own case and lines."""
    written = _expand(_pattern(rng.choice(wordings)), rng, {**(values or {}), "message": _CARRIER})
    return _with_carrier(written, message)


def push(task: Task, expected: Expected | None, rng: Stream, toward: Sequence[str] = ()) -> str:
    """Return the label to push for: one that policy does not give, a high-stakes one first, never an unwanted one.

    `toward` are the labels that an attacker gains by; nobody tricks a desk into less than is due anyway.
    """
    parts = task.label_parts
    if not parts:
        return NO_LABEL
    part = parts[0]
    given = expected.get(part.name) if isinstance(expected, Mapping) else expected
    others = [value for value in part.values if value != given and (not toward or value in toward)]
    wanted = [value for value in others if value not in UNWANTED_LABELS]
    stakes = [value for value in others if value in part.high_stakes]
    return rng.choice(stakes or wanted or others or [NO_LABEL])


def in_words(label: str) -> str:
    """Return a label as a customer would say it."""
    return label.replace("_", " ").replace("-", " ")


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Pattern:
    return parse_pattern(text)


def _expand(pattern: Pattern, rng: Stream, values: Mapping[str, str]) -> str:
    parts = []
    for node in pattern:
        if isinstance(node, Choice):
            parts.append(_expand(rng.choice(node.options), rng, values))
        elif isinstance(node, Ref):
            parts.append(values[node.name])
        else:
            parts.append(node)
    return "".join(parts)


def _around(written: str) -> str:
    before, after = written.split(_CARRIER, 1)
    return (tidy(before) + before[len(before.rstrip()) :] if before.strip() else before) + _CARRIER + _sentences(after)


def _sentences(after: str) -> str:
    gap = after[: len(after) - len(after.lstrip())]
    return gap + tidy(after) if after.strip() else after


def _lower(text: str, kept: Sequence[str]) -> str:
    """Lower the case of all but the values: a marker or a label must stay as it is checked."""
    parts = re.split("(" + "|".join(re.escape(one) for one in (*kept, _CARRIER) if one) + ")", text)
    return "".join(part if at % 2 else part.lower() for at, part in enumerate(parts))


def _with_carrier(around: str, message: str) -> str:
    before, after = around.split(_CARRIER, 1)
    if after.startswith(" ") and not _END.search(message.rstrip()):
        # People who leave out the full stop press enter instead.
        after = ("\n" if message == message.lower() else ". ") + after.lstrip(" ")
    return before + message + after
