"""The set of the base lock, as measures see it: what a lock does not hold comes from what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast

from evalspec.model.case import Candidate, Case, Drop, EvalSet, Lineage, ReviewMark, Seed, input_from_json
from evalspec.model.defaults import TAKEN
from evalspec.model.outcome import Lock
from evalspec.model.spec import Behaviour, Expected, Match, Spec, Technique, Track
from evalspec.stages.measuring.frame import Frame
from evalspec.stages.review import STAGE

# The first part of a provenance tag, where it is not the technique itself.
_TECHNIQUES: Mapping[str, Technique] = MappingProxyType({"prod": "seed", "golden": "golden"})


def base_frame(base: Lock, now: Frame) -> Frame | None:
    """Put the base's cases beside today's seeds; None where a case of it is none, since somebody edited the lock.

    Of a row that is another one today the base's case knows nothing, so it is left out.
    """
    try:
        cases = tuple(_case(record, now.spec) for record in base.cases)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    said = {case.id.rpartition(".")[2]: case.candidate.input for case in cases if case.candidate.technique == "seed"}
    seeds: dict[str, tuple[Seed, ...]] = {
        name: tuple(row for row in rows if said.get(row.key, row.input) == row.input)
        for name, rows in now.seeds.items()
    }
    drops = tuple(
        Drop(id=str(one.get("id")), stage=str(one.get("stage")), reason=str(one.get("reason")), pool="", stratum="")
        for one in base.drops
    )
    return replace(now, evalset=EvalSet(cases=cases, drops=drops), seeds=seeds)


def decided(frame: Frame, match: Match) -> Mapping[str, bool]:
    """Return the candidates of the set, or of a pool, that people decided about, each with whether it survived.

    Of a dropped one a lock says its id alone, which begins with its pool. Rows that were taken count in their own pool.
    """
    pools = {name for key, values in match if key == "pool" for name in values}
    made = {pool.name for pool in frame.spec.pools if pool.kind not in TAKEN}
    of = pools if match else made
    kept = {one.id: True for one in frame.cases if one.review is not None}
    dropped = {one.id: False for one in frame.evalset.drops if one.stage == STAGE}
    return {id: lived for id, lived in (dropped | kept).items() if id.partition(".")[0] in of}


def _case(record: Mapping[str, object], spec: Spec) -> Case:
    lineage = _lineage(record.get("lineage"))
    review = record.get("review")
    verdict = review.get("verdict") if isinstance(review, Mapping) else None
    if not isinstance(record["input"], str | list):
        raise TypeError("neither a text nor messages")
    candidate = Candidate(
        id=str(record["id"]),
        pool=lineage.pool,
        technique=_technique(str(record["provenance"]), lineage.pool, spec),
        stratum="",
        input=input_from_json(record["input"]),
        provenance=str(record["provenance"]),
        track=cast(Track, record["track"]),
        language=str(record["language"]),
        expected=cast(Expected | None, record.get("expected")),
        expected_by=cast(str | None, record.get("expected_by")),
        behaviour=cast(Behaviour, record.get("behaviour", "answer")),
        relation=_mapping(record.get("relation")),
        lineage=lineage,
        metadata={name: str(value) for name, value in _mapping(record.get("metadata")).items()},
        edited=verdict == "fix",
    )
    mark = ReviewMark(verdict=verdict, by=()) if verdict in ("keep", "fix") else None
    return Case(candidate=candidate, digest=str(record["digest"]), review=mark)


def _lineage(held: object) -> Lineage:
    """Read a lineage; what a later version wrote beside the fields of this one is nothing that is measured here."""
    known = {name: value for name, value in _mapping(held).items() if name in Lineage.__dataclass_fields__}
    return Lineage(**{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()})  # type: ignore[arg-type]  # as `lineage_record` wrote them


def _mapping(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError("no mapping")
    return value


def _technique(provenance: str, pool: str, spec: Spec) -> Technique:
    """Return how a case came to be: what its tag says, else what the pool does today."""
    head = provenance.partition("-")[0]
    if head in _TECHNIQUES:
        return _TECHNIQUES[head]
    kind = next((one.kind for one in spec.pools if one.name == pool), None)
    if kind is not None and kind not in _TECHNIQUES.values():
        return kind
    return "prompted" if head == "synth" else cast(Technique, head)
