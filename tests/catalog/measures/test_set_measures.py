"""Measures of what the set is made of and of what people decided."""

from __future__ import annotations

import pytest
from builders import make_case, make_seed, make_spec
from sides import make_scope, run, seed_case

from evalspec.catalog import load_catalog
from evalspec.model.case import Lineage
from evalspec.model.ledger import Decision, Ledger, Reviewed, Survival
from evalspec.model.outcome import Measurement, Related
from evalspec.model.spec import Roles, Source
from evalspec.stats.scope import MeasureFacts, Scope

ROWS = [make_seed(number) for number in range(1, 6)]


def test_seeds_are_distinct_texts_of_the_set() -> None:
    """Rows of the snapshot that were not picked do not make a launch."""
    again = make_seed(9, input=f"  {str(ROWS[0].input).upper()} ")
    cases = [seed_case(row) for row in (*ROWS, again)]

    found = run("seeds", make_scope(cases=[*cases, make_case()], rows=[*ROWS, again, *map(make_seed, range(10, 99))]))

    assert (found.value, found.n) == (5, 6)
    assert found.detail["smallest_difference"] is None  # five pairs can show nothing


def test_real_share_counts_unchanged_production_text_only() -> None:
    cases = [
        seed_case(ROWS[0]),
        seed_case(ROWS[1], input="rewritten by hand"),
        seed_case(ROWS[2], edited=True),
        make_case(),
    ]
    scope = make_scope(cases=cases, rows=ROWS)

    assert run("real_share", scope).value == 0.25
    assert run("edited_seeds", scope).value == 2
    assert run("edited_seeds", make_scope(cases=[seed_case(ROWS[1], input="x", track="edge")], rows=ROWS)).value == 0


def test_golden_cases_are_not_real_ones() -> None:
    scope = make_scope(cases=[make_case(id="golden.0a1b2c3d4e5f", technique="golden"), make_case()], rows=ROWS)

    assert run("golden_share", scope).value == 0.5
    assert run("real_share", scope).value == 0.0


def test_a_share_stands_beside_what_the_mix_declares() -> None:
    cases = [make_case(id=f"prompted.new.delay.{at:02}") for at in range(3)]
    found = run("share", make_scope(cases=cases, label="pool=prompted"))

    assert (found.detail["cases"], found.detail["declared"]) == (3, 12)


def test_only_vouched_labels_are_verified() -> None:
    by = ("verified:legal", "inherited:seed.0a1b2c3d4e5f", "rule:delay", "model:writer")
    cases = [make_case(id=f"prompted.new.delay.{at:02}", expected_by=one) for at, one in enumerate(by)]
    found = run("verified_share", make_scope(cases=[*cases, make_case(expected=None, expected_by=None)]))

    assert (found.value, found.n) == (0.25, 4)
    assert found.detail["by"] == {"inherited": 1, "model": 1, "rule": 1, "verified": 1}


def test_waived_relations_of_judges_still_count() -> None:
    spec = make_spec(roles=Roles(jury=("one", "two"), subject=("bot",)))
    facts = MeasureFacts(
        related=(
            Related(left="jury one", right="generator writer", how="same family", waived_until="2030-01-01"),
            Related(left="jury one", right="jury two", how="same family"),
        )
    )

    assert run("related_judges", make_scope(spec=spec, facts=facts)).value == 0.5
    assert "not applicable" in (run("related_judges", make_scope()).note or "")


def many(name: str, scope: Scope) -> tuple[Measurement, ...]:
    found = load_catalog().get("measure", name).function(scope)
    assert isinstance(found, tuple)
    return found


def test_survival_flags_the_levels_of_the_worked_example() -> None:
    """Levels against the rest with Holm: buyers_remorse and delay, as intervals alone would not (measures.md, G)."""
    kept = {"buyers_remorse": 21, "damaged": 31, "delay": 38, "outside_window": 30, "wrong_item": 33}
    rows = [Survival(slice="", level="", kept=150, fixed=3, dropped=47)]
    rows += [Survival(slice="policy", level=name, kept=one, fixed=0, dropped=40 - one) for name, one in kept.items()]
    found = many("survival", make_scope(facts=MeasureFacts(reviewed=Reviewed(approved=(), survival=tuple(rows)))))
    by = {one.slice: one for one in found}

    assert by["all"].value == 0.765
    assert by["all"].interval == pytest.approx((0.702, 0.818), abs=5e-4)
    assert by["policy=delay"].p == pytest.approx(0.0056, abs=5e-5)
    assert by["policy=buyers_remorse"].p == pytest.approx(0.0012, abs=5e-5)
    assert sorted(name for name, one in by.items() if one.detail["flagged"]) == [
        "policy=buyers_remorse",
        "policy=delay",
    ]


