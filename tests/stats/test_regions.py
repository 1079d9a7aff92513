"""Regions of two sides: a partition, exact counts, few false alarms, and a topic that one side lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from sides import OPENERS, plain_texts

from evalspec.stats.regions import Region, _first_middles, fewer_chance, region_count, regions
from evalspec.text.vectors import cosines_within, vectorize

PETS = [
    f"my {pet} needs a {thing} before the vet comes, no {at}"
    for at, (pet, thing) in enumerate((pet, thing) for pet in ("cat", "puppy", "kitten") for thing in ("bowl", "leash"))
]


def cut(source: list[str], cases: list[str], families: list[str] | None = None) -> tuple[Region, ...]:
    both = cosines_within(vectorize([*source, *cases]))
    return regions(both, len(source), families or [str(at) for at in range(len(cases))])


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_the_chance_of_so_few_is_hypergeometric(a: int, b: int, c: int, d: int) -> None:
    if a + b + c + d:
        expected = hypergeom.cdf(a, a + b + c + d, a + c, a + b)
        assert fewer_chance(a, b, c, d) == pytest.approx(expected)


def test_every_text_stands_in_one_region_nearest_its_middle_first() -> None:
    source, cases = plain_texts(60, "source"), plain_texts(50, "cases")
    found = cut(source, cases)

    assert sorted(at for one in found for at in one.source) == list(range(60))
    assert sorted(at for one in found for at in one.cases) == list(range(50))
    assert sum(one.expected for one in found) == pytest.approx(50)
    assert len(found) <= region_count(110)


@given(st.integers(2, 150), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_the_first_middles_are_those_of_looking_at_every_text(size: int, count: int, seed: int) -> None:
    """Coarse figures, so that there are ties: among equals the first."""
    drawn = np.random.default_rng(seed).integers(-2, 3, size=(size, 4)).astype(np.float64)
    rows = drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1.0)
    products = rows @ rows.T
    similar = np.clip(np.round(products, 9), 0.0, None)
    served, want = np.zeros(size), []
    for _ in range(min(count, size)):
        gain = np.round(np.maximum(similar, served).sum(axis=1), 6)
        gain[want] = -1.0
        want.append(int(gain.argmax()))
        served = np.maximum(served, similar[want[-1]])

    assert _first_middles(products, count) == want


def test_texts_without_a_word_stand_in_one_region() -> None:
    found = cut([*plain_texts(40, "source"), "", ""], [*plain_texts(40, "cases"), ""])

    (held,) = [one for one in found if 40 in one.source]
    assert 41 in held.source and 40 in held.cases


def test_equal_sources_show_no_thin_region() -> None:
    """Thirty pairs of samples of one language: about one in twenty may show any."""
    alarms = 0
    for run in range(30):
        source, cases = plain_texts(80, f"left {run}"), plain_texts(160, f"right {run}")[80:]
        alarms += any(one.p <= 0.05 for one in cut(source, cases))

    assert alarms <= 3


def test_a_topic_that_the_cases_lack_is_an_empty_region() -> None:
    source = [*plain_texts(70, "source", OPENERS), *(f"{text} and {at}" for text in PETS for at in range(4))]
    found = cut(source, plain_texts(90, "cases", OPENERS))
    thin = [one for one in found if one.p <= 0.05]

    assert thin and all(not one.cases for one in thin)
    assert all("vet" in source[at] for one in thin for at in one.source)


def test_siblings_count_once() -> None:
    """Forty cases of one family are one draw: they prove nothing about any region."""
    source, cases = plain_texts(60, "source"), plain_texts(40, "cases")

    assert all(one.p == 1.0 for one in cut(source, cases, ["one"] * 40))
