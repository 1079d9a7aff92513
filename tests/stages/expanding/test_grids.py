"""Grids: what settles a cell, whose turn it is, and what each of its slots draws."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from builders import (
    AXES,
    chat,
    make_plan,
    make_seed,
    make_seeds,
    make_spec,
    moved,
    slots_of,
    strata_of,
    with_counts,
    with_level,
    with_pool,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalspec.model.spec import (
    Axis,
    CellRule,
    Fact,
    Level,
    Task,
)
from evalspec.stages.expanding.grids import draw_facts, pick_generator


def test_excluded_cells_have_no_stratum() -> None:
    """`exclude` leaves cells out, `where` keeps the ones that match, and the pool's cases go to the rest."""
    spec = with_pool(
        make_spec(),
        "prompted",
        where=(("policy", ("delay", "window")),),
        exclude=((("user", ("power",)), ("policy", ("window",))),),
    )

    strata = strata_of(make_plan(spec), "prompted")

    assert {name: one.places for name, one in strata.items()} == {"new.delay": 4, "new.window": 4, "power.delay": 4}


def test_levels_settle_a_cell_and_rules_settle_it_last() -> None:
    """Labels, behaviour, track and facts come from levels in the order of the axes, then from the cell's own rules."""
    spec = with_level(make_spec(), "new", track="edge", facts=(("days", (0, 5)),))
    spec = replace(spec, task=replace(spec.task, facts=(Fact(name="days", range=(0, 90)),)))
    where = (("user", ("new",)), ("policy", ("window",)))
    rules = (
        CellRule(where=(("user", ("new",)),), facts=(("days", (6, 9)),)),
        CellRule(where=where, expected="escalate", behaviour="clarify", track="adversarial", per_cell=7),
    )

    cells = {name: one.slots[0].cell for name, one in strata_of(make_plan(with_pool(spec, "prompted", cells=rules)),
                                                               "prompted").items()}  # fmt: skip
    said = {
        name: (cell.expected, cell.expected_by, cell.behaviour, cell.track, dict(cell.facts))
        for name, cell in cells.items()
        if cell is not None
    }

    assert said == {
        "new.delay": ("refund", "rule:delay", "answer", "edge", {"days": (6, 9)}),
        "new.remorse": ("escalate", "rule:remorse", "answer", "edge", {"days": (6, 9)}),
        "new.window": ("escalate", "rule:new.window", "clarify", "adversarial", {"days": (6, 9)}),
        "power.delay": ("refund", "rule:delay", "answer", "happy", {}),
        "power.remorse": ("escalate", "rule:remorse", "answer", "edge", {}),
        "power.window": ("deny", "rule:window", "answer", "happy", {}),
    }


def test_a_pools_track_overrides_its_cells() -> None:
    """`track` on a pool is said once for all of it."""
    plan = make_plan(with_pool(make_spec(), "prompted", track="adversarial"))

    assert {slot.cell.track for slot in slots_of(plan, "prompted") if slot.cell} == {"adversarial"}


def test_parts_of_two_levels_are_laid_over_each_other() -> None:
    """Each level may give other parts of what is expected."""
    spec = with_level(make_spec(), "new", expected={"tone": "plain", "decision": "deny"})
    spec = with_level(spec, "delay", expected={"decision": "refund"})

    cell = strata_of(make_plan(spec), "prompted")["new.delay"].slots[0].cell

    assert cell is not None
    assert cell.expected == {"tone": "plain", "decision": "refund"}


def test_a_cell_may_ask_for_more_than_its_share() -> None:
    """`per_cell` raises what a cell makes, not what the mix picks from it; the budget follows or has its ceiling."""
    rule = CellRule(where=(("user", ("new",)), ("policy", ("delay",))), per_cell=5)
    spec = with_pool(make_spec(), "prompted", cells=(rule,))
    capped = with_pool(spec, "prompted", max_per_cell=8)

    more, other = (strata_of(make_plan(spec), "prompted")[name] for name in ("new.delay", "new.window"))
    ceiling = strata_of(make_plan(capped), "prompted")["new.delay"]

    assert (more.places, more.owed, more.budget, len(more.slots)) == (2, 5, 15, 15)
    assert (other.places, other.owed, other.budget) == (2, 2, 6)
    assert (ceiling.owed, ceiling.budget, len(ceiling.slots)) == (5, 8, 8)


