"""What `why` reads its answers off, and how it looks things up there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evalspec.after.words import text_edit, turn_edits
from evalspec.model.build import Build
from evalspec.model.case import Candidate, Case, Drop, Input, input_json, measured_text
from evalspec.model.diff import FieldEdit
from evalspec.model.outcome import Lock
from evalspec.model.plan import Slot
from evalspec.model.spec import Spec
from evalspec.model.why import Exchange, SpecLine
from evalspec.stages.ledger import apply_fix

Made = Callable[[str], Candidate | Drop | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the answer is read off: a build up to its mix, its slots made again, the lock that stands, and the base."""

    done: Build
    made: Made  # as made, before any fix
    lock: Lock | None = None
    base_ref: str | None = None
    base_lock: Lock | None = None
    base_spec: Spec | None = None
    new_lines: frozenset[str] = frozenset()  # digests of the ledger lines that the base does not have
    digests: Mapping[str, str] = field(
        default_factory=dict
    )  # input to the digest of what is used of it now, as a lock names it
    grammars: frozenset[str] = frozenset()  # which of them are grammars
    written_by: Callable[[Slot], tuple[SpecLine, ...]] = lambda slot: ()  # lines of the grammar that wrote a slot
    asked: Callable[[str], tuple[Exchange, ...]] = lambda name: ()  # what a slot asked a model, and was answered
    far_limit: float | None = None  # the distance beyond which a text is far from the seeds


def final(ground: Ground, name: str) -> Candidate | None:
    """Return a candidate as it stands: made, with what people wrote in its place."""
    live = next((one for one in ground.done.candidates or () if one.id == name), None)
    if live is not None:
        return live
    made = ground.made(name)
    if not isinstance(made, Candidate):
        return None
    return apply_fix(made, ground.done.view.of(name)) if ground.done.view else made


def case_of(ground: Ground, name: str) -> Case | None:
    """Return the case of that id in the set as it would be locked now."""
    evalset = ground.done.evalset
    return next((one for one in evalset.cases if one.id == name), None) if evalset else None


def drop_of(ground: Ground, name: str) -> Drop | None:
    """Return the drop of that id."""
    return next((one for one in ground.done.drops if one.id == name), None)


def text_edits(before: Input, after: Input) -> tuple[FieldEdit, ...]:
    """Return what changed between two inputs: word by word, and turn by turn where both are conversations."""
    if isinstance(before, str) or isinstance(after, str):
        return (text_edit("input", measured_text(before), measured_text(after)),)
    old, new = input_json(before), input_json(after)
    assert isinstance(old, list) and isinstance(new, list)
    return turn_edits(old, new)
