"""Distance from the seeds, against the plain definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalspec.text import distance
from evalspec.text.distance import MIN_SEEDS, reach, representatives
from evalspec.text.vectors import cosine_matrix, vectorize

SEEDS = [
    f"order {number} has not come, {word} is this" for number, word in enumerate(["what", "where", "how", "why"] * 10)
]


@given(st.text(max_size=60))
def test_a_distance_is_one_minus_the_largest_cosine(text: str) -> None:
    """The pass over non-zero counts gives what the whole matrix gives; a text without n-grams is at distance 1."""
    found = reach(SEEDS, 0.99)
    assert found is not None

    assert found.distance(text) == pytest.approx(1 - cosine_matrix(vectorize([text]), vectorize(SEEDS)).max(), abs=2e-6)


@pytest.mark.parametrize("length", [200, 20_000])
def test_long_texts_are_at_an_exact_distance_too(length: int) -> None:
    """Counts that need more than a byte, and sums that single precision cannot hold."""
    seeds = [*SEEDS, "ab" * (length // 2), "ab cd" * 9]
    found = reach(seeds, 0.99)
    text = "ab" * (length // 2) + " cd"
    assert found is not None

    assert found.distance(text) == pytest.approx(1 - cosine_matrix(vectorize([text]), vectorize(seeds)).max(), abs=2e-6)


def test_the_limit_is_an_order_statistic_of_the_seeds_own_distances() -> None:
    """The conformal quantile of n leave-one-out distances is the ceil(q (n + 1))-th, at most the largest."""
    own = sorted(
        round(1 - max(cosine_matrix(vectorize([one]), vectorize(SEEDS[:at] + SEEDS[at + 1 :]))[0]), 6)
        for at, one in enumerate(SEEDS)
    )

    half, most = reach(SEEDS, 0.5), reach(SEEDS, 0.99)

    assert half is not None and most is not None
    assert half.limit == pytest.approx(own[20], abs=2e-6)  # ceil(0.5 x 41) = 21
    assert most.limit == pytest.approx(own[-1], abs=2e-6)


def test_few_seeds_have_no_reach() -> None:
    """Fewer than thirty texts say too little of how far real texts stand apart."""
    assert reach(SEEDS[: MIN_SEEDS - 1], 0.99) is None


def test_representatives_do_not_depend_on_the_order_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many texts the same ones stand for all, whatever the order of rows; of few, all do."""
    monkeypatch.setattr(distance, "REFERENCE_TEXTS", 10)

    assert representatives(SEEDS[:10]) == list(range(10))
    picked = {SEEDS[at] for at in representatives(SEEDS)}
    backwards = SEEDS[::-1]
    assert len(picked) == 10
    assert {backwards[at] for at in representatives(backwards)} == picked
