"""Every measure, on every kind of slice, with every kind of bound: an answer that says why, or a refusal by `check`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from builders import make_case, make_seed, make_spec
from sides import plain_texts, seed_case, with_terms

from evalspec.catalog import load_catalog
from evalspec.model.case import Case, EvalSet, Lineage, Seed
from evalspec.model.defaults import BESIDE_SEEDS, OF_THE_SET, RELATIVE
from evalspec.model.ledger import Reviewed, Survival
from evalspec.model.outcome import Lock, Measurement
from evalspec.model.spec import GateRule, Spec
from evalspec.model.vocabulary import HELD_AGAINST
from evalspec.registry import Member
from evalspec.stages.gate import gate
from evalspec.stages.gate_words import TO_DO, TO_DO_ABOVE, TO_DO_BELOW, TOO_HIGH, TOO_LOW
from evalspec.stages.lock import case_record
from evalspec.stages.measure import MeasureFacts, measure
from evalspec.stages.measuring.frame import TEXTS
from evalspec.stages.resolving.gates import NO_CHANGE

CATALOG = load_catalog()
MEASURES = CATALOG.all("measure")
SLICES: dict[str, dict[str, object]] = {
    "neither": {},
    "one pool": {"where": (("pool", ("prompted",)),)},
    "one level": {"where": (("policy", ("delay",)),)},
    "two names": {"where": (("policy", ("delay",)), ("user", ("new",)))},
    "by pool": {"by": "pool"},
    "by level": {"by": "policy"},
}
BOUNDS = ({"min": 0.5}, {"max": 0.01}, {"within": 0.01}, {"change": 0.001})
TERMS = ("refund", "voucher", "invoice")


@cache
def cases() -> tuple[Case, ...]:
    made = [
        make_case(
            id=f"prompted.new.delay.{at:02}",
            input=f"{text} {TERMS[at % 2]}",
            lineage=Lineage(pool="prompted", cell={"user": "new", "policy": "delay" if at % 3 else "window"}),
        )
        for at, text in enumerate(plain_texts(60, "made"), start=1)
    ]
    return tuple(sorted([*made, *(seed_case(seed) for seed in rows()[:20])], key=lambda one: one.id))


@cache
def rows() -> tuple[Seed, ...]:
    return tuple(
        make_seed(at, input=f"{text} {TERMS[at % 3]}", metadata={"policy": "delay"})
        for at, text in enumerate(plain_texts(90, "rows"), start=1)
    )


def spec_with(*gates: GateRule) -> Spec:
    return with_terms(make_spec(gates=gates), *TERMS)


def found_of(member: Member, spec: Spec) -> tuple[Measurement, ...]:
    survival = [
        Survival(slice=name, level=level, kept=9, fixed=0, dropped=3)
        for name, level in (("", ""), ("policy", "delay"), ("policy", "window"), ("pool", "prompted"))
    ]
    older = [
        replace(one, candidate=replace(one.candidate, input=f"{one.candidate.input} indeed"))
        for one in cases()
        if one.candidate.pool == "prompted"
    ]
    facts = MeasureFacts(
        today="2026-12-01",
        reviewed=Reviewed(approved=(), survival=tuple(survival)),
        base=Lock(header={}, cases=tuple(case_record(one) for one in older), drops=()),
    )
    return measure(EvalSet(cases=cases(), drops=()), {"production": rows()}, spec, CATALOG, facts, only=[member.name])


def fits(member: Member, on: str, bound: dict[str, float]) -> bool:
    """What `check` lets through; the refusals have rows in `specs_bad`."""
    if "change" in bound and member.name in NO_CHANGE:
        return False
    if "change" in bound and member.name == "survival" and on in ("one level", "two names", "by level"):
        return False
    if "within" in bound and member.name not in BESIDE_SEEDS | RELATIVE:
        return False
    if member.name in OF_THE_SET and on != "neither":
        return False
    return member.name != "survival" or on != "two names"


@pytest.mark.parametrize("member", MEASURES, ids=lambda one: one.name)
def test_a_gate_that_check_lets_through_has_an_answer_and_says_why(member: Member) -> None:
    """What is not known is not evaluable for a stated reason, or past its bound with what would decide it."""
    of = {"terms": "ask", "source": "production"}.get(HELD_AGAINST.get(member.name, ""))
    rules = [
        GateRule(name=f"g{at}", measure=member.name, of=of, **place, **bound)  # type: ignore[arg-type]
        for at, (on, place, bound) in enumerate(
            (on, place, bound) for on, place in SLICES.items() for bound in BOUNDS if fits(member, on, bound)
        )
    ]
    spec = spec_with(*rules)
    verdicts = gate(found_of(member, spec), spec, "2026-12-01")

    assert {one.gate for one in verdicts} == {rule.name for rule in rules}
    for one in verdicts:
        assert one.message.startswith(member.name)
        assert "was not measured" not in one.message, one.message
        if one.status == "not known":
            note = one.measurement.note if one.measurement is not None else None
            assert one.advice or note or "bound it by `max`" in one.message, one
        if one.status == "pass":
            assert one.measurement is not None and one.measurement.value is not None
        assert not one.is_past or one.status in ("fail", "not known")


@pytest.mark.parametrize(
    "member", [one for one in MEASURES if one.traits.get("per") in TEXTS - {"texts"}], ids=lambda one: one.name
)
def test_whether_the_seeds_have_the_figure_too_is_known(member: Member) -> None:
    """`within` is refused for measures whose seeds have none."""
    of = {"terms": "ask", "source": "production"}.get(HELD_AGAINST.get(member.name, ""))
    found = found_of(member, spec_with(GateRule(name="g", measure=member.name, of=of, max=9)))
    values = [one for one in found if one.slice == "pool=prompted" and one.value is not None and one.space != "c2st"]

    if values and member.name not in RELATIVE:
        assert {one.baseline is not None for one in values} == {member.name in BESIDE_SEEDS}


def test_advice_is_meant_on_the_side_that_the_catalogue_calls_worse() -> None:
    better = {one.name: one.traits["better"] for one in MEASURES}

    assert all(better[name] == "higher" for name in TOO_LOW)
    assert all(better[name] == "lower" for name in TOO_HIGH)
    assert TO_DO.keys() == better.keys()  # whatever fails says what to do
    assert {name for name, side in better.items() if side in ("higher", "lower")} == TOO_LOW | TOO_HIGH
    assert (TO_DO_ABOVE.keys() | TO_DO_BELOW.keys()).isdisjoint(TOO_LOW | TOO_HIGH)
