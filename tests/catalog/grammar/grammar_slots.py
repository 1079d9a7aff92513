"""One keyword each to vary: slots, specs and seeds for the tests of the generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalspec.model.case import Input, Message, Seed
from evalspec.model.plan import Cell, Slot
from evalspec.model.spec import Fact, Mix, Persona, Spec, Task


def make_spec(*, turns: str = "single", style: Mapping[str, str] | None = None, facts: Sequence[Fact] = ()) -> Spec:
    """Make a spec with at most one persona, `voice`."""
    persona = Persona(name="voice", description="Someone.", style=tuple(sorted((style or {}).items())))
    return Spec(
        name="small",
        path="small.yaml",
        folder="",
        task=Task(turns=turns, facts=tuple(facts)),  # type: ignore[arg-type]  # a literal in every call
        personas=(persona,) if style else (),
        mix=Mix(size=1, counts=()),
    )


def make_slot(
    ordinal: int = 1,
    *,
    levels: Sequence[tuple[str, str]] = (("issue", "late"),),
    persona: str | None = None,
    facts: Mapping[str, object] | None = None,
    exemplars: Sequence[Input] = (),
    turns: int = 1,
    language: str = "en",
) -> Slot:
    """Make a slot of a prompted pool."""
    cell = Cell(id=".".join(level for _, level in levels), levels=tuple(levels))
    name = f"prompted.{cell.id}.{ordinal:02d}"
    return Slot(
        id=name,
        pool="prompted",
        technique="prompted",
        stratum=cell.id,
        ordinal=ordinal,
        key=name,
        language=language,
        cell=cell,
        persona=persona,
        exemplars=tuple(make_seed(value, key=str(at)) for at, value in enumerate(exemplars)),
        facts=facts or {},
        generator="writer",
        turns=turns,
    )


def make_seed(value: Input, *, key: str = "0a1b2c3d4e5f", expected: str | None = None) -> Seed:
    """Make a row of production."""
    return Seed(key=key, row=key, source="production", input=value, expected=expected)


CHAT: tuple[Message, ...] = (
    Message(role="user", content="hello, where is my kettle"),
    Message(role="assistant", content="Which order is it?"),
    Message(role="user", content="4481"),
    Message(role="assistant", content="It left us on Monday."),
    Message(role="user", content="so when do i get my money back"),
)
