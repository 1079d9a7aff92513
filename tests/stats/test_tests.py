"""Exact tests agree with scipy and with counting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, fisher_exact

from evalspec.stats.tests import fisher, holm, mcnemar, mcnemar_power, smallest_difference

COUNT = st.integers(0, 40)


@given(COUNT, COUNT, COUNT, COUNT)
def test_fisher_is_that_of_scipy(a: int, b: int, c: int, d: int) -> None:
    assert fisher(a, b, c, d) == pytest.approx(fisher_exact([[a, b], [c, d]])[1], rel=1e-6)


@given(COUNT, COUNT)
def test_mcnemar_is_the_binomial_test_of_scipy(gain: int, loss: int) -> None:
    expected = binomtest(gain, gain + loss).pvalue if gain + loss else 1.0

    assert mcnemar(gain, loss) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("gain", "loss", "p"),
    [(2, 10, 0.0386), (4, 12, 0.077), (8, 16, 0.15), (1319, 1172, 0.00343), (443, 1045, 2.9e-56), (143, 108, 0.0317)],
)
def test_mcnemar_on_real_logs(gain: int, loss: int, p: float) -> None:
    assert mcnemar(gain, loss) == pytest.approx(p, rel=0.02)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.9, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()


@pytest.mark.parametrize(
    ("kept", "decided", "adjusted"),
    [
        ((38, 31, 33, 21, 30), 40, (0.0056, 1, 1, 0.0012, 1)),
        ((46, 38, 33, 36), 50, (0.0081, 1, 0.162, 0.883)),
    ],
)
def test_survival_levels_of_the_worked_example(
    kept: tuple[int, ...], decided: int, adjusted: tuple[float, ...]
) -> None:
    """Each level against the rest, Holm (measures.md, G)."""
    total, rest = sum(kept), decided * (len(kept) - 1)
    ps = [fisher(one, decided - one, total - one, rest - (total - one)) for one in kept]

    assert holm(ps) == pytest.approx(adjusted, abs=6e-4)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(ps: list[float]) -> None:
    adjusted = holm(ps)

    assert all(one >= raw for one, raw in zip(adjusted, ps, strict=True))
    assert [adjusted[at] for at in sorted(range(len(ps)), key=lambda at: ps[at])] == sorted(adjusted)


@given(st.integers(2, 40), st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([0.0, 0.05, 0.1]))
@settings(max_examples=30)
def test_power_is_the_sum_over_all_outcomes(n: int, discordance: float, difference: float) -> None:
    p_gain, p_loss = (discordance + difference) / 2, (discordance - difference) / 2
    power = 0.0
    for pairs in range(n + 1):
        for gain in range(pairs + 1):
            if mcnemar(gain, pairs - gain) <= 0.05:
                power += (
                    math.comb(n, pairs)
                    * math.comb(pairs, gain)
                    * p_gain**gain
                    * p_loss ** (pairs - gain)
                    * (1 - discordance) ** (n - pairs)
                )

    assert mcnemar_power(n, discordance, difference) == pytest.approx(power, abs=1e-6)


@pytest.mark.parametrize(("n", "power"), [(153, 0.051), (218, 0.060), (1000, 0.157)])
def test_power_at_the_discordance_of_real_logs(n: int, power: float) -> None:
    assert mcnemar_power(n, (1319 + 1172) / 8480, (1319 - 1172) / 8480) == pytest.approx(power, abs=0.01)


@pytest.mark.parametrize(
    ("n", "discordance", "points"), [(65, 0.2, 15.5), (153, 0.29, 12.5), (184, 0.2, 9.5), (500, 0.2, 5.7)]
)
def test_the_smallest_difference_that_n_pairs_show(n: int, discordance: float, points: float) -> None:
    found = smallest_difference(n, discordance)

    assert found is not None
    assert found * 100 == pytest.approx(points, abs=0.3)
    assert mcnemar_power(n, discordance, found) >= 0.80 > mcnemar_power(n, discordance, found - 0.002)


@pytest.mark.parametrize(("n", "discordance"), [(50, 0.10), (65, 0.10), (0, 0.2)])
def test_too_few_pairs_show_nothing(n: int, discordance: float) -> None:
    assert binom.sf(5, n, discordance) < 0.80  # six discordant pairs are the fewest that can be significant
    assert smallest_difference(n, discordance) is None
