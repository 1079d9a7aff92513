"""The gates that a purpose brings, with bounds, evidence and severity, and the evidence that any gate needs.

Bounds and false-alarm rates were measured on real data (`docs/measures.md`); a bound that says only "not the same
source" is no gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from evalspec.model.spec import GateRule, Purpose, Technique

# Pools that a generator wrote: comparisons with the seeds gate these. The others differ on purpose, or are the source.
WRITTEN: frozenset[Technique] = frozenset({"prompted", "persona", "document"})
# Pools whose cases are taken as they are.
TAKEN: frozenset[Technique] = frozenset({"seed", "golden"})

MIN_SEEDS = 50  # a floor: 50 pairs with 10 % discordance can show no difference at 80 % power
MIN_SIDE = 30  # texts on either side, under which a comparison is not evaluable
# Of more real texts than this, those with the lowest digest stand for all where each is held against each: a set of
# 100,000 then costs a hundred times one of 1,000, and the error of a share over them stays under 1.4 points.
REFERENCE_TEXTS = 5000
MIN_TERM_HITS = 20  # on either side, under which the entropy of key terms says nothing
MIN_AGREEMENT_PAIRS = 50  # blind pairs; a rule on the point fails a true 10 % of disagreement in 16 % of cases at 14
HEALTHY_SURVIVAL = (0.65, 0.85)
CARICATURE_SURVIVAL = 0.40
CHANGE_ALPHA = 0.01
REVIEW_MINUTES = 1.5  # a candidate read and decided; the middle of 1 to 2 minutes that review tools report

# A measure with an entry fails past its bound only when p is at or below this; without evidence it is not known.
GATE_ALPHA: Mapping[str, float] = MappingProxyType(
    {
        "entropy": 0.05,  # with p: false alarms 4 %; without: 28 % at 200 cases and 184 seeds
        "opening_share": 0.01,
        "rawness_lower": 0.01,
        "rawness_noise": 0.01,
        "rawness_open_end": 0.01,
        "shift": CHANGE_ALPHA,
        "signature_rate": 0.01,
        "term_mix": 0.01,
        "top_term_excess": 0.01,
    }
)
# Measures whose value is already relative to the seeds: `within` bounds its size.
RELATIVE: frozenset[str] = frozenset(
    {"entropy", "rawness_lower", "rawness_noise", "rawness_open_end", "signature_rate", "top_term_excess"}
)
# Measures that give the seeds' figure beside their own, which `within` needs; those above are relative by themselves.
BESIDE_SEEDS: frozenset[str] = frozenset(
    {"compression_ratio", "coverage", "distinct_1", "distinct_2", "mention", "opening_collision", "opening_share"}
    | {"spread", "syntactic_variety"}
)
# Measures of the whole set: no slice has one of its own.
OF_THE_SET: frozenset[str] = frozenset({"agreement", "related_judges"})
# Measures whose evidence is their interval: it must lie wholly past the bound.
GATE_INTERVAL: frozenset[str] = frozenset({"agreement", "survival"})

_ALL: tuple[Purpose, ...] = ("launch", "smoke", "bootstrap")
_WITH_SEEDS: tuple[Purpose, ...] = ("launch", "smoke")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultGate:
    """One gate that purposes bring; `of`: repeated over each key-term group, or each source of a kind."""

    measure: str
    min: float | None = None
    max: float | None = None
    within: float | None = None
    severity: Literal["error", "warning"] = "error"
    purposes: tuple[Purpose, ...] = _ALL
    of: Literal["terms", "production", "traffic"] | None = None
    name: str = ""  # the measure's own, unless given

    @property
    def title(self) -> str:
        """The gate's name."""
        return self.name or self.measure


DEFAULT_GATES: tuple[DefaultGate, ...] = (
    DefaultGate(measure="seeds", min=MIN_SEEDS, purposes=("launch",)),
    DefaultGate(measure="share"),  # without a bound: the mix's own counts
    DefaultGate(measure="related_judges", max=0),
    DefaultGate(measure="edited_seeds", max=0, severity="warning", purposes=_WITH_SEEDS),
    DefaultGate(measure="verified_share", min=0.25, purposes=("launch",)),
    DefaultGate(measure="agreement", min=0.80),
    DefaultGate(measure="near_duplicates", max=0),
    DefaultGate(measure="training_overlap", max=0),
    DefaultGate(
        measure="survival", min=HEALTHY_SURVIVAL[0], max=HEALTHY_SURVIVAL[1], severity="warning", purposes=_ALL
    ),
    DefaultGate(measure="survival", name="survival_floor", min=CARICATURE_SURVIVAL),
    DefaultGate(measure="rawness_lower", within=0.10, severity="warning", purposes=_WITH_SEEDS),
    DefaultGate(measure="rawness_open_end", within=0.10, severity="warning", purposes=_WITH_SEEDS),
    DefaultGate(measure="entropy", within=0.15, severity="warning", purposes=_WITH_SEEDS, of="terms"),
    DefaultGate(measure="term_mix", max=0.25, purposes=_WITH_SEEDS, of="terms"),
    DefaultGate(measure="top_term_excess", max=0.20, purposes=_WITH_SEEDS),
    DefaultGate(measure="opening_share", max=0.20, purposes=_WITH_SEEDS),
    DefaultGate(measure="spread", min=0.85, severity="warning", purposes=_WITH_SEEDS),
    DefaultGate(measure="seed_distance", max=0.10, purposes=_WITH_SEEDS),
    DefaultGate(measure="coverage", min=0.85, severity="warning", purposes=_WITH_SEEDS, of="production"),
    DefaultGate(measure="coverage", name="traffic", min=0.85, purposes=_WITH_SEEDS, of="traffic"),
)


def default_rules(
    purpose: Purpose,
    groups: Sequence[str],
    sources: Iterable[tuple[str, str]],
    replaced: Iterable[str] = (),
) -> tuple[GateRule, ...]:
    """Return the gates of a purpose. `sources` are (name, kind); `replaced` are measures that the spec gates itself.

    A gate that stands for several groups or sources carries its group's or source's name behind its own.
    """
    taken, of_kind = set(replaced), list(sources)
    rules: list[GateRule] = []
    for gate in DEFAULT_GATES:
        if purpose not in gate.purposes or gate.measure in taken:
            continue
        against: list[str | None] = [None]
        if gate.of is not None:
            against = list(groups) if gate.of == "terms" else [name for name, kind in of_kind if kind == gate.of]
        rules += [
            GateRule(
                name=gate.title if len(against) == 1 else f"{gate.title}_{of}",
                measure=gate.measure,
                of=of,
                min=gate.min,
                max=gate.max,
                within=gate.within,
                severity=gate.severity,
                is_default=True,
            )
            for of in against
        ]
    return tuple(rules)
