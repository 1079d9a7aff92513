"""Filling: every stratum holds what it owes or the build says which does not, and what people decided comes first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from builders import (
    Write,
    decided,
    drawn_text,
    filled,
    ids,
    make_maker,
    make_plan,
    make_screener,
    make_spec,
    with_counts,
    with_pool,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.diagnostics import BuildError, Exit
from evalspec.model.case import Made, Unmade
from evalspec.model.ledger import Effective
from evalspec.model.plan import Slot
from evalspec.stages.fill import Filled, fill

REASONS = st.sampled_from(["off_cell", "no_op", "lost_fact"])


def loses_a_third(slot: Slot) -> Made | Unmade:
    """A writer whose first candidate of every three misses its cell."""
    if slot.ordinal % 3 == 1:
        return Unmade(reason="off_cell", detail="another cell's words")
    return Made(input=drawn_text("written", slot.key))


LOSING = with_counts(make_spec(), prompted=18)


@pytest.mark.parametrize("wave", [1, 7, 0])
def test_a_first_wave_that_loses_a_third_of_each_cell_ends_full(wave: int) -> None:
    """Cells open ordinals until they hold what they owe; how many are made ahead changes nothing at all."""
    result = filled(LOSING, wave=wave, prompted=loses_a_third)

    assert set(result.held.values()) == {3}
    assert sorted(ids(result)) == [
        f"prompted.{user}.{policy}.{ordinal:02d}"
        for user in ("new", "power")
        for policy in ("delay", "remorse", "window")
        for ordinal in (2, 3, 5)
    ]
    assert [(one.id[-2:], one.reason) for one in result.drops] == [("01", "off_cell"), ("04", "off_cell")] * 6
    assert result == filled(LOSING, wave=1, prompted=loses_a_third)


@pytest.mark.parametrize("wave", [7, 0])
def test_the_wave_changes_nothing_when_screens_drop_too(wave: int) -> None:
    """Candidates that collide with each other over strata fall in one order, made one by one or all at once."""

    def repeats(slot: Slot) -> Made | Unmade:
        return Made(input=drawn_text("few", slot.key[0]))

    spec = with_counts(with_pool(make_spec(), "prompted", max_per_cell=40), prompted=12)
    result = filled(spec, wave=wave, prompted=repeats)

    assert result == filled(spec, wave=1, prompted=repeats)
    assert {one.reason for one in result.drops} == {"near_duplicate"}
    assert len(result.live) == 12


def test_a_budget_that_is_too_small_names_the_cell_with_its_counts() -> None:
    """A cell that cannot be filled stops the build, and says how much was tried, why it was lost and what to do."""

    def fails_in_one_cell(slot: Slot) -> Made | Unmade:
        if slot.stratum == "power.window" and slot.ordinal > 1:
            return Unmade(reason="off_cell" if slot.ordinal % 2 else "lost_fact")
        return Made(input=drawn_text("written", slot.key))

    with pytest.raises(BuildError) as caught:
        filled(LOSING, prompted=fails_in_one_cell)

    (problem,) = caught.value.diagnostics
    assert problem.code == "X501"
    assert problem.message == "`prompted` holds 1 of the 3 cases it owes in `power.window`"
    assert [note.message for note in problem.notes] == [
        "9 of 9 candidates were made there; dropped: 4 lost_fact, 4 off_cell"
    ]
    assert problem.hint == "raise `max_per_cell` (now 9), give the generator more to say there, or lower the share"
    assert caught.value.exit is Exit.FINDING


@pytest.mark.parametrize(
    ("pool", "hint"),
    [
        ("mutation", "raise `per_parent`, lower the pool's share, or replace an operator that finds nothing to change"),
        ("redteam", "label more production rows to carry the attack, take the attack out, or lower the share"),
        ("persona", "raise `max_per_cell` (now 6), give the generator more to say there, or lower the share"),
    ],
)
def test_advice_fits_the_pool(pool: str, hint: str) -> None:
    """What to do when nothing at all can be made, in the words of that pool; every short stratum is named."""
    with pytest.raises(BuildError) as caught:
        filled(make_spec(), **{pool: lambda slot: Unmade(reason="lost_fact")})

    assert {one.hint for one in caught.value.diagnostics} == {hint}
    assert len(caught.value.diagnostics) == {"mutation": 3, "redteam": 3, "persona": 3}[pool]


def test_what_changes_nothing_costs_no_budget() -> None:
    """Operators that find nothing to do are tried on the next parent, as long as there is one; the drops say so."""
    catalogs: dict[str, Write] = {
        "mutation": lambda slot: (
            Unmade(reason="no_op") if slot.ordinal == 1 else Made(input=drawn_text(slot.key), operators=("mark@1",))
        )
    }
    spec = make_spec()
    tight = make_plan(spec)
    tight = replace(
        tight, strata=tuple(replace(one, budget=2) if one.pool == "mutation" else one for one in tight.strata)
    )

    result = filled(spec, plan=tight, **catalogs)

    assert len(ids(result, "mutation")) == 6
    assert Counter(one.reason for one in result.drops if one.pool == "mutation")["no_op"] > 6


def test_a_drop_of_a_person_frees_a_place_and_all_others_stay() -> None:
    """The next ordinal of that cell fills it; no other case comes or goes."""
    spec = with_counts(make_spec(), seed=4, prompted=12)
    before = filled(spec)
    case = ids(before, "prompted")[3]

    after = filled(spec, decided(case, "drop", reason="unnatural"))

    (new,) = set(ids(after)) - set(ids(before))
    assert set(ids(before)) - set(ids(after)) == {case}
    assert new.rsplit(".", 1)[0] == case.rsplit(".", 1)[0]
    assert [(one.id, one.stage, one.reason) for one in after.drops] == [(case, "review", "unnatural")]


def test_a_dropped_row_gives_its_place_to_the_next_row_of_its_stratum() -> None:
    """Production is drawn in one order, so a dropped row is replaced and nothing else moves."""
    spec = with_counts(make_spec(), seed=5)
    before = filled(spec)

    after = filled(spec, decided(ids(before)[0], "retire", reason="outdated"))

    planned = [slot.id for slot in make_plan(spec).strata[0].slots]
    assert ids(before) == planned[:5]
    assert ids(after) == planned[1:6]
    assert [(one.stage, one.reason) for one in after.drops] == [("review", "outdated")]


def test_kept_candidates_stand_above_unreviewed_ones() -> None:
    """Of two equal texts the one that a person kept stays, though its ordinal is higher."""

    def same_text(slot: Slot) -> Made | Unmade:
        if slot.id in ("prompted.new.delay.01", "prompted.power.window.04"):
            return Made(input=drawn_text("the same"))
        return Made(input=drawn_text("written", slot.key))

    spec = with_counts(make_spec(), prompted=12)
    alone = filled(spec, prompted=same_text)
    kept = filled(spec, decided("prompted.power.window.04", "keep"), prompted=same_text)

    assert "prompted.new.delay.01" in ids(alone)
    assert ids(kept)[0] == "prompted.power.window.04"
    assert [(one.id, one.reason, one.other) for one in kept.drops] == [
        ("prompted.new.delay.01", "near_duplicate", "prompted.power.window.04")
    ]


def test_a_kept_candidate_stays_live_when_its_cell_is_full() -> None:
    """Work of people is not lost to the order of slots: the mix decides between it and the rest."""
    spec = with_counts(make_spec(), prompted=6)

    result = filled(spec, decided("prompted.new.delay.03", "keep"))

    assert [name for name in ids(result) if name.startswith("prompted.new.delay.")] == ["prompted.new.delay.03"]
    more = filled(spec, decided("prompted.new.delay.03", "keep") | decided("prompted.new.delay.02", "keep"))
    assert more.held["prompted", "new.delay"] == 2


def test_stale_and_disputed_decisions_settle_nothing() -> None:
    """A decision about another text, or one that people disagree on, gives no standing."""
    spec = with_counts(make_spec(), prompted=6)
    open_ones = {
        "prompted.new.delay.03": Effective(case="prompted.new.delay.03", stale=True),
        "prompted.new.delay.02": Effective(case="prompted.new.delay.02", disputed=True),
    }

    assert filled(spec, open_ones) == filled(spec)


def test_fixes_pass_the_same_screens() -> None:
    """A person's text is screened like any other, and a label that a person wrote is that person's."""
    spec = with_counts(make_spec(), prompted=12)
    twin = "prompted.new.delay.01"
    copied = next(one for one in filled(spec).live if one.id == "prompted.power.delay.01").input
    fix = decided(twin, "fix", input=copied, expected="deny")

    result = filled(spec, fix)
    live = {one.id: one for one in result.live}

    assert (live[twin].input, live[twin].expected, live[twin].expected_by) == (copied, "deny", "verified:ann")
    assert live[twin].edited
    assert [(one.id, one.other) for one in result.drops] == [("prompted.power.delay.01", twin)]


def test_a_child_is_opened_only_when_its_parent_is_in_the_set() -> None:
    """Children of rows outside the set are not made; `parents: any` opts out."""
    spec = with_counts(make_spec(), seed=3, mutation=6)
    anyone = with_pool(spec, "mutation", parents="any")

    def parents(result: Filled) -> set[str]:
        return {one.lineage.parents[0] for one in result.live if one.pool == "mutation"}

    assert parents(filled(spec)) <= set(ids(filled(spec), "seed"))
    assert not parents(filled(anyone)) <= set(ids(filled(anyone), "seed"))


def test_a_child_of_a_dropped_parent_goes_with_it() -> None:
    """When a person drops a row its children are not made, and other parents' children take their places."""
    spec = with_counts(make_spec(), seed=3, mutation=6)
    case = ids(filled(spec), "seed")[0]

    after = filled(spec, decided(case, "drop", reason="unclear"))

    assert case not in {parent for one in after.live for parent in one.lineage.parents}
    assert len(ids(after, "mutation")) == 6