def test_survival_before_any_decision_is_not_known() -> None:
    assert [one.value for one in many("survival", make_scope())] == [None]


def test_agreement_is_told_for_labels_and_for_verdicts() -> None:
    rows = [make_seed(at, votes=("refund", "refund" if at % 4 else "deny")) for at in range(1, 9)]
    lines = [
        Decision(case=f"c{at}", digest="d", verdict=verdict, reviewer=who, date="2026-01-01", blind=True)
        for at in range(4)
        for who, verdict in (("ann", "keep"), ("bob", "drop" if at == 0 else "keep"))
    ]
    found = {
        one.of: one
        for one in many("agreement", make_scope(rows=rows, facts=MeasureFacts(ledger=Ledger(decisions=tuple(lines)))))
    }

    assert (found["label"].value, found["label"].n) == (0.75, 8)
    assert found["verdict"].value == 0.75
    assert found["label"].detail["prevalence"] == {"deny": 0.125, "refund": 0.875}


def test_three_votes_are_rated_by_alpha() -> None:
    found = many(
        "agreement", make_scope(rows=[make_seed(1, votes=("a", "a", "b")), make_seed(2, votes=("b", "b", "b"))])
    )

    assert "alpha" in found[0].detail and found[0].n == 6


def test_age_is_asked_only_with_a_date() -> None:
    rows = [make_seed(1, time="2026-01-01T23:59:00Z"), make_seed(2, time="2025-12-01"), make_seed(3)]
    cases = [seed_case(row) for row in rows]
    dated = run("age", make_scope(cases=cases, rows=rows, facts=MeasureFacts(today="2026-01-11")))

    assert (dated.value, dated.detail["median"], dated.detail["undated"]) == (10, 10, 1)
    assert (run("age", make_scope(cases=cases, rows=rows)).note or "").startswith("not asked")


def test_made_cases_age_by_their_last_decision() -> None:
    line = Decision(case="prompted.new.delay.01", digest="d", verdict="keep", reviewer="ann", date="2026-01-01")
    facts = MeasureFacts(today="2026-02-01", ledger=Ledger(decisions=(line,)))

    assert run("age", make_scope(cases=[make_case()], facts=facts)).value == 31


def test_near_duplicates_spare_lineage_and_real_cases() -> None:
    text = "where is the refund for my blue jacket"
    slip = text.replace("refund", "refnud")
    parent = "seed.0a1b2c3d4e5f"
    cases = [
        make_case(id="prompted.new.delay.01", input=text),
        make_case(id="prompted.new.delay.02", input=slip),
        make_case(
            id="mutation.a.0a1b2c3d4e5f.1", input=text + "!", lineage=Lineage(pool="mutation", parents=(parent,))
        ),
        make_case(
            id="mutation.b.0a1b2c3d4e5f.1", input=text + "?", lineage=Lineage(pool="mutation", parents=(parent,))
        ),
        make_case(id="seed.0a1b2c3d4e5f", technique="seed", input=text),
    ]
    found = run("near_duplicates", make_scope(cases=cases))

    assert found.n == 4
    pairs = [tuple(pair[:2]) for pair in found.detail["pairs"]]  # type: ignore[attr-defined]
    assert pairs == [
        ("mutation.a.0a1b2c3d4e5f.1", "prompted.new.delay.01"),
        ("mutation.b.0a1b2c3d4e5f.1", "prompted.new.delay.01"),
        ("prompted.new.delay.01", "prompted.new.delay.02"),
    ]


def test_meaning_is_not_measured_without_a_model() -> None:
    assert (run("same_meaning", make_scope(cases=[make_case()])).note or "").startswith("not measured")


class Trained:
    """A firewall that knows one text."""

    rule, value = "equal_tokens", 1.0

    def overlap(self, text: str) -> Trained | None:
        return self if text == "seen before" else None


def test_training_overlap_tells_made_cases_from_production() -> None:
    spec = make_spec(sources=(Source(name="training", kind="training", path="t.jsonl"),))
    cases = [make_case(input="seen before"), seed_case(make_seed(1, input="seen before"))]
    found = run("training_overlap", make_scope(cases=cases, spec=spec, facts=MeasureFacts(firewall=Trained())))

    assert (found.value, found.detail["production"], found.detail["by_rule"]) == (1, 1, {"equal_tokens": 1})
    assert (run("training_overlap", make_scope(cases=cases)).note or "").startswith("not applicable")
