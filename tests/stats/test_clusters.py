"""Means over families: alone they are the plain formulas, with siblings they know how little siblings add."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalspec.stats.clusters import (
    bootstrap,
    clustered_wilson,
    families_of,
    family_test,
    flips,
    mean_of,
    welch,
)
from evalspec.stats.intervals import tango, wilson
from evalspec.stream import Stream

VALUES = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=3, max_size=40)


def alone(values: list[float]) -> tuple:  # type: ignore[type-arg]
    return families_of([f"{at:03}" for at in range(len(values))], values, [1.0] * len(values))


@given(VALUES)
def test_alone_the_test_is_the_one_sample_t_test(values: list[float]) -> None:
    """p and interval are scipy's when every case is its own family."""
    if np.std(values) == 0:
        return
    theirs = stats.ttest_1samp(values, 0)
    low, high = theirs.confidence_interval()

    p, interval = family_test(alone(values))

    assert p == pytest.approx(theirs.pvalue, abs=1e-9)
    assert interval == pytest.approx((max(-1, low), min(1, high)), abs=1e-9)


@given(VALUES, VALUES)
def test_alone_the_divergence_is_welch(one: list[float], other: list[float]) -> None:
    """Right minus left, with scipy's interval."""
    if np.std(one) == 0 or np.std(other) == 0:
        return
    theirs = stats.ttest_ind(other, one, equal_var=False).confidence_interval()

    found = welch(alone(one), alone(other))

    assert found is not None
    assert found[0] == pytest.approx(np.mean(other) - np.mean(one))
    assert found[1] == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_families_of_one_size_are_the_t_test_on_their_means() -> None:
    """Five siblings a family count as one observation."""
    means = [0.2, -0.4, 0.6, 0.0, 0.4, -0.2]
    names = [str(at) for at in range(6) for _ in range(5)]
    values = [value + shift for value in means for shift in (-0.2, -0.1, 0.0, 0.1, 0.2)]

    p, _ = family_test(families_of(names, values, [1.0] * 30))

    assert p == pytest.approx(stats.ttest_1samp(means, 0).pvalue)


def test_a_rate_of_cases_that_stand_alone_has_wilsons_interval() -> None:
    """Nothing is lost where there are no siblings."""
    found = clustered_wilson(alone([1.0] * 16 + [0.0] * 46))

    assert found == (*wilson(16, 62), 62.0)


def test_siblings_that_say_the_same_count_once() -> None:
    """Twenty families of five equal answers are about as much as twenty cases."""
    names = [f"{at:02}" for at in range(20) for _ in range(5)]
    values = [float(at % 2) for at in range(20) for _ in range(5)]

    low, high, effective = clustered_wilson(families_of(names, values, [1.0] * 100))

    assert 15 < effective <= 20
    assert low < wilson(10, 20)[0] and high > wilson(10, 20)[1]


def test_siblings_that_differ_freely_lose_little() -> None:
    """Where siblings agree no more than strangers, the effective number stays near the number of cases."""
    stream = Stream("independent")
    names = [f"{at:03}" for at in range(200) for _ in range(2)]
    values = [float(stream.chance(0.7)) for _ in names]

    assert clustered_wilson(families_of(names, values, [1.0] * 400))[2] > 330


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_perfect_rate_counts_each_family_once(value: float) -> None:
    """Ten families of three, all alike, show no more than ten cases."""
    names = [str(at) for at in range(10) for _ in range(3)]

    found = clustered_wilson(families_of(names, [value] * 30, [1.0] * 30))

    assert found == (*wilson(10 * value, 10), 10.0)


def test_weights_decide_the_rate() -> None:
    """A row that stands for nine others counts nine times, and costs effective cases."""
    names = [str(at) for at in range(40)]
    values = [1.0] * 20 + [0.0] * 20
    families = families_of(names, values, [9.0] * 20 + [1.0] * 20)

    assert mean_of(families).value == pytest.approx(0.9)
    assert clustered_wilson(families)[2] < 40


def test_one_family_shows_nothing() -> None:
    """No p, and every difference stays possible."""
    assert family_test(families_of(["a", "a"], [1.0, 1.0], [1.0, 1.0])) == (None, (-1.0, 1.0))
    assert bootstrap(families_of(["a"], [1.0], [1.0]), "key") is None
    assert welch(alone([1.0, 0.0]), alone([1.0])) is None
    assert welch((), alone([1.0, 0.0])) is None


def test_differences_that_are_all_zero_are_no_certainty() -> None:
    """The interval is Tango's, not a point."""
    assert family_test(alone([0.0] * 12)) == (1.0, tango(0, 0, 12))


def test_the_bootstrap_agrees_with_tango() -> None:
    """On the worked table within a point and a half, and equal keys give equal draws."""
    families = alone([1.0] * 2 + [-1.0] * 10 + [0.0] * 50)
    found = bootstrap(families, "one")

    assert found == bootstrap(families, "one") != bootstrap(families, "two")
    assert found == pytest.approx(tango(2, 10, 62), abs=0.015)


def test_reruns_disagree_as_often_as_two_drawn_epochs_do() -> None:
    """Unbiased over pairs of epochs; cases that ran once say nothing."""
    assert flips({"a": (1, 1), "b": (0, 1)}) is None
    assert flips({"a": (1, 2), "b": (2, 2), "c": (1, 1)}) == pytest.approx(0.5)
    assert flips({"a": (1, 3)}) == pytest.approx(2 / 3)


def test_intervals_cover_the_truth() -> None:
    """Families of one to five whose siblings agree: the share of 400 drawn sets whose interval holds the true rate."""
    held_rate = held_mean = 0
    truth = 0.7
    for draw in range(400):
        stream = Stream("cover", str(draw))
        names, rates, differences = [], [], []
        for family in range(60):
            shared = stream.unit()
            for _ in range(stream.between(1, 5)):
                names.append(f"{family:02}")
                own = shared if stream.chance(0.5) else stream.unit()
                rates.append(float(own < truth))
                differences.append(float(own < 0.15) - float(own > 0.85))
        weights = [1.0] * len(names)
        low, high, _ = clustered_wilson(families_of(names, rates, weights))
        held_rate += low <= truth <= high
        low, high = family_test(families_of(names, differences, weights))[1]
        held_mean += low <= 0.0 <= high

    assert math.isclose(held_rate / 400, 0.95, abs_tol=0.03)
    assert math.isclose(held_mean / 400, 0.95, abs_tol=0.03)
