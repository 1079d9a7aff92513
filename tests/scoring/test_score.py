"""A scorecard: the worked table, what counts as evidence, relations, refusals, reruns, and pages that are inert."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from swaps import case, lock_of, outcome, pairs, run_of, scored, worked_table

from evalspec.model.result import Result
from evalspec.scoring.cases import scored_cases
from evalspec.scoring.compare import change, compare_slices, divergence
from evalspec.scoring.numbers import numbers
from evalspec.scoring.pages import as_markdown, as_text, page
from evalspec.scoring.score import score, swap_of
from evalspec.scoring.tally import groups, noise, outcomes_of, rate, refusals, relations
from evalspec.scoring.verdict import decide
from evalspec.stats.tests import DISCORDANCE, smallest_difference


def test_the_worked_table_blocks() -> None:
    """All four figures of the table, p .0386, Tango [-.247, -.023]: all together -1.4, and the verdict is block."""
    card = score(*worked_table(2, 10))
    seed, synthetic, whole = card.parts["seed"], card.parts["synthetic"], card.parts["all"]

    assert (seed.pairs, seed.cases, seed.gain, seed.loss, seed.method) == (62, 65, 2, 10, "exact")
    assert seed.p == pytest.approx(0.0386, abs=5e-5)
    assert seed.interval == pytest.approx((-0.247, -0.023), abs=5e-4)
    assert (synthetic.baseline, synthetic.contender) == pytest.approx((129 / 153, 134 / 153))
    assert [round(100 * (one or 0), 1) for one in (whole.baseline, whole.contender, whole.delta)] == [71.2, 69.8, -1.4]
    assert card.verdict.decision == "block" and card.blocks
    assert "+3.3 points on 153 synthetic cases do not make up for it" in card.verdict.reason
    assert card.verdict.cautions[0].startswith("3 of 65 real cases are not scored in both runs")


@pytest.mark.parametrize(("gain", "loss", "p"), [(4, 12, 0.0768), (8, 16, 0.1516)])
def test_the_same_percentages_may_say_nothing(gain: int, loss: int, p: float) -> None:
    """The table alone does not decide: with other discordant counts it is inconclusive."""
    card = score(*worked_table(gain, loss))

    assert card.parts["seed"].delta == pytest.approx(-8 / 62)
    assert card.parts["seed"].p == pytest.approx(p, abs=1e-4)
    assert card.verdict.decision == "inconclusive" and card.blocks
    assert not score(*worked_table(gain, loss, purpose="smoke")).blocks


def test_the_p_decides_where_the_interval_disagrees() -> None:
    """4 gained and 12 lost: the interval leaves out 0 and the exact p is .077."""
    seed = score(*worked_table(4, 12)).parts["seed"]

    assert seed.interval[1] < 0 < 0.05 < (seed.p or 0)
    assert decide(seed, 0.02) == "inconclusive"


def test_a_ship_rules_out_a_loss_beyond_the_margin() -> None:
    """600 real cases without a difference ship at two points and not at half a point."""
    members = pairs("seed", both=400, gain=10, loss=8, neither=182)
    lock = lock_of([case(name) for name in members])
    runs = [run_of(lock, str(at), {name: one[at] for name, one in members.items()}) for at in (0, 1)]

    card = score(lock, *runs)

    assert (card.verdict.decision, card.blocks) == ("ship", False)
    assert score(lock, *runs, margin=0.005).verdict.decision == "inconclusive"


def test_without_real_cases_nothing_ships() -> None:
    """However well a synthetic set goes."""
    lock = lock_of([case(f"synth.{at}", "synth-x") for at in range(50)])
    before, after = (run_of(lock, str(ok), {f"synth.{at}": ok for at in range(50)}) for ok in (False, True))

    card = score(lock, before, after)

    assert card.verdict.decision == "inconclusive" and card.divergence is None
    assert "no case from real users" in card.verdict.reason


def test_what_a_contender_does_not_answer_is_said() -> None:
    """Errors count nowhere, and the caution tells that the verdict would turn if they were failures."""
    members = pairs("seed", both=500, gain=0, loss=0, neither=0)
    lock = lock_of([case(name) for name in members])
    silent = sorted(members)[:30]
    before = run_of(lock, "a", dict.fromkeys(members, True))
    after = run_of(lock, "b", dict.fromkeys(members, True) | dict.fromkeys(silent, "timeout"))

    card = score(lock, before, after)

    assert card.verdict.decision == "ship"
    assert "the verdict would be block" in card.verdict.cautions[0]
    found = next(one for one in card.contender.rates if one.slice == "seed")
    assert (found.cases, found.scored, found.errors, found.missing, found.value) == (500, 470, 30, 0, 1.0)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_pairs_that_stand_alone_are_tested_exactly(both: list[tuple[bool, bool]]) -> None:
    """p is scipy's binomial test of gains among the discordant pairs."""
    cases = [scored(str(at)) for at in range(len(both))]
    before = {str(at): outcome(one) for at, (one, _) in enumerate(both)}
    after = {str(at): outcome(one) for at, (_, one) in enumerate(both)}

    found = change("seed", cases, before, after)

    assert found.method == "exact"
    discordant = found.gain + found.loss
    assert found.p == pytest.approx(stats.binomtest(found.gain, discordant).pvalue if discordant else 1.0)
    assert change("seed", cases, after, before).delta == pytest.approx(-(found.delta or 0.0))


