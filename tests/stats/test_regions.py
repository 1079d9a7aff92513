"""Regions of two sides: a partition, exact counts, few false alarms, and a topic that one side lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom
from sides import OPENERS, plain_texts

from evalspec.stats.regions import fewer_chance, region_count, regions
from evalspec.text.vectors import vectorize

PETS = [
    f"my {pet} needs a {thing} before the vet comes, no {at}"
    for at, (pet, thing) in enumerate((pet, thing) for pet in ("cat", "puppy", "kitten") for thing in ("bowl", "leash"))
]


def unit(texts: list[str]) -> np.ndarray:
    return np.asarray(vectorize(texts).unit(), dtype=np.float64)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_the_chance_of_so_few_is_hypergeometric(a: int, b: int, c: int, d: int) -> None:
    if a + b + c + d:
        expected = hypergeom.cdf(a, a + b + c + d, a + c, a + b)
        assert fewer_chance(a, b, c, d) == pytest.approx(expected)


def test_every_text_stands_in_one_region_nearest_its_middle_first() -> None:
    source, cases = plain_texts(60, "source"), plain_texts(50, "cases")
    found = regions(unit(source), unit(cases), [str(at) for at in range(50)])

    assert sorted(at for one in found for at in one.source) == list(range(60))
    assert sorted(at for one in found for at in one.cases) == list(range(50))
    assert sum(one.expected for one in found) == pytest.approx(50)
    assert len(found) <= region_count(110)


def test_equal_sources_show_no_thin_region() -> None:
    """Thirty pairs of samples of one language: about one in twenty may show any."""
    alarms = 0
    for run in range(30):
        source, cases = plain_texts(80, f"left {run}"), plain_texts(160, f"right {run}")[80:]
        alarms += any(one.p <= 0.05 for one in regions(unit(source), unit(cases), [str(at) for at in range(80)]))

    assert alarms <= 3


def test_a_topic_that_the_cases_lack_is_an_empty_region() -> None:
    source = [*plain_texts(70, "source", OPENERS), *(f"{text} and {at}" for text in PETS for at in range(4))]
    found = regions(unit(source), unit(plain_texts(90, "cases", OPENERS)), [str(at) for at in range(90)])
    thin = [one for one in found if one.p <= 0.05]

    assert thin and all(not one.cases for one in thin)
    assert all("vet" in source[at] for one in thin for at in one.source)


def test_siblings_count_once() -> None:
    """Forty cases of one family are one draw: they prove nothing about any region."""
    source, cases = plain_texts(60, "source"), plain_texts(40, "cases")

    assert all(one.p == 1.0 for one in regions(unit(source), unit(cases), ["one"] * 40))
