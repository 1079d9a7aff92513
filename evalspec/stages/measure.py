"""The set to measurements: every measure of the catalogue, pool by pool and on every slice that a gate asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property

from evalspec.model.case import EvalSet, Seed, measured_text
from evalspec.model.defaults import TAKEN
from evalspec.model.outcome import Measurement
from evalspec.model.spec import Spec, space_of
from evalspec.model.vocabulary import MEANING, NOT_RECOMPUTED, ON_REQUEST, spaces_with
from evalspec.registry import Catalog, Member
from evalspec.stages.measuring.base_set import base_frame, decided
from evalspec.stages.measuring.change import BROKEN, CHANGE, NO_BASE, change_of, survival_change
from evalspec.stages.measuring.frame import COMPARED, TEXTS, WHOLE, Frame, Slice, unique
from evalspec.stats.blas import one_thread
from evalspec.stats.comparison import Comparison
from evalspec.stats.scope import MeasureFacts, Scope, rounded
from evalspec.stats.tests import holm

__all__ = ["MeasureFacts", "measure"]

# Slices that every set is counted by, beside its axes.
TIMED = frozenset({"age"})  # what asks which day it is
COUNTED_BY = ("pool", "track", "language")
# Of so few, threads of a BLAS spend more CPU on waiting for each other than they save: measured, two to four times all.
FEW_CASES = 5000
NOTHING = Comparison(pool=(), seeds=(), key="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """One measure, held against one thing, in one space."""

    member: Member
    of: str | None = None
    space: str | None = None

    @property
    def per(self) -> str:
        return str(self.member.traits.get("per", "set"))

    @property
    def exempt_style(self) -> str | None:
        style = self.member.traits.get("exempt_style")
        return style if isinstance(style, str) else None


@dataclass
class _Run:
    """Comparisons made once and shared; a class because it remembers."""

    frame: Frame
    facts: MeasureFacts
    made: dict[tuple[str, str | None], Comparison] = field(default_factory=dict)

    @cached_property
    def base(self) -> _Run | None:
        """The set of the base lock beside today's seeds; None where there is none, or none that can be read."""
        frame = base_frame(self.facts.base, self.frame) if self.facts.base is not None else None
        return None if frame is None else _Run(frame=frame, facts=self.facts)

    def comparison(self, one: Slice, exempt_style: str | None) -> Comparison:
        key = (one.label, exempt_style if self.frame.asks_for(exempt_style) else None)
        if key not in self.made:
            self.made[key] = self.frame.comparison(one.label, one.match, exempt_style)
        return self.made[key]

    def scope(self, variant: _Variant, one: Slice) -> Scope:
        frame, member = self.frame, variant.member
        cases = frame.of(one.match)
        terms = dict(frame.spec.task.key_terms).get(variant.of or "", ()) if variant.per == "terms" else ()
        is_source = variant.per == "source" and variant.of is not None
        return Scope(
            spec=frame.spec,
            facts=self.facts,
            slice=one.label,
            cases=cases,
            all_cases=frame.cases,
            families=frame.families,
            seeds=frame.production,
            comparison=self.comparison(one, variant.exempt_style) if variant.per in TEXTS else NOTHING,
            source=frame.source_items(variant.of or "", cases) if is_source else (),
            terms=terms,
            of=variant.of,
            space=variant.space,
            measure=member.name,
            version=member.version,
            unit=str(member.traits["unit"]),
        )


def measure(
    evalset: EvalSet,
    seeds: Mapping[str, tuple[Seed, ...]],
    spec: Spec,
    catalog: Catalog,
    facts: MeasureFacts,
    *,
    only: Collection[str] | None = None,
) -> tuple[Measurement, ...]:
    """Measure a set against its seeds; p-values are corrected for the slices that gates may look at.

    `only` names the measures to take; None takes them all.
    """
    if facts.embed is not None:
        # All at once: a model that is fed pool by pool is slower, and its progress says nothing.
        facts.embed(
            [
                *(measured_text(case.candidate.input) for case in evalset.cases),
                *(
                    measured_text(seed.input)
                    for source in spec.sources_of("production")
                    for seed in seeds.get(source.name, ())
                ),
            ]
        )
    run = _Run(frame=Frame(evalset=evalset, seeds=seeds, spec=spec, embed=facts.embed), facts=facts)
    with one_thread() if len(evalset.cases) <= FEW_CASES else nullcontext():
        return _all(run, catalog, only)


