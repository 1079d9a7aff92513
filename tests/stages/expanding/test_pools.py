"""Rows, children and attacks: who may be a parent, what each stratum owes, and sums that come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from builders import (
    LABELS,
    POOLS,
    make_catalog,
    make_plan,
    make_seed,
    make_seeds,
    make_spec,
    slots_of,
    strata_of,
    with_counts,
    with_pool,
)
from hypothesis import given
from hypothesis import strategies as st

from evalspec.digests import unit_hash
from evalspec.model.spec import (
    Mix,
    OperatorUse,
    Pool,
    ReviewRule,
    Sample,
    Task,
)
from evalspec.stages.expanding.allot import evenly, in_proportion


def test_sources_are_shared_in_proportion_to_their_strata() -> None:
    """A seed pool follows the source's own strata, in proportion or equally, and never asks for more than there is."""
    rows = tuple(make_seed(number, expected="refund" if number < 9 else "deny") for number in range(12))

    def shares(owed: int, allocate: str) -> dict[str, int]:
        source = replace(make_spec().sources[0], sample=Sample(size=12, by=("expected",), allocate=allocate))  # type: ignore[arg-type]
        spec = with_counts(make_spec(sources=(source,)), seed=owed)
        return {one.name: one.places for one in make_plan(spec, {"production": rows}).strata}

    assert shares(8, "proportional") == {"deny": 2, "refund": 6}
    assert shares(4, "equal") == {"deny": 2, "refund": 2}
    assert shares(8, "equal") == {"deny": 3, "refund": 5}
    assert shares(12, "proportional") == {"deny": 3, "refund": 9}
    assert shares(40, "equal") == {"deny": 3, "refund": 9}


def test_a_row_without_a_label_waits_for_people() -> None:
    """It is a slot once the ledger is about it; a row whose right behaviour is no answer needs no label."""
    rows = (make_seed(1), make_seed(2, expected=None), make_seed(3, expected=None, behaviour="abstain"))
    spec = with_counts(make_spec(), seed=1)

    ids = {name: f"seed.{seed.key}" for name, seed in zip("abc", rows, strict=True)}

    assert make_plan(spec, {"production": rows}).slots_by_id.keys() == {ids["a"], ids["c"]}
    assert make_plan(spec, {"production": rows}, decided=frozenset({ids["b"]})).slots_by_id.keys() == set(ids.values())
    unlabelled = replace(spec, task=Task())
    assert make_plan(unlabelled, {"production": rows}).slots_by_id.keys() == set(ids.values())


def test_where_and_exclude_choose_rows() -> None:
    """Rows outside a pool's match are no cases and no parents of it."""
    rows = tuple(make_seed(number, metadata={"channel": ("web", "mail", "phone")[number % 3]}) for number in range(9))
    spec = make_spec()
    for name in ("seed", "mutation", "redteam"):
        spec = with_pool(spec, name, where=(("channel", ("web", "mail")),), exclude=((("channel", ("mail",)),),))

    plan = make_plan(spec, {"production": rows, "golden": ()})

    for name in ("seed", "mutation", "redteam"):
        channels = {slot.parent.metadata["channel"] for slot in slots_of(plan, name) if slot.parent}
        assert channels == {"web"}


def test_a_red_team_without_a_source_keeps_its_match() -> None:
    """Where a pool names no source its carriers are all production rows that its `where` keeps."""
    rows = tuple(make_seed(number, metadata={"channel": ("web", "mail")[number % 2]}) for number in range(8))
    spec = with_pool(make_spec(), "redteam", source=None, where=(("channel", ("web",)),))

    plan = make_plan(spec, {"production": rows, "golden": ()})

    assert {slot.parent.metadata["channel"] for slot in slots_of(plan, "redteam") if slot.parent} == {"web"}


def test_each_parent_prefers_per_parent_operators() -> None:
    """A parent stands in the first tier of exactly `per_parent` operators and behind in all others."""
    plan = make_plan(make_spec())
    first = Counter(slot.parent_id for slot in slots_of(plan, "mutation") if slot.tier == 0)
    every = Counter(slot.parent_id for slot in slots_of(plan, "mutation"))

    assert set(first.values()) == {2}
    assert set(every.values()) == {6}
    for stratum in strata_of(plan, "mutation").values():
        tiers = [slot.tier for slot in stratum.slots]
        assert tiers == sorted(tiers)