def test_personas_take_turns_inside_a_cell() -> None:
    """Each voice opens its first slot before any opens its second, whichever cell."""
    for stratum in strata_of(make_plan(make_spec()), "persona").values():
        for count in range(len(stratum.slots) + 1):
            voices = Counter(slot.persona for slot in stratum.slots[:count])
            spread = [voices[name] for name in ("retiree", "teen", "boss")]
            assert max(spread) - min(spread) <= 1


def test_no_voice_is_always_first() -> None:
    """Which voice opens a cell's first slot is drawn, so that small cells are not all one persona."""
    levels = tuple(Level(name=f"level{number}") for number in range(30))
    spec = with_counts(with_pool(make_spec(axes=(AXES[0], Axis(name="policy", levels=levels))), "persona"), persona=30)

    first = Counter(one.slots[0].persona for one in make_plan(spec).strata)

    assert set(first) == {"retiree", "teen", "boss"}


def test_a_cell_knows_how_many_seeds_it_holds() -> None:
    """A column with an axis's name is that axis, and exemplars come from the cell's own rows when they are enough."""
    rows = tuple(
        make_seed(number, metadata={"user": ("new", "power")[number % 2], "policy": "delay"}) for number in range(9)
    )
    strata = strata_of(make_plan(make_spec(), {"production": rows, "golden": make_seeds()["golden"]}), "prompted")

    assert {name: one.held for name, one in strata.items() if one.held} == {"new.delay": 5, "power.delay": 4}
    for level, parity in (("new", 0), ("power", 1)):
        shown = {seed.row for slot in strata[f"{level}.delay"].slots for seed in slot.exemplars}
        assert shown <= {f"row-{number}" for number in range(9) if number % 2 == parity}
        assert all(len(slot.exemplars) == 2 for slot in strata[f"{level}.delay"].slots)


def test_exemplars_share_the_cells_label_when_the_cell_has_no_rows() -> None:
    """Style anchors that end in another decision would teach the generator the wrong thing."""
    plan = make_plan(make_spec(), make_seeds(30))

    for slot in slots_of(plan, "prompted"):
        assert slot.cell is not None
        assert {seed.expected for seed in slot.exemplars} == {slot.cell.expected}


@given(st.decimals(-1000, 1000, places=3), st.decimals(0, 50, places=3), st.integers(0, 3), st.text(max_size=5))
def test_a_drawn_fact_is_inside_its_range(low: object, width: object, places: int, slot: str) -> None:
    """Whatever the decimals of the ends, no draw leaves the range; whole ends give whole numbers."""
    start = round(float(low), places)  # type: ignore[arg-type]
    end = round(start + float(width), places)  # type: ignore[arg-type]
    given_range = (int(start), int(end)) if places == 0 else (start, end)
    spec = with_level(make_spec(), "delay", facts=(("days", given_range),))
    spec = replace(spec, task=replace(spec.task, facts=(Fact(name="days", range=(-2000.0, 2000.0)),)))
    cell = strata_of(make_plan(with_counts(spec, prompted=6)), "prompted")["new.delay"].slots[0].cell
    assert cell is not None

    drawn = draw_facts(spec, cell, slot)["days"]

    assert isinstance(drawn, int | float)
    assert given_range[0] <= drawn <= given_range[1]
    if places == 0:
        assert isinstance(drawn, int)


@pytest.mark.parametrize(
    ("given_range", "values"),
    [
        ((31, 33), {31, 32, 33}),
        ((0.25, 0.26), {0.25, 0.26}),
        ((1.5, 2), {1.5, 1.6, 1.7, 1.8, 1.9, 2.0}),
        ((7, 7), {7}),
    ],
)
def test_every_value_of_a_range_is_drawn(given_range: tuple[float, float], values: set[float]) -> None:
    """Both ends belong to a range; its steps are as fine as its ends are written."""
    spec = with_level(make_spec(), "delay", facts=(("days", given_range),))
    spec = replace(spec, task=replace(spec.task, facts=(Fact(name="days", range=(0, 90)),)))
    cell = strata_of(make_plan(spec), "prompted")["new.delay"].slots[0].cell
    assert cell is not None

    assert {draw_facts(spec, cell, f"slot-{at}")["days"] for at in range(200)} == values


def test_a_fact_of_words_draws_one_of_them() -> None:
    """A level may narrow a fact to some of its values, and each slot states one."""
    spec = with_level(make_spec(), "delay", facts=(("channel", ("mail", "phone")),))
    fact = Fact(name="channel", values=(("mail", ("e-mail",)), ("phone", ()), ("fax", ())))
    plan = make_plan(replace(spec, task=replace(spec.task, facts=(fact,))))

    stated = {slot.cell.id: slot.facts for slot in slots_of(plan, "prompted") if slot.cell}  # type: ignore[union-attr]

    assert stated["new.delay"]["channel"] in ("mail", "phone")
    assert stated["new.window"] == {}