def _all(run: _Run, catalog: Catalog, only: Collection[str] | None) -> tuple[Measurement, ...]:
    found: list[Measurement] = []
    for member in catalog.all("measure"):
        if only is not None and member.name not in only:
            continue
        for variant in _variants(member, run.frame):
            slices = _slices(variant, run.frame)
            rows = [(one, row) for one in slices for row in _measured(run, variant, one)]
            found += _corrected(rows)
            found += _changed(run, variant, slices)
    return tuple(found)


def _variants(member: Member, frame: Frame) -> tuple[_Variant, ...]:
    spec, per = frame.spec, member.traits.get("per")
    asked = [rule for rule in spec.gates if rule.measure == member.name]
    known = spaces_with(member.traits.get("spaces") or (None,), spec.screen.embedder)
    spaces = [
        space
        for space in known
        if (space not in MEANING or (space == spec.screen.embedder and _has_digests(member, spec)))
        and (space not in ON_REQUEST or any(rule.space == space for rule in asked))
    ]
    against: list[str | None] = [None]
    if per == "terms":
        against = [name for name, _ in spec.task.key_terms]
    elif per == "source":
        kinds = ("production", "traffic")
        against = [source.name for kind in kinds for source in spec.sources_of(kind)]  # type: ignore[arg-type]
        against += [rule.of for rule in asked if rule.of not in against and rule.of is not None]
    return tuple(_Variant(member=member, of=of, space=space) for of in dict.fromkeys(against) for space in spaces)


def _has_digests(member: Member, spec: Spec) -> bool:
    """Tell whether the spec has a source of the kind that a measure looks texts up in, if it does."""
    kind = member.traits.get("digests")
    return kind is None or bool(spec.sources_of(kind))


def _slices(variant: _Variant, frame: Frame) -> tuple[Slice, ...]:
    """Return the slices a measure is taken on, without those of pools that have no cases where texts are compared."""
    whole = Slice(label=WHOLE, match=())
    asked = [
        one
        for rule in frame.spec.gates
        if rule.measure == variant.member.name and rule.of in (None, variant.of)
        for one in frame.asked(rule)
    ]
    if variant.per == "set":
        own = (whole,) if variant.member.name in _ANSWERS_BY_ITSELF else (whole, *_made(variant, frame), *asked)
        return unique(own)
    if variant.per == "slice":
        by = (*COUNTED_BY, *(axis.name for axis in frame.spec.axes)) if variant.member.name == "cases" else ("pool",)
        return unique([whole, *(one for name in by for one in frame.levels(name)), *asked])
    if variant.per == "pools":
        return unique([*frame.pools(), *asked])
    filled = [one for one in frame.pools() if frame.of(one.match)]
    is_traffic = any(source.name == variant.of for source in frame.spec.sources_of("traffic"))
    gaps = variant.member.traits.get("whole")
    if gaps is not None:  # what a source has and the set lacks is asked of the set first
        return unique([whole, *(one for one in filled if one.is_judged and gaps == "too"), *asked])
    return unique([*([whole] if is_traffic else []), *filled, *asked])


def _made(variant: _Variant, frame: Frame) -> tuple[Slice, ...]:
    """Return the pools of made cases where meaning is counted by pool."""
    if variant.space not in MEANING or not variant.member.traits.get("by_pool"):
        return ()
    return tuple(
        one for one in frame.pools() if any(case.candidate.technique not in TAKEN for case in frame.of(one.match))
    )


