"""The mix: what each stratum owes and no more, children with their parents, and a place held for who waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pytest
from builders import decided, filled, make_plan, make_seeds, make_spec, with_counts, with_pool
from hypothesis import given, settings
from hypothesis import strategies as st

from evalspec.model.case import ReviewMark
from evalspec.model.ledger import Reviewed
from evalspec.model.spec import CellRule, Mix, Spec
from evalspec.stages.content import content_digest
from evalspec.stages.fill import Filled
from evalspec.stages.mix import Mixed, mix
from evalspec.stats.quota import quota

KEEP = ReviewMark(verdict="keep", by=("ann",))


def reviewed(result: Filled, *, waiting: Collection[str] = (), kept: Collection[str] = ()) -> Reviewed:
    """Everything live approved, but for those who wait; some of them kept by a person."""
    return Reviewed(
        approved=tuple(one for one in result.live if one.id not in waiting),
        pending=tuple(one for one in result.live if one.id in waiting),
        marks=dict.fromkeys(kept, KEEP),
    )


def mixed(spec: Spec, result: Filled | None = None, **fields: object) -> Mixed:
    """The mix of a spec over what `filled` gives."""
    approved_only = bool(fields.pop("approved_only", False))
    found = result or filled(spec)
    marks = reviewed(found, **fields)  # type: ignore[arg-type]
    return mix(spec, make_plan(spec), marks, found.drops, approved_only=approved_only)


def names(result: Mixed) -> list[str]:
    """The ids of the picked cases."""
    return [case.id for case in result.evalset.cases]


def test_counts_are_those_of_the_mix_and_sum_to_its_size() -> None:
    """Every pool gives what it owes; cases stand in id order with their digests."""
    spec = make_spec()
    result = mixed(spec)

    assert Counter(case.pool for case in result.evalset.cases) == dict(spec.mix.counts)
    assert len(result.evalset.cases) == spec.mix.size
    assert names(result) == sorted(names(result))
    assert all(case.digest == content_digest(case.candidate) for case in result.evalset.cases)
    assert result.waiting == {}


SHARES = {"golden": 5, "mutation": 15, "persona": 15, "prompted": 30, "redteam": 15, "seed": 20}


def _sized(size: int) -> Spec:
    counts = quota(size, SHARES)
    pools = tuple(pool for pool in make_spec().pools if counts[pool.name])
    used = tuple((name, count) for name, count in sorted(counts.items()) if count)
    return make_spec(pools=pools, mix=Mix(size=size, counts=used))


@settings(max_examples=25)
@given(st.integers(4, 55), st.integers(1, 6))
def test_a_larger_set_takes_no_case_away_from_a_pool(size: int, more: int) -> None:
    """Counts of pools, and of cells and attacks inside them, grow with the size; cells keep the very cases they had."""
    small, large = _sized(size), _sized(size + more)

    before, after = mixed(small), mixed(large)

    assert len(before.evalset.cases) == size
    assert not Counter(one.pool for one in before.evalset.cases) - Counter(one.pool for one in after.evalset.cases)
    grown = {one.pool: set() for one in before.evalset.cases}
    for case in before.evalset.cases:
        grown[case.pool].add(case.id)
    for pool in ("golden", "seed", "prompted", "persona", "redteam"):
        assert grown.get(pool, set()) <= set(names(after))


def test_who_waits_holds_a_place() -> None:
    """Picks are made over approved and waiting candidates alike, and the set says who waits and why."""
    spec = make_spec()
    calm = mixed(spec)
    waiting = names(calm)[5:9]

    held = mixed(spec, waiting=waiting)

    assert names(held) == names(calm)
    assert held.waiting == dict.fromkeys(waiting, "pending")


def test_stale_and_disputed_candidates_wait_under_their_own_names() -> None:
    """The reason is the one that the review gave."""
    spec = with_counts(make_spec(), prompted=6)
    live = filled(spec).live
    groups = Reviewed(approved=live[3:], pending=live[:1], stale=live[1:2], disputed=live[2:3])

    result = mix(spec, make_plan(spec), groups, ())

    assert result.waiting == {live[0].id: "pending", live[1].id: "stale", live[2].id: "disputed"}


def test_only_picked_candidates_are_waited_for() -> None:
    """A spare that nobody has read keeps no lock from being written."""
    rule = CellRule(where=(("user", ("new",)), ("policy", ("delay",))), per_cell=3)
    spec = with_pool(with_counts(make_spec(), prompted=6), "prompted", cells=(rule,))

    result = mixed(spec, waiting=["prompted.new.delay.02"])

    assert "prompted.new.delay.02" not in names(result)
    assert result.waiting == {}
    assert [one.id for one in result.evalset.spares] == ["prompted.new.delay.02", "prompted.new.delay.03"]


def test_what_people_kept_is_picked_first() -> None:
    """Inside a stratum a kept candidate stands above an unread one with a lower ordinal, and is marked."""
    rule = CellRule(where=(("user", ("new",)), ("policy", ("delay",))), per_cell=3)
    spec = with_pool(with_counts(make_spec(), prompted=6), "prompted", cells=(rule,))

    result = mixed(spec, kept=["prompted.new.delay.03"])

    picked = {case.id: case.review for case in result.evalset.cases}
    assert picked["prompted.new.delay.03"] == KEEP
    assert "prompted.new.delay.01" not in picked
    assert picked["prompted.new.window.01"] is None


def test_a_trial_set_holds_the_approved_alone() -> None:
    """`approved_only` leaves out who waits, and the next of the stratum does not move up unless it was made."""
    spec = make_spec()
    waiting = [name for name in names(mixed(spec)) if name.startswith(("prompted.new", "golden"))]

    result = mixed(spec, waiting=waiting, approved_only=True)

    assert set(names(result)) == set(names(mixed(spec))) - set(waiting)
    assert result.waiting == {}


def test_a_trial_set_picks_no_child_without_its_parent() -> None:
    """A row that waits takes its children with it; `parents: any` opts out."""
    spec = with_counts(make_spec(), seed=4, mutation=6)
    result = filled(spec)
    parent = next(one.lineage.parents[0] for one in result.live if one.pool == "mutation")
    children = {one.id for one in result.live if parent in one.lineage.parents}

    strict = mixed(spec, result, waiting=[parent], approved_only=True)
    free = mixed(with_pool(spec, "mutation", parents="any"), result, waiting=[parent], approved_only=True)

    assert children
    assert not children & set(names(strict))
    assert children <= set(names(free))
    assert {one.id for one in strict.evalset.spares} == children


def test_parents_come_first_whatever_the_order_of_pools() -> None:
    """A spec may declare its mutations before its seeds."""
    spec = make_spec(pools=tuple(reversed(make_spec().pools)))

    assert sorted(names(mixed(spec))) == sorted(names(mixed(make_spec())))


def test_a_trial_pool_gives_the_set_nothing() -> None:
    """Its candidates are made, screened and shown as spares."""
    spec = with_pool(make_spec(), "prompted", trial=True, per_cell=1)
    counts = tuple((name, count) for name, count in spec.mix.counts if name != "prompted")
    spec = make_spec(pools=spec.pools, mix=Mix(size=27, counts=counts))

    result = mixed(spec)

    assert len(result.evalset.cases) == 27
    assert {one.pool for one in result.evalset.spares} == {"prompted"}
    assert len(result.evalset.spares) == 6


@pytest.mark.parametrize("approved_only", [False, True])
@settings(max_examples=30)
@given(st.sets(st.integers(0, 38), max_size=12), st.sets(st.integers(0, 38), max_size=6))
def test_every_candidate_ends_as_case_spare_waiting_or_one_drop(
    approved_only: bool, waiting: set[int], dropped: set[int]
) -> None:
    """The places are disjoint and hold every slot that was opened; a trial set leaves out who waits."""
    spec = make_spec()
    order = [one.id for one in filled(spec).live]
    said = {}
    for number in dropped:
        if not order[number].startswith("golden."):  # a source of four rows cannot lose six
            said |= decided(order[number], "drop", reason="unnatural")
    result = filled(spec, said, seeds=make_seeds(24))
    queue = [one.id for number, one in enumerate(result.live) if number in waiting]

    found = mix(
        spec,
        make_plan(spec, make_seeds(24)),
        reviewed(result, waiting=queue),
        result.drops,
        approved_only=approved_only,
    )

    cases, spares = set(names(found)), {one.id for one in found.evalset.spares}
    drops = [one.id for one in found.evalset.drops]
    left_out = set(queue) if approved_only else set()
    assert len(drops) == len(set(drops))
    assert not cases & spares and not (cases | spares) & set(drops) and not left_out & (cases | spares)
    assert len(cases) + len(spares) + len(drops) + len(left_out) == result.opened
    assert found.waiting.keys() == (cases & set(queue))
