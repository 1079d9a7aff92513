"""Student's t agrees with scipy."""

from __future__ import annotations

import pytest
from scipy import stats

from evalspec.stats.student import t_quantile, t_two_sided


@pytest.mark.parametrize("df", [1.0, 2.0, 3.7, 12.0, 61.0, 152.3, 4816.0, 250_000.0])
@pytest.mark.parametrize("t", [0.0, 0.01, 0.7, -1.96, 2.5, 9.0, 40.0])
def test_the_tail_is_that_of_scipy(t: float, df: float) -> None:
    """Both tails together, to nine digits."""
    assert t_two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("df", [1.0, 2.5, 8.0, 61.0, 4000.0])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_the_quantile_is_that_of_scipy(confidence: float, df: float) -> None:
    """The t that holds the confidence."""
    assert t_quantile(confidence, df) == pytest.approx(stats.t.ppf(0.5 + confidence / 2, df), rel=1e-8)


def test_an_infinite_t_is_impossible() -> None:
    """Nothing lies beyond it."""
    assert t_two_sided(float("inf"), 5) == 0.0
