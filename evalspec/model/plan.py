"""What will be made, before anything is made: cells, strata with what they owe, and slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalspec.model.case import Seed
from evalspec.model.defaults import REVIEW_MINUTES
from evalspec.model.spec import Behaviour, Expected, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of levels in one pool, with what is settled for it."""

    id: str  # levels joined by dots, in the order of the pool's axes
    levels: tuple[tuple[str, str], ...]  # axis to level
    expected: Expected | None = None
    expected_by: str | None = None  # `rule:outside_window`
    behaviour: Behaviour = "answer"
    facts: tuple[tuple[str, tuple[object, ...]], ...] = ()
    track: Track = "happy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned candidate. `key` covers all that decides its text, and nothing else."""

    id: str
    pool: str
    technique: str
    stratum: str
    ordinal: int
    key: str
    tier: int = 0  # 1: opened only when the stratum has nothing else left
    language: str
    cell: Cell | None = None
    persona: str | None = None
    operator: str | None = None
    attack: str | None = None
    hard_negative: bool = False
    parent: Seed | None = None
    parent_id: str | None = None
    partner: Seed | None = None  # the other row an operator borrows from
    exemplars: tuple[Seed, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)  # drawn for this slot
    generator: str | None = None  # alias
    turns: int = 1  # how many messages a generated conversation has


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """What a pool owes in one cell, operator, attack or source stratum, and how many candidates it may spend on it."""

    pool: str
    name: str
    places: int  # cases of the set that the mix gives it
    owed: int  # live candidates it must hold: its places, more where the spec asks for more
    budget: int
    slots: tuple[Slot, ...]  # in the order they are opened
    held: int = 0  # seeds whose metadata already place them in this cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All strata of all pools, and the seeds that the seed and golden pools take, in their order of standing."""

    strata: tuple[Stratum, ...]
    slots_by_id: Mapping[str, Slot]
    review_items: int = 0
    languages: tuple[tuple[str, int], ...] = ()

    @property
    def review_hours(self) -> float:
        """What reading and deciding them takes, in hours."""
        return review_hours(self.review_items)


def review_hours(items: int) -> float:
    """Return how many hours so many decisions take."""
    return round(items * REVIEW_MINUTES / 60, 1)