def test_siblings_reruns_and_weights_are_tested_over_families() -> None:
    """Each of the three makes McNemar over cases wrong."""
    names = [str(at) for at in range(6)]
    before = {name: outcome(True) for name in names}
    after = {name: outcome(at != 0) for at, name in enumerate(names)}
    plain = [scored(name) for name in names]
    siblings = [scored(name, family="f" if at < 2 else None) for at, name in enumerate(names)]
    weighted = [scored(name, weight=2.0 if at == 0 else 1.0) for at, name in enumerate(names)]
    reruns = {**after, "1": outcome(True, False)}

    assert change("x", plain, before, after).method == "exact"
    assert change("x", siblings, before, after).families == 5
    for found in (
        change("x", siblings, before, after),
        change("x", weighted, before, after),
        change("x", plain, before, reruns),
    ):
        assert found.method == "families"
    assert change("x", weighted, before, after).delta == pytest.approx(-2 / 7)
    assert change("x", plain, before, reruns).delta == pytest.approx(-1.5 / 6)


def test_slices_are_adjusted_over_all_of_them() -> None:
    """Holm; a slice that holds the same cases as a part or another slice is tested once."""
    levels = ("a", "b", "c")
    cases = [
        scored(f"{level}{at:02}", slices=(f"topic={level}", "track=wild", f"twin={level}"))
        for level in levels
        for at in range(20)
    ]
    before = {one.id: outcome(True) for one in cases}
    after = {one.id: outcome(not one.id.startswith("a0")) for one in cases}

    found = {one.slice: one for one in compare_slices(cases, before, after)}

    assert set(found) == {"topic=a", "topic=b", "topic=c"}
    assert found["topic=a"].adjusted == pytest.approx(min(1.0, 3 * (found["topic=a"].p or 0)))
    assert found["topic=b"].adjusted == 1.0


def test_parts_move_together_only_where_the_interval_says_so() -> None:
    """Yes within the margin, no beyond 0, else not known."""

    def moved(seeds: tuple[int, int], others: tuple[int, int], n: int) -> str | None:
        cases, before, after = [], {}, {}
        for part, (gain, loss) in (("seed", seeds), ("synthetic", others)):
            for at in range(n):
                name = f"{part}{at}"
                cases.append(scored(name, part=part))
                before[name] = outcome(at >= gain)
                after[name] = outcome(not gain <= at < gain + loss)
        found = divergence(cases, before, after, 0.02)
        return found.together if found else None

    assert moved((2, 10), (20, 2), 60) == "no"
    assert moved((2, 3), (3, 2), 60) == "not known"
    assert moved((3, 3), (3, 3), 2000) == "yes"
    assert moved((0, 0), (0, 0), 60) is None