@pytest.mark.parametrize(("per_parent", "seeds"), [(1, 6), (2, 3), (3, 2)])
def test_no_parent_has_more_children_than_allowed(per_parent: int, seeds: int) -> None:
    """`per_parent` is a ceiling that a full pool reaches exactly."""
    spec = with_pool(with_counts(make_spec(), seed=seeds, mutation=6), "mutation", per_parent=per_parent)

    children = Counter(one.lineage.parents[0] for one in filled(spec).live if one.pool == "mutation")

    assert children == dict.fromkeys(children, per_parent)
    assert len(children) == seeds


def test_attacks_do_not_use_up_a_parents_children() -> None:
    """A carrier may be attacked and mutated: the ceiling is the mutation pool's own."""
    spec = with_counts(make_spec(), seed=3, mutation=6, redteam=20)

    assert len(ids(filled(spec), "mutation")) == 6


def test_golden_comes_first_then_production_then_the_rest() -> None:
    """Standing is one order for every tie."""
    order = [one.technique for one in filled(make_spec()).live]

    assert order[:10] == ["golden"] * 2 + ["seed"] * 8
    assert set(order[10:]) == {"mutation", "persona", "prompted", "redteam"}


def test_the_rest_stand_by_tier_and_ordinal() -> None:
    """First ordinals of all cells come before second ones, and an operator's preferred parents before the others."""
    result = filled(make_spec())
    slots = make_plan(make_spec()).slots_by_id
    ranks = [(slots[name].tier, slots[name].ordinal) for name in ids(result)[10:]]

    assert ranks == sorted(ranks)