def test_operators_take_the_rows_and_languages_they_know() -> None:
    """An operator's `where`, and the languages its kind knows, choose its parents; no operator changes code unasked."""
    rows = tuple(make_seed(number, language=tag) for number, tag in enumerate(["en", "en-GB", "de", "code"] * 3))
    operators = (
        OperatorUse(name="mark", kinds=("mark",)),
        OperatorUse(name="english", kinds=("english", "mark")),
        OperatorUse(name="refunds", kinds=("mark",), where=(("expected", ("refund",)),)),
        OperatorUse(name="others", kinds=("mark",), exclude=((("expected", ("refund",)),),)),
    )
    spec = with_pool(make_spec(), "mutation", operators=operators)

    strata = strata_of(make_plan(spec, {"production": rows, "golden": ()}), "mutation")
    languages = {name: {slot.language for slot in one.slots} for name, one in strata.items()}
    labels = {name: {slot.parent.expected for slot in one.slots if slot.parent} for name, one in strata.items()}

    assert languages["mark"] == {"en", "en-GB", "de"}
    assert languages["english"] == {"en", "en-GB"}
    assert labels["refunds"] == {"refund"}
    assert labels["others"] == {"deny", "escalate"}


def test_what_an_operator_cannot_give_the_others_give() -> None:
    """Shares are even as far as each operator has parents: two parents with two children each are four places."""
    rows = tuple(make_seed(number, metadata={"kind": "rare" if number < 2 else "usual"}) for number in range(20))
    operators = (OperatorUse(name="mark", kinds=("mark",)),
                 OperatorUse(name="rare", kinds=("mark",), where=(("kind", ("rare",)),)))  # fmt: skip
    spec = with_counts(with_pool(make_spec(), "mutation", operators=operators), seed=20, mutation=16)

    strata = strata_of(make_plan(spec, {"production": rows}), "mutation")

    assert {name: one.owed for name, one in strata.items()} == {"mark": 12, "rare": 4}


def test_a_partner_is_another_row() -> None:
    """What an operator borrows comes from another row; operators that borrow nothing have no partner."""
    plan = make_plan(make_spec())

    for slot in slots_of(plan, "mutation"):
        if slot.operator == "mark":
            assert slot.partner is None
        else:
            assert slot.partner is not None
            assert slot.partner != slot.parent


def test_children_name_the_pool_that_may_take_their_parent() -> None:
    """With two seed pools over one source, a parent's id is that of the pool whose match holds the row."""
    rows = tuple(make_seed(number, metadata={"channel": ("web", "mail")[number % 2]}) for number in range(8))
    web = Pool(name="web", kind="seed", source="production", where=(("channel", ("web",)),))
    mail = Pool(name="mail", kind="seed", source="production", exclude=((("channel", ("web",)),),))
    spec = make_spec(
        pools=(web, mail, *(pool for pool in POOLS if pool.name in ("mutation", "redteam"))),
        mix=Mix(size=19, counts=(("mail", 4), ("mutation", 6), ("redteam", 5), ("web", 4))),
    )

    plan = make_plan(spec, {"production": rows})

    for name in ("mutation", "redteam"):
        for slot in slots_of(plan, name):
            assert slot.parent is not None
            assert slot.parent_id == f"{slot.parent.metadata['channel']}.{slot.parent.key}"
            assert slot.parent_id in plan.slots_by_id


@pytest.mark.parametrize(
    ("owed", "share", "benign"), [(5, 0.25, 1), (10, 0.25, 2), (4, 0.25, 0), (20, 0.25, 4), (10, 0.0, 0), (9, 0.5, 3)]
)
def test_one_attack_in_four_has_a_benign_twin_inside_the_share(owed: int, share: float, benign: int) -> None:
    """Hard negatives are a share of the attacks and stand inside what the pool owes."""
    spec = with_counts(with_pool(make_spec(), "redteam", hard_negatives=share), redteam=owed)

    strata = make_plan(spec).strata
    twins = sum(one.places for one in strata if one.name.endswith(".benign"))

    assert (twins, sum(one.places for one in strata)) == (benign, owed)
    assert all(slot.hard_negative == one.name.endswith(".benign") for one in strata for slot in one.slots)


def test_an_attack_may_ask_for_more_than_its_share() -> None:
    """A count raises what is made and not what is picked."""
    attacks = tuple(replace(one, count=9) if one.name == "override" else one for one in POOLS[-1].attacks)

    strata = strata_of(make_plan(with_pool(make_spec(), "redteam", attacks=attacks)), "redteam")

    assert (strata["override"].places, strata["override"].owed, strata["override"].budget) == (2, 9, 27)
    assert (strata["premise"].places, strata["premise"].owed) == (2, 2)