# They give their own slices: of what was decided, not of the cases.
_ANSWERS_BY_ITSELF = frozenset({"survival", "agreement"})


def _measured(run: _Run, variant: _Variant, one: Slice) -> tuple[Measurement, ...]:
    return _taken(run.scope(variant, one), variant)


def _taken(scope: Scope, variant: _Variant) -> tuple[Measurement, ...]:
    if scope.cases and variant.exempt_style is not None and not scope.comparison.pool:
        return (scope.silent(f"not applicable: its personas are told which {variant.exempt_style} to write", n=0),)
    if variant.per in COMPARED and scope.comparison.why_not is not None:
        return (scope.silent(scope.comparison.why_not, n=len(scope.comparison.pool)),)
    digested = scope.facts.digested.get(variant.member.traits.get("digests", ""))
    if variant.space in MEANING and digested is not None and digested.why_not is not None:
        return (scope.silent(digested.why_not, n=0),)
    if variant.space in MEANING and scope.facts.embed is None:
        return (scope.silent(NOT_RECOMPUTED),)
    if variant.space in ON_REQUEST and scope.facts.tag is None:
        return (scope.silent(f"{NOT_RECOMPUTED} or tagger"),)
    result = variant.member.function(scope)
    return result if isinstance(result, tuple) else (result,)


def _corrected(rows: Iterable[tuple[Slice, Measurement]]) -> list[Measurement]:
    """Correct the p-values of a measure for its slices (Holm): those that gates look at, and the rest, apart."""
    listed = list(rows)
    if any(row.measure in _ANSWERS_BY_ITSELF for _, row in listed):
        return [row for _, row in listed]  # corrected level by level
    adjusted = [row for _, row in listed]
    for judged in (True, False):
        at = [i for i, (one, row) in enumerate(listed) if one.is_judged is judged and row.p is not None]
        for i, p in zip(at, holm([adjusted[i].p or 0.0 for i in at]), strict=True):
            detail = dict(adjusted[i].detail) | {"p_one_slice": adjusted[i].p}
            adjusted[i] = replace(adjusted[i], p=rounded(p), detail={name: detail[name] for name in sorted(detail)})
    return adjusted


def _changed(run: _Run, variant: _Variant, slices: Sequence[Slice]) -> list[Measurement]:
    """Return how far a measure moved since the base lock, on the slices where a gate bounds the change."""
    rules = [
        rule
        for rule in run.frame.spec.gates
        if rule.change is not None
        and rule.measure == variant.member.name
        and rule.of in (None, variant.of)
        and variant.space in (None, space_of(rule, run.frame.spec))
    ]
    if not rules:
        return []
    frames = [run.frame, *([run.base.frame] if run.base is not None else [])]  # a level may be gone since
    asked = [one for rule in rules for frame in frames for one in frame.asked(rule)]
    if any(not rule.where and rule.by is None for rule in rules):
        whole = [one for one in slices if one.label == WHOLE]
        asked += whole or [one for one in slices if one.is_judged or variant.per == "pools"]
    wanted = unique(asked)
    rows = [(one, _change(run, variant, one, len(wanted))) for one in wanted]
    # A change that is within its bound has no p, and counts as one of many all the same.
    ps = holm([1.0 if row.p is None else row.p for _, row in rows])
    return [row if row.p is None else replace(row, p=rounded(p)) for (_, row), p in zip(rows, ps, strict=True)]


def _change(run: _Run, variant: _Variant, one: Slice, slices: int) -> Measurement:
    now, member = run.scope(variant, one), variant.member
    now = replace(now, measure=f"{member.name}.{CHANGE}")
    if run.base is None:
        return now.silent(NO_BASE if run.facts.base is None else BROKEN)
    if member.name == "survival":
        return survival_change(now, decided(run.frame, one.match), decided(run.base.frame, one.match))
    then = replace(run.base.scope(variant, one), measure=now.measure)
    return change_of(now, then, member, slices, lambda scope: _taken(scope, variant)[0])
