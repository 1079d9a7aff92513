"""Counts follow shares: within one, summing to the size, and never shrinking when the set grows."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.stats.quota import quota

WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 40), min_size=1, max_size=7).filter(
    lambda weights: sum(weights.values()) > 0
)


@pytest.mark.parametrize(
    ("size", "shares", "counts"),
    [
        # The example of the architecture: 218 cases at 30/35/20/10/5.
        (218, {"a": 30, "b": 35, "c": 20, "d": 10, "e": 5}, {"a": 65, "b": 76, "c": 44, "d": 22, "e": 11}),
        (3, {"b": 1, "a": 1}, {"a": 2, "b": 1}),
        (0, {"a": 1}, {"a": 0}),
        (0, {"a": 0}, {"a": 0}),
        (5, {"a": 0, "b": 1}, {"a": 0, "b": 5}),
        (7, {"a": Fraction(1, 3), "b": Fraction(2, 3)}, {"a": 2, "b": 5}),
        # No loop over the cases: every three of them are one and two.
        (10**12 + 1, {"a": 1, "b": 2}, {"a": 333_333_333_334, "b": 666_666_666_667}),
    ],
)
def test_counts_of_known_mixes(size: int, shares: dict[str, int | Fraction], counts: dict[str, int]) -> None:
    assert quota(size, shares) == counts


@given(WEIGHTS, st.integers(0, 300))
def test_counts_sum_to_the_size_and_stay_within_one_of_the_exact_share(weights: dict[str, int], size: int) -> None:
    counts = quota(size, weights)

    total = sum(weights.values())
    assert sum(counts.values()) == size
    assert all(abs(counts[name] - Fraction(weight * size, total)) < 1 for name, weight in weights.items())


@given(WEIGHTS, st.integers(0, 120))
def test_a_larger_set_never_takes_a_case_away(weights: dict[str, int], size: int) -> None:
    smaller, larger = quota(size, weights), quota(size + 1, weights)

    assert all(smaller[name] <= larger[name] for name in weights)


@given(WEIGHTS, st.integers(0, 100))
def test_it_starts_over_where_every_share_is_whole(weights: dict[str, int], size: int) -> None:
    total = sum(weights.values())
    before, after = quota(size, weights), quota(size + total, weights)

    assert {name: after[name] - before[name] for name in weights} == weights


@given(st.sets(st.text("abcdef", min_size=1, max_size=3), min_size=1, max_size=9), st.integers(0, 60))
def test_equal_weights_give_what_a_seat_by_seat_count_gives(names: set[str], size: int) -> None:
    counts = dict.fromkeys(names, 0)
    for _ in range(size):
        counts[min(names, key=lambda name: (counts[name], name))] += 1

    assert quota(size, dict.fromkeys(names, 3)) == counts


@given(WEIGHTS, st.integers(0, 80))
def test_the_order_of_the_names_changes_nothing(weights: dict[str, int], size: int) -> None:
    backwards = dict(reversed(list(weights.items())))

    assert quota(size, weights) == quota(size, backwards)


@pytest.mark.parametrize(("size", "weights"), [(-1, {"a": 1}), (1, {"a": -1, "b": 2}), (1, {"a": 0}), (1, {})])
def test_what_no_spec_can_ask_for_is_an_assertion(size: int, weights: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        quota(size, weights)
