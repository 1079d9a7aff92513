"""Draws of a slot's own stream: the same everywhere and for ever, unbiased, and untouched by any other stream."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalspec.stream import Stream

KEYS = st.text(max_size=12)


def test_the_draws_are_blake2b_over_a_counter() -> None:
    """Draws can be recomputed from the key alone: eight words of 64 bits a block."""
    key = hashlib.sha256(b"a\x1fb").digest()
    blocks = [hashlib.blake2b(at.to_bytes(8, "big"), key=key).digest() for at in range(3)]
    words = [int.from_bytes(block[at : at + 8], "big") for block in blocks for at in range(0, 64, 8)]

    rng = Stream("a", "b")

    assert [rng.bits() for _ in range(24)] == words


def test_the_first_draws_of_a_key_never_change() -> None:
    """A new version of evalspec or Python draws what this one draws: locks hang on it."""
    rng = Stream("slot", "prompted.delay.01")

    assert [rng.below(1000) for _ in range(5)] == [156, 482, 793, 11, 96]
    assert rng.unit() == 0.25544605497483197
    assert rng.shuffled("abcdef") == ["d", "c", "f", "b", "a", "e"]
    assert rng.sample(range(10), 3) == [4, 6, 2]
    assert (rng.between(5, 7), rng.choice("xyz"), rng.chance(0.5), rng.gap(0.1)) == (5, "z", False, 11)


@given(KEYS, KEYS)
def test_streams_of_two_keys_do_not_share_draws(left: str, right: str) -> None:
    """Another key is another stream; the same key is the same stream."""
    first, second = Stream(left), Stream(right)

    assert ([first.bits() for _ in range(4)] == [second.bits() for _ in range(4)]) == (left == right)


def test_a_key_of_half_a_surrogate_pair_is_a_key() -> None:
    """Any string of a spec or a row can be part of a key."""
    assert Stream("\ud800").bits() != Stream("\ud801").bits()


@given(st.integers(-50, 50), st.integers(0, 200), KEYS)
def test_between_holds_both_ends(low: int, width: int, key: str) -> None:
    """A draw is inside its ends."""
    rng = Stream(key)

    assert all(low <= rng.between(low, low + width) <= low + width for _ in range(20))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 100])
def test_below_is_uniform(limit: int) -> None:
    """Every number comes equally often: a chi-square test at one in a thousand."""
    rng = Stream("uniform", str(limit))
    counts = Counter(rng.below(limit) for _ in range(200 * limit))

    assert sorted(counts) == list(range(limit))
    assert limit == 1 or stats.chisquare(list(counts.values())).pvalue > 0.001


def test_below_draws_again_where_the_remainder_would_bias() -> None:
    """With a limit of three quarters of the range a plain remainder would give the first third twice as often."""
    limit = 3 << 62
    rng = Stream("bias")
    low = sum(rng.below(limit) < 1 << 62 for _ in range(3000))

    assert stats.binomtest(low, 3000, 1 / 3).pvalue > 0.001


def test_unit_is_uniform_in_the_half_open_interval() -> None:
    """Units are in [0, 1): a Kolmogorov-Smirnov test at one in a thousand."""
    rng = Stream("unit")
    drawn = [rng.unit() for _ in range(3000)]

    assert min(drawn) >= 0.0
    assert max(drawn) < 1.0
    assert stats.kstest(drawn, "uniform").pvalue > 0.001


@given(st.lists(st.integers(), max_size=12), KEYS)
def test_shuffling_keeps_every_item_and_leaves_the_input(items: list[int], key: str) -> None:
    """A shuffle is a permutation of a copy."""
    before = list(items)

    assert sorted(Stream(key).shuffled(items)) == sorted(items)
    assert items == before


def test_every_order_of_three_comes_equally_often() -> None:
    """Fisher-Yates and no biased imitation of it."""
    rng = Stream("orders")
    counts = Counter(tuple(rng.shuffled("abc")) for _ in range(3000))

    assert len(counts) == 6
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_a_sample_of_more_than_there_is_gives_all() -> None:
    """Samples are of different positions."""
    assert sorted(Stream("s").sample("aab", 9)) == ["a", "a", "b"]


@pytest.mark.parametrize("probability", [0.01, 0.2, 0.5, 0.9])
def test_gaps_have_the_mean_of_single_chances(probability: float) -> None:
    """Misses before a hit are geometric: the mean is (1 - p) / p, within four standard errors."""
    rng = Stream("gap", str(probability))
    drawn = [rng.gap(probability) for _ in range(4000)]
    mean, deviation = (1 - probability) / probability, (1 - probability) ** 0.5 / probability

    assert abs(sum(drawn) / 4000 - mean) < 4 * deviation / 4000**0.5


def test_gaps_at_the_ends() -> None:
    """A sure hit comes at once; an impossible one later than any text is long."""
    assert Stream("g").gap(1.0) == 0
    assert Stream("g").gap(0.0) > 10**18


def test_chance_at_the_ends() -> None:
    """Nothing happens at 0, everything at 1."""
    rng = Stream("c")

    assert not any(rng.chance(0.0) for _ in range(100))
    assert all(rng.chance(1.0) for _ in range(100))