def test_relations_need_a_parent_that_passes() -> None:
    """Held, violated, or no answer when the parent failed, was not scored or is not in the set."""
    inherited = {
        "expected_by": "inherited:seed.1",
        "lineage": {"pool": "mutation", "operator": "typo", "parents": ["seed.1"]},
    }
    declared = {
        "relation": {"name": "override", "parent": "seed.2"},
        "lineage": {"pool": "redteam", "attack": "override"},
    }
    gone = {
        "expected_by": "inherited:seed.9",
        "lineage": {"pool": "mutation", "operator": "typo", "parents": ["seed.9"]},
    }
    lock = lock_of(
        [
            *(case(f"seed.{at}") for at in (1, 2)),
            case("mutation.1", "mutation-typo", **inherited),
            case("mutation.2", "mutation-typo", **inherited),
            case("mutation.3", "mutation-typo", **gone),
            case("redteam.1", "redteam-override", **declared),
        ]
    )
    cases = scored_cases(lock)
    run = run_of(
        lock,
        "a",
        {
            "seed.1": True,
            "seed.2": False,
            "mutation.1": True,
            "mutation.2": False,
            "mutation.3": True,
            "redteam.1": True,
        },
    )

    found = {one.name: one for one in relations(cases, outcomes_of(run))}

    typo, override = found["typo"], found["override"]
    assert (typo.held, typo.violated, typo.not_evaluable) == (1, 1, 1)
    assert (override.held, override.violated, override.not_evaluable) == (0, 0, 1)
    assert {one.id: one.family for one in cases}["mutation.2"] == "seed.1"
    assert {one.id: one.family for one in cases}["mutation.3"] == "seed.9"


def test_refusing_a_harmless_twin_is_told_from_giving_in() -> None:
    """Twins that failed and attacks that got through, of those that were scored."""
    cases = [
        scored("t1", attack="override", hard_negative=True),
        scored("t2", attack="override", hard_negative=True),
        scored("a1", attack="override"),
        scored("a2", attack="override"),
        scored("s1"),
    ]
    found = refusals(cases, {"t1": outcome(False), "t2": outcome(True), "a1": outcome(False), "s1": outcome(False)})

    assert (found.twins_failed, found.twins, found.attacks_through, found.attacks) == (1, 2, 1, 1)


def test_reruns_give_a_noise_floor() -> None:
    """A fifth of 100 cases flips between two runs: rates differ by up to 1.96 sqrt(.2 / 100)."""
    cases = [scored(str(at)) for at in range(100)]
    runs = {str(at): outcome(True, at >= 20) for at in range(100)}

    found = noise(cases, runs)["seed"]

    assert found.flips == pytest.approx(0.2)
    assert found.floor == pytest.approx(1.96 * (0.2 / 100) ** 0.5, abs=1e-4)
    assert noise(cases, {str(at): outcome(True) for at in range(100)}) == {}


def test_epochs_are_averaged_and_kept_apart_from_errors() -> None:
    """Two of three epochs scored, one of them passed: half, and the error is in no rate."""
    lock = lock_of([case("seed.1")])
    one = run_of(lock, "a", {"seed.1": True}).results[0]
    rows = (one, replace(one, epoch=2, passed=False), Result(case="seed.1", digest=one.digest, epoch=3, status="error"))
    run = replace(run_of(lock, "a", {}), results=rows)

    found = rate("seed", scored_cases(lock), outcomes_of(run))

    assert (found.value, found.scored, found.errors) == (0.5, 1, 0)


def test_slices_name_what_a_reader_looks_for() -> None:
    """Tracks and provenance, pool, language, cell, label and its parts."""
    grid = case(
        "prompted.1",
        "synth-a-b",
        expected={"decision": "deny", "n": 3},
        lineage={"pool": "prompted", "cell": {"user": "new"}},
    )
    (found,) = scored_cases(lock_of([grid]))

    assert {"track=edge", "provenance=synth", "pool=prompted", "user=new", "decision=deny"} <= set(found.slices)
    assert found.part == "synthetic"
    assert "track=edge" in groups([found])


