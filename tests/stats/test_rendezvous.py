"""Picks that no edit elsewhere moves: the lowest hashes with the slot's own key, and nothing by index."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalspec.digests import digest, keyed_hash
from evalspec.model.defaults import REFERENCE_TEXTS
from evalspec.stats.rendezvous import FEW, urn

MASK = 2**64 - 1
ITEMS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=15)


def splitmix64(state: int) -> int:
    """The finalizer as Steele, Lea and Flood print it (OOPSLA 2014), in Python's own whole numbers."""
    state = (state + 0x9E3779B97F4A7C15) & MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def brute(items: dict[str, str], key: str, count: int) -> tuple[str, ...]:
    """Rank all names by their pair hash, one by one."""
    own = keyed_hash("rendezvous", key)
    ranked = sorted(items, key=lambda name: (splitmix64(keyed_hash("item", items[name]) ^ own), name))
    return tuple(ranked[:count])


def contents(count: int) -> list[tuple[str, str]]:
    """Named items with a digest each."""
    return [(f"item-{number}", digest(number)) for number in range(count)]


@given(ITEMS, st.text(max_size=8), st.integers(-1, 20))
def test_picks_are_those_of_a_plain_ranking(items: dict[str, str], key: str, count: int) -> None:
    """The vector arithmetic gives what whole numbers give; equal contents go by name."""
    assert urn(list(items.items())).pick(key, count) == brute(items, key, max(count, 0))


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 4 * FEW])
def test_few_and_many_items_are_ranked_alike(count: int) -> None:
    """Plain integers on this side of the bound, vectors on the other."""
    items = dict(contents(count))

    for slot in range(20):
        assert urn(list(items.items())).pick(f"slot-{slot}", 7) == brute(items, f"slot-{slot}", 7)


@given(ITEMS, st.text(max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(items: dict[str, str], key: str, random: object) -> None:
    """Rows come from files in any order."""
    rows = list(items.items())
    random.shuffle(rows)  # type: ignore[attr-defined]

    assert urn(rows).pick(key, 4) == urn(list(items.items())).pick(key, 4)


def test_an_empty_urn_gives_nothing() -> None:
    """A spec without production rows draws no exemplars and does not fail."""
    assert urn([]).pick("slot", 3) == ()


def test_names_do_not_decide_between_different_contents() -> None:
    """A row that is renamed and stays what it was is picked as before."""
    renamed = [(f"other-{number}", content) for number, (_, content) in enumerate(contents(40))]

    before = [urn(contents(40)).pick(f"slot-{at}", 3) for at in range(30)]
    after = [urn(renamed).pick(f"slot-{at}", 3) for at in range(30)]

    assert [[name.split("-")[1] for name in one] for one in before] == [
        [name.split("-")[1] for name in one] for one in after
    ]


@pytest.mark.parametrize(("count", "n"), [(1, 50), (3, 184)])
def test_one_more_item_changes_about_count_in_n_picks(count: int, n: int) -> None:
    """Of 2,000 slots about 2,000 x count / (n + 1) hold the new item, and no other slot moves."""
    before, after = urn(contents(n)), urn(contents(n + 1))
    slots = [f"slot-{at}" for at in range(2000)]
    moved = [slot for slot in slots if before.pick(slot, count) != after.pick(slot, count)]

    assert all(f"item-{n}" in after.pick(slot, count) for slot in moved)
    assert stats.binomtest(len(moved), 2000, count / (n + 1)).pvalue > 0.001


@given(ITEMS, st.text(max_size=8))
def test_taking_away_what_was_not_picked_changes_nothing(items: dict[str, str], key: str) -> None:
    """A pick hangs on its own items only."""
    picked = urn(list(items.items())).pick(key, 2)
    rest = {name: content for name, content in items.items() if name in picked}

    assert urn(list(rest.items())).pick(key, 2) == picked


def test_items_are_picked_equally_often() -> None:
    """No content is a favourite: a chi-square test over 6,000 picks of one."""
    drawn = urn(contents(20))
    counts = Counter(drawn.pick(f"slot-{at}", 1)[0] for at in range(6000))

    assert len(counts) == 20
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_a_large_urn_holds_as_many_as_stand_for_all_and_one_more_moves_few_picks() -> None:
    """A slot costs the same in a set of any size, and is as stable."""
    items = contents(2 * REFERENCE_TEXTS)
    before, after = urn(items), urn([*items, ("one more", digest("one more"))])

    assert len(before.names) == len(after.names) == REFERENCE_TEXTS
    assert list(before.names) == sorted(before.names)
    moved = sum(before.pick(str(slot), 3) != after.pick(str(slot), 3) for slot in range(300))
    assert moved <= 3