def test_carriers_are_labelled_rows() -> None:
    """An attack rides on a request whose right answer is known."""
    rows = tuple(make_seed(number, expected=None if number % 2 else "deny") for number in range(8))

    plan = make_plan(make_spec(), {"production": rows, "golden": ()})

    assert {slot.parent.expected for slot in slots_of(plan, "redteam") if slot.parent} == {"deny"}


def test_pools_without_a_share_are_planned_only_on_trial() -> None:
    """A pool that owes nothing makes nothing, and a trial pool makes what it says and gives the set none of it."""
    spec = with_counts(make_spec(), seed=4)
    prompted = replace(make_spec().pool("prompted"), per_cell=1)

    asleep = make_plan(replace(spec, pools=(*spec.pools, prompted)))
    trial = make_plan(replace(spec, pools=(*spec.pools, replace(prompted, trial=True))))

    assert {one.pool for one in asleep.strata} == {"seed"}
    assert [(one.places, one.owed) for one in strata_of(trial, "prompted").values()] == [(0, 1)] * 6


@given(st.integers(0, 40), st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 12), min_size=1, max_size=8))
def test_even_shares_fill_up_to_their_limits(total: int, limits: Mapping[str, int]) -> None:
    """Nobody gets over its limit, nothing is lost, and two below their limits differ by at most one."""
    counts = evenly(total, limits)

    assert sum(counts.values()) == min(total, sum(limits.values()))
    assert all(counts[name] <= limits[name] for name in limits)
    below = [counts[name] for name in limits if counts[name] < limits[name]]
    assert not below or max(below) - min(below) <= 1
    assert all(counts[name] <= min(below, default=40) + 1 for name in limits)


@given(st.integers(0, 40), st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 12), min_size=1, max_size=6))
def test_proportional_shares_are_within_one_of_exact(total: int, sizes: Mapping[str, int]) -> None:
    """Never more than a stratum holds, and within one case of its exact share."""
    counts, whole = in_proportion(total, sizes), sum(sizes.values())
    placed = min(total, whole)

    assert sum(counts.values()) == placed
    for name, size in sizes.items():
        assert counts[name] <= size
        assert whole == 0 or abs(counts[name] - Fraction(placed * size, whole)) < 1


def test_remainders_go_to_the_first_by_name() -> None:
    """Ties have one order."""
    assert evenly(5, {"b": 9, "a": 9, "c": 9}) == {"a": 2, "b": 2, "c": 1}


@given(st.integers(0, 60))
def test_every_pool_plans_what_it_owes(owed: int) -> None:
    """Places of strata sum to the mix's count, and grow with it in every stratum."""
    spec = make_spec()
    for pool in ("prompted", "persona", "redteam"):
        now, more = (
            {one.name: one.places for one in make_plan(with_counts(spec, **{pool: count})).strata}
            for count in (owed, owed + 1)
        )
        assert sum(now.values()) == owed
        assert all(more[name] >= places for name, places in now.items())


def test_review_is_counted_before_anything_is_made() -> None:
    """The draws of the slots that a build opens first, second readers added, at a minute and a half each."""
    rule = ReviewRule(require=(("persona", 1.0), ("prompted", 0.5), ("redteam", 0.3), ("seed", 0.0)), overlap=0.1)

    plan = make_plan(make_spec(review=rule))

    root = make_spec().random_state
    first = [slot for one in plan.strata if one.pool != "seed" for slot in one.slots[: one.owed]]
    shares = dict(rule.require)
    drawn = [unit_hash(f"review:{root}", slot.id) < shares.get(slot.pool, 0.0) for slot in first]
    twice = [unit_hash(f"overlap:{root}", slot.id) < rule.overlap for slot in first]
    assert plan.review_items == sum(one + (one and two) for one, two in zip(drawn, twice, strict=True))
    assert all(one for one, slot in zip(drawn, first, strict=True) if slot.pool == "persona")
    assert 0 < plan.review_hours == round(plan.review_items * 1.5 / 60, 1)


def test_labels_of_the_fixture_are_the_tasks() -> None:
    """The rows of these tests use all labels, so that what is chosen by label is really chosen."""
    assert {seed.expected for seed in make_seeds()["production"]} == set(LABELS)
    assert make_catalog().names("operator") == ("borrow", "english", "mark")