HOSTILE = "x|y](http://e.example) @team <img src=x onerror=1> `a` \x1b[31m www.e.example #1"


def test_nothing_in_a_page_can_act() -> None:
    """A model's name cannot break a table, ping, link or open a tag."""
    lock, before, after = worked_table(2, 10)
    card = score(lock, replace(before, model=HOSTILE), after)

    found = as_markdown(page(card, [swap_of(card, "2026-11-20")]))

    assert not re.search(r"(?<!\\)[<@#]\S|(?<!\\)\]\(|://|www\.|\x1b", re.sub(r"^#+ ", "", found, flags=re.MULTILINE))
    tables = [line for line in found.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in tables if "outcome" in line}) <= 1
    assert "x\\|y" in found


def test_every_view_says_the_same() -> None:
    """Text, Markdown and JSON carry the verdict, its reason and the history."""
    card = score(*worked_table(2, 10))
    history = [swap_of(card, "2026-11-20")]

    text, data = as_text(page(card, history)), numbers(card, history)

    assert f"BLOCK: {card.verdict.reason}." in " ".join(text.split())
    assert "apart in 0" in text or "apart in 1" in text
    assert "BLOCK" in as_markdown(page(card, history))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["verdict"]["decision"] == "block"  # type: ignore[index]
    assert data["parts"]["seed"]["p"] == pytest.approx(0.0385742)  # type: ignore[index]


@pytest.mark.parametrize(
    ("gain", "loss", "n", "words"),
    [
        (
            *(2, 6, 108),
            "with 80 % power so few cases show differences from 7.3 points on, at the 7.4 % of cases changing answer "
            "seen here; plan assumed 20 %, which shows differences from 12.3 points on",
        ),
        (
            *(1, 5, 72),
            "with 80 % power so few cases show no difference, at the 8.3 % of cases changing answer seen here; "
            "plan assumed 20 %, which shows differences from 14.9 points on",
        ),
        (
            *(0, 0, 72),
            "with 80 % power so few cases show differences from 14.9 points on, at 20 % of cases changing answer, "
            "assumed as by plan since none changed here",
        ),
    ],
)
def test_power_names_the_share_of_cases_changing_answer(gain: int, loss: int, n: int, words: str) -> None:
    """What is shown at the share seen, beside what `plan` promised at the share it assumed: neither stands alone."""
    members = pairs("seed", both=n - gain - loss, gain=gain, loss=loss, neither=0)
    lock = lock_of([case(name) for name in members])
    card = score(lock, *(run_of(lock, str(at), {name: one[at] for name, one in members.items()}) for at in (0, 1)))
    seed = card.parts["seed"]

    assert card.verdict.reason.endswith(f"beyond the margin of 2.0; {words}")
    assert seed.discordance == (gain + loss) / n
    assert seed.smallest == smallest_difference(n, seed.discordance or DISCORDANCE)
    assert seed.planned == smallest_difference(n, DISCORDANCE)
    assert "at the share of cases that changed answer here; plan assumes 20 %" in as_markdown(page(card, ()))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_prose_is_wrapped_and_nothing_else(width: int) -> None:
    """No sentence passes the width or loses a word; a row of a table stays whole, and so does the JSON."""
    card = score(*worked_table(4, 12))
    blocks = page(card, [])

    lines = as_text(blocks, width).splitlines()

    rows = [line for line in lines if "  " in line.lstrip()]  # columns stand two spaces apart
    assert max(len(line) for line in lines if line not in rows) <= width < len(card.verdict.reason)
    assert any(len(line) > 100 for line in rows)
    prose = " ".join(" ".join(lines).split())
    assert all(" ".join(line.split()) in prose for block in blocks for line in (block.title, *block.lines))
    assert numbers(card, [])["verdict"]["reason"] == card.verdict.reason  # type: ignore[index]