def test_progress_is_told_once_a_slot() -> None:
    """The caller hears of every opened slot."""
    spec, seen = with_counts(make_spec(), prompted=6), []
    plan = make_plan(spec)

    result = fill(
        spec,
        plan,
        make_maker(spec),
        lambda case: Effective(case=case),
        frozenset(),
        make_screener(spec, plan),
        on_slot=seen.append,
    )

    assert seen == list(range(1, result.opened + 1))


@settings(max_examples=40)
@given(
    st.dictionaries(st.integers(0, 15), REASONS, max_size=8),
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["keep", "drop", "retire", "fix"])), max_size=8),
    st.sampled_from([1, 3, 0]),
)
def test_every_opened_slot_ends_live_or_as_exactly_one_drop(
    unmade: dict[int, str], said: list[tuple[int, str]], wave: int
) -> None:
    """Nothing disappears: whatever techniques fail at and people decide, live and dropped are what was opened."""

    def sometimes(slot: Slot) -> Made | Unmade:
        reason = unmade.get(int(slot.key[0], 16))
        return Unmade(reason=reason) if reason else Made(input=drawn_text("few", slot.key[:2]))

    spec = with_pool(make_spec(), "prompted", max_per_cell=30)
    plan = make_plan(spec)
    names = sorted(plan.slots_by_id)
    verdicts: dict[str, Effective] = {}
    for number, verdict in said:
        verdicts |= decided(names[number % len(names)], verdict)

    try:
        result = filled(spec, verdicts, wave=wave, prompted=sometimes)
    except BuildError as error:
        assert {one.code for one in error.diagnostics} == {"X501"}
        return

    gone = [one.id for one in result.drops]
    assert len(gone) == len(set(gone))
    assert not set(gone) & set(ids(result))
    assert len(gone) + len(result.live) == result.opened
    assert all(result.held[one.pool, one.name] >= one.owed for one in plan.strata)
