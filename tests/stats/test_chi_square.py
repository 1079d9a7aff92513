"""Chi-square against values that tables and scipy print."""

from __future__ import annotations

import math

import pytest

from evalspec.stats.chi_square import chi_square, chi_square_tail, independence


@pytest.mark.parametrize(
    ("statistic", "df", "p"),
    [
        (3.841458820694124, 1, 0.05),
        (16.918977604620448, 9, 0.05),
        (6.634896601021213, 1, 0.01),
        (0.1, 5, 0.9998376833880774),
        (200.0, 100, 1.1784500720979e-08),
        (2.0, 2, math.exp(-1)),
    ],
)
def test_the_tail_is_that_of_the_tables(statistic: float, df: int, p: float) -> None:
    """Small and large statistics, few and many degrees of freedom, by series and by fraction."""
    assert chi_square_tail(statistic, df) == pytest.approx(p, rel=1e-9)


def test_nothing_to_see_has_p_one() -> None:
    """No statistic, or nothing that could vary, is no evidence."""
    assert chi_square_tail(0.0, 3) == 1.0
    assert chi_square_tail(12.0, 0) == 1.0


def test_the_statistic_of_a_table_of_two_rows() -> None:
    """Observed 10, 20 against 20, 10: every cell is 5 off 15."""
    assert chi_square([10, 20], [15, 15]) == pytest.approx(50 / 15)
    assert independence([10, 20], [20, 10]) == (pytest.approx(100 / 15), 1)
    assert independence([10, 20, 0], [20, 10, 0]) == (pytest.approx(100 / 15), 1)
    assert independence([10], [20]) == (0.0, 0)
