"""Intervals are the score intervals of the literature."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evalspec.stats.intervals import tango, wilson


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(counted: tuple[int, int]) -> None:
    expected = binomtest(*counted).proportion_ci(0.95, method="wilson")

    assert wilson(*counted) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert tango(0, 0, 0) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("gain", "loss", "n", "expected"),
    [
        (2, 10, 62, (-0.247, -0.023)),
        (443, 1045, 4817, (-0.1403, -0.1097)),
        (661, 456, 3663, (0.0382, 0.0738)),
        (1306, 1290, 8480, (-0.0099, 0.0137)),
    ],
)
def test_tango_on_real_logs(gain: int, loss: int, n: int, expected: tuple[float, float]) -> None:
    """The values of measures.md, G."""
    assert tango(gain, loss, n) == pytest.approx(expected, abs=5e-4)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_tango_holds_its_estimate_and_mirrors(counts: tuple[int, int, int]) -> None:
    gain, loss, n = counts
    if gain + loss > n:
        return
    low, high = tango(gain, loss, n)

    assert low - 1e-9 <= (gain - loss) / n <= high + 1e-9
    assert tango(loss, gain, n) == pytest.approx((-high, -low), abs=1e-9)


def test_tango_inverts_the_score_test() -> None:
    """At each end the constrained score statistic is the normal quantile; the nuisance is found by brute force."""
    gain, loss, n = 7, 15, 80

    for bound, sign in zip(tango(gain, loss, n), (1, -1), strict=True):
        best, at = -math.inf, 0.0
        for step in range(1, 200_000):
            p_loss = max(0.0, -bound) + step * 5e-6
            p_gain, rest = p_loss + bound, 1 - 2 * p_loss - bound
            if p_gain <= 0 or rest <= 0:
                continue
            likelihood = gain * math.log(p_gain) + loss * math.log(p_loss) + (n - gain - loss) * math.log(rest)
            if likelihood > best:
                best, at = likelihood, p_loss
        variance = n * (2 * at + bound * (1 - bound))
        assert (gain - loss - n * bound) / math.sqrt(variance) == pytest.approx(sign * 1.959964, abs=1e-3)
