"""A gate passes, fails with evidence, or is not known; and it says what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import make_spec
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from evalspec.model.defaults import DEFAULT_GATES, default_rules
from evalspec.model.outcome import Measurement, Verdict
from evalspec.model.spec import GateRule, Waiver
from evalspec.stages.gate import gate
from evalspec.stats.intervals import wilson
from evalspec.verification import past_without_evidence, unsure_changes


def row(measure: str, value: float | None, label: str = "pool=prompted", **fields: object) -> Measurement:
    return Measurement(measure=measure, version=1, value=value, slice=label, n=40, **fields)  # type: ignore[arg-type]


def judge(rule: GateRule, *rows: Measurement, today: str | None = None, waivers: tuple[Waiver, ...] = ()) -> Verdict:
    verdicts = gate(rows, make_spec(gates=(rule,), waivers=waivers), today)
    assert len(verdicts) == 1
    return verdicts[0]


@pytest.mark.parametrize(
    ("bounds", "given", "status"),
    [
        ({"max": 0.2}, {"measure": "top_term_excess", "value": 0.1, "p": 0.001}, "pass"),
        ({"max": 0.2}, {"measure": "top_term_excess", "value": 0.3, "p": 0.01}, "fail"),
        ({"max": 0.2}, {"measure": "top_term_excess", "value": 0.3, "p": 0.011}, "not known"),
        ({"max": 0.2}, {"measure": "top_term_excess", "value": 0.3}, "not known"),
        ({"within": 0.15}, {"measure": "entropy", "value": -0.2, "p": 0.05}, "fail"),
        ({"within": 0.15}, {"measure": "entropy", "value": 0.8, "p": 0.001}, "fail"),
        ({"within": 0.15}, {"measure": "entropy", "value": -0.2, "p": 0.06}, "not known"),
        ({"within": 0.15}, {"measure": "entropy", "value": 0.1, "note": "not known: 3 hits"}, "not known"),
        ({"within": 0.10}, {"measure": "distinct_2", "value": 0.8, "baseline": 1.0}, "fail"),
        ({"within": 0.25}, {"measure": "distinct_2", "value": 0.8, "baseline": 1.0}, "pass"),
        ({"min": 0.85}, {"measure": "spread", "value": 0.84}, "fail"),
        ({"min": 0.85}, {"measure": "spread", "value": 0.85}, "pass"),
        ({"max": 0}, {"measure": "near_duplicates", "value": 1}, "fail"),
        ({"min": 0.85}, {"measure": "spread", "value": None, "note": "not evaluable: 12 cases"}, "not known"),
        ({"max": 0}, {"measure": "related_judges", "value": None, "note": "not applicable: no jury"}, "off"),
        ({"change": 0.005}, {"measure": "shift.change", "value": 0.006, "p": 0.01}, "fail"),
        ({"change": 0.005}, {"measure": "shift.change", "value": 0.006, "p": 0.2}, "not known"),
        ({"change": 0.005}, {"measure": "shift.change", "value": -0.1, "p": 1.0}, "pass"),
    ],
)
def test_three_answers(bounds: dict[str, float], given: dict[str, object], status: str) -> None:
    name = str(given["measure"])
    rule = GateRule(name="g", measure=name.removesuffix(".change"), where=(("pool", ("prompted",)),), **bounds)  # type: ignore[arg-type]
    found = judge(rule, row(name, **{key: value for key, value in given.items() if key != "measure"}))  # type: ignore[arg-type]

    assert found.status == status


@pytest.mark.parametrize(
    ("kept", "decided", "status"),
    [
        (30, 40, "pass"),
        (38, 40, "not known"),
        (46, 50, "not known"),
        (95, 100, "fail"),
        (20, 50, "fail"),
        (21, 40, "not known"),
    ],
)
def test_survival_fails_when_its_interval_lies_outside_the_band(kept: int, decided: int, status: str) -> None:
    found = row("survival", kept / decided, "all", interval=wilson(kept, decided))

    assert (
        judge(GateRule(name="survival", measure="survival", min=0.65, max=0.85), replace(found, n=decided)).status
        == status
    )


def test_agreement_needs_fifty_pairs() -> None:
    rule = GateRule(name="agreement", measure="agreement", min=0.8)
    few = replace(row("agreement", 0.4, "all", interval=wilson(8, 20)), n=20)
    many = replace(row("agreement", 0.4, "all", interval=wilson(40, 100)), n=100)

    assert (judge(rule, few).status, judge(rule, many).status) == ("not known", "fail")
    assert judge(rule, few).advice == "30 more blind pairs are needed"


def test_what_is_not_known_and_within_its_bound_is_not_called_past_it() -> None:
    """A build names the gates that look past their bound; too few pairs that agree are none of them."""
    agreement = GateRule(name="agreement", measure="agreement", min=0.8)
    within = judge(agreement, row("agreement", 1.0, "all", note="not known yet: 1 blind pairs"))
    past = judge(agreement, replace(row("agreement", 0.4, "all", interval=wilson(8, 20)), n=20))
    assert (within.status, within.is_past) == (past.status, not past.is_past) == ("not known", False)
    assert past_without_evidence([within, past]) == "agreement" and not past_without_evidence([within])


def test_a_change_past_its_bound_says_on_the_spot_what_would_decide_it() -> None:
    """No report holds a change, so the build may not send its reader there."""
    rule = GateRule(name="drift", measure="shift", where=(("pool", ("prompted",)),), change=0.005)
    detail = {"now": 0.02, "then": 0.01, "in_both": 10}
    found = judge(rule, row("shift.change", 0.01, p=0.04, detail=detail))

    assert not past_without_evidence([found])
    assert unsure_changes([found]) == (
        "gate drift (pool=prompted): shift.change is 0.01 (40 looked at, 0.02 now and 0.01 in the base lock, p 0.040); "
        "bound: change 0.005; past the bound, and chance is not ruled out; about 197 more cases that the base does not "
        "have would decide it, if the figure stays",
    )
    same = judge(rule, row("shift.change", 0.01, p=1.0, detail={**detail, "in_both": 40}))
    assert same.advice == "no case is new, only some of the old ones are gone: nothing says that the writer changed"


def test_changes_without_a_base_say_how_to_get_one() -> None:
    rule = GateRule(name="drift", measure="shift", where=(("pool", ("prompted",)),), change=0.005)
    for note, advice in (
        (
            "skipped: there is no base lock to compare with",
            "commit a lock, or name a commit that has one with `--base`",
        ),
        (
            "refused: the base lock was measured by shift@9",
            "commit a lock of this build: from then on changes are measured",
        ),
    ):
        found = judge(rule, row("shift.change", None, note=note))
        assert (found.status, found.advice) == ("not known", advice)


@pytest.mark.parametrize(
    ("bounds", "given", "advice"),
    [
        ({"max": 0.2}, {"detail": {"declared": 12, "cases": 12}}, "lower the pool's share"),
        ({"min": 0.4}, {"detail": {"declared": 12, "cases": 12}}, "raise the pool's share"),
        ({}, {"detail": {"declared": 12, "cases": 11}}, "decide the pending cases"),
    ],
)
def test_advice_is_for_the_side_of_the_bound(
    bounds: dict[str, float], given: dict[str, dict[str, object]], advice: str
) -> None:
    found = judge(GateRule(name="share", measure="share", **bounds), row("share", 0.3, **given))  # type: ignore[arg-type]

    assert found.status == "fail" and (found.advice or "").startswith(advice)


def test_a_comparison_without_a_slice_looks_at_what_a_generator_wrote() -> None:
    rows = [row("spread", 0.5, f"pool={pool}") for pool in ("seed", "mutation", "prompted", "persona", "redteam")]
    found = gate(rows, make_spec(gates=(GateRule(name="spread", measure="spread", min=0.85),)), None)

    assert [one.measurement.slice for one in found if one.measurement] == ["pool=prompted", "pool=persona"]


def test_by_looks_at_each_level_and_where_at_one() -> None:
    rows = [
        row("survival", 0.2, label, interval=(0.1, 0.3))
        for label in ("all", "policy=delay", "policy=window", "user=new")
    ]
    by = gate(rows, make_spec(gates=(GateRule(name="g", measure="survival", by="policy", min=0.65),)), None)
    one = GateRule(name="g", measure="survival", where=(("policy", ("window",)),), min=0.65)

    assert [each.measurement.slice for each in by if each.measurement] == ["policy=delay", "policy=window"]
    assert judge(one, *rows).measurement == rows[2]


def test_a_gate_of_one_group_or_space_looks_at_no_other() -> None:
    rows = [row("term_mix", 0.5, of="ask", p=0.001), row("term_mix", 0.1, of="pay", p=0.001)]
    spaces = [row("shift", 0.5, space="js", p=0.001), row("shift", 0.001, space="lexical", p=0.001)]

    assert judge(GateRule(name="t", measure="term_mix", of="pay", max=0.25), *rows).status == "pass"
    assert judge(GateRule(name="s", measure="shift", max=0.01), *spaces).status == "pass"
    assert judge(GateRule(name="s", measure="shift", space="js", max=0.01), *spaces).status == "fail"


def test_a_share_without_a_bound_is_held_against_the_mix() -> None:
    rule = GateRule(name="share", measure="share")
    right = row("share", 0.3, detail={"cases": 12, "declared": 12})
    wrong = row("share", 0.3, detail={"cases": 11, "declared": 12})

    assert judge(rule, right).status == "pass"
    assert judge(rule, wrong).status == "fail"
    assert "declares 12 cases, there are 11" in judge(rule, wrong).message


def test_a_waiver_holds_until_its_last_day() -> None:
    rule = GateRule(name="seeds", measure="seeds", min=50)
    waivers = (Waiver(gate="seeds", reason="First month.", until="2026-12-31"),)
    few = row("seeds", 10, "all")

    for today, blocks in ((None, False), ("2026-12-31", False), ("2027-01-01", True)):
        found = judge(rule, few, today=today, waivers=waivers)
        assert (found.status, found.blocks) == ("fail", blocks)
    assert judge(rule, few, today=None, waivers=waivers).waiver_reason == "First month."
    assert "its waiver ended on 2026-12-31" in judge(rule, few, today="2027-01-01", waivers=waivers).message


def test_warnings_and_switched_off_gates_do_not_block() -> None:
    poor = row("spread", 0.1)
    warning = judge(GateRule(name="spread", measure="spread", min=0.85, severity="warning"), poor)
    off = judge(GateRule(name="spread", measure="spread", min=0.85, severity="off"), poor)

    assert (warning.status, warning.blocks, off.status, off.blocks) == ("fail", False, "off", False)


def test_a_verdict_says_the_figure_the_cause_and_what_to_do() -> None:
    rule = GateRule(name="top", measure="top_term_excess", max=0.2)
    found = judge(rule, row("top_term_excess", 0.4, p=0.002, baseline=0.1, detail={"term": "order"}))

    assert found.message == ("top_term_excess is 0.4 (40 looked at, seeds 0.1, p 0.002); bound: max 0.2; term `order`")
    assert found.advice is not None and found.advice.startswith("take the word out")


def test_a_gate_that_is_not_known_says_how_many_cases_would_decide() -> None:
    rule = GateRule(name="top", measure="top_term_excess", max=0.2)
    found = judge(rule, row("top_term_excess", 0.3, p=0.05))

    assert found.advice == "about 41 more cases would decide it, if the figure stays"
    assert "chance alone" in (judge(rule, row("top_term_excess", 0.3, p=0.8)).advice or "")


@given(st.floats(0.011, 0.4), st.integers(30, 300), st.integers(30, 900))
def test_the_cases_a_comparison_asks_for_do_decide_it(p: float, cases: int, seeds: int) -> None:
    """At so many texts a side the same effect has p at most 0.01: z goes with the root of 1/cases + 1/seeds."""
    rule = GateRule(name="top", measure="top_term_excess", max=0.2)
    found = judge(rule, replace(row("top_term_excess", 0.3, p=p, baseline_n=seeds), n=cases))
    more = {
        what: int(many.replace(",", ""))
        for many, what in re.findall(r"([\d,]+) more (cases|seeds)", found.advice or "")
    }
    if "chance alone" in (found.advice or ""):
        assert norm.isf(p) < 0.5  # so many that nobody would make them
        return
    before = 1 / cases + 1 / seeds
    after = 1 / (cases + more.get("cases", 0)) + 1 / (seeds + more.get("seeds", 0))

    assert more and norm.sf(norm.isf(p) * (before / after) ** 0.5) <= 0.01 + 1e-9
    fewer = 1 / (cases + more.get("cases", 0) - 2) + 1 / (seeds + more.get("seeds", 0) - 2 * ("seeds" in more))
    assert more["cases"] <= 2 or norm.sf(norm.isf(p) * (before / fewer) ** 0.5) > 0.01


def test_the_cases_a_survival_gate_asks_for_do_decide_it() -> None:
    rule = GateRule(name="survival", measure="survival", min=0.65)
    found = judge(rule, replace(row("survival", 0.525, "all", interval=wilson(21, 40)), n=40))
    more = int((found.advice or "about 0").split()[1])

    assert found.status == "not known"
    assert wilson(round(0.525 * (40 + more)), 40 + more)[1] < 0.65


def test_what_was_not_measured_is_not_known() -> None:
    rule = GateRule(name="g", measure="survival", by="policy", min=0.65)

    assert judge(rule).status == "not known"
    silent = row("survival", None, "all", note="not known yet: no candidate has been decided")
    assert "no candidate has been decided" in judge(rule, silent).message


@given(
    st.sampled_from(["top_term_excess", "spread", "survival", "near_duplicates"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.001, 1),
)
def test_a_looser_bound_never_turns_pass_into_fail(name: str, value: float, one: float, other: float, p: float) -> None:
    low, high = sorted((one, other))
    given_row = row(name, value, p=p, interval=(max(0.0, value - 0.1), min(1.0, value + 0.1)))
    rank = {"pass": 0, "not known": 1, "fail": 2}
    where = (("pool", ("prompted",)),)
    tight, loose = (judge(GateRule(name="g", measure=name, where=where, max=bound), given_row) for bound in (low, high))

    assert rank[loose.status] <= rank[tight.status]


def test_every_purpose_has_its_default_gates() -> None:
    sources = [("production", "production"), ("sample", "traffic"), ("golden", "golden")]
    names = {
        purpose: [rule.name for rule in default_rules(purpose, ["ask", "pay"], sources)]  # type: ignore[arg-type]
        for purpose in ("launch", "smoke", "bootstrap")
    }

    assert {"seeds", "verified_share", "entropy_ask", "entropy_pay", "coverage", "traffic"} <= set(names["launch"])
    assert "seeds" not in names["smoke"] and "coverage" in names["smoke"]
    assert "coverage" not in names["bootstrap"] and "related_judges" in names["bootstrap"]
    assert all(len(set(found)) == len(found) for found in names.values())
    assert not [rule for rule in default_rules("launch", [], sources, replaced=["seeds"]) if rule.measure == "seeds"]
    assert all(rule.is_default for rule in default_rules("launch", ["ask"], sources))
    assert {gate.measure for gate in DEFAULT_GATES} >= {"share", "survival"}


def test_a_survival_gate_asks_for_decided_candidates_whatever_the_levels_say() -> None:
    """The p of a level is against the other levels; its own interval is what decides."""
    found = judge(
        GateRule(name="s", measure="survival", where=(("policy", ("delay",)),), min=0.65, max=0.85),
        row("survival", 15 / 16, "policy=delay", p=1.0, interval=wilson(15, 16)),
    )

    assert found.status == "not known" and "p 1.000 against the other levels" in found.message
    assert (found.advice or "").endswith("more decided candidates would decide it, if the figure stays")


def test_key_terms_that_are_short_are_counted_in_texts_of_that_side() -> None:
    rule = GateRule(name="e", measure="entropy", of="ask", where=(("pool", ("prompted",)),), within=0.15)
    few = row("entropy", -0.3, of="ask", baseline_n=80, detail={"hits": 16, "hits_seeds": 5})
    none = row("entropy", -0.3, of="ask", baseline_n=80, detail={"hits": 40, "hits_seeds": 0})

    assert judge(rule, few).advice == (
        "about 10 more cases and 240 more seeds outside the set make it 20 key terms a side, which is enough"
    )
    assert "none of the 80 seeds outside the set holds a term of `ask`" in (judge(rule, none).advice or "")


def test_a_figure_that_the_seeds_do_not_have_is_within_nothing() -> None:
    rule = GateRule(name="w", measure="opening_collision", where=(("pool", ("prompted",)),), within=0.1)

    assert judge(rule, row("opening_collision", 0.1, baseline=0.0)).status == "not known"
    assert judge(rule, row("opening_collision", 0.0, baseline=0.0)).status == "pass"


def test_a_figure_beside_the_seeds_needs_the_evidence_that_it_has() -> None:
    rule = GateRule(name="m", measure="mention", of="ask", where=(("pool", ("prompted",)),), within=0.1)

    assert judge(rule, row("mention", 0.5, of="ask", baseline=0.3, p=0.2)).status == "not known"
    assert judge(rule, row("mention", 0.5, of="ask", baseline=0.3, p=0.01)).status == "fail"


def test_a_bound_on_the_good_side_is_questioned() -> None:
    found = judge(GateRule(name="s", measure="seeds", max=10), row("seeds", 72, "all"))

    assert found.advice == "a higher `seeds` is the better one: is `max` the bound that you mean?"


def test_what_has_no_figure_yet_says_how_to_get_one() -> None:
    rule = GateRule(name="agreement", measure="agreement", min=0.8)
    found = judge(rule, row("agreement", None, "all", note="not known yet: nothing was judged twice, blind"))

    assert "at least 50 cases decided by two people" in (found.advice or "")
