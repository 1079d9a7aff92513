"""What the way back finds: rates, paired changes, relations, reruns, and a verdict on one model swap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["seed", "golden", "synthetic"]
Decision = Literal["ship", "block", "inconclusive"]
Method = Literal["exact", "families"]  # McNemar and Tango over pairs, or the t-test over families
Answer = Literal["yes", "no", "not known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCase:
    """What scoring needs of a case of the lock."""

    id: str
    digest: str
    part: Part
    family: str  # the root parent: siblings are one piece of evidence
    track: str
    slices: tuple[str, ...]
    weight: float = 1.0
    parent: str | None = None
    relation: str | None = None  # what ties it to its parent
    attack: str | None = None
    hard_negative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One case in one run, over its epochs."""

    passes: int = 0
    scored: int = 0
    errors: int = 0
    unscored: int = 0

    @property
    def value(self) -> float | None:
        """The share of scored epochs that passed; None when none was scored."""
        return self.passes / self.scored if self.scored else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A pass rate of one run on one slice. Errors, unscored and missing cases are in no rate."""

    slice: str
    cases: int
    scored: int
    errors: int
    unscored: int
    missing: int
    value: float | None
    interval: tuple[float, float]
    effective: float  # cases, after siblings and weights
    families: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Contender minus baseline on the cases of a slice that both runs scored."""

    slice: str
    cases: int
    pairs: int
    families: int
    gain: int
    loss: int
    baseline: float | None
    contender: float | None
    delta: float | None
    p: float | None
    interval: tuple[float, float]
    method: Method
    discordance: float | None = None  # share of pairs of a part that changed answer; None: no pairs
    smallest: float | None = None  # difference that a part shows with 80 % power, at that share or the assumed one
    planned: float | None = None  # the same at the share that `plan` assumes
    adjusted: float | None = None  # p, Holm over the slices
    bootstrap: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """Synthetic change minus seed change, and whether the two move together."""

    value: float
    interval: tuple[float, float]
    together: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """How often what ties a case to its parent held in one run; not evaluable where the parent did not pass."""

    name: str
    held: int
    violated: int
    not_evaluable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Harmless twins of attacks that failed, and attacks that got through, with how many were scored."""

    twins_failed: int
    twins: int
    attacks_through: int
    attacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What reruns of one model show: how often two runs of a case disagree, and how far a rate moves by chance."""

    cases: int  # that ran more than once
    flips: float
    floor: float  # 95 % of differences between two single runs lie within plus and minus this


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """One model's side."""

    model: str
    rates: tuple[Rate, ...]
    relations: tuple[Relations, ...]
    refusals: Refusals
    noise: Mapping[str, Noise] = field(default_factory=dict)  # by part; empty: nothing ran twice


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapVerdict:
    """Ship, block or inconclusive, why in one sentence, and what to keep in mind."""

    decision: Decision
    reason: str
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """Everything that `score` prints about one swap."""

    name: str
    lock: str
    purpose: str
    margin: float
    baseline: RunCard
    contender: RunCard
    parts: Mapping[str, Change]  # seed, golden, synthetic, all: those that have cases
    slices: tuple[Change, ...]
    tracks: Mapping[str, int]  # cases
    divergence: Divergence | None
    verdict: SwapVerdict

    @property
    def blocks(self) -> bool:
        """True when the swap must not go ahead: blocked, or not known to be safe where a launch rests on it."""
        return self.verdict.decision == "block" or (
            self.verdict.decision == "inconclusive" and self.purpose == "launch"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One line of the history: a verdict that was recorded."""

    date: str
    lock: str
    baseline: str
    contender: str
    margin: float
    decision: Decision
    reason: str
    seed: float | None
    synthetic: float | None
    all: float | None
    together: Answer