def test_generators_share_slots_by_weight() -> None:
    """A weight of two gets two thirds of the slots; a binomial test at one in a thousand."""
    slots = [f"prompted.delay.{number}" for number in range(3000)]
    got = Counter(pick_generator(slot, (("writer", 2), ("other", 1))) for slot in slots)

    assert stats.binomtest(got["writer"], 3000, 2 / 3).pvalue > 0.001


def test_a_raised_weight_takes_slots_and_gives_none_away() -> None:
    """Changing one weight moves slots to or from that generator only; a new one takes from all and mixes none."""
    slots = [f"prompted.delay.{number}" for number in range(600)]
    before = {slot: pick_generator(slot, (("a", 1), ("b", 1), ("c", 1))) for slot in slots}
    raised = {slot: pick_generator(slot, (("a", 3), ("b", 1), ("c", 1))) for slot in slots}
    joined = {slot: pick_generator(slot, (("a", 1), ("b", 1), ("c", 1), ("d", 1))) for slot in slots}

    assert {raised[slot] for slot in slots if raised[slot] != before[slot]} == {"a"}
    assert {joined[slot] for slot in slots if joined[slot] != before[slot]} == {"d"}
    assert pick_generator("slot", ()) is None


def test_a_pools_own_generator_writes_it() -> None:
    """A pool may name its own; the key covers the model, not its alias alone."""
    spec = make_spec()
    after = make_plan(with_pool(spec, "prompted", generator=(("other", 1),)))

    assert {slot.generator for slot in slots_of(after, "prompted")} == {"other"}
    assert {slot.generator for slot in slots_of(after, "persona")} == {"writer"}
    assert moved(make_plan(spec), after) == {slot.id for slot in slots_of(after, "prompted")}


def test_slots_follow_the_languages_of_the_seeds() -> None:
    """Three quarters German rows give about three quarters German slots; rows of no known language count for none."""
    tags = ["de", "de", "de", "en"] * 6
    rows = (*(make_seed(number, language=tag) for number, tag in enumerate(tags)), make_seed(99, language="und"))
    spec = with_counts(make_spec(task=Task()), prompted=300)

    plan = make_plan(spec, {"production": rows})
    got = Counter(slot.language for slot in slots_of(plan, "prompted"))

    assert plan.languages == (("de", 18), ("en", 6))
    assert set(got) == {"de", "en"}
    assert stats.binomtest(got["de"], got.total(), 0.75).pvalue > 0.001


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("en", "de"), (("en", 12), ("de", 0))),
        (("de", "fr"), (("de", 1), ("fr", 1))),
        ((), (("en", 12),)),
    ],
)
def test_the_languages_of_a_set(stated: tuple[str, ...], expected: tuple[tuple[str, int], ...]) -> None:
    """Stated languages are all there are; where no row is in any of them they share evenly."""
    task = replace(make_spec().task, languages=stated)

    assert make_plan(make_spec(task=task)).languages == expected


def test_a_set_without_rows_has_an_undetermined_language() -> None:
    """A bootstrap without traffic and without `languages` says so."""
    assert make_plan(with_counts(make_spec(task=Task()), prompted=6), {"golden": ()}).languages == (("und", 1),)


def test_an_axis_language_fills_each_language() -> None:
    """Named in a pool's axes, every language has its cells whatever the seeds' shares."""
    task = replace(make_spec().task, languages=("de", "en"))
    plan = make_plan(with_pool(make_spec(task=task), "prompted", axes=("language",)))

    assert {name: one.places for name, one in strata_of(plan, "prompted").items()} == {"de": 6, "en": 6}
    assert {(slot.language, slot.stratum) for slot in slots_of(plan, "prompted")} == {("de", "de"), ("en", "en")}


def test_a_generated_conversation_is_as_long_as_a_seed() -> None:
    """Lengths are drawn from real conversations, and between one and five messages where there are none."""
    task = replace(make_spec().task, turns="conversation")
    spec = make_spec(task=task)
    rows = tuple(make_seed(number, input=chat(f"so {number}")[: 2 + 4 * (number % 2)]) for number in range(10))

    real = {slot.turns for slot in slots_of(make_plan(spec, {"production": rows}), "prompted")}
    free = Counter(
        slot.turns for slot in slots_of(make_plan(with_counts(spec, prompted=60), {"golden": ()}), "prompted")
    )

    assert real == {2, 6}
    assert set(free) == {1, 2, 3, 4, 5}
